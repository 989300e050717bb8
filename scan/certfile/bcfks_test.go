package certfile

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha512"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"certaudit/scan"
)

// The fingerprints of the certificates in testdata/stores/*.bks, *.uber and
// *.bcfks, as keytool -list -v prints them.
const (
	bouncyRoot   = "85c15f93b5e011cac0c7c12528eefa00dfdde33081008a604940763f72ad811d"
	bouncyServer = "f047230bd4bac60e1764e2968cb6b1988b8468f76f3703f307a540e47c43cd23"
)

// TestBouncyCastleStores: the fixtures, with the password, without it, and with
// another.
func TestBouncyCastleStores(t *testing.T) {
	p := &pki{rootSum: bouncyRoot, serverSum: bouncyServer}
	entries := func(container string) []string {
		return []string{container + ` "ca" root anchor trust_store`, container + ` "web" root chain chain_position`, container + ` "web" server identity private_key`}
	}
	noted := func(lines []string, notes string) (all []string) {
		for _, l := range lines {
			all = append(all, l+" "+notes)
		}
		return all
	}
	signed := noted(slices.Concat([]string{`bcfks "" root chain issued`, `bcfks "" server identity private_key`}, entries("bcfks")), noteDefaultPassword+","+noteIntegrity)
	closed := []string{"decrypt password_needed"}
	for name, c := range map[string]struct{ right, none []string }{
		"bouncy.bks":   {entries("bks"), noted(entries("bks"), noteIntegrity)},
		"bouncy.uber":  {entries("uber"), closed},
		"ccm.bcfks":    {entries("bcfks"), closed},
		"kwp.bcfks":    {entries("bcfks"), closed},
		"scrypt.bcfks": {entries("bcfks"), closed},
		"signed.bcfks": {signed, signed},
	} {
		content, err := os.ReadFile(filepath.Join("testdata/stores", name))
		if err != nil {
			t.Fatal(err)
		}
		wrong := slices.Clone(c.none)
		if &c.none[0] == &closed[0] {
			wrong = []string{"decrypt wrong_password"}
		}
		for password, want := range map[string][]string{"sesame": c.right, "": c.none, "wrong": wrong} {
			opt := Options{}
			if password != "" {
				opt.Passwords = given("other", password)
			}
			records, _ := readBytes(content, opt)
			if got := p.shown(records); !slices.Equal(got, want) {
				t.Errorf("%s, password %q: %q, want %q", name, password, got, want)
			}
		}
		if strings.HasSuffix(name, ".bks") {
			continue
		}
		for _, bound := range []int{100, 900} {
			records, _ := readBytes(content, Options{Passwords: given("sesame"), Limits: Limits{KDFIterations: bound}})
			if got := p.shown(records); !slices.Contains(got, "limit kdf_iterations") {
				t.Errorf("%s, %d rounds: %q", name, bound, got)
			}
		}
	}
}

// A bcfksWriter builds stores in the clear, with Bouncy Castle's integrity check.
type bcfksWriter struct{ objects []byte }

const asn1Time = "\x18\x0f20260101000000Z"

func (w *bcfksWriter) object(kind byte, alias string, data []byte) *bcfksWriter {
	w.objects = append(w.objects, wrapped(tagSequence, slices.Concat([]byte{tagInteger, 1, kind}, wrapped(tagUTF8, []byte(alias)),
		[]byte(asn1Time+asn1Time), wrapped(tagOctets, data)))...)
	return w
}

// privateKey is the data of a key with its chain.
func (w *bcfksWriter) privateKey(kind byte, alias string, chain ...[]byte) *bcfksWriter {
	encrypted := wrapped(tagSequence, slices.Concat(wrapped(tagSequence, []byte("\x06\x09"+oidPBES2)), wrapped(tagOctets, []byte("sealed"))))
	return w.object(kind, alias, wrapped(tagSequence, slices.Concat(encrypted, wrapped(tagSequence, slices.Concat(chain...)))))
}

func (w *bcfksWriter) store(t testing.TB, password string) []byte {
	t.Helper()
	hash := wrapped(tagSequence, []byte("\x06\x08"+oidHMACSHA512+"\x05\x00"))
	data := wrapped(tagSequence, slices.Concat([]byte{tagInteger, 1, 1}, hash, []byte(asn1Time+asn1Time), wrapped(tagSequence, w.objects)))
	key, err := pbkdf2.Key(sha512.New, string(candidate{text: []byte(password)}.bouncyFor(bcfksForIntegrity)), []byte("salt"), 700, 64)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha512.New, key)
	mac.Write(data)
	parameters := wrapped(tagSequence, slices.Concat([]byte("\x04\x04salt\x02\x02\x02\xbc\x02\x01\x40"), hash))
	kdf := wrapped(tagSequence, slices.Concat([]byte("\x06\x09"+oidPBKDF2), parameters))
	return wrapped(tagSequence, slices.Concat(data, wrapped(tagSequence, slices.Concat(hash, kdf, wrapped(tagOctets, mac.Sum(nil))))))
}

