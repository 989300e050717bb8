package certfile

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	//lint:ignore SA1019 the format is bound to this cipher
	"golang.org/x/crypto/twofish"

	"certaudit/scan"
)

// readBytes reads content as one file.
func readBytes(content []byte, opt Options) (records []scan.Record, outcome scan.Outcome) {
	opt.Now = nil
	s := New(opt)
	f := newFile(context.Background(), &s.opt, "t", "t", testNow, func(r scan.Record) { records = append(records, r) })
	f.content, f.whole = content, content
	outcome = f.read()
	return records, outcome
}

func stores(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/stores/*[^d]")
	if err != nil || len(paths) < 6 {
		t.Fatalf("stores for tests: %q, %v", paths, err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(p)] = b
	}
	return all
}

// A javaWriter writes as java.io.DataOutputStream does.
type javaWriter struct{ bytes.Buffer }

func (w *javaWriter) int(n int) { binary.Write(w, binary.BigEndian, uint32(n)) }

func (w *javaWriter) utf(s string) {
	binary.Write(w, binary.BigEndian, uint16(len(s)))
	w.WriteString(s)
}

func (w *javaWriter) block(b []byte) {
	w.int(len(b))
	w.Write(b)
}

func (w *javaWriter) certificate(der []byte) {
	w.utf("X.509")
	w.block(der)
}

// entry begins an entry of a BKS.
func (w *javaWriter) entry(tag byte, alias string, chain ...[]byte) {
	w.WriteByte(tag)
	w.utf(alias)
	w.Write(make([]byte, 8))
	w.int(len(chain))
	for _, der := range chain {
		w.certificate(der)
	}
}

// bksBody is what lies between the header and the digest, as
// BcKeyStoreSpi.saveStore writes it.
func (p *pki) bksBody() []byte {
	var body javaWriter
	body.entry(bksCertificate, "ca")
	body.certificate(p.root)
	body.entry(bksSecret, "token")
	body.block([]byte("sealed"))
	body.entry(bksSealed, "web", p.server, p.root)
	body.block([]byte("sealed"))
	body.entry(bksKey, "open", p.server)
	body.WriteByte(0)
	body.utf("PKCS#8")
	body.utf("EC")
	body.block([]byte("key"))
	body.WriteByte(bksEnd)
	return body.Bytes()
}

// bks writes a store as BcKeyStoreSpi.engineStore does.
func (p *pki) bks(t testing.TB, version int, password string) []byte {
	body := p.bksBody()
	salt := bytes.Repeat([]byte{7}, 20)
	var w javaWriter
	w.int(version)
	w.block(salt)
	w.int(1500)
	w.Write(body)
	size := map[int]int{1: 2, 2: 20}[version]
	s := New(Options{})
	key, err := newFile(t.Context(), &s.opt, "t", "t", testNow, nil).pkcs12Key(sha1.New, candidate{text: []byte(password)}.bmp(), salt, 1500, forMAC, size)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	mac.Write(body)
	w.Write(mac.Sum(nil))
	return w.Bytes()
}

func TestBKS(t *testing.T) {
	p := newPKI(t)
	want := []string{`bks "ca" root anchor trust_store`, `bks "open" server identity private_key`,
		`bks "web" root chain chain_position`, `bks "web" server identity private_key`}
	with := func(note string) []string {
		var all []string
		for _, w := range want {
			all = append(all, w+" "+note)
		}
		return all
	}
	for _, version := range []int{1, 2} {
		for password, c := range map[string]struct {
			opt  Options
			want []string
		}{
			"hidden away": {Options{Passwords: given("hidden away")}, want},
			"no one's":    {Options{}, with(noteIntegrity)},
			"changeit":    {Options{}, with(noteDefaultPassword)},
		} {
			records, outcome := readBytes(p.bks(t, version, password), c.opt)
			if got := p.shown(records); outcome != scan.OutcomeRead || !slices.Equal(got, c.want) {
				t.Errorf("version %d, %s: %s %q, want %q", version, password, outcome, got, c.want)
			}
		}
	}
}

// uber writes a store as BcKeyStoreSpi.BouncyCastleStore.engineStore does.
func uber(t testing.TB, body []byte, password string) []byte {
	t.Helper()
	const rounds = 1100
	sum := sha1.Sum(body)
	plain := slices.Concat(body, sum[:])
	pad := twofish.BlockSize - len(plain)%twofish.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	s := New(Options{})
	salt := bytes.Repeat([]byte{9}, 20)
	block, iv, err := newFile(t.Context(), &s.opt, "t", "t", testNow, nil).uberCipher(candidate{text: []byte(password)}, salt, rounds)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)
	var w javaWriter
	w.int(1)
	w.block(salt)
	w.int(rounds)
	w.Write(plain)
	return w.Bytes()
}

func TestUBER(t *testing.T) {
	p := newPKI(t)
	body := p.bksBody()
	all := []string{`uber "ca" root anchor trust_store`, `uber "open" server identity private_key`,
		`uber "web" root chain chain_position`, `uber "web" server identity private_key`}
	common := make([]string, len(all))
	for i, w := range all {
		common[i] = w + " " + noteDefaultPassword
	}
	whole := uber(t, body, "hidden away")
	damaged := bytes.Clone(whole) // in the block with the end of the digest, which holds no entry
	damaged[bouncyHeader+len(body)+sha1.Size-1] ^= 1
	hidden := Options{Passwords: given("no", "hidden away")}
	for name, c := range map[string]struct {
		content []byte
		opt     Options
		want    []string
	}{
		"the right password":  {whole, hidden, all},
		"a usual password":    {uber(t, body, "changeit"), Options{}, common},
		"the empty password":  {uber(t, body, ""), Options{}, common},
		"no password":         {whole, Options{}, []string{"decrypt password_needed"}},
		"wrong password":      {whole, Options{Passwords: given("no")}, []string{"decrypt wrong_password"}},
		"too costly":          {whole, Options{Limits: Limits{KDFIterations: 1099}}, []string{"limit kdf_iterations"}},
		"empty store":         {uber(t, []byte{bksEnd}, "hidden away"), hidden, nil},
		"empty store, closed": {uber(t, []byte{bksEnd}, "hidden away"), Options{}, []string{"decrypt password_needed"}},
		"no entries":          {whole[:bouncyHeader], hidden, []string{"decode truncated"}},
		"cut inside a block":  {whole[:len(whole)-3], hidden, append([]string{"decode truncated"}, all...)},
		"cut inside an entry": {whole[:len(whole)-64], hidden, append([]string{"decode truncated"}, all[0], all[2], all[3])},
		"a damaged digest":    {damaged, hidden, append([]string{"decode corrupt"}, all...)},
		"a damaged entry":     {uber(t, append([]byte{bksCertificate, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 9), "changeit"), Options{}, []string{"decode truncated"}},
		"an unknown tag":      {uber(t, append(bytes.Clone(body[:len(body)-1]), 9, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "hidden away"), hidden, append([]string{"decode corrupt"}, all...)},
	} {
		records, outcome := readBytes(c.content, c.opt)
		want := scan.OutcomeRead
		switch {
		case len(c.want) == 0:
			want = scan.OutcomeNoCertificates
		case len(sums(records)) == 0:
			want = scan.OutcomeNotAssessed
		}
		if got := p.shown(records); outcome != want || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s %q, want %s %q", name, outcome, got, want, c.want)
		}
	}
}

// TestNotRead: a format that is recognised and has no reader is not assessed.
func TestNotRead(t *testing.T) {
	var records []scan.Record
	f := newFile(t.Context(), &New(Options{}).opt, "t", "t", testNow, func(r scan.Record) { records = append(records, r) })
	f.readAs(&container{name: "future"})
	n, ok := records[0].(*scan.NotAssessed)
	if !ok || n.Reason != scan.ReasonUnsupported || n.Detail != "future" || f.trouble != 1 {
		t.Errorf("%+v", records)
	}
}

// TestStoreBehindSecretKey: a JCEKS entry behind a serialised secret key is
// reached, whatever order keytool wrote.
func TestStoreBehindSecretKey(t *testing.T) {
	content := stores(t)["secret.jceks"]
	at := bytes.Index(content, []byte("\xac\xed\x00\x05"))
	size, err := javaObjectSize(content[at:])
	if err != nil || size < 100 {
		t.Fatalf("size of the secret key: %d, %v", size, err)
	}
	before, secret := content[12:at], content[at:at+size]
	secretStart := bytes.Index(before, []byte("\x00\x00\x00\x03\x00\x08a-secret"))
	if secretStart < 0 {
		t.Fatal("no secret key in the fixture")
	}
	header := before[secretStart:]
	rest := slices.Concat(before[:secretStart], content[at+size:len(content)-sha1.Size])
	reordered := slices.Concat(content[:12], header, secret, rest, make([]byte, sha1.Size))
	for name, b := range map[string][]byte{"as written": content, "secret key first": reordered} {
		records, _ := readBytes(b, Options{})
		found := 0
		for _, r := range records {
			switch r := r.(type) {
			case *scan.Observation:
				if r.Object != scan.ObjectCertificate {
					continue
				}
				found++
				if r.Use != scan.UseIdentity || r.Alias != "key" {
					t.Errorf("%s: %s %q", name, r.Use, r.Alias)
				}
			case *scan.NotAssessed:
				t.Errorf("%s: %s %s", name, r.Reason, r.Detail)
			}
		}
		if found != 1 {
			t.Errorf("%s: %d certificates", name, found)
		}
	}
}

// TestDamagedStores: whatever is cut off or turned over, the file ends with a
// certificate or with the reason why there is none.
func TestDamagedStores(t *testing.T) {
	for name, whole := range stores(t) {
		opt := Options{Passwords: given("password", "cryptography", "sesame"), Limits: Limits{KDFIterations: 20_000_000}}
		if strings.HasSuffix(name, ".bcfks") { // enough for the right password, where each costs as it should
			opt = Options{Passwords: given("sesame"), Limits: Limits{KDFIterations: 100_000}}
		}
		for i := range 8 {
			cut := whole[:len(whole)*i/8]
			records, outcome := readBytes(cut, opt)
			if outcome == scan.OutcomeNotAssessed && len(records) == 0 {
				t.Errorf("%s cut to %d eighths: not assessed, without a record", name, i)
			}
			if len(cut) > 100 && outcome == scan.OutcomeNoCertificates {
				t.Errorf("%s cut to %d eighths: %s, as if nothing were missing", name, i, outcome)
			}
		}
		for i := 0; i < 40; i++ {
			b := bytes.Clone(whole)
			b[i*len(b)/40] ^= 0x81
			readBytes(b, opt)
		}
	}
}

// TestOneBudget: the stores in an archive, in archives within it, and in strings
// of text cost what one file may cost, together.
func TestOneBudget(t *testing.T) {
	store := stores(t)["bouncy.uber"]
	const cost = 3 // derivations of one store with the right password: two for the key, one for the IV
	rounds := int(binary.BigEndian.Uint32(store[28:])) * cost
	zipped := func(members map[string][]byte) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			m, err := w.Create(name)
			if err == nil {
				_, err = m.Write(members[name])
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	text := []byte(`{"a":"` + base64.StdEncoding.EncodeToString(store) + `"}`)
	for name, content := range map[string][]byte{
		"members":        zipped(map[string][]byte{"a": store, "b": store, "c": store}),
		"nested members": zipped(map[string][]byte{"a": store, "b.zip": zipped(map[string][]byte{"b": store}), "c": store}),
		"strings":        zipped(map[string][]byte{"a.json": text, "b.json": text, "c": store}),
	} {
		for bound, want := range map[int]int{3 * rounds: 3, 3*rounds - 1: 2, 2 * rounds: 2, rounds - 1: 0} {
			records, _ := readBytes(content, Options{Passwords: given("sesame"), Limits: Limits{KDFIterations: bound}})
			opened, refused := 0, 0
			for _, r := range records {
				switch r := r.(type) {
				case *scan.Observation:
					if r.Use == scan.UseAnchor {
						opened++
					}
				case *scan.NotAssessed:
					if r.Reason == scan.ReasonKDFIterations {
						refused++
					}
				}
			}
			if opened != want || refused != 3-want {
				t.Errorf("%s, %d rounds: %d opened and %d refused, want %d opened", name, bound, opened, refused, want)
			}
		}
	}
}

// TestStoresInText: a string of JSON or YAML that is base64 of a store is read,
// whatever the document is about.
func TestStoresInText(t *testing.T) {
	all := stores(t)
	all["windows.sst"] = newSST().element(sstCertificate, newPKI(t).server).end()
	opt := Options{Passwords: given("password", "cryptography", "sesame", "changeit")}
	for name, content := range all {
		if strings.HasSuffix(name, ".pem") {
			continue
		}
		direct, _ := readBytes(content, opt)
		text := base64.StdEncoding.EncodeToString(content)
		for form, document := range map[string]string{"JSON": `{"list":["x",{"store": "` + text + `"}]}`, "YAML": "list:\n- x\n- store: " + text + "\n"} {
			records, _ := readBytes([]byte(document), opt)
			if want, got := sums(direct), sums(records); len(want) == 0 || !slices.Equal(want, got) {
				t.Errorf("%s in %s: %q, want %q", name, form, got, want)
			}
		}
	}
}

// TestReasonsDiffer: a wrong password, a missing one and damage are told apart.
func TestReasonsDiffer(t *testing.T) {
	whole := stores(t)["rc2-3des.p12"]
	damagedMAC := bytes.Clone(whole)
	damagedMAC[len(damagedMAC)-60] = 0xff
	for name, c := range map[string]struct {
		content []byte
		opt     Options
		want    scan.Reason
	}{
		"no password":    {whole, Options{}, scan.ReasonPasswordNeeded},
		"wrong password": {whole, Options{Passwords: given("wrong")}, scan.ReasonWrongPassword},
		"cut":            {whole[:400], Options{Passwords: given("cryptography")}, scan.ReasonTruncated},
		"damaged":        {bytes.Replace(whole, []byte("\x30\x21\x30\x09"), []byte("\x30\x21\x31\x09"), 1), Options{Passwords: given("cryptography")}, scan.ReasonCorrupt},
		"too costly":     {whole, Options{Limits: Limits{KDFIterations: 1000}}, scan.ReasonKDFIterations},
	} {
		records, outcome := readBytes(c.content, c.opt)
		records = slices.DeleteFunc(records, func(r scan.Record) bool { return r.Kind() == scan.KindObservation }) // of the key
		if len(records) != 1 || outcome != scan.OutcomeNotAssessed {
			t.Errorf("%s: %d records, %s", name, len(records), outcome)
			continue
		}
		n := records[0].(*scan.NotAssessed)
		if n.Reason != c.want || strings.Contains(n.Detail, "cryptography") || strings.Contains(n.Detail, `"wrong"`) {
			t.Errorf("%s: %s %q, want %s", name, n.Reason, n.Detail, c.want)
		}
	}
}

// indefinite writes b again with indefinite lengths, and its octet strings in
// two pieces.
func indefinite(b []byte) []byte {
	var out []byte
	for len(b) > 0 {
		e, rest, ok := scan.NextTLV(b)
		if !ok {
			return append(out, b...)
		}
		switch {
		case e.Tag&tagConstructed != 0 && !looksLikeCertificate(e.Full):
			out = append(append(append(out, e.Tag, 0x80), indefinite(e.Content)...), 0, 0)
		case e.Tag == tagOctets && len(e.Content) > 300:
			out = append(out, tagOctets|tagConstructed, 0x80)
			for _, half := range [][]byte{e.Content[:290], e.Content[290:]} {
				n := normaliser{out: bytes.Clone(half)}
				n.insertHeader(0, tagOctets)
				out = append(out, n.out...)
			}
			out = append(out, 0, 0)
		default:
			out = append(out, e.Full...)
		}
		b = rest
	}
	return out
}

// TestBER: the same store with indefinite lengths holds the same certificates.
func TestBER(t *testing.T) {
	for name, whole := range stores(t) {
		if !strings.HasSuffix(name, ".p12") {
			continue
		}
		opt := Options{Passwords: given("password", "cryptography")}
		ber := indefinite(whole)
		if _, _, ok := scan.NextTLV(ber); ok {
			t.Fatalf("%s: not indefinite", name)
		}
		want, _ := readBytes(whole, opt)
		got, _ := readBytes(ber, opt)
		if w, g := sums(want), sums(got); len(w) == 0 || !slices.Equal(w, g) {
			t.Errorf("%s: %q, want %q", name, g, w)
		}
	}
}

func sums(records []scan.Record) (all []string) {
	for _, r := range records {
		if o, ok := r.(*scan.Observation); ok {
			all = append(all, o.SHA256)
		}
	}
	return all
}

// TestDeepBER: nesting ends at the bound, and quickly.
func TestDeepBER(t *testing.T) {
	for _, b := range [][]byte{
		bytes.Repeat([]byte{0x30, 0x80}, 1<<20),
		bytes.Repeat([]byte{0x24, 0x80}, 1<<20),
	} {
		if _, _, err := toDER(b, 64); err == nil {
			t.Error("a million levels were accepted")
		}
	}
}

// fuzzStore seeds with the stores of some endings.
func fuzzStore(f *testing.F, containerName string, endings ...string) {
	for name, b := range stores(f) {
		if slices.Contains(endings, filepath.Ext(name)) {
			f.Add(b)
		}
	}
	switch containerName {
	case "bks":
		f.Add(newPKI(f).bks(f, 2, "changeit"))
	case "uber":
		f.Add(uber(f, newPKI(f).bksBody(), "changeit"))
	}
	var c container
	for _, known := range containers() {
		if known.name == containerName {
			c = known
		}
	}
	s := New(Options{Limits: Limits{KDFIterations: 20_000, Objects: 1000}})
	f.Fuzz(func(t *testing.T, b []byte) {
		certificates := map[string]bool{}
		placed := 0
		in := newFile(context.Background(), &s.opt, "t", "p", testNow, nil)
		in.content, in.whole = b, b
		in.emit = func(r scan.Record) {
			switch r := r.(type) {
			case *scan.Certificate:
				certificates[r.SHA256] = true
			case *scan.Observation:
				if r.Object != scan.ObjectCertificate {
					return
				}
				placed++
				if !certificates[r.SHA256] || r.Use == "" || r.UseBasis == "" {
					t.Errorf("placement %+v", r)
				}
			}
		}
		c.read(in)
		in.place()
		if placed != in.placed.len() || placed > 1000 {
			t.Errorf("%d placements of %d", placed, in.placed.len())
		}
	})
}

func FuzzJKS(f *testing.F)    { fuzzStore(f, "jks", ".jks") }
func FuzzJCEKS(f *testing.F)  { fuzzStore(f, "jceks", ".jceks") }
func FuzzBKS(f *testing.F)    { fuzzStore(f, "bks", ".bks") }
func FuzzUBER(f *testing.F)   { fuzzStore(f, "uber", ".uber") }
func FuzzBCFKS(f *testing.F)  { fuzzStore(f, "bcfks", ".bcfks") }
func FuzzPKCS12(f *testing.F) { fuzzStore(f, "pkcs12", ".p12") }

func FuzzPKCS7(f *testing.F) {
	text, err := os.ReadFile("testdata/stores/degenerate.pem")
	if err != nil {
		f.Fatal(err)
	}
	eachBlock(text, true, lineCounter{text: text}, func(gap span, _ bool) int { return gap.to }, func(b block) bool {
		der, err := appendBase64(nil, text[b.body.from:b.body.to])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		f.Add(indefinite(der))
		return true
	})
	fuzzStore(f, "pkcs7-der")
}

// FuzzToDER: what comes out is definite, stays as it is when done again, and
// is not much larger than what went in.
func FuzzToDER(f *testing.F) {
	for name, b := range stores(f) {
		if strings.HasSuffix(name, ".p12") {
			f.Add(b)
			f.Add(indefinite(b))
		}
	}
	f.Add([]byte("\x24\x80\x04\x01a\x24\x03\x04\x01b\x00\x00tail"))
	f.Fuzz(func(t *testing.T, b []byte) {
		der, rest, err := toDER(b, 64)
		if err != nil {
			return
		}
		if len(der)+len(rest) > 4*len(b)+16 || !bytes.HasSuffix(b, rest) {
			t.Errorf("%d bytes made %d and %d", len(b), len(der), len(rest))
		}
		again, left, err := toDER(der, 64)
		if err != nil || len(left) > 0 || !bytes.Equal(again, der) {
			t.Errorf("%x became %x and then %x: %v", b, der, again, err)
		}
	})
}
