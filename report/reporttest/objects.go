package reporttest

import (
	"strconv"
	"time"

	"certaudit/report"
	"certaudit/scan"
)

// sampleObjects are the keys, requests and revocation lists of the sample.
func sampleObjects(inv []*report.InventoryRow) []*report.ObjectRow {
	at := func(s int) time.Time { return sampleFrom.Add(time.Duration(s) * time.Second) }
	key := func(cn string) string { return byCN(inv, cn).Certificate.SPKISHA256 }
	entries := 17
	all := []*scan.Observation{
		{Target: "certs/", Path: "certs/db-primary.key", Container: "pem", Object: scan.ObjectPrivateKey, Line: 1, ObservedAt: at(2),
			Facts: &scan.Object{Format: "pkcs8", KeyAlgorithm: "RSA", KeyBits: 2048, SPKISHA256: key("db-primary.example.test"), Encrypted: scan.No, Mode: "0644"}},
		{Target: "certs/", Path: "certs/deploy/id_ed25519", Container: "openssh", Object: scan.ObjectPrivateKey, Line: 1, ObservedAt: at(2),
			Facts: &scan.Object{Format: "openssh", KeyAlgorithm: "Ed25519", SPKISHA256: Digest("key deploy"), Encrypted: scan.Yes, Encryption: "aes256-ctr, bcrypt", Mode: "0640"}},
		{Target: "certs/", Path: "certs/deploy/id_ed25519.pub", Container: "openssh", Object: scan.ObjectPublicKey, Line: 1, ObservedAt: at(2),
			Facts: &scan.Object{Format: "ssh2", KeyAlgorithm: "Ed25519", SPKISHA256: Digest("key deploy")}},
		{Target: "certs/", Path: "certs/new/portal.csr", Container: "pem", Object: scan.ObjectCSR, Line: 1, ObservedAt: at(3),
			Facts: &scan.Object{SHA256: Digest("request portal"), Subject: "CN=portal.example.test,O=Example Health\\, Inc.,C=US", SubjectCN: "portal.example.test",
				KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", SPKISHA256: key("portal.example.test"), SignatureAlgorithm: "ECDSA-SHA256",
				SignatureValid: scan.Yes, DNSNames: []string{"portal.example.test", "www.portal.example.test"}}},
		{Target: "certs/", Path: "certs/crl/issuing-ca-2.crl", Container: "der", Object: scan.ObjectCRL, ObservedAt: at(3),
			Facts: &scan.Object{SHA256: Digest("list 2"), Issuer: "CN=Example Issuing CA 2,O=Example Health\\, Inc.,C=US", IssuerCN: "Example Issuing CA 2",
				SignatureAlgorithm: "SHA256-RSA", ThisUpdate: day("2026-11-29"), NextUpdate: day("2026-12-06"), Revoked: &entries, CRLNumber: "1f4"}},
		{Target: "keystores/", Path: "keystores/partner-mtls.jks", Alias: "bank", Container: "jks", Object: scan.ObjectPrivateKey, ObservedAt: at(6),
			Facts: &scan.Object{Format: "pkcs8", KeyAlgorithm: "RSA", KeyBits: 1024, SPKISHA256: key("bank-mtls.partner.test"), Encrypted: scan.Yes,
				Encryption: "jks", Mode: "0644"}},
		{Target: "keystores/", Path: "keystores/payroll.pem", Container: "pem", Object: scan.ObjectPrivateKey, Line: 31, ObservedAt: at(6),
			Facts: &scan.Object{Format: "pkcs1", KeyAlgorithm: "RSA", KeyBits: 2048, SPKISHA256: key("payroll.example.test"), Encrypted: scan.No, Mode: "0600"}},
	}
	var rows []*report.ObjectRow
	for _, o := range all {
		row := &report.ObjectRow{Observation: o, Vantage: "office network", Certificates: []string{}}
		for _, r := range inv {
			if o.Object != scan.ObjectCRL && r.Certificate.Parsed && r.Certificate.SPKISHA256 == o.Facts.SPKISHA256 {
				row.Certificates = append(row.Certificates, r.Certificate.SHA256)
			}
		}
		row.CertificateCount = len(row.Certificates)
		rows = append(rows, row)
	}
	return rows
}

