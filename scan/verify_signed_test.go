package scan

import (
	"bytes"
	"crypto"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"
)

func rsaCertificate(t testing.TB, extensions ...pkix.Extension) ([]byte, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "a"}, NotAfter: time.Unix(1<<31, 0), ExtraExtensions: extensions}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func TestVerifySigned(t *testing.T) {
	der, key := rsaCertificate(t)
	signed := []byte("what was signed")
	algorithm := func(arc byte) []byte {
		return []byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, arc, 5, 0}
	}
	sum, old := sha256.Sum256(signed), md5.Sum(signed)
	good, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.MD5, old[:])
	if err != nil {
		t.Fatal(err)
	}
	const md5RSA, sha256RSA = 4, 11
	bits := func(b []byte) []byte { return append([]byte{0}, b...) }
	for _, c := range []struct {
		name                         string
		issuer, alg, text, signature []byte
		want                         Answer
		weak                         bool
	}{
		{"good", der, algorithm(sha256RSA), signed, bits(good), Yes, false},
		{"another text", der, algorithm(sha256RSA), signed[1:], bits(good), No, false},
		{"MD5", der, algorithm(md5RSA), signed, bits(weak), Yes, true},
		{"unknown algorithm", der, []byte{0x30, 4, 6, 2, 0x2a, 3}, signed, bits(good), Unasked, false},
		{"no signature", der, algorithm(sha256RSA), signed, nil, Unasked, false},
		{"no algorithm", der, nil, signed, bits(good), Unasked, false},
		{"no issuer", []byte("x"), algorithm(sha256RSA), signed, bits(good), Unasked, false},
	} {
		if got, weak := VerifySigned(c.issuer, c.alg, c.text, c.signature); got != c.want || weak != c.weak {
			t.Errorf("%s: %v, weak %v", c.name, got, weak)
		}
	}
	o, ok := OutlineOf(der)
	if !ok || !bytes.Equal(o.Serial, []byte{0x12, 0x34}) || !bytes.Equal(o.Issuer, o.Subject) || !bytes.Equal(o.PublicKey, x509.MarshalPKCS1PublicKey(&key.PublicKey)) {
		t.Errorf("%v, %+v", ok, o)
	}
	if _, ok := OutlineOf([]byte("x")); ok {
		t.Error("an outline of nothing")
	}
}

func TestExtensionValue(t *testing.T) {
	plain, _ := rsaCertificate(t)
	short, _ := rsaCertificate(t, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 56}, Value: asn1.NullBytes})
	responder, _ := rsaCertificate(t, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Critical: true, Value: asn1.NullBytes})
	for _, c := range []struct {
		name string
		der  []byte
		want bool
	}{{"plain", plain, false}, {"short-lived", short, true}, {"responder", responder, true}, {"cut", short[:len(short)-1], false}, {"nothing", nil, false}} {
		if got := NoRevocation(c.der); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if v, ok := ExtensionValue(short, extNoRevAvail); !ok || !bytes.Equal(v, asn1.NullBytes) {
		t.Errorf("%x, %v", v, ok)
	}
}

func FuzzExtensionValue(f *testing.F) {
	der, _ := rsaCertificate(f, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 56}, Value: asn1.NullBytes})
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		x, err := x509.ParseCertificate(der)
		_, got := ExtensionValue(der, extNoRevAvail)
		if err != nil || x.Version != 3 {
			return
		}
		want := false
		for _, e := range x.Extensions {
			want = want || e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 56})
		}
		if got != want {
			t.Fatalf("%v, the standard parser says %v", got, want)
		}
	})
}

// TestPartial: evidence that is still being written is read to its end, and a
// line that is cut is an error all the same.
func TestPartial(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b, RunRecord{Started: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	der, _ := rsaCertificate(t)
	if err := errors.Join(w.Append(Derive(der)), w.Append(Derive(der)), w.Flush()); err != nil {
		t.Fatal(err)
	}
	read := func(text []byte, partial bool) (kinds []Kind, err error) {
		r := NewReader(bytes.NewReader(text))
		r.Partial = partial
		for {
			rec, err := r.Next()
			if err != nil {
				return kinds, err
			}
			kinds = append(kinds, rec.Kind())
		}
	}
	if kinds, err := read(b.Bytes(), true); len(kinds) != 2 || !errors.Is(err, io.EOF) {
		t.Errorf("%v, %v", kinds, err)
	}
	var wrong *EvidenceError
	if _, err := read(b.Bytes(), false); !errors.As(err, &wrong) {
		t.Error(err)
	}
	if _, err := read(b.Bytes()[:b.Len()-1], true); !errors.As(err, &wrong) {
		t.Error(err)
	}
}
