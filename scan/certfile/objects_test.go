package certfile

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// objectsIn is what a scan of one file says of all that is no certificate, in
// short lines.
func objectsIn(records []scan.Record) (lines []string) {
	for _, r := range records {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object == scan.ObjectCertificate {
				continue
			}
			o := r.Facts
			l := fmt.Sprintf("%s #%d %s [%s] line %d: %s %s %d", r.Object, r.Index, r.Container, r.Alias, r.Line, o.Format, o.KeyAlgorithm, o.KeyBits)
			if o.Encrypted == scan.Yes {
				l += " encrypted " + o.Encryption
			}
			if len(r.Notes) > 0 {
				l += fmt.Sprint(" ", r.Notes)
			}
			if len(o.ParseNotes) > 0 {
				l += fmt.Sprint(" ", o.ParseNotes)
			}
			lines = append(lines, strings.TrimSpace(l))
		case *scan.NotAssessed:
			lines = append(lines, fmt.Sprintf("%s #%d %s/%s", r.Object, r.Index, r.Stage, r.Reason))
		}
	}
	return lines
}

// A testObjects has one key in the forms that files hold.
type testObjects struct {
	key                         *ecdsa.PrivateKey
	pkcs8, sec1, spki, csr, crl []byte
	spkiSum                     string
}

func newTestObjects(t testing.TB) testObjects {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	o := testObjects{key: key}
	o.pkcs8 = must(x509.MarshalPKCS8PrivateKey(key))
	o.sec1 = must(x509.MarshalECPrivateKey(key))
	o.spki = must(x509.MarshalPKIXPublicKey(&key.PublicKey))
	o.csr = must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "r.example"}, DNSNames: []string{"r.example"}}, key))
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: testNow, NotAfter: testNow.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCRLSign, SubjectKeyId: []byte{1}}
	o.crl = must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(255), ThisUpdate: testNow, NextUpdate: testNow.Add(time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: testNow}}}, ca, key))
	sum := sha256.Sum256(o.spki)
	o.spkiSum = hex.EncodeToString(sum[:])
	return o
}