// relate fills the relations of the made-up estate, by names and keys.
func relate(m *Memory) {
	for _, r := range m.InventoryRows {
		c := r.Certificate
		if !c.Parsed {
			continue
		}
		for _, other := range m.InventoryRows {
			o := other.Certificate
			if o.Parsed && o.SubjectCN == c.IssuerCN && o.IsCA {
				r.Issuer, r.IssuerVerifies = o.SHA256, scan.Yes
			}
			if o.Parsed && o != c && o.SPKISHA256 == c.SPKISHA256 {
				r.SharesKey++
				r.SameKeyAs = min(c.SHA256, o.SHA256)
			}
		}
		if c.SelfSigned == scan.Yes {
			r.Issuer, r.IssuerVerifies = c.SHA256, scan.Yes
		}
		for _, k := range m.ObjectRows {
			if k.Observation.Object == scan.ObjectPrivateKey && k.Observation.Facts.SPKISHA256 == c.SPKISHA256 {
				r.PrivateKeys++
				r.PrivateKeysAt = append(r.PrivateKeysAt, k.Place())
			}
		}
	}
}

// objectsOf counts the rows, as an audit does.
func objectsOf(rows []*report.ObjectRow) report.Objects {
	counts := report.Objects{PrivateKeysParsed: true}
	for _, r := range rows {
		switch r.Observation.Object {
		case scan.ObjectPrivateKey:
			counts.PrivateKeys++
			if r.Observation.Facts.Encrypted == scan.Yes {
				counts.PrivateKeysEncrypted++
			}
		case scan.ObjectPublicKey:
			counts.PublicKeys++
		case scan.ObjectCSR:
			counts.Requests++
		case scan.ObjectCRL:
			counts.RevocationLists++
		}
	}
	return counts
}

func hostileObject(s string, evil func() string, texts []string) *report.ObjectRow {
	kinds := []string{scan.ObjectPrivateKey, scan.ObjectPublicKey, scan.ObjectCSR, scan.ObjectCRL}
	return &report.ObjectRow{Vantage: evil(), Certificates: texts, CertificateCount: 1 << 40,
		Observation: &scan.Observation{Target: s, Path: evil(), Alias: evil(), Index: -3, Line: 1 << 40, Container: evil(),
			Object: kinds[len(s)%len(kinds)], Notes: texts, ObservedAt: sampleFrom,
			Facts: &scan.Object{SHA256: evil(), Format: evil(), Subject: s, SubjectCN: s, Issuer: evil(), IssuerCN: evil(), KeyAlgorithm: evil(), KeyBits: -1,
				KeyCurve: evil(), KeyAlgorithmDraft: evil(), SPKISHA256: evil(), RSAExponent: evil(), SignatureAlgorithm: evil(), SignatureAlgorithmDraft: evil(),
				DNSNames: texts, IPAddresses: texts, EmailAddresses: texts, URIs: texts, ThisUpdate: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
				CRLNumber: evil(), Encryption: evil(), Mode: "0777", SSHKind: evil(), SSHKeyID: evil(), SSHSerial: evil(), SSHPrincipals: texts,
				SSHSignerSHA256: evil(), ParseNotes: texts}}}
}

func largeObject(i int) *report.ObjectRow {
	c := largeCertificate(i)
	return &report.ObjectRow{Certificates: []string{c.SHA256}, CertificateCount: 1,
		Observation: &scan.Observation{Target: "certs/", Path: "certs/" + strconv.Itoa(i) + ".key", Container: "pem", Object: scan.ObjectPrivateKey, Line: 1,
			Facts:      &scan.Object{Format: "pkcs8", KeyAlgorithm: "RSA", KeyBits: 1024, SPKISHA256: c.SPKISHA256, Encrypted: scan.No, Mode: "0644"},
			ObservedAt: sampleFrom}}
}
