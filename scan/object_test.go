package scan

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 keys of old are told as well
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func testRequest(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	return must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "r.example", Organization: []string{"Example"}}, DNSNames: []string{"a.example", "b.example"},
		IPAddresses: []net.IP{net.IPv4(10, 0, 0, 1)}, EmailAddresses: []string{"a@r.example"}, URIs: []*url.URL{{Scheme: "https", Host: "r.example"}}}, key))
}

func TestDeriveRequest(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := testRequest(t, key)
	spki := must[[]byte](t)(x509.MarshalPKIXPublicKey(&key.PublicKey))
	want := Object{SHA256: sumOf(der), Subject: "CN=r.example,O=Example", SubjectCN: "r.example", KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", SPKISHA256: sumOf(spki),
		SecurityBits: 128, SignatureAlgorithm: "ECDSA-SHA256", SignatureValid: Yes, DNSNames: []string{"a.example", "b.example"}, IPAddresses: []string{"10.0.0.1"},
		EmailAddresses: []string{"a@r.example"}, URIs: []string{"https://r.example"}}
	version := bytes.Index(der, []byte{tagInteger, 1, 0})
	change := func(at int, b byte) []byte {
		c := bytes.Clone(der)
		c[at] = b
		return c
	}
	for name, tt := range map[string]struct {
		der    []byte
		notes  []string
		answer Answer
	}{
		"good":             {der, nil, Yes},
		"another version":  {change(version+2, 1), []string{noteVersion}, No},
		"another name":     {bytes.Replace(der, []byte("a.example"), []byte("c.example"), 1), nil, No},
		"bytes behind":     {append(bytes.Clone(der), 5, 0), []string{noteTrailingData}, Yes},
		"broken attribute": {bytes.Replace(der, []byte(attributeExtensions+"1"), []byte(attributeExtensions+"0"), 1), []string{noteBadAttribute}, No},
	} {
		o, ok := DeriveRequest(tt.der)
		if !ok {
			t.Errorf("%s: refused", name)
			continue
		}
		if !slices.Equal(o.ParseNotes, tt.notes) || o.SignatureValid != tt.answer {
			t.Errorf("%s: notes %q, valid %v; want %q, %v", name, o.ParseNotes, o.SignatureValid, tt.notes, tt.answer)
		}
		if name == "good" {
			if diff := cmp.Diff(want, *o); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	}
	for i := range der { // no prefix is a request
		if _, ok := DeriveRequest(der[:i]); ok {
			t.Errorf("%d bytes of %d are taken for a request", i, len(der))
		}
	}
}

// testList builds a revocation list with some entries, cheaply.
func testList(version []byte, entries int, extensions ...[]byte) []byte {
	algorithm := encodeAlgorithm("\x2a\x86\x48\xce\x3d\x04\x03\x02")
	name := encode(tagSequence, encode(tagSet, encode(tagSequence, encode(tagOID, []byte(oidCommonName)), encode(tagUTF8, []byte("ca")))))
	entry := encode(tagSequence, encode(tagInteger, []byte{1, 2, 3, 4}), encode(tagUTCTime, []byte("260102030405Z")))
	list := encode(tagSequence, bytes.Repeat(entry, entries))
	if entries == 0 {
		list = nil
	}
	parts := [][]byte{version, algorithm, name, encode(tagUTCTime, []byte("260102030405Z")), encode(tagGeneralizedTime, []byte("20570102030405Z")), list}
	if len(extensions) > 0 {
		parts = append(parts, encode(tagCRLExtensions, encode(tagSequence, extensions...)))
	}
	return encode(tagSequence, encode(tagSequence, parts...), algorithm, encode(tagBitString, []byte{0, 1}))
}

func TestDeriveRevocationList(t *testing.T) {
	two := encode(tagInteger, []byte{1})
	number := func(n ...byte) []byte {
		return encode(tagSequence, encode(tagOID, []byte(extCRLNumber)), encode(tagOctetString, encode(tagInteger, n)))
	}
	for name, tt := range map[string]struct {
		der     []byte
		entries int
		number  string
		notes   []string
	}{
		"good":                 {testList(two, 3, number(0, 0xff)), 3, "ff", nil},
		"empty":                {testList(two, 0), 0, "", nil},
		"version 1":            {testList(nil, 1), 1, "", nil},
		"version 1, extended":  {testList(nil, 1, number(1)), 1, "1", []string{noteExtensionsIn}},
		"no such version":      {testList(encode(tagInteger, []byte{4}), 1), 1, "", []string{noteVersion}},
		"negative number":      {testList(two, 1, number(0xff)), 1, "-1", nil},
		"long number":          {testList(two, 1, number(bytes.Repeat([]byte{1}, 21)...)), 1, strings.TrimPrefix(strings.Repeat("01", 21), "0"), []string{noteBadExtension}},
		"number twice":         {testList(two, 1, number(1), number(2)), 1, "1", []string{noteDuplicate}},
		"an entry is no entry": {bytes.Replace(testList(two, 3), []byte{tagInteger, 4, 1, 2, 3, 4}, []byte{tagOctetString, 4, 1, 2, 3, 4}, 1), 3, "", []string{noteBadEntry}},
		"something behind it":  {append(testList(two, 1), 0), 1, "", []string{noteTrailingData}},
	} {
		o, ok := DeriveRevocationList(tt.der)
		if !ok {
			t.Errorf("%s: refused", name)
			continue
		}
		if *o.Revoked != tt.entries || o.CRLNumber != tt.number || !slices.Equal(o.ParseNotes, tt.notes) {
			t.Errorf("%s: %d entries, number %q, notes %q; want %d, %q, %q", name, *o.Revoked, o.CRLNumber, o.ParseNotes, tt.entries, tt.number, tt.notes)
		}
		if o.Issuer != "CN=ca" || o.IssuerCN != "ca" || o.SignatureAlgorithm != "ECDSA-SHA256" || o.ThisUpdate.Format(timeLayout) != "2026-01-02T03:04:05Z" || o.NextUpdate.Format(timeLayout) != "2057-01-02T03:04:05Z" {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

// TestRevocationListIsCheap: a million entries are counted in a moment, and
// nothing is kept of them.
func TestRevocationListIsCheap(t *testing.T) {
	der := testList(encode(tagInteger, []byte{1}), 1_000_000)
	start := time.Now()
	allocs := testing.AllocsPerRun(1, func() {
		if o, ok := DeriveRevocationList(der); !ok || *o.Revoked != 1_000_000 {
			t.Error("not a million")
		}
	})
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if allocs > 100 {
		t.Errorf("%v allocations", allocs)
	}
}

// A keyCase is a key with all that must come out of it.
type keyCase struct {
	name string
	der  []byte
	spki []byte
	want string // format, algorithm, bits, curve
}

func keyCases(t testing.TB) (all []keyCase) {
	t.Helper()
	bytesOf := must[[]byte](t)
	add := func(name string, key any, public any, want string) {
		all = append(all, keyCase{name, bytesOf(x509.MarshalPKCS8PrivateKey(key)), bytesOf(x509.MarshalPKIXPublicKey(public)), "pkcs8 " + want})
	}
	r := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	add("rsa", r, &r.PublicKey, "RSA 2048 ")
	all = append(all, keyCase{"pkcs1", x509.MarshalPKCS1PrivateKey(r), all[0].spki, "pkcs1 RSA 2048 "})
	noNull := bytes.Replace(all[0].der, encodeAlgorithm(idRSA, null), encodeAlgorithm(idRSA), 1)
	all = append(all, keyCase{"rsa without NULL", encode(tagSequence, noNull[4:]), all[0].spki, "pkcs8 RSA 2048 "})
	for _, c := range []elliptic.Curve{elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		k := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(c, rand.Reader))
		p := c.Params()
		facts := fmt.Sprintf("ECDSA %d %s", p.BitSize, p.Name)
		add(p.Name, k, &k.PublicKey, facts)
		last := all[len(all)-1]
		sec1 := bytesOf(x509.MarshalECPrivateKey(k))
		all = append(all, keyCase{"sec1 " + p.Name, sec1, last.spki, "sec1 " + facts})
		secret := bytesOf(k.Bytes())
		curve := bytesOf(asn1.Marshal(map[string]asn1.ObjectIdentifier{"P-224": {1, 3, 132, 0, 33}, "P-256": {1, 2, 840, 10045, 3, 1, 7}, "P-384": {1, 3, 132, 0, 34}, "P-521": {1, 3, 132, 0, 35}}[p.Name]))
		bare := encode(tagSequence, []byte{2, 1, 1}, encode(tagOctetString, bytes.TrimLeft(secret, "\x00")), encode(tagCurve, curve))
		all = append(all, keyCase{"bare " + p.Name, bare, last.spki, "sec1 " + facts})
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	add("Ed25519", ed, ed.Public(), "Ed25519 256 ")
	x := must[*ecdh.PrivateKey](t)(ecdh.X25519().GenerateKey(rand.Reader))
	add("X25519", x, x.PublicKey(), "X25519 256 ")
	return append(all, kemCases(t)...)
}

// kemCases are ML-KEM keys by their seed, expanded, and both.
func kemCases(t testing.TB) (all []keyCase) {
	k768, k1024 := must[*mlkem.DecapsulationKey768](t)(mlkem.GenerateKey768()), must[*mlkem.DecapsulationKey1024](t)(mlkem.GenerateKey1024())
	for _, k := range []struct {
		oid, name    string
		seed, public []byte
	}{
		{"\x60\x86\x48\x01\x65\x03\x04\x04\x02", "ML-KEM-768", k768.Bytes(), k768.EncapsulationKey().Bytes()},
		{"\x60\x86\x48\x01\x65\x03\x04\x04\x03", "ML-KEM-1024", k1024.Bytes(), k1024.EncapsulationKey().Bytes()},
	} {
		vector := len(k.public) - 32
		expanded := slices.Concat(make([]byte, vector), k.public, make([]byte, 64))
		for name, secret := range map[string][]byte{
			"seed": encode(0x80, k.seed), "expanded": encode(tagOctetString, expanded),
			"both": encode(tagSequence, encode(tagOctetString, k.seed), encode(tagOctetString, expanded)),
		} {
			der := encode(tagSequence, []byte{2, 1, 0}, encodeAlgorithm(k.oid), encode(tagOctetString, secret))
			all = append(all, keyCase{k.name + " " + name, der, encodeSPKI(encodeAlgorithm(k.oid), k.public), "pkcs8 " + k.name + " 0 "})
		}
	}
	public := bytes.Repeat([]byte{9}, 32)
	slh := encodeAlgorithm("\x60\x86\x48\x01\x65\x03\x04\x03\x14")
	return append(all, keyCase{"SLH-DSA", encode(tagSequence, []byte{2, 1, 0}, slh, encode(tagOctetString, make([]byte, 32), public)), encodeSPKI(slh, public), "pkcs8 SLH-DSA-SHA2-128s 0 "})
}

func TestDerivePrivateKey(t *testing.T) {
	for _, k := range keyCases(t) {
		o, ok := DerivePrivateKey(k.der)
		if !ok {
			t.Errorf("%s: refused", k.name)
			continue
		}
		if got := fmt.Sprint(o.Format, " ", o.KeyAlgorithm, " ", o.KeyBits, " ", o.KeyCurve); got != k.want || o.SPKISHA256 != sumOf(k.spki) || o.Encrypted != No || o.SHA256 != "" || len(o.ParseNotes) > 0 {
			t.Errorf("%s: %s %+v, want %s and key %s", k.name, got, o, k.want, sumOf(k.spki))
		}
		if ObjectKind(k.der) != ObjectPrivateKey || ObjectKind(k.spki) != ObjectPublicKey {
			t.Errorf("%s: taken for %q, its public half for %q", k.name, ObjectKind(k.der), ObjectKind(k.spki))
		}
		public, ok := DerivePublicKey(k.spki)
		if !ok || public.SPKISHA256 != o.SPKISHA256 || public.KeyAlgorithm != o.KeyAlgorithm || public.KeyBits != o.KeyBits || public.RSAExponent != o.RSAExponent || public.SecurityBits != o.SecurityBits {
			t.Errorf("%s: public half %+v, private key %+v", k.name, public, o)
		}
	}
}

// TestStoredHalf: what is stored beside a private key counts where nothing can
// be derived, and is noted where it is not the key's own.
func TestStoredHalf(t *testing.T) {
	ed := encodeAlgorithm(idEd25519)
	secret := encode(tagOctetString, encode(tagOctetString, make([]byte, 32)))
	own := ed25519.NewKeyFromSeed(make([]byte, 32))[32:]
	ed448 := encodeAlgorithm(idEd448)
	half := bytes.Repeat([]byte{3}, 57)
	for name, tt := range map[string]struct {
		der   []byte
		spki  []byte
		notes []string
	}{
		"its own":      {encode(tagSequence, []byte{2, 1, 1}, ed, secret, encode(tagPublicKey, []byte{0}, own)), encodeSPKI(ed, own), nil},
		"another":      {encode(tagSequence, []byte{2, 1, 1}, ed, secret, encode(tagPublicKey, []byte{0}, half[:32])), encodeSPKI(ed, own), []string{noteKeyMismatch}},
		"with others":  {encode(tagSequence, []byte{2, 1, 1}, ed448, encode(tagOctetString, encode(tagOctetString, half)), encode(0xa0, nil), encode(tagPublicKey, []byte{0}, half)), encodeSPKI(ed448, half), nil},
		"explicit tag": {encode(tagSequence, []byte{2, 1, 1}, ed448, encode(tagOctetString, encode(tagOctetString, half)), encode(tagPublicKeyOld, encode(tagBitString, []byte{0}, half))), encodeSPKI(ed448, half), nil},
		"none":         {encode(tagSequence, []byte{2, 1, 0}, ed448, encode(tagOctetString, encode(tagOctetString, half))), nil, nil},
		"too short":    {encode(tagSequence, []byte{2, 1, 0}, ed, encode(tagOctetString, encode(tagOctetString, half[:31]))), nil, []string{noteBadKey}},
		"version 7":    {encode(tagSequence, []byte{2, 1, 6}, ed, secret), encodeSPKI(ed, own), []string{noteVersion}},
	} {
		o, ok := DerivePrivateKey(tt.der)
		want := ""
		if tt.spki != nil {
			want = sumOf(tt.spki)
		}
		if !ok || o.SPKISHA256 != want || !slices.Equal(o.ParseNotes, tt.notes) {
			t.Errorf("%s: %+v, want key %q and %q", name, o, want, tt.notes)
		}
	}
}

// TestDSAKeys: y is computed where it is not stored.
func TestDSAKeys(t *testing.T) {
	var k dsa.PrivateKey
	if err := dsa.GenerateParameters(&k.Parameters, rand.Reader, dsa.L1024N160); err != nil {
		t.Fatal(err)
	}
	if err := dsa.GenerateKey(&k, rand.Reader); err != nil {
		t.Fatal(err)
	}
	n := func(i *big.Int) []byte { return encodeUnsigned(i.Bytes()) }
	algorithm := encodeAlgorithm(idDSA, encode(tagSequence, n(k.P), n(k.Q), n(k.G)))
	want := sumOf(encodeSPKI(algorithm, n(k.Y)))
	for name, der := range map[string][]byte{
		"pkcs8":       encode(tagSequence, []byte{2, 1, 0}, algorithm, encode(tagOctetString, n(k.X))),
		"traditional": encode(tagSequence, []byte{2, 1, 0}, n(k.P), n(k.Q), n(k.G), n(k.Y), n(k.X)),
	} {
		if o, ok := DerivePrivateKey(der); !ok || o.SPKISHA256 != want || o.KeyAlgorithm != "DSA" || o.KeyBits != 1024 || len(o.ParseNotes) > 0 {
			t.Errorf("%s: %+v, want key %s", name, o, want)
		}
	}
}

// wire writes fields of SSH's wire format.
func wire(fields ...any) (b []byte) {
	for _, f := range fields {
		switch f := f.(type) {
		case string:
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
		case []byte:
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(f))), f...)
		case uint32:
			b = binary.BigEndian.AppendUint32(b, f)
		case uint64:
			b = binary.BigEndian.AppendUint64(b, f)
		}
	}
	return b
}

func TestDeriveSSHKey(t *testing.T) {
	r := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024))
	e := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spki := func(key any) string { return sumOf(must[[]byte](t)(x509.MarshalPKIXPublicKey(key))) }
	point := must[[]byte](t)(e.PublicKey.Bytes())
	modulus := append([]byte{0}, r.N.Bytes()...)
	rsaBlob := wire("ssh-rsa", []byte{1, 0, 1}, modulus)
	certificate := func(kind uint32, after, before uint64, signer []byte) []byte {
		return append(wire("ssh-ed25519-cert-v01@openssh.com", "nonce", []byte(public), uint64(7), kind, "id"), wire(wire("a", "b"), after, before, "", "", "", signer, "signature")...)
	}
	for name, tt := range map[string]struct {
		blob   []byte
		reason Reason
		want   string // algorithm, digest, notes
	}{
		"rsa":                 {rsaBlob, "", fmt.Sprint("RSA ", spki(&r.PublicKey), []string(nil))},
		"ecdsa":               {wire("ecdsa-sha2-nistp384", "nistp384", point), "", fmt.Sprint("ECDSA ", spki(&e.PublicKey), []string(nil))},
		"ed25519":             {wire("ssh-ed25519", []byte(public)), "", fmt.Sprint("Ed25519 ", spki(public), []string(nil))},
		"security key":        {wire("sk-ssh-ed25519@openssh.com", []byte(public), "ssh:"), "", fmt.Sprint("Ed25519 ", spki(public), []string(nil))},
		"security key, ecdsa": {wire("sk-ecdsa-sha2-nistp384@openssh.com", "nistp384", point, "ssh:"), "", fmt.Sprint("ECDSA ", spki(&e.PublicKey), []string(nil))},
		"certificate":         {certificate(1, 0, 1<<64-1, rsaBlob), "", fmt.Sprint("Ed25519 ", spki(public), []string(nil))},
		"bytes behind":        {append(bytes.Clone(rsaBlob), 1), "", fmt.Sprint("RSA ", spki(&r.PublicKey), []string{noteTrailingData})},
		"another curve":       {wire("ecdsa-sha2-nistp256", "nistp384", point), ReasonCorrupt, ""},
		"unknown":             {wire("ssh-xmss@openssh.com", "x"), ReasonUnsupported, ""},
		"unknown certificate": {wire("ssh-xmss-cert-v01@openssh.com", "nonce", "x"), ReasonUnsupported, ""},
		"neither":             {certificate(3, 0, 0, rsaBlob), ReasonCorrupt, ""},
		"cut":                 {rsaBlob[:40], ReasonTruncated, ""},
		"cut certificate":     {certificate(1, 0, 0, rsaBlob)[:120], ReasonTruncated, ""},
		"empty":               {nil, ReasonTruncated, ""},
	} {
		o, reason := DeriveSSHKey(tt.blob)
		got := ""
		if o != nil {
			got = fmt.Sprint(o.KeyAlgorithm, " ", o.SPKISHA256, o.ParseNotes)
		}
		if reason != tt.reason || strings.ReplaceAll(got, noteSmallRSA, "") != tt.want {
			t.Errorf("%s: %q %s, want %q %s", name, reason, got, tt.reason, tt.want)
		}
	}
	o, _ := DeriveSSHKey(certificate(2, 1, 3, rsaBlob))
	if o.SSHKind != "host" || o.SSHKeyID != "id" || o.SSHSerial != "7" || !slices.Equal(o.SSHPrincipals, []string{"a", "b"}) ||
		o.NotBefore.Unix() != 1 || o.NotAfter.Unix() != 2 || o.SSHSignerSHA256 != spki(&r.PublicKey) {
		t.Errorf("certificate: %+v", o)
	}
	private := append([]byte(sshMagic), wire("none", "none", "", uint32(1), rsaBlob, "secret")...)
	if o, reason := DeriveSSHPrivateKey(private); reason != "" || o.Encrypted != No || o.SPKISHA256 != spki(&r.PublicKey) {
		t.Errorf("private key: %q %+v", reason, o)
	}
	for i := range private {
		if _, reason := DeriveSSHPrivateKey(private[:i]); reason == "" {
			t.Errorf("%d bytes of %d are taken for a key", i, len(private))
		}
	}
}

