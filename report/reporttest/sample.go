package reporttest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

// The instants of the sample.
var (
	sampleAsOf = time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC)
	sampleFrom = time.Date(2026, 11, 30, 6, 2, 0, 0, time.UTC)
	sampleTo   = time.Date(2026, 11, 30, 6, 9, 41, 0, time.UTC)
)

// Sample is a realistic audit of a small estate: every severity, waived
// failures, things not assessed at several stages, controls of two frameworks
// in every status. Its counts are derived from its rows, so they reconcile.
func Sample() *report.Audit {
	a := &report.Audit{
		Run:       sampleRun(),
		Document:  sampleDocument(),
		Schema:    report.Schema,
		Generator: "certaudit 1.0.0",
		Policies:  samplePolicies(),
		Rules:     sampleRules(),
	}
	m := &Memory{
		InventoryRows:   sampleInventory(),
		NotAssessedRows: sampleNotAssessed(),
	}
	m.ObjectRows = sampleObjects(m.InventoryRows)
	relate(m)
	m.EndpointRows = append(sampleEndpoints(m.InventoryRows), sampleMail(m.InventoryRows))
	meet(m)
	m.FindingRows = sampleFindings(m.InventoryRows)
	a.Rows = m
	a.Scope = sampleScope(m)
	tally(a, m)
	a.Gate = report.Gate{
		ExitStatus: 1,
		Headline: strconv.Itoa(a.Estate.FailingCertificates) + " of " + strconv.Itoa(a.Scope.DistinctCertificates) +
			" certificates and " + strconv.Itoa(a.Estate.FailingEndpoints) + " of " + strconv.Itoa(a.Scope.EndpointsAssessed) +
			" assessed endpoints break the policy at severity high or above. Three endpoints and two files could not be assessed; they are listed, and none of them is counted as passed.",
		Incomplete: true,
		Note:       "Incomplete: what could not be assessed at the stage connect was accepted with --allow-incomplete=connect",
	}
	return a
}

// Empty is an audit in which nothing was found: no certificate, no endpoint.
func Empty() *report.Audit {
	a := &report.Audit{
		Run:       sampleRun(),
		Document:  report.Document{Title: "Certificate and TLS audit"},
		Schema:    report.Schema,
		Generator: "certaudit 1.0.0",
		Policies:  samplePolicies()[:1],
		Rules:     sampleRules(),
		Rows:      &Memory{},
		Expiry:    buckets(nil),
		Gate: report.Gate{
			Headline: "No certificate was found in the scope. Nothing was judged, and nothing is claimed.",
		},
	}
	a.Run.Policies = a.Run.Policies[:1]
	a.Run.AllowIncomplete = nil
	a.Run.Evidence[0].Excludes = nil
	a.Scope = report.Scope{Targets: 1, TargetList: []string{"empty/"}, Files: 1, FilesWithoutCertificates: 1, Objects: objectsOf(nil)}
	a.Controls = controlsOf(a.Rules)
	return a
}

// Digest is the SHA-256 of a name, for identities in made-up audits.
func Digest(name string) string {
	sum := sha256.Sum256([]byte("certaudit sample " + name))
	return hex.EncodeToString(sum[:])
}

func sampleRun() report.Run {
	r := report.Run{
		ID: "7f3a19c2d4e85b60", Tool: "certaudit", Version: "1.0.0",
		BinarySHA256: Digest("binary"), Selftest: "passed",
		AsOf: sampleAsOf, CollectedFrom: sampleFrom, CollectedTo: sampleTo,
		EvidenceSHA256: Digest("evidence"), Complete: true,
		FailOn: "high", Baseline: "none", AllowIncomplete: []string{"connect"},
		Operator: "audit-runner", Host: "scan-01.example.test",
		CIURL: "https://ci.example.test/pipelines/4711",
		Evidence: []report.Evidence{{
			SHA256: Digest("evidence"), Started: sampleFrom, Finished: sampleTo, Complete: true,
			Vantage: "office network", Operator: "audit-runner", Host: "scan-01.example.test",
			Command: []string{"certaudit", "audit", "-p", "soc2", "-p", "hipaa", "-t", "targets/production.txt",
				"--exclude", "archive/**=retired systems, destroyed 2027-01", "--allow-incomplete=connect", "certs/", "keystores/"},
			Roots:       []scan.Digest{{Name: "mozilla", SHA256: Digest("roots"), Dated: "2026-10-30", Count: 142}},
			TargetLists: []scan.Digest{{Name: "targets/production.txt", SHA256: Digest("targets"), Count: 12}},
			Excludes: []scan.Exclude{
				{Glob: "archive/**", Reason: "retired systems, destroyed 2027-01"},
				{Glob: "certs/vendor/*.tmp", Reason: "editor leftovers"},
			},
			Options: map[string]string{"depth": "full", "jobs": "8", "samples": "3", "timeout": "10s"},
			Probes:  append([]string{"versions<=TLS 1.1"}, scan.FullDepth()...),
			Lines: map[string]int{"run": 1, "certificate": 24, "file": 31, "observation": 42,
				"endpoint": 9, "not_assessed": 9, "end": 1},
		}},
	}
	for _, p := range samplePolicies() {
		r.Policies = append(r.Policies, report.Policy{ID: p.ID, Title: p.Title, Version: p.Version, SHA256: p.SHA256, Origin: p.Origin})
	}
	return r
}

func sampleDocument() report.Document {
	return report.Document{
		Title: "Certificate and TLS audit", Organisation: "Example Health, Inc.",
		Classification: "Confidential", Status: "Final", Period: "Q4 2026",
		Reference: "CA-2026-Q4-0031", Supersedes: "CA-2026-Q3-0027",
		PreparedBy: "Platform Security", ReviewedBy: "Internal Audit", RetainUntil: "2032-11-30",
	}
}

