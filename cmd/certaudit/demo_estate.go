package main

import (
	"bytes"
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// A demoEstate is the folder of certificate files that the demo audits.
type demoEstate struct {
	Dir     string // the folder
	RootPEM string // file of the root that the company's certificates chain to
	Files   int    // files in Dir and below
}

// A demoFile is one file of the estate; its path uses slashes.
type demoFile struct {
	path string
	data []byte
	mode fs.FileMode
}

// makeDemoEstate writes the estate of a plausible company below dir, which is
// made when missing: what is in order, and at least one of each common
// finding. Existing files of the same name are replaced.
func makeDemoEstate(dir string, p *demoPKI) (demoEstate, error) {
	b := &estateBuilder{pki: p}
	b.web()
	b.sso()
	b.partners()
	b.legacy()
	b.trust()
	b.backup()
	b.add("README.txt", []byte(demoReadme))
	if b.err != nil {
		return demoEstate{}, b.err
	}
	if err := writeDemoFiles(dir, b.files); err != nil {
		return demoEstate{}, fmt.Errorf("demo: write the estate: %w", err)
	}
	return demoEstate{Dir: dir, RootPEM: filepath.Join(dir, filepath.FromSlash(demoRootPath)), Files: len(b.files)}, nil
}

func writeDemoFiles(dir string, files []demoFile) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, f := range files {
		if err := root.MkdirAll(path.Dir(f.path), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(f.path, f.data, f.mode); err != nil {
			return err
		}
	}
	return nil
}

const (
	demoRootPath = "trust/example-health-root.pem"
	keyMode      = 0o600
	fileMode     = 0o644
)

// An estateBuilder collects the files. It keeps the first error, so that the
// list of files reads as a list.
type estateBuilder struct {
	pki    *demoPKI
	files  []demoFile
	portal demoCert // kept for the copies in backup
	err    error
}

func (b *estateBuilder) add(name string, parts ...[]byte) {
	b.files = append(b.files, demoFile{name, bytes.Join(parts, nil), fileMode})
}

// addKey adds the private key of c.
func (b *estateBuilder) addKey(name string, mode fs.FileMode, c demoCert) {
	if b.err != nil {
		return
	}
	var text []byte
	text, b.err = c.keyPEM()
	b.files = append(b.files, demoFile{name, text, mode})
}

// issue is demoPKI.leaf; after an error it returns an empty certificate.
func (b *estateBuilder) issue(l demoLeaf) demoCert {
	var c demoCert
	if b.err == nil {
		c, b.err = b.pki.leaf(l)
	}
	if b.err != nil {
		return demoCert{Certificate: &x509.Certificate{}}
	}
	return c
}

// rsa is newRSA; after an error it returns nil.
func (b *estateBuilder) rsa(bits int) crypto.Signer {
	if b.err != nil {
		return nil
	}
	k, err := newRSA(bits)
	if err != nil {
		b.err = err
		return nil
	}
	return k
}

// web: one folder of a reverse proxy, certificates beside their keys. The good
// ones live for 45 days, below every cap that the CA/Browser Forum has set.
func (b *estateBuilder) web() {
	issuing := &b.pki.issuing
	b.portal = b.issue(demoLeaf{cn: "portal.example.test", names: []string{"portal.example.test", "www.example.test"},
		issuer: issuing, from: -10 * day, to: 35*day - time.Second})
	b.add("web/portal.example.test.pem", b.portal.pem(), issuing.pem(), b.pki.root.pem())
	b.addKey("web/portal.example.test.key", keyMode, b.portal)

	api := b.issue(demoLeaf{cn: "api.example.test", issuer: issuing, key: b.rsa(2048), from: -5 * day, to: 40*day - time.Second})
	b.add("web/api.example.test.pem", api.pem(), issuing.pem())
	b.addKey("web/api.example.test.key", keyMode, api)

	// Twenty days and a half, so that twenty are left for the whole of the run.
	patients := b.issue(demoLeaf{cn: "patients.example.test", issuer: issuing, from: -70*day + 12*time.Hour, to: 20*day + 12*time.Hour - time.Second})
	b.add("web/patients.example.test.pem", patients.pem(), issuing.pem())
	b.addKey("web/patients.example.test.key", keyMode, patients)

	billing := b.issue(demoLeaf{cn: "billing.example.test", issuer: issuing, from: -102 * day, to: -12*day - time.Second})
	b.add("web/billing.example.test.pem", billing.pem(), issuing.pem())
	b.addKey("web/billing.example.test.key", keyMode, billing)

	careers := b.issue(demoLeaf{cn: "careers.example.test", issuer: issuing, from: 14 * day, to: 59*day - time.Second})
	b.add("web/careers.example.test.pem", careers.pem())

	// The host was renamed; its certificate was not.
	intranet := b.issue(demoLeaf{cn: "intranet-old.example.test", issuer: issuing, from: -15 * day, to: 30*day - time.Second})
	b.add("web/intranet.example.test.pem", intranet.pem(), issuing.pem())
	b.addKey("web/intranet.example.test.key", keyMode, intranet)

	b.add("web/proxy.conf", []byte(demoProxyConf))
}

// sso: signing certificates of an identity provider.
func (b *estateBuilder) sso() {
	signing := b.issue(demoLeaf{cn: "Example Health SSO signing", issuer: &b.pki.issuing, key: b.rsa(2048), noServer: true,
		from: -20 * day, to: 160*day - time.Second})
	b.add("sso/saml-signing.cer", signing.Raw)

	old := b.issue(demoLeaf{cn: "Example Health SSO signing (old)", issuer: &b.pki.legacy, noServer: true, signature: x509.SHA1WithRSA,
		from: -80 * day, to: 100*day - time.Second})
	b.add("sso/saml-signing-old.pem", old.pem())
}

// partners: what other companies sent, as they sent it.
func (b *estateBuilder) partners() {
	issuing := &b.pki.issuing
	lab := b.issue(demoLeaf{cn: "lab-exchange.example.test", issuer: issuing, from: -8 * day, to: 37*day - time.Second})
	b.add("partners/lab-exchange.crt", bytes.ReplaceAll(lab.pem(), []byte("\n"), []byte("\r\n")))

	claims := b.issue(demoLeaf{cn: "claims.example.test", issuer: issuing, from: -6 * day, to: 39*day - time.Second})
	b.add("partners/claims-session.txt", sessionText(claims, *issuing))

	pharmacy := b.issue(demoLeaf{cn: "pharmacy.example.test", issuer: issuing, from: -4 * day, to: 41*day - time.Second})
	spare := b.issue(demoLeaf{cn: "pharmacy-spare.example.test", issuer: issuing, from: -4 * day, to: 41*day - time.Second})
	b.add("partners/pharmacy.pem", pharmacy.pem(), damaged(spare.pem()))

	gateway := b.issue(demoLeaf{cn: "insurer-gateway.example.test", issuer: issuing, from: -4 * day, to: 41*day - time.Second})
	b.add("partners/insurer-gateway.der", gateway.Raw[:len(gateway.Raw)*3/5])
}

// legacy: devices and servers that nobody likes to touch.
func (b *estateBuilder) legacy() {
	legacy := &b.pki.legacy
	b.add("legacy/issuing-ca.pem", legacy.pem())

	fax := b.issue(demoLeaf{cn: "fax-gateway.example.test", issuer: legacy, key: b.rsa(1024), from: -60 * day, to: 120*day - time.Second})
	b.add("legacy/fax-gateway.pem", fax.pem())
	b.addKey("legacy/fax-gateway.key", keyMode, fax)

	router := b.issue(demoLeaf{cn: "hl7-router.example.test", issuer: legacy, from: -30 * day, to: 970*day - time.Second})
	b.add("legacy/hl7-router.pem", router.pem())

	// Key and certificate in one file that everybody may read.
	printer := b.issue(demoLeaf{cn: "printer-3.example.test", from: -40 * day, to: 140*day - time.Second})
	b.addKey("legacy/printer-3.pem", fileMode, printer)
	last := &b.files[len(b.files)-1]
	last.data = slices.Concat(last.data, printer.pem())
}

// trust: the company's own root, and a bundle of all roots that its clients
// trust.
func (b *estateBuilder) trust() {
	bundle := [][]byte{b.pki.root.pem()}
	for _, c := range b.pki.partners {
		bundle = append(bundle, c.pem())
	}
	b.add(demoRootPath, b.pki.root.pem())
	b.add("trust/client-roots.pem", bundle...)
}

// backup: a second placement of a certificate that is in use, and a keystore.
func (b *estateBuilder) backup() {
	b.add("backup/portal.example.test.pem", b.portal.pem())
	b.add("backup/truststore.jks", jksTrustStore([]demoCert{b.pki.root, b.pki.partners[0]}, "changeit", b.pki.now))
	b.add("backup/README.txt", []byte("Nightly copies. The password of the keystore is changeit.\n"))
}

// sessionText is what a diagnostic tool prints about a connection: two
// certificates with text before, between and after them.
func sessionText(leaf, issuer demoCert) []byte {
	var s strings.Builder
	s.WriteString("CONNECTED(00000003)\n---\nCertificate chain\n")
	for i, c := range []demoCert{leaf, issuer} {
		fmt.Fprintf(&s, " %d s:%s\n   i:%s\n%s", i, c.Subject, c.Issuer, c.pem())
	}
	s.WriteString("---\nNo client certificate CA names sent\n---\n")
	return []byte(s.String())
}

// damaged replaces the third line of a PEM block, which base64 cannot hold.
func damaged(block []byte) []byte {
	lines := bytes.SplitAfter(block, []byte("\n"))
	if len(lines) > 2 {
		lines[2] = []byte("<<< connection lost, 1 line missing >>>\n")
	}
	return bytes.Join(lines, nil)
}

// jksTrustStore encodes trusted-certificate entries as the JDK's JavaKeyStore
// writes them: version 2, a keyed SHA-1 of password and content at the end.
func jksTrustStore(certs []demoCert, password string, at time.Time) []byte {
	utf := func(b []byte, s string) []byte {
		return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	b := binary.BigEndian.AppendUint32(nil, 0xfeedfeed)
	b = binary.BigEndian.AppendUint32(b, 2)
	b = binary.BigEndian.AppendUint32(b, uint32(len(certs)))
	for _, c := range certs {
		b = binary.BigEndian.AppendUint32(b, 2) // a trusted certificate
		b = utf(b, strings.ToLower(strings.ReplaceAll(c.Subject.CommonName, " ", "-")))
		b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli()))
		b = utf(b, "X.509")
		b = binary.BigEndian.AppendUint32(b, uint32(len(c.Raw)))
		b = append(b, c.Raw...)
	}
	h := sha1.New()
	for _, u := range utf16.Encode([]rune(password)) {
		h.Write([]byte{byte(u >> 8), byte(u)})
	}
	h.Write([]byte("Mighty Aphrodite"))
	h.Write(b)
	return h.Sum(b)
}

const demoProxyConf = `# Reverse proxy of the patient portal.
server {
    listen 443 ssl;
    server_name portal.example.test www.example.test;
    ssl_certificate     portal.example.test.pem;
    ssl_certificate_key portal.example.test.key;
}
`

const demoReadme = `Example Health, Inc.: certificate files
=======================================

Made by "certaudit demo". The company does not exist; every key here was made
for this folder a moment ago and protects nothing.

  web/       reverse proxy: certificates beside their keys
  sso/       identity provider: signing certificates
  partners/  what partners sent, as they sent it; two files were damaged
  legacy/    devices: short key, 1,000 days of validity, self-signed
  trust/     the company's root, and the roots that its clients trust
  backup/    copies, and a Java keystore
`