func TestBCFKSObjects(t *testing.T) {
	p := newPKI(t)
	all := func() *bcfksWriter {
		w := &bcfksWriter{}
		return w.object(bcfksCertificate, "löwe", p.root).privateKey(bcfksPrivateKey, "web", p.server, p.root).
			object(bcfksSecretKey, "s", []byte("sealed")).object(bcfksProtectedSecretKey, "t", []byte("sealed")).
			privateKey(bcfksProtectedPrivateKey, "old", p.server)
	}
	want := []string{`bcfks "löwe" root anchor trust_store`, `bcfks "old" server identity private_key`,
		`bcfks "web" root chain chain_position`, `bcfks "web" server identity private_key`}
	noted := func(note string) (lines []string) {
		for _, w := range want {
			lines = append(lines, w+" "+note)
		}
		return lines
	}
	whole := all().store(t, "hidden")
	hidden := Options{Passwords: given("hidden")}
	replaced := func(old, new string) []byte { return bytes.Replace(whole, []byte(old), []byte(new), 1) }
	for name, c := range map[string]struct {
		content []byte
		opt     Options
		want    []string
	}{
		"in the clear":          {whole, hidden, want},
		"no password":           {whole, Options{}, noted(noteIntegrity)},
		"a usual password":      {all().store(t, ""), Options{}, noted(noteDefaultPassword)},
		"a damaged MAC":         {append(bytes.Clone(whole[:len(whole)-1]), whole[len(whole)-1]^1), hidden, noted(noteIntegrity)},
		"no budget for the MAC": {whole, Options{Passwords: given("hidden"), Limits: Limits{KDFIterations: 699}}, noted(noteIntegrity)},
		"an unknown MAC":        {replaced(oidHMACSHA512+"\x05\x00\x30", oidHMACSHA512[:7]+"\x63\x05\x00\x30"), hidden, noted(noteIntegrity)},
		"cut":                   {whole[:len(whole)/2], hidden, []string{"decode truncated"}},
		"trailing":              {append(bytes.Clone(whole), "more"...), hidden, append(slices.Clone(want[:1]), `bcfks "old" server identity private_key trailing_data`, want[2], want[3])},
		"an unknown type":       {all().object(9, "x", p.root).store(t, "hidden"), hidden, append(slices.Clone(want), "decode corrupt")},
		"no chain":              {all().object(bcfksPrivateKey, "x", []byte("hello")).store(t, "hidden"), hidden, append(slices.Clone(want), "decode corrupt")},
		"no certificate":        {(&bcfksWriter{}).object(bcfksCertificate, "x", []byte("hello")).store(t, "hidden"), hidden, []string{"decode corrupt"}},
		"empty":                 {(&bcfksWriter{}).store(t, "hidden"), hidden, nil},
	} {
		records, outcome := readBytes(c.content, c.opt)
		slices.Sort(c.want)
		wantOutcome := scan.OutcomeRead
		switch {
		case len(c.want) == 0:
			wantOutcome = scan.OutcomeNoCertificates
		case len(sums(records)) == 0:
			wantOutcome = scan.OutcomeNotAssessed
		}
		if got := p.shown(records); outcome != wantOutcome || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s %q, want %s %q", name, outcome, got, wantOutcome, c.want)
		}
	}
}

// TestBCFKSUnsupported: an encryption that no Bouncy Castle writes is named, not
// taken for a wrong password.
func TestBCFKSUnsupported(t *testing.T) {
	content := stores(t)["ccm.bcfks"]
	for name, c := range map[string]struct {
		old, new string
		want     scan.Reason
	}{
		"cipher":         {oidAES256CCM, oidAES256CCM[:8] + "\x2e", scan.ReasonUnsupported},
		"PRF":            {oidHMACSHA512, oidHMACSHA512[:7] + "\x63", scan.ReasonUnsupported},
		"key size":       {"\x02\x01\x20", "\x02\x01\x21", scan.ReasonCorrupt},
		"iterations":     {"\x02\x02\x07\xd0", "\x02\x02\x00\x00", scan.ReasonCorrupt},
		"size of a tag":  {"\x02\x01\x08\x04", "\x02\x01\x07\x04", scan.ReasonCorrupt},
		"more than that": {"\x02\x02\x07\xd0", "\x02\x02\x7f\xff", scan.ReasonKDFIterations},
	} {
		if !bytes.Contains(content, []byte(c.old)) {
			t.Fatalf("%s: the fixture has no %x", name, c.old)
		}
		records, _ := readBytes(bytes.Replace(content, []byte(c.old), []byte(c.new), 1), Options{Passwords: given("sesame"), Limits: Limits{KDFIterations: 32766}})
		n, ok := records[0].(*scan.NotAssessed)
		if !ok || len(records) != 1 || n.Reason != c.want {
			t.Errorf("%s: %+v, want %s", name, records[0], c.want)
		}
	}
}

// TestScryptCost: scrypt's memory and time are bounded before it begins.
func TestScryptCost(t *testing.T) {
	s := New(Options{Limits: Limits{KDFIterations: 10_000_000}})
	const large = 1<<31 - 1
	for _, c := range []struct {
		scryptCost
		want bool
	}{
		{scryptCost{n: 1024, r: 8, p: 1}, true},
		{scryptCost{n: 1 << 16, r: 8, p: 1}, true},  // 64 MiB
		{scryptCost{n: 1 << 17, r: 8, p: 1}, false}, // 128 MiB
		{scryptCost{n: 1024, r: 8, p: 306}, false},  // 10,027,008 rounds
		{scryptCost{n: large, r: 1, p: 1}, false},
		{scryptCost{n: 2, r: large, p: large}, false},
		{scryptCost{n: 2, r: 1, p: large}, false},
	} {
		f := newFile(t.Context(), &s.opt, "t", "t", testNow, nil)
		if _, err := f.scryptKey(c.scryptCost, []byte("p"), 32, false); (err == nil) != c.want {
			t.Errorf("%+v: %v", c.scryptCost, err)
		}
	}
}