const baselineSource = `language: 1
id: baseline
title: Baseline for certificates and TLS
version: "2026.1"
description: >
  Public guidance in force in 2026: NIST SP 800-52r2, SP 800-57 part 1 r5,
  SP 800-131A r2, CA/Browser Forum TLS BR 2.3.1. Each rule names the number
  that it borrows.
rules:
  - id: key-size
    check: key-size
    severity: high
    params: {RSA: 2048, ECDSA: 256, DSA: 2048}
    basis: NIST SP 800-57 part 1 r5, table 2
  - id: key-algorithm
    check: key-algorithm
    severity: medium
    params: {allow: [RSA, ECDSA, Ed25519, Ed448, ML-DSA-65, ML-DSA-87]}
    basis: FIPS 186-5
  - id: signature-algorithm
    check: signature-algorithm
    severity: high
    params: {deny: [MD5-RSA, SHA1-RSA, DSA-SHA1, ECDSA-SHA1]}
    when: {use: [identity, chain]}
    basis: NIST SP 800-131A r2, section 3
  - id: expired
    check: expired
    severity: critical
    when: {use: [identity, chain, unknown]}
    basis: RFC 5280 section 4.1.2.5
  - id: not-yet-valid
    check: not-yet-valid
    severity: medium
    basis: RFC 5280 section 4.1.2.5
  - id: expires-soon
    check: expires-soon
    severity: high
    params: {bands: {90: low, 60: medium, 30: high}, share: 1/3}
    when: {use: identity}
    basis: NIST SP 1800-16, lead time for renewal
  - id: validity-period
    check: validity-period
    severity: medium
    params:
      caps:
        - {from: 2020-09-01, days: 398}
        - {from: 2026-03-15, days: 200}
    when: {use: identity}
    basis: CA/Browser Forum TLS BR 6.3.2
  - id: self-signed
    check: self-signed
    severity: medium
    when: {use: identity}
    basis: NIST SP 800-52r2 section 3.2
  - id: chain-trusted
    check: chain-trusted
    severity: high
    basis: RFC 5280 section 6
  - id: hostname-match
    check: hostname-match
    severity: high
    basis: RFC 9525
  - id: tls-version
    check: tls-version
    severity: high
    params: {least: TLS 1.2}
    basis: NIST SP 800-52r2 section 3.1
  - id: cipher-suite
    check: cipher-suite
    severity: info
    params: {prefer: [AEAD]}
    basis: NIST SP 800-52r2 section 3.3
`

const soc2Source = `language: 1
id: soc2
title: SOC 2 trust services criteria
version: "2026.1"
description: >
  SOC 2 sets no number for keys, versions or lifetimes; each rule prints the
  baseline that it borrows.
extends: [baseline]
controls:
  CC6.1: Logical access; keys protected by suitable algorithms and lengths
  CC6.6: Threats from outside the boundary; credentials protected in transit
  CC6.7: Protection of information in transmission
  CC6.8: Unauthorised software
  CC7.1: Configuration standards and detection of unknown components
  CC7.2: Monitoring for anomalies
map:
  baseline/key-size: [SOC2/CC6.1]
  baseline/key-algorithm: [SOC2/CC6.1]
  baseline/signature-algorithm: [SOC2/CC6.1]
  baseline/hostname-match: [SOC2/CC6.6]
  baseline/tls-version: [SOC2/CC6.7]
  baseline/expired: [SOC2/CC6.7]
  baseline/not-yet-valid: [SOC2/CC7.1]
`

const hipaaSource = `language: 1
id: hipaa
title: HIPAA Security Rule, 45 CFR 164
version: "2026.1"
description: >
  45 CFR 164.312 sets no number; the guidance of HHS names NIST SP 800-52.
extends: [baseline]
controls:
  164.312(c)(1): Integrity
  164.312(d): Person or entity authentication
  164.312(e)(1): Transmission security
  164.312(e)(2)(ii): Encryption in transit
map:
  baseline/self-signed: [HIPAA/164.312(d)]
  baseline/tls-version: [HIPAA/164.312(e)(1)]
  baseline/expired: [HIPAA/164.312(e)(1)]
  baseline/cipher-suite: [HIPAA/164.312(e)(2)(ii)]
`

func samplePolicies() []*policies.Policy {
	build := func(id, title, version, source string, extends ...string) *policies.Policy {
		sum := sha256.Sum256([]byte(source))
		return &policies.Policy{ID: id, Title: title, Version: version, Extends: extends,
			Source: []byte(source), SHA256: hex.EncodeToString(sum[:]), Origin: "built in"}
	}
	return []*policies.Policy{
		build("baseline", "Baseline for certificates and TLS", "2026.1", baselineSource),
		build("hipaa", "HIPAA Security Rule, 45 CFR 164", "2026.1", hipaaSource, "baseline"),
		build("soc2", "SOC 2 trust services criteria", "2026.1", soc2Source, "baseline"),
	}
}