// TestDeriveJWK uses the keys of RFC 7517 appendix A and RFC 8037 appendix A.
func TestDeriveJWK(t *testing.T) {
	ec := map[string]string{"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}
	okp := map[string]string{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	with := func(m map[string]string, more ...string) map[string]string {
		c := map[string]string{}
		for k, v := range m {
			c[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			c[more[i]] = more[i+1]
		}
		return c
	}
	for name, tt := range map[string]struct {
		members map[string]string
		want    string // kind, algorithm, bits, curve, or reason
	}{
		"EC":              {ec, "public_key ECDSA 256 P-256"},
		"EC private":      {with(ec, "d", "x"), "private_key ECDSA 256 P-256"},
		"OKP":             {okp, "public_key Ed25519 256 "},
		"RSA":             {map[string]string{"kty": "RSA", "n": strings.Repeat("_", 171), "e": "AQAB"}, "public_key RSA 1024 "},
		"oct":             {map[string]string{"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}, "private_key oct 512 "},
		"another type":    {map[string]string{"kty": "AKP"}, "public_key unsupported"},
		"another curve":   {with(ec, "crv", "P-257"), "public_key unsupported"},
		"curve of others": {with(ec, "crv", "Ed25519"), "public_key unsupported"},
		"short x":         {with(ec, "x", "AAAA"), "public_key corrupt"},
		"no y":            {with(ec, "y", ""), "public_key corrupt"},
		"no base64":       {with(okp, "x", "+"), "public_key corrupt"},
		"no e":            {map[string]string{"kty": "RSA", "n": "AQAB"}, "public_key corrupt"},
		"no k":            {map[string]string{"kty": "oct", "k": "a"}, "private_key corrupt"},
	} {
		o, kind, reason := DeriveJWK(func(name string) string { return tt.members[name] })
		got := kind + " " + string(reason)
		if reason == "" {
			got = fmt.Sprint(kind, " ", o.KeyAlgorithm, " ", o.KeyBits, " ", o.KeyCurve)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	o, _, _ := DeriveJWK(func(name string) string { return okp[name] })
	x, err := base64.RawURLEncoding.DecodeString(okp["x"])
	if err != nil {
		t.Fatal(err)
	}
	if want := sumOf(must[[]byte](t)(x509.MarshalPKIXPublicKey(ed25519.PublicKey(x)))); o.SPKISHA256 != want {
		t.Errorf("key %s, want %s", o.SPKISHA256, want)
	}
}

// checkObject holds what must be true of any object: it fits evidence, and
// comes out of it again as it went in.
func checkObject(t *testing.T, kind string, o *Object) {
	t.Helper()
	var l line
	(&Observation{Object: kind, Container: "der", Facts: o, ObservedAt: time.Unix(0, 0)}).appendTo(&l)
	unknown := 0
	rec, err := DecodeLine(bytes.TrimSuffix(l.text, []byte("\n")), true, &unknown)
	if err != nil || unknown > 0 {
		t.Fatalf("%s: %v, %d unknown fields", l.text, err, unknown)
	}
	var again line
	rec.appendTo(&again)
	if !bytes.Equal(l.text, again.text) {
		t.Errorf("%s\ncame back as\n%s", l.text, again.text)
	}
}

func FuzzRequest(f *testing.F) {
	key := must[*ecdsa.PrivateKey](f)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	f.Add(testRequest(f, key))
	f.Fuzz(func(t *testing.T, der []byte) {
		o, ok := DeriveRequest(der)
		if ok != (ObjectKind(der) == ObjectCSR) {
			t.Errorf("derived: %v, taken for %q", ok, ObjectKind(der))
		}
		if ok {
			checkObject(t, ObjectCSR, o)
		}
	})
}

func FuzzRevocationList(f *testing.F) {
	f.Add(testList(encode(tagInteger, []byte{1}), 3, encode(tagSequence, encode(tagOID, []byte(extCRLNumber)), encode(tagOctetString, encode(tagInteger, []byte{5})))))
	f.Add(testList(nil, 0))
	f.Fuzz(func(t *testing.T, der []byte) {
		o, ok := DeriveRevocationList(der)
		if kind := ObjectKind(der); ok && kind != ObjectCRL && kind != ObjectCSR || !ok && kind == ObjectCRL {
			t.Errorf("derived: %v, taken for %q", ok, kind)
		}
		if ok {
			checkObject(t, ObjectCRL, o)
		}
	})
}

func FuzzPrivateKey(f *testing.F) {
	for _, k := range keyCases(f) {
		f.Add(k.der)
	}
	algorithm, _ := asn1.Marshal(pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 1, 3}, Parameters: asn1.RawValue{FullBytes: []byte("\x30\x06\x04\x01x\x02\x01\x01")}})
	f.Add(encode(tagSequence, algorithm, encode(tagOctetString, []byte("12345678"))))
	f.Fuzz(func(t *testing.T, der []byte) {
		o, ok := DerivePrivateKey(der)
		if !ok {
			return
		}
		checkObject(t, ObjectPrivateKey, o)
		if o.SHA256 != "" || o.Format == "" || o.Encrypted == Unasked || o.Encrypted == Yes && o.SPKISHA256 != "" {
			t.Errorf("%+v", o)
		}
	})
}

func FuzzPublicKey(f *testing.F) {
	for _, k := range keyCases(f) {
		f.Add(k.spki)
	}
	r := must[*rsa.PrivateKey](f)(rsa.GenerateKey(rand.Reader, 1024))
	f.Add(x509.MarshalPKCS1PublicKey(&r.PublicKey))
	f.Fuzz(func(t *testing.T, der []byte) {
		o, ok := DerivePublicKey(der)
		if !ok {
			return
		}
		checkObject(t, ObjectPublicKey, o)
		if o.SPKISHA256 == "" || o.SHA256 != "" {
			t.Errorf("%+v", o)
		}
	})
}
