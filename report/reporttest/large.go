package reporttest

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"certaudit/report"
	"certaudit/scan"
)

// Large is an audit of n certificates with one finding for each, and of n/10
// endpoints and things not assessed. Its rows are made while they are ranged
// over and never kept, so that what a format keeps shows in its memory.
func Large(n int) *report.Audit {
	a := Sample()
	a.Rows = large(n)
	a.Rules, a.Policies = a.Rules[:10], a.Policies[:1]
	a.Run.Policies = a.Run.Policies[:1]
	for i := range a.Rules {
		id, title, check := a.Rules[i].ID, a.Rules[i].Title, a.Rules[i].Check
		a.Rules[i] = report.Rule{ID: id, Title: title, Check: check, Severity: "high", Unit: "certificate", Requires: a.Rules[i].Requires,
			Basis: a.Rules[i].Basis, Controls: a.Rules[i].Controls, Population: n, Pass: n}
	}
	for i := range a.Rules {
		if a.Rules[i].ID == "baseline/key-size" {
			a.Rules[i].Pass, a.Rules[i].Fail = 0, n
		}
	}
	a.Controls = controlsOf(a.Rules)
	a.Scope = report.Scope{Targets: 1, TargetList: []string{"certs/"}, Files: n, FilesRead: n,
		EndpointsAsked: n/10 + n/10, EndpointsAssessed: n / 10, EndpointsNotAssessed: n / 10, Placements: n, DistinctCertificates: n,
		Objects: report.Objects{PrivateKeys: n / 10, PrivateKeysParsed: true}}
	a.Totals = report.Totals{ByResult: report.ByResult{Pass: 9 * n, Fail: n}, BySeverity: report.BySeverity{High: n}}
	a.Reasons = []report.ReasonCount{{Stage: "connect", Reason: "timeout", Count: n / 10}}
	a.Expiry = buckets(nil)
	a.Expiry[len(a.Expiry)-1].Count = n
	a.Estate = report.EstateFacts{IdentityCertificates: n, NextExpiry: sampleAsOf.AddDate(1, 0, 0), FailingCertificates: n, Violations: n}
	a.Gate.Headline = report.FormatCount(n) + " of " + report.FormatCount(n) + " certificates break the policy at severity high or above."
	return a
}

type large int

func generate[T any](n int, row func(int) *T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for i := range n {
			if !yield(row(i), nil) {
				return
			}
		}
	}
}

func largeCertificate(i int) *scan.Certificate {
	cn := "host-" + strconv.Itoa(i) + ".example.test"
	return &scan.Certificate{SHA256: fmt.Sprintf("%064x", i+1), Parsed: true,
		Subject: "CN=" + cn, SubjectCN: cn, Issuer: "CN=Example CA", IssuerCN: "Example CA", Serial: fmt.Sprintf("%x", i+1),
		NotBefore: sampleAsOf.AddDate(-1, 0, 0), NotAfter: sampleAsOf.AddDate(1, 0, 0),
		KeyAlgorithm: "RSA", KeyBits: 1024, SPKISHA256: fmt.Sprintf("%064x", i+1), SignatureAlgorithm: "SHA256-RSA",
		SelfSigned: scan.No, DNSNames: []string{cn}}
}

func (n large) Inventory() iter.Seq2[*report.InventoryRow, error] {
	return generate(int(n), func(i int) *report.InventoryRow {
		return &report.InventoryRow{Certificate: largeCertificate(i), Uses: []string{"identity"}, Placements: 1,
			First: report.Location{Path: "certs/" + strconv.Itoa(i) + ".pem", Use: "identity"}, DaysLeft: 365, Failures: 1, Worst: "high"}
	})
}

func (n large) Findings() iter.Seq2[*report.Finding, error] {
	return generate(int(n), func(i int) *report.Finding {
		c := largeCertificate(i)
		path := "certs/" + strconv.Itoa(i) + ".pem"
		return &report.Finding{ID: fmt.Sprintf("F1-%032x", i+1), Lineage: fmt.Sprintf("L1-%032x", i+1), Rule: "baseline/key-size",
			Title: "Public key is large enough", Severity: "high", Result: "fail", Certificate: c.SHA256, Subject: c.Subject, Serial: c.Serial,
			NotAfter: &c.NotAfter, Path: path, Locations: []report.Location{{Path: path, Use: "identity"}},
			Message: "The RSA key has 1024 bits, the policy asks for 2048.", Observed: "RSA 1024 bits", Required: "RSA at least 2048 bits",
			Rationale: sampleCounsel["key-size"][0], Remediation: sampleCounsel["key-size"][1], Basis: "NIST SP 800-57 part 1 r5, table 2",
			Controls: []string{"SOC2/CC6.1"}, Reperform: "openssl x509 -in " + path + " -noout -text", ObservedAt: sampleFrom}
	})
}

func (n large) NotAssessed() iter.Seq2[*report.NotAssessed, error] {
	return generate(int(n)/10, func(i int) *report.NotAssessed {
		name := "gone-" + strconv.Itoa(i) + ".example.test:443"
		return &report.NotAssessed{Target: name, Endpoint: name, Index: -1, Stage: "connect", Reason: "timeout", Detail: "no answer within 10s",
			Attempts: 2, Allowed: true, ObservedAt: sampleFrom.Add(time.Duration(i) * time.Second)}
	})
}

func (n large) Endpoints() iter.Seq2[*report.EndpointRow, error] {
	return generate(int(n)/10, func(i int) *report.EndpointRow {
		c := largeCertificate(i)
		name := c.SubjectCN + ":443"
		return &report.EndpointRow{Leaf: c, DaysLeft: 365, Vantage: "office network", Endpoint: &scan.Endpoint{Target: name, Endpoint: name,
			Address: "192.0.2.1", Port: 443, ServerName: c.SubjectCN, TLSVersion: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256",
			KeyExchange: "X25519", Chain: []string{c.SHA256}, HostnameMatch: scan.Yes, Attempts: 1, ObservedAt: sampleFrom}}
	})
}

func (n large) Objects(kinds ...string) iter.Seq2[*report.ObjectRow, error] {
	if len(kinds) > 0 && !slices.Contains(kinds, scan.ObjectPrivateKey) {
		return generate(0, largeObject)
	}
	return generate(int(n)/10, largeObject)
}
