package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"time"
)

const day = 24 * time.Hour

// A demoCert is a certificate of the demo and the key that belongs to it.
type demoCert struct {
	*x509.Certificate
	key crypto.Signer
}

// pem is the certificate as one PEM block.
func (c demoCert) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// keyPEM is the private key as one PKCS #8 PEM block (RFC 5958).
func (c demoCert) keyPEM() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	if err != nil {
		return nil, fmt.Errorf("demo: encode the key of %s: %w", c.Subject.CommonName, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// A demoPKI is the certificate authorities of the demo's company and of two of
// its partners. Its keys are new in every run and protect nothing.
type demoPKI struct {
	now      time.Time  // whole seconds, UTC; every date is counted from it
	root     demoCert   // trust anchor of the demo
	issuing  demoCert   // issues what is modern
	legacy   demoCert   // RSA; issues what should be gone by now
	partners []demoCert // foreign roots, of which no key is used
}

// newDemoPKI makes the authorities. Their validity is counted from now.
func newDemoPKI(now time.Time) (*demoPKI, error) {
	p := &demoPKI{now: now.UTC().Truncate(time.Second)}
	legacyKey, err := newRSA(2048)
	if err != nil {
		return nil, err
	}
	for _, a := range []struct {
		into   *demoCert
		issuer *demoCert
		key    crypto.Signer
		org    string
		cn     string
		from   int // years before now
		years  int
	}{
		{&p.root, nil, nil, demoCompany, "Example Health Root CA", 4, 20},
		{&p.issuing, &p.root, nil, demoCompany, "Example Health Issuing CA G2", 1, 8},
		{&p.legacy, &p.root, legacyKey, demoCompany, "Example Health Legacy Issuing CA", 3, 8},
	} {
		if *a.into, err = p.authority(a.issuer, a.key, a.org, a.cn, a.from, a.years); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"Lakeside Laboratories", "Harbor Insurance Group"} {
		c, err := p.authority(nil, nil, name, name+" Root CA", 2, 15)
		if err != nil {
			return nil, err
		}
		p.partners = append(p.partners, c)
	}
	return p, nil
}

const demoCompany = "Example Health, Inc."

// authority makes a CA: under issuer, or self-signed when issuer is nil, with
// a new P-256 key when key is nil.
func (p *demoPKI) authority(issuer *demoCert, key crypto.Signer, org, cn string, ago, years int) (demoCert, error) {
	from := p.now.AddDate(-ago, 0, 0)
	return p.sign(issuer, key, &x509.Certificate{
		Subject:   pkix.Name{Country: []string{"US"}, Organization: []string{org}, CommonName: cn},
		NotBefore: from, NotAfter: from.AddDate(years, 0, 0).Add(-time.Second),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: issuer != nil,
	})
}

// A demoLeaf is what to issue. The zero value of a field means what most
// certificates of the demo have.
type demoLeaf struct {
	cn        string
	issuer    *demoCert               // nil: self-signed
	names     []string                // DNS names; nil: the common name
	ips       []net.IP                // addresses beside the names
	key       crypto.Signer           // nil: a new P-256 key
	from, to  time.Duration           // validity, counted from now; to is inclusive
	signature x509.SignatureAlgorithm // 0: SHA-256 with the issuer's key
	noServer  bool                    // a signing certificate: no key usage for TLS
}

// leaf issues one end-entity certificate.
func (p *demoPKI) leaf(l demoLeaf) (demoCert, error) {
	t := &x509.Certificate{
		Subject: pkix.Name{Country: []string{"US"}, Province: []string{"Minnesota"}, Locality: []string{"Rochester"},
			Organization: []string{demoCompany}, CommonName: l.cn},
		NotBefore: p.now.Add(l.from), NotAfter: p.now.Add(l.to),
		DNSNames: l.names, IPAddresses: l.ips,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		SignatureAlgorithm:    l.signature,
	}
	if !l.noServer {
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if t.DNSNames == nil {
			t.DNSNames = []string{l.cn}
		}
	}
	return p.sign(l.issuer, l.key, t)
}

// sign completes t with a key and signs it, under its own key when issuer is
// nil. The standard library still signs with SHA-1 and still makes keys of
// 1024 bits, which is all that the weak certificates of the demo need.
func (p *demoPKI) sign(issuer *demoCert, key crypto.Signer, t *x509.Certificate) (demoCert, error) {
	if key == nil {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return demoCert{}, fmt.Errorf("demo: make a P-256 key for %s: %w", t.Subject.CommonName, err)
		}
		key = k
	}
	parent, signer := t, key
	if issuer != nil {
		parent, signer = issuer.Certificate, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		return demoCert{}, fmt.Errorf("demo: issue the certificate of %s: %w", t.Subject.CommonName, err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return demoCert{}, fmt.Errorf("demo: read the certificate of %s: %w", t.Subject.CommonName, err)
	}
	return demoCert{c, key}, nil
}

func newRSA(bits int) (*rsa.PrivateKey, error) {
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, fmt.Errorf("demo: make an RSA key of %d bits: %w", bits, err)
	}
	return k, nil
}