// sampleRules gives the rules without counts, by id.
func sampleRules() []report.Rule {
	const cert, place, end = "certificate", "placement", "endpoint"
	rules := []report.Rule{
		{ID: "baseline/certificate-sent", Title: "Endpoint sends a certificate", Severity: "high", Unit: end,
			Requires: "at least one certificate in the handshake", Basis: "RFC 8446 section 4.4.2", Controls: []string{"HIPAA/164.312(e)(2)(i)"}},
		{ID: "baseline/chain-trusted", Title: "Chain leads to a given root", Severity: "high", Unit: end,
			Requires: "a path from the leaf to an anchor of the given roots", Basis: "RFC 5280 section 6", Controls: []string{"HIPAA/164.312(d)", "SOC2/CC6.6"}},
		{ID: "baseline/cipher-suite", Title: "Cipher suite offers authenticated encryption", Severity: "info", Unit: end,
			Requires: "an AEAD cipher suite", Basis: "NIST SP 800-52r2 section 3.3", Controls: []string{"HIPAA/164.312(e)(2)(ii)"}},
		{ID: "baseline/code-signing-key", Title: "Code-signing key is large enough", Severity: "medium", Unit: cert,
			Requires: "RSA at least 3072 bits", Basis: "CA/Browser Forum CS BR 6.1.5", Scope: "extended key usage codeSigning", Controls: []string{"SOC2/CC6.8"}},
		{ID: "baseline/expired", Title: "Certificate has not expired", Severity: "critical", Unit: place,
			Requires: "as-of not later than not_after", Basis: "RFC 5280 section 4.1.2.5", Scope: "use identity, chain or unknown", Controls: []string{"HIPAA/164.312(e)(1)", "SOC2/CC6.7"}},
		{ID: "baseline/expires-soon", Title: "Certificate is renewed in time", Severity: "high", Unit: place,
			Requires: "more than 90 days left (60: medium, 30: high), each band at most a third of the lifetime", Basis: "NIST SP 1800-16, lead time for renewal", Scope: "use identity", Controls: []string{"SOC2/CC6.7"}},
		{ID: "baseline/hostname-match", Title: "Certificate names the host it is served for", Severity: "high", Unit: end,
			Requires: "a subject alternative name that matches the host (RFC 9525)", Basis: "RFC 9525", Controls: []string{"SOC2/CC6.6"}},
		{ID: "baseline/key-algorithm", Title: "Key algorithm is approved", Severity: "medium", Unit: cert,
			Requires: "RSA, ECDSA, Ed25519, Ed448 or ML-DSA", Basis: "FIPS 186-5", Controls: []string{"SOC2/CC6.1"}},
		{ID: "baseline/key-exponent", Title: "RSA exponent is sound", Severity: "medium", Unit: cert,
			Requires: "an odd RSA exponent of at least 3", Basis: "CA/Browser Forum TLS BR 6.1.6", Controls: []string{"SOC2/CC7.2"}},
		{ID: "baseline/key-size", Title: "Public key is large enough", Severity: "high", Unit: cert,
			Requires: "RSA at least 2048 bits, ECDSA at least 256 bits", Basis: "NIST SP 800-57 part 1 r5, table 2", Controls: []string{"SOC2/CC6.1"}},
		{ID: "baseline/not-yet-valid", Title: "Certificate is valid already", Severity: "medium", Unit: place,
			Requires: "as-of not earlier than not_before", Basis: "RFC 5280 section 4.1.2.5", Controls: []string{"SOC2/CC7.1"}},
		{ID: "baseline/ocsp-fresh", Title: "Revocation answer is fresh", Severity: "low", Unit: end,
			Requires: "an OCSP answer not older than seven days", Basis: "NIST SP 800-52r2 section 3.4", Controls: []string{"HIPAA/164.312(c)(1)"}},
		{ID: "baseline/self-signed", Title: "Certificate was issued by an authority", Severity: "medium", Unit: place,
			Requires: "a signature by another key", Basis: "NIST SP 800-52r2 section 3.2", Scope: "use identity", Controls: []string{"HIPAA/164.312(a)(2)(iv)"}},
		{ID: "baseline/signature-algorithm", Title: "Signature uses a strong digest", Severity: "high", Unit: place,
			Requires: "none of MD5, SHA-1", Basis: "NIST SP 800-131A r2, section 3", Scope: "use identity or chain", Controls: []string{"SOC2/CC6.1"}},
		{ID: "baseline/tls-version", Title: "Old protocol versions are refused", Severity: "high", Unit: end,
			Requires: "TLS 1.2 or later only", Basis: "NIST SP 800-52r2 section 3.1", Controls: []string{"HIPAA/164.312(e)(1)", "SOC2/CC6.7"}},
		{ID: "baseline/validity-period", Title: "Lifetime keeps to the cap at issue", Severity: "medium", Unit: place,
			Requires: "at most 398 days from 2020-09-01, 200 days from 2026-03-15", Basis: "CA/Browser Forum TLS BR 6.3.2", Scope: "use identity", Controls: []string{"SOC2/CC7.1"}},
	}
	for i := range rules {
		_, rules[i].Check, _ = strings.Cut(rules[i].ID, "/")
	}
	return rules
}

// controlTitles names the controls of the sample; a control that no rule of
// the list above maps has no population.
var controlTitles = [][2]string{
	{"HIPAA/164.312(a)(2)(iv)", "Encryption and decryption"},
	{"HIPAA/164.312(c)(1)", "Integrity"},
	{"HIPAA/164.312(d)", "Person or entity authentication"},
	{"HIPAA/164.312(e)(1)", "Transmission security"},
	{"HIPAA/164.312(e)(2)(i)", "Integrity in transit"},
	{"HIPAA/164.312(e)(2)(ii)", "Encryption in transit"},
	{"SOC2/CC6.1", "Logical access; keys protected by suitable algorithms and lengths"},
	{"SOC2/CC6.6", "Threats from outside the boundary; credentials protected in transit"},
	{"SOC2/CC6.7", "Protection of information in transmission"},
	{"SOC2/CC6.8", "Unauthorised software"},
	{"SOC2/CC7.1", "Configuration standards and detection of unknown components"},
	{"SOC2/CC7.2", "Monitoring for anomalies"},
}

