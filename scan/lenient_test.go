package scan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// element encodes one DER element around the given parts.
func element(tag byte, parts ...string) string {
	content := strings.Join(parts, "")
	switch n := len(content); {
	case n < 0x80:
		return string([]byte{tag, byte(n)}) + content
	case n < 0x100:
		return string([]byte{tag, 0x81, byte(n)}) + content
	default:
		return string([]byte{tag, 0x82, byte(n >> 8), byte(n)}) + content
	}
}

// odd is a certificate put together from encoded parts.
type odd struct {
	version, serial, algorithm, issuer, notBefore, notAfter, subject, spki, tail string
}

// Parts of a plain certificate.
const (
	oidECDSASHA256 = "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
	utcBefore      = "\x17\x0d260101000000Z"
	utcAfter       = "\x17\x0d270101000000Z"
)

func commonName(tag byte, text string) string {
	return element(tagSequence, element(tagSet, element(tagSequence, "\x06\x03\x55\x04\x03", element(tag, text))))
}

func extensions(all ...string) string {
	return element(tagExtensions, element(tagSequence, all...))
}

func ext(oid string, value string) string {
	return element(tagSequence, element(tagOID, oid), element(tagOctetString, value))
}

func rsaSPKI(modulus string) string {
	return element(tagSequence, element(tagSequence, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"),
		element(tagBitString, "\x00", element(tagSequence, element(tagInteger, modulus), "\x02\x03\x01\x00\x01")))
}

func plain() odd {
	return odd{
		version: "\xa0\x03\x02\x01\x02", serial: "\x02\x01\x05", algorithm: element(tagSequence, oidECDSASHA256),
		issuer: commonName(tagUTF8, "issuer"), notBefore: utcBefore, notAfter: utcAfter, subject: commonName(tagUTF8, "subject"),
		spki: rsaSPKI("\x00" + strings.Repeat("\xc5", 256)),
	}
}

func (o odd) der() []byte {
	tbs := element(tagSequence, o.version, o.serial, o.algorithm, o.issuer, element(tagSequence, o.notBefore, o.notAfter), o.subject, o.spki, o.tail)
	return []byte(element(tagSequence, tbs, o.algorithm, "\x03\x03\x00\x01\x02"))
}

// TestLenient changes one thing in a plain certificate and wants the facts that
// are there and the note that says what is odd.
func TestLenient(t *testing.T) {
	dns := func(name string) string { return element(tagSequence, element(nameDNS, name)) }
	constraints := func(flag string) string { return ext(extBasicConstraints, element(tagSequence, flag)) }
	for _, tt := range []struct {
		name  string
		edit  func(*odd)
		notes string
		fact  func(*Certificate) any
		want  any
	}{
		{"plain", func(*odd) {}, "", func(c *Certificate) any { return c.SubjectCN + c.IssuerCN + c.Serial }, "subjectissuer5"},
		{"negative serial", func(o *odd) { o.serial = "\x02\x02\x80\x01" }, "negative_serial", func(c *Certificate) any { return c.Serial }, "-7fff"},
		{"zero serial", func(o *odd) { o.serial = "\x02\x01\x00" }, "zero_serial", func(c *Certificate) any { return c.Serial }, "0"},
		{"21 bytes of serial", func(o *odd) { o.serial = "\x02\x15" + strings.Repeat("\x11", 21) }, "serial_too_long", func(c *Certificate) any { return c.Serial }, strings.Repeat("11", 21)},
		{"padded serial", func(o *odd) { o.serial = "\x02\x02\x00\x05" }, "ber_encoding", func(c *Certificate) any { return c.Serial }, "5"},
		{"version 9", func(o *odd) { o.version = "\xa0\x03\x02\x01\x08" }, "invalid_version", func(c *Certificate) any { return c.Version }, 9},
		{"version 1 with extensions", func(o *odd) { o.version, o.tail = "", extensions(constraints("\x01\x01\xff")) }, "extensions_in_v1", func(c *Certificate) any { return c.IsCA }, true},
		{"version 2 with extensions", func(o *odd) {
			o.version, o.tail = "\xa0\x03\x02\x01\x01", extensions(constraints("\x01\x01\xff\x02\x01\x00"))
		}, "extensions_in_v1", func(c *Certificate) any { return *c.PathLength }, 0},
		{"BER true", func(o *odd) { o.tail = extensions(constraints("\x01\x01\x01")) }, "ber_encoding", func(c *Certificate) any { return c.IsCA }, true},
		{"two constraints", func(o *odd) { o.tail = extensions(constraints("\x01\x01\xff"), constraints("")) }, "duplicate_extension", func(c *Certificate) any { return c.IsCA }, true},
		{"UTF-8", func(o *odd) { o.subject = commonName(tagUTF8, "M\xfcller") }, "invalid_utf8", func(c *Certificate) any { return c.SubjectCN }, "Müller"},
		{"PrintableString", func(o *odd) { o.subject = commonName(tagPrintable, "a_b") }, "invalid_printable_string", func(c *Certificate) any { return c.SubjectCN }, "a_b"},
		{"BIT STRING in a name", func(o *odd) { o.subject = commonName(tagBitString, "\x00a") }, "name_not_text", func(c *Certificate) any { return c.Subject }, "CN=#03020061"},
		{"no seconds", func(o *odd) { o.notAfter = "\x17\x0b2701010203Z" }, "date_without_seconds", func(c *Certificate) any { return c.NotAfter.Format(timeLayout) }, "2027-01-01T02:03:00Z"},
		{"offset", func(o *odd) { o.notAfter = "\x17\x11270101020304+0100" }, "date_with_offset", func(c *Certificate) any { return c.NotAfter.Format(timeLayout) }, "2027-01-01T01:03:04Z"},
		{"fraction", func(o *odd) { o.notAfter = "\x18\x1320270101020304.999Z" }, "fractional_seconds", func(c *Certificate) any { return c.NotAfter.Format(timeLayout) }, "2027-01-01T02:03:04Z"},
		{"year 9999", func(o *odd) { o.notAfter = "\x18\x0f99991231235959Z" }, "", func(c *Certificate) any { return c.NotAfter.Format(timeLayout) }, "9999-12-31T23:59:59Z"},
		{"February 30", func(o *odd) { o.notAfter = "\x17\x0d270230000000Z" }, "bad_date", func(c *Certificate) any { return c.NotAfter.IsZero() }, true},
		{"year beyond 9999", func(o *odd) { o.notAfter = "\x18\x1399991231235959-0100" }, "bad_date", func(c *Certificate) any { return c.NotAfter.IsZero() }, true},
		{"negative modulus", func(o *odd) { o.spki = rsaSPKI(strings.Repeat("\xc5", 256)) }, "negative_modulus", func(c *Certificate) any { return c.KeyBits }, 2048},
		{"512 bits", func(o *odd) { o.spki = rsaSPKI("\x00" + strings.Repeat("\xc5", 64)) }, "rsa_small", func(c *Certificate) any { return c.KeyBits }, 512},
		{"DNS name in Latin-1", func(o *odd) { o.tail = extensions(ext(extSubjectAltName, dns("m\xfcller.test"))) }, "bad_san", func(c *Certificate) any { return c.DNSNames }, []string{"müller.test"}},
		{"IP address of 5 bytes", func(o *odd) {
			o.tail = extensions(ext(extSubjectAltName, element(tagSequence, element(nameIP, "12345"), element(nameDNS, "a.test"))))
		}, "bad_san", func(c *Certificate) any { return c.DNSNames }, []string{"a.test"}},
		{"SAN that ends early", func(o *odd) {
			o.tail = extensions(ext(extSubjectAltName, element(tagSequence, element(nameDNS, "a.test"), "\x82\x20b")))
		}, "bad_san", func(c *Certificate) any { return c.DNSNames }, []string{"a.test"}},
		{"long OID", func(o *odd) { o.tail = extensions(ext("\x55\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "")) }, "oid_too_long", func(c *Certificate) any { return c.Parsed }, true},
		{"trailing field", func(o *odd) { o.tail = "\x04\x00" }, "trailing_data", func(c *Certificate) any { return c.Parsed }, true},
		{"UUID as an algorithm", func(o *odd) {
			o.spki = element(tagSequence, element(tagSequence, "\x06\x0b\x69\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "\x03\x02\x00\x00")
		}, "oid_too_long", func(c *Certificate) any { return c.KeyAlgorithm }, "2.25.1180591620717411303423"},
		{"composite", func(o *odd) { o.algorithm = element(tagSequence, "\x06\x08\x2b\x06\x01\x05\x05\x07\x06\x25") }, "", func(c *Certificate) any { return c.SignatureAlgorithm + " " + c.SignatureAlgorithmDraft }, "1.3.6.1.5.5.7.6.37 id-MLDSA44-RSA2048-PSS-SHA256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := plain()
			tt.edit(&o)
			c := Derive(o.der())
			if !c.Parsed {
				t.Fatalf("refused: %s", c.Detail)
			}
			if tt.notes != "" && !slices.Contains(c.ParseNotes, tt.notes) || slices.Contains(c.ParseNotes, noteUnexplained) {
				t.Errorf("notes %q, want %s among them (%s)", c.ParseNotes, tt.notes, c.Detail)
			}
			if d := cmp.Diff(tt.want, tt.fact(c)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLenientRefuses wants what has no outline to keep its fingerprint.
func TestLenientRefuses(t *testing.T) {
	for _, der := range []string{"", "rubbish", "\x30\x00", string(plain().der()[:100]), element(tagSequence, element(tagSequence), element(tagSequence), "\x03\x01\x00")} {
		c := Derive([]byte(der))
		if c.Parsed || !slices.Equal(c.ParseNotes, []string{ParseNoteRefused}) || len(c.SHA256) != 64 || c.Detail == "" {
			t.Errorf("%q: %+v", der, c)
		}
	}
}

// TestParseNotesAreDocumented wants each code once, with words.
func TestParseNotesAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range ParseNotes() {
		if n.Code == "" || n.Doc == "" || seen[n.Code] {
			t.Errorf("%+v", n)
		}
		seen[n.Code] = true
	}
}

func TestNames(t *testing.T) {
	o := plain()
	issuer, subject, ok := Names(o.der())
	if !ok || string(issuer) != o.issuer || string(subject) != o.subject {
		t.Errorf("%q, %q, %v", issuer, subject, ok)
	}
	if _, _, ok := Names([]byte("\x30\x00")); ok {
		t.Error("names of no certificate")
	}
}

// TestPrimeCurves checks the curves that the standard library lacks by what
// must hold of each, and the arithmetic against the standard library's.
func TestPrimeCurves(t *testing.T) {
	for name, c := range primeCurves {
		w := weierstrassOf(c)
		if !w.plain() || w.multiply(w.n, point{w.gx, w.gy}).x != nil {
			t.Errorf("%s: the generator has another order", name)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("message"))
	sig, err := key.Sign(rand.Reader, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	var p pair
	if _, err := asn1.Unmarshal(sig, &p); err != nil {
		t.Fatal(err)
	}
	uncompressed, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	x, y := new(big.Int).SetBytes(uncompressed[1:33]), new(big.Int).SetBytes(uncompressed[33:])
	params := elliptic.P256().Params()
	w := weierstrass{params.P, new(big.Int).Sub(params.P, big.NewInt(3)), params.B, params.Gx, params.Gy, params.N}
	if !w.verify(x, y, digest[:], p.R, p.S) {
		t.Error("a good signature does not verify")
	}
	if digest[0] ^= 1; w.verify(x, y, digest[:], p.R, p.S) {
		t.Error("a signature verifies under another message")
	}
}

// standardDER is a certificate with most extensions, made by the standard
// library.
func standardDER(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "a.test", Organization: []string{"A"}},
		NotBefore: time.Unix(1.7e9, 0), NotAfter: time.Unix(1.8e9, 0), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDecipherOnly, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		UnknownExtKeyUsage: []asn1.ObjectIdentifier{{1, 2, 3}}, DNSNames: []string{"a.test"}, EmailAddresses: []string{"a@a.test"},
		OCSPServer: []string{"http://o.test"}, IssuingCertificateURL: []string{"http://i.test"}, CRLDistributionPoints: []string{"http://c.test/1", "http://c.test/2"},
		ExtraExtensions: []pkix.Extension{{Id: oidTLSFeature, Value: []byte("\x30\x03\x02\x01\x05")}, {Id: oidSCTList, Value: []byte("\x04\x08\x00\x06\x00\x01a\x00\x01b")}},
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "a.test", Organization: []string{"A"}}}, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestBothReadersAgree reads one certificate with each reader.
func TestBothReadersAgree(t *testing.T) {
	der := standardDER(t)
	c, x := DeriveX509(der)
	if x == nil {
		t.Fatal(c.Detail)
	}
	if d := cmp.Diff(string(lineOf(c)), string(lineOf(lenientOf(t, der)))); d != "" {
		t.Error(d)
	}
	for _, want := range []string{`"path_length":0`, `"sct_count":2`, `"must_staple":true`, `"key_usage":["keyCertSign","decipherOnly"]`, `"ocsp_urls":["http://o.test"]`,
		`"issuer_urls":["http://i.test"]`, `"crl_urls":["http://c.test/1","http://c.test/2"]`, `"self_signed":true`, `"security_bits":128`, `"version":3`} {
		if !strings.Contains(string(lineOf(c)), want) {
			t.Errorf("no %s in %s", want, lineOf(c))
		}
	}
}

// FuzzLenient wants no panic on any bytes, evidence that can be read again, and
// the standard parser's facts wherever that accepts the certificate.
func FuzzLenient(f *testing.F) {
	f.Add(plain().der())
	f.Add(standardDER(f))
	f.Fuzz(func(t *testing.T, der []byte) {
		c, x := DeriveX509(der)
		l := line{}
		c.appendTo(&l)
		var unknown int
		if _, err := DecodeLine(l.text[:len(l.text)-1], false, &unknown); err != nil || unknown != 0 {
			t.Fatalf("its evidence is refused: %v", err)
		}
		if x == nil || x.Version != 3 || slices.Contains(c.ParseNotes, noteExtensionsIn) {
			return
		}
		again := lenientOf(t, der)
		if c.Serial != again.Serial || c.Subject != again.Subject || c.KeyAlgorithm != again.KeyAlgorithm || c.IsCA != again.IsCA ||
			!slices.Equal(c.DNSNames, again.DNSNames) || !c.NotAfter.Equal(again.NotAfter) {
			t.Fatalf("the readers differ:\n%s%s", lineOf(c), lineOf(again))
		}
	})
}
