package scan

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

func withKeyIdentifiers(t testing.TB, subject, authority []byte, extra ...pkix.Extension) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a"}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
		SubjectKeyId: subject, ExtraExtensions: extra}
	issuer := &x509.Certificate{Subject: pkix.Name{CommonName: "b"}, SubjectKeyId: authority}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestKeyIdentifiers holds them against what the standard parser reads.
func TestKeyIdentifiers(t *testing.T) {
	made := func(subject, authority []byte, extra ...pkix.Extension) []byte {
		t.Helper()
		return withKeyIdentifiers(t, subject, authority, extra...)
	}
	long := bytes.Repeat([]byte{7}, 200)
	for name, c := range map[string]struct {
		der                []byte
		subject, authority []byte
	}{
		"both":      {made([]byte("me"), []byte("them")), []byte("me"), []byte("them")},
		"authority": {made(nil, []byte("them")), nil, []byte("them")},
		"subject":   {made([]byte("me"), nil), []byte("me"), nil},
		"none":      {made(nil, nil), nil, nil},
		"long":      {made(long, long), long, long},
		"issuer and serial only": {made(nil, nil, pkix.Extension{Id: []int{2, 5, 29, 35}, Value: []byte{0x30, 0x03, 0x82, 0x01, 0x05}}),
			nil, nil},
		"critical":  {made(nil, nil, pkix.Extension{Id: []int{2, 5, 29, 14}, Critical: true, Value: []byte{4, 1, 9}}), []byte{9}, nil},
		"malformed": {made(nil, nil, pkix.Extension{Id: []int{2, 5, 29, 14}, Value: []byte{4, 9, 9}}), nil, nil},
		"no DER":    {[]byte("not a certificate"), nil, nil},
		"empty":     {nil, nil, nil},
	} {
		subject, authority := KeyIdentifiers(c.der)
		if !bytes.Equal(subject, c.subject) || !bytes.Equal(authority, c.authority) {
			t.Errorf("%s: %x and %x, want %x and %x", name, subject, authority, c.subject, c.authority)
		}
		for cut := range c.der { // no length makes it fail
			KeyIdentifiers(c.der[:cut])
		}
	}
}

func FuzzKeyIdentifiers(f *testing.F) {
	f.Add([]byte{0x30, 0x03, 0x02, 0x01, 0x01})
	f.Add(withKeyIdentifiers(f, []byte("me"), []byte("them")))
	f.Add(withKeyIdentifiers(f, nil, []byte("them"), pkix.Extension{Id: []int{2, 5, 29, 14}, Critical: true, Value: []byte{4, 1, 9}}))
	f.Fuzz(func(t *testing.T, der []byte) {
		subject, authority := KeyIdentifiers(der)
		c, err := x509.ParseCertificate(der)
		if err != nil || c.Version != 3 {
			return
		}
		if !bytes.Equal(subject, c.SubjectKeyId) || !bytes.Equal(authority, c.AuthorityKeyId) {
			t.Errorf("%x and %x, the standard parser reads %x and %x", subject, authority, c.SubjectKeyId, c.AuthorityKeyId)
		}
	})
}