func controlsOf(rules []report.Rule) []report.Control {
	var list []report.Control
	for _, ct := range controlTitles {
		framework, clause, _ := strings.Cut(ct[0], "/")
		c := report.Control{Framework: framework, ID: ct[0], Clause: clause, Title: ct[1]}
		for _, r := range rules {
			if !slices.Contains(r.Controls, c.ID) {
				continue
			}
			c.Rules = append(c.Rules, r.ID)
			c.Population += r.Population
			c.Pass += r.Pass
			c.Fail += r.Fail
			c.Waived += r.Waived
			c.NotAssessed += r.NotAssessed
			c.Error += r.Error
		}
		switch {
		case c.Population == 0:
			c.Status = report.NoPopulation
		case c.Fail > 0:
			c.Status = report.ExceptionNoted
		case c.Waived > 0:
			c.Status = report.ExceptionAccepted
		case c.Pass == 0:
			c.Status = report.NotTested
		case c.NotAssessed+c.Error > 0:
			c.Status = report.PartlyAssessed
		default:
			c.Status = report.NoException
		}
		list = append(list, c)
	}
	return list
}

// sampleCert is one line of the made-up estate.
type sampleCert struct {
	cn, issuer string
	from, to   string // YYYY-MM-DD; empty: no parser accepts it
	alg        string
	bits       int
	curve, sig string
	use        scan.Use
	path       string // or
	endpoint   string
	alias      string
	places     int
}