func pemText(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

// sshBlob is the wire format of an ECDSA key on P-256.
func (o testObjects) sshBlob(t testing.TB) []byte {
	t.Helper()
	point, err := o.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, s := range [][]byte{[]byte("ecdsa-sha2-nistp256"), []byte("nistp256"), point} {
		b = append(append(b, 0, 0, 0, byte(len(s))), s...)
	}
	return b
}

func TestTextObjects(t *testing.T) {
	o := newTestObjects(t)
	key := pemText("PRIVATE KEY", o.pkcs8)
	b64 := base64.StdEncoding.EncodeToString
	line := "ecdsa-sha2-nistp256 " + b64(o.sshBlob(t))
	size := o.key.Curve.Params().BitSize / 8
	x, y := o.key.X.FillBytes(make([]byte, size)), o.key.Y.FillBytes(make([]byte, size))
	url := base64.RawURLEncoding.EncodeToString
	jwk := `{"kty":"EC","crv":"P-256","kid":"k1","x":"` + url(x) + `","y":"` + url(y) + `"`
	const ec = "ECDSA 256"
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"every label", pemText("EC PRIVATE KEY", o.sec1) + pemText("CERTIFICATE REQUEST", o.csr) + pemText("NEW CERTIFICATE REQUEST", o.csr) +
			pemText("X509 CRL", o.crl) + pemText("PUBLIC KEY", o.spki) + pemText("EC PARAMETERS", []byte("\x06\x01\x2a")) + pemText("ANY PRIVATE KEY", o.pkcs8), []string{
			"private_key #0 pem [] line 1: sec1 " + ec, "csr #0 pem [] line 6:  " + ec, "csr #1 pem [] line 14:  " + ec,
			"crl #0 pem [] line 22:   0", "public_key #0 pem [] line 29: spki " + ec, "private_key #1 pem [] line 36: pkcs8 " + ec}},
		{"damage", "-----BEGIN PRIVATE KEY-----\nMII*\n-----END PRIVATE KEY-----\n" + pemText("X509 CRL", o.crl[:60]) + pemText("PUBLIC KEY", o.csr) +
			"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n" + key + "-----BEGIN RSA PRIVATE KEY-----\n", []string{
			"private_key #0 decode/corrupt", "crl #0 decode/truncated", "public_key #0 parse/corrupt", "csr #0 decode/truncated",
			"private_key #1 pem [] line 18: pkcs8 " + ec, "private_key #2 decode/truncated"}},
		{"headers of RFC 1421", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0011\n\nAAAA\n-----END RSA PRIVATE KEY-----\n",
			[]string{"private_key #0 pem [] line 1: pkcs1 RSA 0 encrypted AES-256-CBC"}},
		{"a maker's own form", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\neyJ9\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n",
			[]string{"private_key #0 pem [] line 1:   0 encrypted"}},
		{"something behind it", pemText("PRIVATE KEY", append(bytes.Clone(o.pkcs8), 5, 0)), []string{"private_key #0 pem [] line 1: pkcs8 " + ec + " [trailing_data]"}},
		{"secret", "kind: Secret\nmetadata: {name: s}\ndata:\n  tls.key: " + b64([]byte(key)) + "\n", []string{"private_key #0 k8s-secret [s/tls.key] line 4: pkcs8 " + ec}},
		{"yaml block", "a: b\nkey: |\n" + indent("# key\n"+key, "  "), []string{"private_key #0 pem [] line 4: pkcs8 " + ec}},
		{"yaml block, key first", "a: b\nkey: |\n" + indent(key+key, "  "), []string{"private_key #0 yaml [key] line 3: pkcs8 " + ec, "private_key #1 yaml [key] line 8: pkcs8 " + ec}},
		{"service account", `{"type": "service_account", "private_key": ` + quoted(key) + `}`, []string{"private_key #0 json [private_key] line 1: pkcs8 " + ec}},
		{"base64 of DER in JSON", `{"k":"` + b64(o.pkcs8) + `","p":["` + b64(o.spki) + `"],"x5c":[]}`,
			[]string{"private_key #0 json [k] line 1: pkcs8 " + ec, "public_key #0 json [p[0]] line 1: spki " + ec}},
		{"jwks", `{"keys":[` + jwk + `},` + "\n" + jwk + `,"d":"` + url(x) + `"},{"kty":"oct","k":"` + url(x) + `"},{"kty":"EC","crv":"P-257","x":"","kid":"z"}]}`, []string{
			"public_key #0 jwks [k1] line 1: jwk " + ec, "private_key #0 jwks [k1] line 2: jwk " + ec, "private_key #1 jwks [keys[2]] line 2: jwk oct 256", "public_key #1 parse/unsupported"}},
		{"authorized_keys", "# " + line + "\n" + line + " me@host\r\n" + `from="10.0.0.0/8",command="echo \"x y\"" ` + line + " two words\nno-pty\t" + line + "\n", []string{
			"public_key #0 openssh [me@host] line 2: openssh " + ec, "public_key #1 openssh [two words] line 3: openssh " + ec, "public_key #2 openssh [] line 4: openssh " + ec}},
		{"known_hosts", "a.example,10.0.0.1 " + line + "\n@cert-authority *.example " + line + " ca\n|1|abc=|def= " + line + "\n", []string{
			"public_key #0 openssh [a.example,10.0.0.1] line 1: openssh " + ec, "public_key #1 openssh [@cert-authority *.example] line 2: openssh " + ec,
			"public_key #2 openssh [] line 3: openssh " + ec}},
		{"in a configuration", "ssh_authorized_keys:\n  - " + line + " me\n  - \"" + line + " you\"\n", []string{
			"public_key #0 openssh [me] line 2: openssh " + ec, "public_key #1 openssh [you] line 3: openssh " + ec}},
		{"SSH damage", line[:len(line)-8] + "\n" + line + "=\nssh-ab AAAABnNzaC1hYg== x\n", []string{
			"public_key #0 decode/truncated", "public_key #1 decode/corrupt", "public_key #2 parse/unsupported"}},
		{"no key", "the text ssh-rsa AAAA and ssh-rsa AAAAB3NzaC1kc3M and AAAAB3NzaC1yc2E\n", nil},
		{"RFC 4716", "---- BEGIN SSH2 PUBLIC KEY ----\nSubject: me\nComment: \"a \\\nb\"\n" + b64(o.sshBlob(t)) + "\n---- END SSH2 PUBLIC KEY ----\n---- BEGIN SSH2 PUBLIC KEY ----\n", []string{
			"public_key #0 openssh [a b] line 1: ssh2 " + ec, "public_key #1 decode/truncated"}},
		{"PEM and SSH", key + line + " x\n" + key, []string{
			"private_key #0 pem [] line 1: pkcs8 " + ec, "public_key #0 openssh [x] line 6: openssh " + ec, "private_key #1 pem [] line 7: pkcs8 " + ec}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			records, outcome := readBytes([]byte(tt.text), Options{})
			if diff := cmp.Diff(tt.want, objectsIn(records)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			want := scan.OutcomeNoCertificates
			if slices.ContainsFunc(tt.want, func(line string) bool { return !strings.Contains(line, " line ") }) {
				want = scan.OutcomeNotAssessed
			}
			if outcome != want {
				t.Errorf("outcome %s, want %s", outcome, want)
			}
		})
	}
}

