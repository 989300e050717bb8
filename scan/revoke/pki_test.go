package revoke

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// A party is a certificate with its key.
type party struct {
	*x509.Certificate
	key crypto.Signer
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue makes a certificate under by, or under itself where by is nil.
func issue(t testing.TB, tmpl *x509.Certificate, key crypto.Signer, by *party) *party {
	t.Helper()
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)
	}
	if tmpl.SerialNumber == nil {
		tmpl.SerialNumber = big.NewInt(time.Now().UnixNano())
	}
	tmpl.BasicConstraintsValid = true
	parent, signer := tmpl, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &party{c, key}
}

func newCA(t testing.TB, name string, by *party) *party {
	return issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}, newKey(t), by)
}

func newLeaf(t testing.TB, name string, by *party, edit ...func(*x509.Certificate)) *party {
	tmpl := &x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}
	for _, e := range edit {
		e(tmpl)
	}
	return issue(t, tmpl, newKey(t), by)
}

func newResponder(t testing.TB, by *party, edit ...func(*x509.Certificate)) *party {
	tmpl := &x509.Certificate{Subject: pkix.Name{CommonName: "Responder"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}}
	for _, e := range edit {
		e(tmpl)
	}
	return issue(t, tmpl, newKey(t), by)
}

// respond signs an answer about a leaf: good, today, unless edited.
func respond(t testing.TB, issuer, signer, leaf *party, edit ...func(*ocsp.Response)) []byte {
	t.Helper()
	r := ocsp.Response{Status: ocsp.Good, SerialNumber: leaf.SerialNumber, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour),
		IssuerHash: crypto.SHA1}
	if signer != issuer {
		r.Certificate = signer.Certificate
	}
	for _, e := range edit {
		e(&r)
	}
	der, err := ocsp.CreateResponse(issuer.Certificate, signer.Certificate, r, signer.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// revokeList makes a list that revokes the serials given, for key compromise.
func revokeList(t testing.TB, by *party, serials []*big.Int, edit ...func(*x509.RevocationList)) []byte {
	t.Helper()
	tmpl := &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, s := range serials {
		tmpl.RevokedCertificateEntries = append(tmpl.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: s, RevocationTime: now.Add(-2 * time.Hour), ReasonCode: 1})
	}
	for _, e := range edit {
		e(tmpl)
	}
	signer := *by.Certificate
	signer.KeyUsage |= x509.KeyUsageCRLSign // the library insists; what the list's reader sees is by itself
	der, err := x509.CreateRevocationList(rand.Reader, tmpl, &signer, by.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// flip damages one byte.
func flip(der []byte, at int) []byte {
	b := slices.Clone(der)
	b[at] ^= 1
	return b
}
