package reporttest

import (
	"slices"
	"strings"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

// HostileStrings are texts that a certificate, a server, a file name or a
// policy from a pull request may carry.
func HostileStrings() []string {
	return []string{
		strings.Repeat("a very long name ", 2400),                    // 40 kB, with spaces
		strings.Repeat("x", 40_000),                                  // 40 kB, without
		"/srv/" + strings.Repeat("no-spaces-in-this-directory/", 40), // a long path
		"=cmd|'/C calc'!A0",
		"+1+1", "-1+1", "@SUM(A1:A9)", "\t=1+1", "\r=1+1",
		"line one\nline two\r\n::error file=x::forged\n##[error]forged\n##vso[task.complete]",
		"nul\x00byte, bell\x07, escape\x1b[31mred\x1b[0m, delete\x7f, next line\u0085",
		"right-to-left \u202Egnp.exe\u202C and isolate \u2067abc\u2069",
		"שלום עולם", "مرحبا بالعالم",
		"日本語の証明書 한국어 中文",
		"emoji 😀👩‍👩‍👧‍👦🏴‍☠️ and \U0010FFFF",
		"<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
		"**bold** [link](javascript:alert(1)) `code` | cell |\n# heading",
		"invalid \xff\xfe UTF-8 \xc3(",
		"combining Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D zalgo, soft\u00ADhyphen, zero\u200Bwidth\uFEFF",
		"private \uE000 noncharacter \uFFFE replacement \uFFFD",
		"line\u2028separator paragraph\u2029separator",
		"{pdf.summary} {count} %s %d %n ${HOME} $(id) `id`",
		`"quoted", 'single', back\slash, (parens) \) Tj`,
		"",
		" ",
		strings.Repeat("W", 300), strings.Repeat("i", 300),
	}
}

// Hostile is the sample with a hostile text in every field that somebody else
// controls, a different one each time.
func Hostile() *report.Audit {
	a := Sample()
	m := a.Rows.(*Memory)
	texts := HostileStrings()
	next := 0
	evil := func() string {
		s := texts[next%len(texts)]
		next++
		return s
	}
	a.Document = report.Document{Title: evil(), Organisation: evil(), Classification: evil(), Status: evil(), Period: evil(), Reference: evil(),
		Supersedes: evil(), PreparedBy: evil(), ReviewedBy: evil(), RetainUntil: evil()}
	a.Gate.Headline, a.Gate.Note = texts[0][:900]+" "+texts[5], texts[7]+texts[10]
	r := &a.Run
	r.Operator, r.Host, r.CIURL, r.Selftest, r.Baseline = evil(), evil(), evil(), evil(), evil()
	r.AllowIncomplete = texts
	e := &r.Evidence[0]
	e.Operator, e.Host, e.Vantage = evil(), evil(), evil()
	e.Command, e.Probes, a.Scope.TargetList = texts, texts, texts
	for _, s := range texts {
		e.Excludes = append(e.Excludes, scan.Exclude{Glob: s, Reason: evil()})
		e.Roots = append(e.Roots, scan.Digest{Name: s, SHA256: Digest(s)})
		e.TargetLists = append(e.TargetLists, scan.Digest{Name: s, SHA256: Digest(s), Dated: evil()})
		e.Options[s] = evil()
		e.Lines[s] = 1
		a.Reasons = append(a.Reasons, report.ReasonCount{Stage: s, Reason: evil(), Count: 0})
		m.NotAssessedRows = append(m.NotAssessedRows, &report.NotAssessed{Target: s, Path: evil(), Index: 7, Stage: evil(), Reason: evil(),
			Detail: s, Rules: []string{evil(), s}})
		m.FindingRows = append(m.FindingRows, hostileFinding(s, evil, texts))
		m.InventoryRows = append(m.InventoryRows, &report.InventoryRow{Certificate: hostileCertificate(s, evil, texts), Uses: texts[3:6],
			Placements: 1, First: report.Location{Path: evil(), Alias: s}, Worst: evil(),
			Relations: report.Relations{SharesKey: 1 << 40, SameKeyAs: evil(), PrivateKeys: 2, PrivateKeysAt: []report.Place{{Path: s, Alias: evil()}}, Issuer: evil()}})
		m.EndpointRows = append(m.EndpointRows, hostileEndpoint(s, evil, texts))
		a.Scope.Vantages = append(a.Scope.Vantages, report.Vantage{Vantage: s, EvidenceSHA256: evil()})
		m.ObjectRows = append(m.ObjectRows, hostileObject(s, evil, texts))
	}
	SortFindings(m.FindingRows)
	a.Scope.Objects = objectsOf(m.ObjectRows)
	a.Policies = append(a.Policies, &policies.Policy{ID: evil(), Title: evil(), Version: evil(), Description: evil(), Extends: texts,
		Source: []byte(strings.Join(texts, "\n")), SHA256: Digest("hostile policy"), Origin: evil()})
	for i := range a.Rules {
		q := &a.Rules[i]
		q.Title, q.Requires, q.Basis, q.Scope = evil(), evil(), evil(), evil()
	}
	for i := range a.Controls {
		a.Controls[i].Title = evil()
	}
	return a
}

func hostileFinding(s string, evil func() string, texts []string) *report.Finding {
	f := &report.Finding{ID: "F1-" + Digest(s)[:32], Lineage: "L1-" + Digest(s)[:32], Rule: "baseline/key-size", Title: s, Severity: "low", Result: "fail",
		Certificate: Digest(s), Subject: s, Serial: Digest(s)[:40], Path: evil(), Message: evil(), Observed: s, Required: evil(),
		Rationale: evil(), Basis: evil(), Controls: []string{"SOC2/CC6.1", evil()}, Remediation: evil(), Reperform: s, Owner: evil(), Waiver: evil()}
	for i, t := range texts {
		f.Locations = append(f.Locations, report.Location{Path: t, Index: i, Alias: evil(), Use: "identity"})
	}
	return f
}

func hostileCertificate(s string, evil func() string, texts []string) *scan.Certificate {
	return &scan.Certificate{SHA256: Digest(s), Parsed: true, Subject: s, SubjectCN: s, Issuer: evil(), IssuerCN: evil(), Serial: "-1",
		NotBefore: sampleFrom, NotAfter: sampleAsOf, KeyAlgorithm: "1.2.3.4." + strings.Repeat("5.", 2000), KeyCurve: evil(),
		SignatureAlgorithm: evil(), DNSNames: slices.Repeat(texts, 2), EmailAddresses: texts, URIs: texts, IPAddresses: []string{"::1"}, ExtKeyUsage: texts}
}