func TestDERObjects(t *testing.T) {
	o := newTestObjects(t)
	cert := newTestCert(t, "a.example")
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1, rsaPublic := x509.MarshalPKCS1PrivateKey(rsaKey), x509.MarshalPKCS1PublicKey(&rsaKey.PublicKey)
	cut := func(b []byte) []byte { return b[:len(b)*3/4] }
	for name, tt := range map[string]struct {
		content []byte
		want    []string
	}{
		"pkcs8":            {o.pkcs8, []string{"private_key #0 der [] line 0: pkcs8 ECDSA 256"}},
		"sec1":             {o.sec1, []string{"private_key #0 der [] line 0: sec1 ECDSA 256"}},
		"pkcs1":            {pkcs1, []string{"private_key #0 der [] line 0: pkcs1 RSA 2048"}},
		"spki":             {o.spki, []string{"public_key #0 der [] line 0: spki ECDSA 256"}},
		"pkcs1 public":     {rsaPublic, []string{"public_key #0 der [] line 0: pkcs1 RSA 2048"}},
		"csr":              {o.csr, []string{"csr #0 der [] line 0:  ECDSA 256"}},
		"crl":              {o.crl, []string{"crl #0 der [] line 0:   0"}},
		"one after other":  {slices.Concat(o.crl, o.pkcs8, o.crl), []string{"crl #0 der [] line 0:   0", "private_key #0 der [] line 0: pkcs8 ECDSA 256", "crl #1 der [] line 0:   0"}},
		"behind one":       {slices.Concat(cert.der, o.pkcs8), []string{"private_key #0 der [] line 0: pkcs8 ECDSA 256"}},
		"cut pkcs8":        {cut(o.pkcs8), []string{"private_key #0 decode/truncated"}},
		"cut sec1":         {cut(o.sec1), []string{"private_key #0 decode/truncated"}},
		"cut pkcs1":        {cut(pkcs1), []string{"private_key #0 decode/truncated"}},
		"cut spki":         {cut(o.spki), []string{"public_key #0 decode/truncated"}},
		"cut csr":          {cut(o.csr), []string{"csr #0 decode/truncated"}},
		"cut crl":          {cut(o.crl), []string{"crl #0 decode/truncated"}},
		"ECDSA signature":  {[]byte("\x30\x46\x02\x21\x00" + strings.Repeat("\x81", 32) + "\x02\x21\x00" + strings.Repeat("\x81", 32)), nil},
		"group of DH":      {append([]byte("\x30\x82\x01\x08\x02\x82\x01\x01\x00"), append(bytes.Repeat([]byte{0xff}, 256), 2, 1, 2)...), nil},
		"digest info":      {[]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20" + strings.Repeat("x", 32)), nil},
		"an algorithm":     {[]byte("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"), nil},
		"cut in a version": {[]byte("\x30\x82\x01\x5b\x30\x82\x01\x01\xa0\x03\x02\x01"), nil},
		"an empty element": {[]byte("\x30\x00"), nil},
	} {
		records, _ := readBytes(tt.content, Options{})
		if diff := cmp.Diff(tt.want, objectsIn(records)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestForeignDER: what is neither certificate, request, list nor key stays
// unclaimed.
func TestForeignDER(t *testing.T) {
	for _, name := range []string{"ocsp_request", "ocsp_response", "tsp_request", "tsp_response", "message.der", "aesccm_algo.der", "scrypt_algo.der", "certbag.der"} {
		content, err := os.ReadFile(filepath.Join(corpus, "asn1-fixtures", name))
		if err != nil {
			t.Skipf("SKIPPED: the certificate corpus is not beside this checkout: %v", err)
		}
		if kind := objectStart(content); kind != "" {
			t.Errorf("%s is taken for a %s", name, kind)
		}
	}
}

// TestKeyMakesIdentity: the certificate of a key that lies beside it is an
// identity, however the key is written.
func TestKeyMakesIdentity(t *testing.T) {
	o := newTestObjects(t)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a"}, NotBefore: testNow, NotAfter: testNow.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &o.key.PublicKey, o.key)
	if err != nil {
		t.Fatal(err)
	}
	for name, opt := range map[string]Options{"read": {}, "not read": {NoPrivateKeys: true}} {
		for _, key := range []string{pemText("PRIVATE KEY", o.pkcs8), pemText("EC PRIVATE KEY", o.sec1)} {
			records, _ := readBytes([]byte(key+pemText("CERTIFICATE", der)), opt)
			use, digest := scan.Use(""), ""
			for _, r := range records {
				if r, ok := r.(*scan.Observation); ok && r.Object == scan.ObjectCertificate {
					use = r.Use
				} else if ok {
					digest = r.Facts.SPKISHA256
				}
			}
			if opt.NoPrivateKeys && (use != scan.UseUnknown || digest != "") || !opt.NoPrivateKeys && (use != scan.UseIdentity || digest != o.spkiSum) {
				t.Errorf("%s: use %s, key %q", name, use, digest)
			}
		}
	}
}

// TestNoPrivateKeys: a key is recorded with what its place tells, and nothing
// of it is parsed.
func TestNoPrivateKeys(t *testing.T) {
	o := newTestObjects(t)
	all := stores(t)
	for name, tt := range map[string]struct {
		content []byte
		want    []string
	}{
		"pem":       {[]byte(pemText("PRIVATE KEY", o.pkcs8)), []string{"private_key #0 pem [] line 1: pkcs8  0"}},
		"damaged":   {[]byte("-----BEGIN EC PRIVATE KEY-----\n*\n-----END EC PRIVATE KEY-----\n"), []string{"private_key #0 pem [] line 1: sec1 ECDSA 0"}},
		"encrypted": {[]byte(pemText("ENCRYPTED PRIVATE KEY", []byte("x"))), []string{"private_key #0 pem [] line 1: pkcs8  0 encrypted"}},
		"der":       {o.pkcs8, []string{"private_key #0 der [] line 0:   0"}},
		"jwk":       {[]byte(`{"kty":"oct","k":"AAAA","kid":"a"}`), []string{"private_key #0 jwks [a] line 1: jwk  0"}},
		"pkcs12":    {all["plain.p12"], []string{"private_key #0 pkcs12 [plain] line 0:   0"}},
		"jks":       {all["key.jks"], []string{"private_key #0 jks [alias] line 0:  RSA 2048 encrypted"}},
	} {
		records, _ := readBytes(tt.content, Options{NoPrivateKeys: true})
		if diff := cmp.Diff(tt.want, objectsIn(records)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestStoreObjects(t *testing.T) {
	all := stores(t)
	for name, want := range map[string][]string{
		"plain.p12":    {"private_key #0 pkcs12 [plain] line 0: pkcs8 ECDSA 256"},
		"aes.p12":      {"private_key #0 pkcs12 [] line 0: pkcs8 ECDSA 256 encrypted PBE-SHA1-3DES [default_password]"},
		"key.jks":      {"private_key #0 jks [alias] line 0: pkcs8 RSA 2048 encrypted JKS"},
		"key.jceks":    {"private_key #0 jceks [example.test] line 0: pkcs8 RSA 2048 encrypted PBE-MD5-3DES"},
		"secret.jceks": {"private_key #0 jceks [key] line 0: pkcs8 ECDSA 256 encrypted PBE-MD5-3DES"},
		"bouncy.bks":   {"private_key #0 bks [web] line 0:  ECDSA 256 encrypted"},
		"bouncy.uber":  {"private_key #0 uber [web] line 0:  ECDSA 256 encrypted"},
		"ccm.bcfks":    {"private_key #0 bcfks [web] line 0: pkcs8 ECDSA 256 encrypted PBES2 AES-256-CCM PBKDF2-HMAC-SHA512"},
	} {
		records, _ := readBytes(all[name], Options{Passwords: given("password", "cryptography", "sesame")})
		if diff := cmp.Diff(want, objectsIn(records)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	p := newPKI(t)
	records, _ := readBytes(p.bks(t, 2, "x"), Options{})
	want := []string{"private_key #0 bks [web] line 0:  ECDSA 256 encrypted", "private_key #1 bks [open] line 0:  ECDSA 256"}
	if diff := cmp.Diff(want, objectsIn(records)); diff != "" {
		t.Errorf("bks (-want +got):\n%s", diff)
	}
	o := newTestObjects(t)
	records, _ = readBytes(newSST().name("list").element(sstRevocationList, o.crl).end(), Options{})
	if got := objectsIn(records); len(got) != 1 || !strings.HasPrefix(got[0], "crl #0 sst [list]") {
		t.Errorf("sst: %q", got)
	}
}

// TestNothingPrivate: no byte of a private half reaches a record.
func TestNothingPrivate(t *testing.T) {
	o := newTestObjects(t)
	secret, err := o.key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	url := base64.RawURLEncoding.EncodeToString
	pkcs8 := slices.Clone(o.pkcs8)
	for name, content := range map[string][]byte{
		"pem":           []byte(pemText("PRIVATE KEY", o.pkcs8)),
		"der":           o.pkcs8,
		"cut":           o.pkcs8[:len(o.pkcs8)-3],
		"damaged":       bytes.Replace(pkcs8, []byte("\x06\x07\x2a"), []byte("\x06\x47\x2a"), 1),
		"pem damaged":   []byte(strings.Replace(pemText("PRIVATE KEY", o.pkcs8), "=", "!", 1)),
		"jwk":           []byte(`{"kty":"EC","crv":"P-256","d":"` + url(secret) + `","x":"*"}`),
		"oct":           []byte(`{"kty":"oct","k":"` + url(secret) + `"}`),
		"putty damaged": []byte("PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\nComment: c\nPublic-Lines: 1\n" + url(secret) + "\nPrivate-Lines: 1\n" + url(secret) + "\n"),
	} {
		var evidence bytes.Buffer
		records, _ := readBytes(content, Options{})
		for _, r := range records {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			evidence.Write(text)
		}
		if len(records) == 0 {
			t.Errorf("%s: nothing was found", name)
		}
		for _, form := range []string{string(secret[4:20]), hex.EncodeToString(secret[4:20]), url(secret)[6:22], base64.StdEncoding.EncodeToString(secret)[6:22], fmt.Sprint(secret[4:12])} {
			if strings.Contains(evidence.String(), form) {
				t.Errorf("%s: the private half is in %s", name, evidence.String())
			}
		}
	}
}

// TestStreamedObjects: requests, keys and SSH keys in a bundle that is read as
// a stream are each found once.
func TestStreamedObjects(t *testing.T) {
	o := newTestObjects(t)
	line := "ecdsa-sha2-nistp256 " + base64.StdEncoding.EncodeToString(o.sshBlob(t)) + " c\n"
	boxed := "---- BEGIN SSH2 PUBLIC KEY ----\n" + base64.StdEncoding.EncodeToString(o.sshBlob(t)) + "\n---- END SSH2 PUBLIC KEY ----\n"
	group := pemText("PRIVATE KEY", o.pkcs8) + pemText("CERTIFICATE REQUEST", o.csr)
	var text strings.Builder
	for text.Len() < 3<<20/2 {
		text.WriteString(group)
	}
	n := text.Len() / len(group)
	for text.Len() < 5<<20 {
		text.WriteString(group + line + boxed)
	}
	m := n + (text.Len()-n*len(group))/len(group+line+boxed)
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, r := range observeAll(t, Options{}, path) {
		switch r := r.(type) {
		case *scan.Observation:
			counts[r.Object]++
			if r.Object == scan.ObjectPublicKey && r.Index == 0 && r.Line != 1+strings.Count(text.String()[:n*len(group)+len(group)], "\n") {
				t.Errorf("line %d of the first SSH key", r.Line)
			}
		case *scan.NotAssessed:
			t.Errorf("%s %s", r.Reason, r.Detail)
		}
	}
	want := map[string]int{scan.ObjectPrivateKey: m, scan.ObjectCSR: m, scan.ObjectPublicKey: 2 * (m - n)}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