var sampleCerts = []sampleCert{
	{"ehr-gw.example.test", "Example Issuing CA 2", "2025-11-18", "2026-11-18", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "", "ehr-gw.example.test:443", "", 3},
	{"payroll.example.test", "Example Issuing CA 2", "2025-11-27", "2026-11-27", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "keystores/payroll.pem", "", "", 2},
	{"legacy-fax.example.test", "Example Issuing CA 1", "2024-01-10", "2027-01-09", "RSA", 1024, "", "SHA1-RSA", scan.UseIdentity, "", "legacy-fax.example.test:443", "", 1},
	{"IdP signing 2022", "Example Issuing CA 1", "2022-03-01", "2027-02-28", "RSA", 2048, "", "SHA1-RSA", scan.UseIdentity, "sso/IdP_2022.crt", "", "", 1},
	{"bank-mtls.partner.test", "Partner CA", "2024-06-01", "2027-06-01", "RSA", 1024, "", "SHA256-RSA", scan.UseIdentity, "keystores/partner-mtls.jks", "", "bank", 1},
	{"portal.example.test", "Public TLS CA G3", "2026-09-20", "2026-12-20", "ECDSA", 256, "P-256", "ECDSA-SHA384", scan.UseIdentity, "", "portal.example.test:443", "", 2},
	{"api.example.test", "Public TLS CA G3", "2026-10-14", "2027-01-12", "ECDSA", 256, "P-256", "ECDSA-SHA384", scan.UseIdentity, "", "api.example.test:443", "", 2},
	{"mail.example.test", "Public TLS CA G3", "2026-08-25", "2027-02-21", "RSA", 3072, "", "SHA256-RSA", scan.UseIdentity, "", "mail.example.test:465", "", 2},
	{"ldap.example.test", "Example Issuing CA 2", "2026-02-02", "2027-02-02", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "", "ldap.example.test:636", "", 2},
	{"vpn.example.test", "Example Issuing CA 2", "2026-05-05", "2027-05-05", "ECDSA", 384, "P-384", "ECDSA-SHA384", scan.UseIdentity, "", "vpn.example.test:443", "", 1},
	{"db-primary.example.test", "Example Issuing CA 2", "2024-05-05", "2027-01-30", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "certs/db-primary.pem", "", "", 1},
	{"db-standby.example.test", "Example Issuing CA 2", "2026-12-10", "2027-06-28", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "certs/db-standby.pem", "", "", 1},
	{"printer-07.example.test", "printer-07.example.test", "2026-01-01", "2028-09-26", "RSA", 2048, "", "SHA256-RSA", scan.UseUnknown, "certs/printer-07.crt", "", "", 1},
	{"build-agent.example.test", "Example Issuing CA 2", "2026-11-01", "2027-05-19", "Ed25519", 0, "", "Ed25519", scan.UseIdentity, "certs/build-agent.pem", "", "", 1},
	{"queue.example.test", "Example Issuing CA 2", "2026-10-10", "2027-04-27", "ECDSA", 256, "P-256", "ECDSA-SHA256", scan.UseIdentity, "certs/queue.pem", "", "", 1},
	{"pqc-pilot.example.test", "Example Issuing CA 2", "2026-10-20", "2027-05-07", "ML-DSA-65", 0, "", "ML-DSA-65", scan.UseIdentity, "certs/pilot/pqc.pem", "", "", 1},
	{"archive-sign.example.test", "Example Issuing CA 1", "2023-07-01", "2027-07-01", "DSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "certs/archive-sign.der", "", "", 1},
	{"wiki.example.test", "Example Issuing CA 2", "2026-07-07", "2027-01-22", "RSA", 2048, "", "SHA256-RSA", scan.UseIdentity, "", "wiki.example.test:443", "", 2},
	{"Example Issuing CA 2", "Example Root CA", "2023-01-01", "2033-01-01", "ECDSA", 384, "P-384", "ECDSA-SHA384", scan.UseChain, "certs/ca/issuing-2.pem", "", "", 9},
	{"Example Issuing CA 1", "Example Root CA", "2018-01-01", "2028-01-01", "RSA", 4096, "", "SHA256-RSA", scan.UseChain, "certs/ca/issuing-1.pem", "", "", 3},
	{"Public TLS CA G3", "Public Root R1", "2024-03-03", "2034-03-03", "ECDSA", 384, "P-384", "ECDSA-SHA384", scan.UseChain, "", "portal.example.test:443", "", 3},
	{"Example Root CA", "Example Root CA", "2018-01-01", "2038-01-01", "RSA", 4096, "", "SHA256-RSA", scan.UseAnchor, "certs/ca/bundle.pem", "", "", 1},
	{"Public Root R1", "Public Root R1", "2015-05-05", "2040-05-05", "RSA", 4096, "", "SHA256-RSA", scan.UseAnchor, "certs/ca/bundle.pem", "", "", 1},
	{"", "", "", "", "", 0, "", "", scan.UseUnknown, "certs/odd/negative-serial.pem", "", "", 1},
}

func day(s string) time.Time {
	t, err := time.Parse("2006-01-02", s)
	if err != nil {
		panic(err) // a constant of this file
	}
	return t.Add(8 * time.Hour)
}

func daysLeft(notAfter time.Time) int {
	d := notAfter.Unix() - sampleAsOf.Unix()
	if d < 0 && d%86400 != 0 {
		return int(d/86400) - 1
	}
	return int(d / 86400)
}

func sampleInventory() []*report.InventoryRow {
	var rows []*report.InventoryRow
	for i, s := range sampleCerts {
		c := &scan.Certificate{SHA256: Digest("certificate " + strconv.Itoa(i)), ParseNotes: []string{"serial_not_positive"}, Detail: "x509: negative serial number"}
		row := &report.InventoryRow{Certificate: c, Uses: []string{string(s.use)}, Placements: s.places,
			First: report.Location{Path: s.path, Endpoint: s.endpoint, Alias: s.alias, Use: string(s.use)}}
		if s.endpoint != "" {
			row.First.Vantage = "office network"
			if s.use == scan.UseChain {
				row.First.Index = 1
			}
		}
		if s.to != "" {
			*c = scan.Certificate{SHA256: c.SHA256, Parsed: true,
				Subject: "CN=" + s.cn + ",O=Example Health\\, Inc.,C=US", SubjectCN: s.cn,
				Issuer: "CN=" + s.issuer + ",O=Example Health\\, Inc.,C=US", IssuerCN: s.issuer,
				Serial: strings.TrimLeft(Digest("serial " + s.cn)[:20], "0"), NotBefore: day(s.from), NotAfter: day(s.to),
				KeyAlgorithm: s.alg, KeyBits: s.bits, KeyCurve: s.curve, SPKISHA256: Digest("key " + s.cn),
				SignatureAlgorithm: s.sig, IsCA: s.use == scan.UseChain || s.use == scan.UseAnchor,
				SelfSigned: scan.Answered(s.cn == s.issuer), SelfIssued: s.cn == s.issuer}
			if s.endpoint != "" && !c.SelfIssued {
				row.Revocation = "good (ocsp http://ocsp.example.test)"
			}
			if s.cn == "db-standby.example.test" { // a copy of the other's key
				c.SPKISHA256 = Digest("key db-primary.example.test")
			}
			if !c.IsCA {
				c.DNSNames = []string{s.cn}
				c.ExtKeyUsage = []string{"serverAuth"}
			}
			row.DaysLeft = daysLeft(c.NotAfter)
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b *report.InventoryRow) int {
		if a.Certificate.Parsed != b.Certificate.Parsed {
			if a.Certificate.Parsed {
				return -1
			}
			return 1
		}
		return a.Certificate.NotAfter.Compare(b.Certificate.NotAfter)
	})
	return rows
}

func byCN(rows []*report.InventoryRow, cn string) *report.InventoryRow {
	for _, r := range rows {
		if r.Certificate.SubjectCN == cn {
			return r
		}
	}
	panic("no certificate " + cn) // a constant of this file
}

func sampleEndpoints(inv []*report.InventoryRow) []*report.EndpointRow {
	var rows []*report.EndpointRow
	i := 0
	for _, s := range sampleCerts {
		if s.endpoint == "" || s.use != scan.UseIdentity {
			continue
		}
		i++
		leaf := byCN(inv, s.cn)
		issuer := byCN(inv, s.issuer)
		e := &scan.Endpoint{Target: s.endpoint, Endpoint: s.endpoint, Address: "192.0.2." + strconv.Itoa(10+i), Port: 443,
			ServerName: s.cn, TLSVersion: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", KeyExchange: "X25519MLKEM768", ALPN: "h2",
			OCSPStapled: scan.No, Chain: []string{leaf.Certificate.SHA256, issuer.Certificate.SHA256},
			Paths:         [][]string{{leaf.Certificate.SHA256, issuer.Certificate.SHA256, byCN(inv, "Example Root CA").Certificate.SHA256}},
			HostnameMatch: scan.Yes, ClientCert: scan.No, Versions: []string{"TLS 1.2", "TLS 1.3"}, VersionsRefused: []string{"TLS 1.0", "TLS 1.1"},
			Attempts: 1, ObservedAt: sampleFrom.Add(time.Duration(20*i) * time.Second)}
		switch s.cn {
		case "legacy-fax.example.test":
			e.TLSVersion, e.CipherSuite, e.KeyExchange, e.ALPN = "TLS 1.2", "TLS_RSA_WITH_AES_128_CBC_SHA", "", ""
			e.Versions, e.VersionsRefused = []string{"TLS 1.0", "TLS 1.1", "TLS 1.2"}, nil
		case "api.example.test":
			deepen(e, inv)
		case "mail.example.test":
			e.Port, e.ALPN = 465, ""
			cutShort(e)
			e.TLSVersion, e.CipherSuite, e.KeyExchange = "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "P-256"
		case "ldap.example.test":
			e.Port, e.ALPN = 636, ""
		case "wiki.example.test":
			e.HostnameMatch = scan.No
		case "vpn.example.test":
			e.ClientCert, e.Paths, e.PathError = scan.Yes, nil, "no_issuer"
		}
		rows = append(rows, &report.EndpointRow{Endpoint: e, Leaf: leaf.Certificate, DaysLeft: leaf.DaysLeft, Vantage: "office network"})
	}
	return rows
}

// sampleFinding is one line of the made-up verdicts.
type sampleFinding struct {
	rule, severity, cn       string
	endpoint                 string // of an endpoint's rule
	message, observed, waive string
}

var sampleVerdicts = []sampleFinding{
	{"expired", "critical", "ehr-gw.example.test", "", "The certificate expired on 2026-11-18 and is still served.", "not after 2026-11-18 08:00:00 UTC (12 days ago)", ""},
	{"expired", "critical", "payroll.example.test", "", "The certificate expired on 2026-11-27.", "not after 2026-11-27 08:00:00 UTC (3 days ago)", ""},
	{"tls-version", "high", "legacy-fax.example.test", "legacy-fax.example.test:443", "The endpoint accepts protocol versions that the policy bars.", "accepts TLS 1.0, TLS 1.1, TLS 1.2", ""},
	{"key-size", "high", "legacy-fax.example.test", "", "The RSA key has 1024 bits, the policy asks for 2048.", "RSA 1024 bits", ""},
	{"key-size", "high", "bank-mtls.partner.test", "", "The RSA key has 1024 bits, the policy asks for 2048.", "RSA 1024 bits", ""},
	{"signature-algorithm", "high", "legacy-fax.example.test", "", "The certificate is signed with SHA-1.", "SHA1-RSA", ""},
	{"signature-algorithm", "high", "IdP signing 2022", "", "The certificate is signed with SHA-1.", "SHA1-RSA", ""},
	{"chain-trusted", "high", "vpn.example.test", "vpn.example.test:443", "No path leads from the leaf to a given root.", "no path to an anchor: the issuer was not sent", ""},
	{"hostname-match", "high", "wiki.example.test", "wiki.example.test:443", "No name of the certificate matches the host.", "names: wiki.internal.test", ""},
	{"expires-soon", "high", "portal.example.test", "", "The certificate expires in 19 days.", "19 days left of 91", ""},
	{"expires-soon", "medium", "wiki.example.test", "", "The certificate expires in 52 days.", "52 days left of 199", ""},
	{"expires-soon", "low", "db-primary.example.test", "", "The certificate expires in 60 days.", "60 days left of 1,000", ""},
	{"expires-soon", "low", "ldap.example.test", "", "The certificate expires in 63 days.", "63 days left of 365", ""},
	{"not-yet-valid", "medium", "db-standby.example.test", "", "The certificate is not valid before 2026-12-10.", "not before 2026-12-10 08:00:00 UTC (in 9 days)", ""},
	{"validity-period", "medium", "db-primary.example.test", "", "The lifetime of 1,001 days exceeds the cap of 398 days.", "1,001 days", ""},
	{"key-algorithm", "medium", "archive-sign.example.test", "", "The policy does not approve DSA.", "DSA 2048 bits", ""},
	{"cipher-suite", "info", "mail.example.test", "mail.example.test:465", "The negotiated suite is not an AEAD suite.", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", ""},
	{"validity-period", "medium", "bank-mtls.partner.test", "", "The lifetime of 1,096 days exceeds the cap of 398 days.", "1,096 days", "W-2026-014"},
	{"self-signed", "medium", "printer-07.example.test", "", "The certificate is self-signed.", "signature verifies under its own key", "W-2026-009"},
}

// sampleCounsel gives impact and remedy of each rule.
var sampleCounsel = map[string][2]string{
	"expired":             {"Clients that verify will refuse the connection; clients that do not are exposed to interception.", "Renew and deploy; then confirm with the command below."},
	"tls-version":         {"Sessions that are downgraded use CBC suites with known attacks.", "Disable TLS 1.0 and TLS 1.1 on the appliance, or put it behind a gateway that does."},
	"key-size":            {"Short keys may be broken while the certificate is still trusted.", "Issue a new key of at least 2048 bits, renew the certificate, retire the old key."},
	"signature-algorithm": {"A forged certificate with the same digest can be made at moderate cost.", "Have the certificate issued again with SHA-256 or stronger."},
	"chain-trusted":       {"Clients cannot tell the server from an impostor.", "Send the issuing CA's certificate after the leaf, or add the private root to the given roots."},
	"hostname-match":      {"Clients that verify names will refuse; users learn to click through warnings.", "Issue a certificate that names the host, or use the name that the certificate carries."},
	"expires-soon":        {"An expiry that nobody expects is an outage.", "Renew before the date, and automate the renewal."},
	"not-yet-valid":       {"Clients refuse a certificate that is not valid yet.", "Deploy it on or after its first day, or check the clock of the issuing system."},
	"validity-period":     {"Long lifetimes keep retired keys and names trusted.", "Issue with a shorter lifetime and automate the renewal."},
	"key-algorithm":       {"Algorithms outside the approved list lose support and scrutiny.", "Issue a key with an approved algorithm."},
	"cipher-suite":        {"CBC suites have needed repeated repairs against padding attacks.", "Prefer AES-GCM or ChaCha20-Poly1305 suites."},
	"self-signed":         {"Nobody vouches for the name, and the certificate cannot be revoked.", "Have it issued by the internal authority."},
}

// failureOf is what a check says is the matter when it fails.
func failureOf(check string) string {
	for _, c := range policies.Checks() {
		if c.ID == check {
			return c.Failure
		}
	}
	return check
}

func sampleFindings(inv []*report.InventoryRow) []*report.Finding {
	rules := map[string]report.Rule{}
	for _, r := range sampleRules() {
		rules[r.Check] = r
	}
	var rows []*report.Finding
	for _, v := range sampleVerdicts {
		rule, row := rules[v.rule], byCN(inv, v.cn)
		c := row.Certificate
		notAfter := c.NotAfter
		f := &report.Finding{
			ID: "F1-" + Digest(v.rule + " " + v.cn)[:32], Lineage: "L1-" + Digest(v.rule + " place " + v.cn)[:32],
			Rule: rule.ID, Title: failureOf(v.rule), Severity: v.severity, Result: "fail",
			Certificate: c.SHA256, Subject: c.Subject, Serial: c.Serial, NotAfter: &notAfter,
			Endpoint: v.endpoint, Path: row.First.Path,
			Message: v.message, Observed: v.observed, Required: rule.Requires,
			Rationale: sampleCounsel[v.rule][0], Basis: rule.Basis, Controls: rule.Controls,
			Remediation: sampleCounsel[v.rule][1], Waiver: v.waive, ObservedAt: sampleFrom.Add(131 * time.Second),
		}
		switch {
		case v.endpoint != "" && v.rule == "tls-version":
			f.Reperform = "openssl s_client -connect " + v.endpoint + " -servername " + v.cn + " -tls1 </dev/null"
		case row.First.Endpoint != "":
			f.Reperform = "openssl s_client -connect " + row.First.Endpoint + " -servername " + v.cn + " </dev/null | openssl x509 -noout -subject -dates -fingerprint -sha256"
		case row.First.Alias != "":
			f.Reperform = "keytool -list -v -keystore " + row.First.Path + " -alias " + row.First.Alias
		default:
			f.Reperform = "openssl x509 -in " + row.First.Path + " -noout -subject -dates -fingerprint -sha256"
		}
		if v.waive != "" {
			f.Result = "waived"
		}
		if v.rule == "expired" {
			f.Owner = "Integration platform"
		}
		f.Locations = []report.Location{row.First}
		for i := 1; i < row.Placements && v.endpoint == ""; i++ {
			f.Locations = append(f.Locations, report.Location{Path: "certs/copies/" + strconv.Itoa(i) + "/" + strings.ReplaceAll(v.cn, " ", "_") + ".pem", Line: 1, Use: row.First.Use})
		}
		rows = append(rows, f)
	}
	SortFindings(rows)
	return rows
}

// SortFindings puts findings into the order of an audit: worst first, then by
// rule and subject.
func SortFindings(rows []*report.Finding) {
	slices.SortStableFunc(rows, func(a, b *report.Finding) int {
		if d := report.SeverityRank(a.Severity) - report.SeverityRank(b.Severity); d != 0 {
			return d
		}
		if d := strings.Compare(a.Rule, b.Rule); d != 0 {
			return d
		}
		return strings.Compare(a.Subject+a.Endpoint, b.Subject+b.Endpoint)
	})
}

func sampleNotAssessed() []*report.NotAssessed {
	at := func(s int) time.Time { return sampleFrom.Add(time.Duration(s) * time.Second) }
	rows := []*report.NotAssessed{
		{Target: "keystores/", Path: "keystores/escrow.p12", Index: -1, Stage: "decrypt", Reason: "unsupported", Detail: "PKCS#12, password required", ObservedAt: at(3)},
		{Target: "certs/", Path: "certs/broken/half.pem", Index: -1, Stage: "decode", Reason: "truncated", Detail: "PEM block without END line at line 14", ObservedAt: at(4)},
		{Target: "certs/", Path: "certs/odd/negative-serial.pem", Index: 0, Certificate: Digest("certificate 23"), Stage: "parse", Reason: "parser_refused", Detail: "x509: negative serial number", ObservedAt: at(5)},
		{Target: "certs/", Path: "certs/current", Index: -1, Stage: "read", Reason: "link_leaves_target", Detail: "/etc/pki/current", ObservedAt: at(5)},
		{Target: "fax-02.example.test:443", Endpoint: "fax-02.example.test:443", Index: -1, Stage: "connect", Reason: "timeout", Detail: "no answer within 10s", Attempts: 2, Allowed: true, ObservedAt: at(24)},
		{Target: "old-pacs.example.test:11112", Endpoint: "old-pacs.example.test:11112", Index: -1, Stage: "handshake", Reason: "not_tls", Detail: "first bytes are 02 00 00 00", Attempts: 1, ObservedAt: at(25)},
		{Target: "retired.example.test:443", Endpoint: "retired.example.test:443", Index: -1, Stage: "resolve", Reason: "not_found", Detail: "no such host", Attempts: 2, ObservedAt: at(26)},
		{Target: "certs/", Path: "certs/odd/negative-serial.pem", Index: 0, Certificate: Digest("certificate 23"), Stage: "evaluate", Reason: "not_obtained",
			Rules: []string{"baseline/expired", "baseline/key-algorithm", "baseline/key-exponent", "baseline/key-size", "baseline/signature-algorithm"}, ObservedAt: at(5)},
	}
	rows = append(rows, &report.NotAssessed{Target: "mail.example.test:465", Endpoint: "mail.example.test:465", Index: -1, Stage: "probe", Reason: "reset",
		Detail: "the peer reset the connection of the 14th hello", Attempts: 3, ObservedAt: at(30)})
	for _, s := range append(sampleCerts[:len(sampleCerts):len(sampleCerts)], sampleCert{endpoint: mailEndpoint, use: scan.UseIdentity}) {
		if s.endpoint != "" && s.use == scan.UseIdentity {
			rows = append(rows, &report.NotAssessed{Target: s.endpoint, Endpoint: s.endpoint, Index: -1, Stage: "evaluate", Reason: "not_requested",
				Detail: "needs --revocation", Rules: []string{"baseline/ocsp-fresh"}, Allowed: true, ObservedAt: at(40)})
		}
	}
	return append(rows, &report.NotAssessed{Target: "mail.example.test:465", Endpoint: "mail.example.test:465", Index: -1, Stage: "evaluate", Reason: "not_obtained",
		Detail: "the peer closed on the second hello", Rules: []string{"baseline/tls-version"}, Attempts: 2, ObservedAt: at(41)})
}

func sampleScope(m *Memory) report.Scope {
	placements := 0
	for _, r := range m.InventoryRows {
		placements += r.Placements
	}
	return report.Scope{
		Targets: 14, TargetList: []string{"certs/", "keystores/", "ehr-gw.example.test:443", "legacy-fax.example.test:443", "portal.example.test:443",
			"api.example.test:443", "mail.example.test:465", "ldap.example.test:636", "vpn.example.test:443", "wiki.example.test:443",
			"fax-02.example.test:443", "old-pacs.example.test:11112", "retired.example.test:443", "smtp://mail.example.test"},
		Files: 31, FilesRead: 21, FilesWithoutCertificates: 4, FilesNotAssessed: 2, FilesExcluded: 3, OwnOutput: 1,
		EndpointsAsked: len(m.EndpointRows) + 3, EndpointsAssessed: len(m.EndpointRows), EndpointsNotAssessed: 3,
		Placements: placements, DistinctCertificates: len(m.InventoryRows), OtherNotAssessed: 3,
		Vantages: []report.Vantage{{Vantage: "office network", EvidenceSHA256: Digest("evidence"),
			EndpointsAsked: len(m.EndpointRows) + 3, EndpointsAssessed: len(m.EndpointRows), EndpointsNotAssessed: 3}},
		Objects: objectsOf(m.ObjectRows),
	}
}

// tally fills every count of a from its rows.
func tally(a *report.Audit, m *Memory) {
	index := map[string]*report.Rule{}
	for i := range a.Rules {
		r := &a.Rules[i]
		index[r.ID] = r
		switch r.Unit {
		case "certificate":
			r.Population = len(m.InventoryRows)
		case "placement":
			r.Population = a.Scope.Placements
			r.NotApplicable = 2
		case "endpoint":
			r.Population = len(m.EndpointRows)
		}
		r.Population -= r.NotApplicable
		if r.Check == "code-signing-key" {
			r.NotApplicable, r.Population = r.Population, 0
		}
	}
	reasons := map[[2]string]int{}
	for _, n := range m.NotAssessedRows {
		for _, id := range n.Rules {
			index[id].NotAssessed++
		}
		reasons[[2]string{n.Stage, n.Reason}]++
	}
	failing := map[string]bool{}
	for _, f := range m.FindingRows {
		r := index[f.Rule]
		if f.Result == "waived" {
			r.Waived++
			continue
		}
		r.Fail++
		count(&a.Totals.BySeverity, f.Severity)
		blame(m, f)
		if report.SeverityRank(f.Severity) <= report.SeverityRank(a.Run.FailOn) {
			a.Estate.Violations++
			if f.Endpoint != "" {
				failing["endpoint "+f.Endpoint] = true
			} else {
				failing["certificate "+f.Certificate] = true
			}
		}
	}
	for unit := range failing {
		if strings.HasPrefix(unit, "endpoint ") {
			a.Estate.FailingEndpoints++
		} else {
			a.Estate.FailingCertificates++
		}
	}
	t := &a.Totals.ByResult
	for i := range a.Rules {
		r := &a.Rules[i]
		r.Pass = r.Population - r.Fail - r.Waived - r.NotAssessed - r.Error
		t.Pass += r.Pass
		t.Fail += r.Fail
		t.Waived += r.Waived
		t.NotApplicable += r.NotApplicable
		t.NotAssessed += r.NotAssessed
		t.Error += r.Error
	}
	a.Controls = controlsOf(a.Rules)
	a.Expiry = buckets(m.InventoryRows)
	for _, stage := range scan.Stages() {
		var keys []string
		for k := range reasons {
			if k[0] == string(stage) {
				keys = append(keys, k[1])
			}
		}
		slices.Sort(keys)
		for _, reason := range keys {
			a.Reasons = append(a.Reasons, report.ReasonCount{Stage: string(stage), Reason: reason, Count: reasons[[2]string{string(stage), reason}]})
		}
	}
	for _, r := range m.InventoryRows {
		c := r.Certificate
		switch {
		case !c.Parsed:
			a.Estate.Unparsed++
		case r.Uses[0] == "identity" || r.Uses[0] == "unknown":
			a.Estate.IdentityCertificates++
			if c.NotAfter.Before(sampleAsOf) {
				continue
			}
			if r.DaysLeft < 30 {
				a.Estate.ExpireIn30Days++
			}
			if a.Estate.NextExpiry.IsZero() || c.NotAfter.Before(a.Estate.NextExpiry) {
				a.Estate.NextExpiry = c.NotAfter
			}
		}
	}
}

func count(b *report.BySeverity, severity string) {
	switch severity {
	case "critical":
		b.Critical++
	case "high":
		b.High++
	case "medium":
		b.Medium++
	case "low":
		b.Low++
	case "info":
		b.Info++
	}
}

// blame counts a failure at the certificate and the endpoint that it concerns.
func blame(m *Memory, f *report.Finding) {
	for _, r := range m.InventoryRows {
		if f.Endpoint == "" && r.Certificate.SHA256 == f.Certificate {
			r.Failures++
			r.Worst = worse(r.Worst, f.Severity)
		}
	}
	for _, r := range m.EndpointRows {
		if r.Endpoint.Endpoint == f.Endpoint {
			r.Failures++
			r.Worst = worse(r.Worst, f.Severity)
		}
	}
}

func worse(a, b string) string {
	if a != "" && report.SeverityRank(a) <= report.SeverityRank(b) {
		return a
	}
	return b
}

// buckets makes the expiry outlook of identity certificates.
func buckets(rows []*report.InventoryRow) []report.Bucket {
	list := []report.Bucket{{Label: "expired", UpToDays: 0}, {Label: "7 d", UpToDays: 7}, {Label: "30 d", UpToDays: 30}, {Label: "60 d", UpToDays: 60},
		{Label: "90 d", UpToDays: 90}, {Label: "180 d", UpToDays: 180}, {Label: "later", UpToDays: -1}}
	for _, r := range rows {
		if !r.Certificate.Parsed || (r.Uses[0] != "identity" && r.Uses[0] != "unknown") {
			continue
		}
		for i := range list {
			if r.DaysLeft < list[i].UpToDays || list[i].UpToDays < 0 {
				list[i].Count++
				break
			}
		}
	}
	return list
}
