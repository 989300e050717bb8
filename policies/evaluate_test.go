package policies

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
)

func loadPack(t testing.TB, name string) *Set {
	t.Helper()
	s, err := Load([]string{name}, LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// results writes assessments as "rule result" lines.
func results(all []Assessment) string {
	var lines []string
	for _, a := range all {
		lines = append(lines, fmt.Sprintf("%s %s %s", strings.TrimPrefix(a.Rule.ID, "baseline/"), a.Result, a.Missing))
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), " \n", "\n")
}

func TestEvaluateBaseline(t *testing.T) {
	s := loadPack(t, "baseline")
	now := instant("2026-06-01 00:00:00")
	sha1Root := goodCert()
	sha1Root.SelfSigned, sha1Root.SignatureAlgorithm = scan.Yes, "SHA1-RSA"
	sha1Root.NotBefore, sha1Root.NotAfter = instant("2000-01-01 00:00:00"), instant("2030-01-01 00:00:00")
	tests := []struct {
		name    string
		subject *Subject
		want    string
	}{
		{"identity", certSubject(goodCert(), scan.UseIdentity), `anchor-expired not_applicable
chain-expired not_applicable
chain-expires-soon not_applicable
expired pass
expires-soon pass
key-algorithm pass
key-size pass
not-yet-valid pass
self-signed not_applicable
signature-algorithm pass
validity-period pass `},
		{"what nothing explains is judged as an identity", certSubject(goodCert(), scan.UseUnknown), `anchor-expired not_applicable
chain-expired not_applicable
chain-expires-soon not_applicable
expired pass
expires-soon pass
key-algorithm pass
key-size pass
not-yet-valid pass
self-signed not_applicable
signature-algorithm pass
validity-period pass `},
		{"anchor", certSubject(sha1Root, scan.UseAnchor), `anchor-expired pass
chain-expired not_applicable
chain-expires-soon not_applicable
expired not_applicable
expires-soon not_applicable
key-algorithm not_applicable
key-size pass
not-yet-valid not_applicable
self-signed not_applicable
signature-algorithm not_applicable
validity-period not_applicable `},
		{"anchor and chain", certSubject(sha1Root, scan.UseAnchor, scan.UseChain), `anchor-expired pass
chain-expired pass
chain-expires-soon pass
expired not_applicable
expires-soon not_applicable
key-algorithm pass
key-size pass
not-yet-valid pass
self-signed not_applicable
signature-algorithm not_applicable
validity-period not_applicable `},
		{"refused by the parser", certSubject(&scan.Certificate{SHA256: "ab"}, scan.UseIdentity), `anchor-expired not_applicable
chain-expired not_applicable
chain-expires-soon not_applicable
expired not_assessed not_obtained
expires-soon not_assessed not_obtained
key-algorithm not_assessed not_obtained
key-size not_assessed not_obtained
not-yet-valid not_assessed not_obtained
self-signed not_applicable
signature-algorithm not_assessed not_obtained
validity-period not_assessed not_obtained`},
		{"endpoint, no probe asked for", endpointSubject(&scan.Endpoint{Endpoint: "a:443", TLSVersion: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256"}), `authenticated-encryption pass
chain-complete not_assessed not_obtained
chain-trusted not_assessed not_obtained
cipher-suite pass
forward-secrecy pass
hostname-match not_assessed not_obtained
must-staple not_assessed not_obtained
tls-version not_assessed not_requested
tls13-offered pass `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.Evaluate(tt.subject, now)
			if diff := cmp.Diff(tt.want, results(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			again := s.AppendEvaluate(got[:0:0], tt.subject, now)
			if results(again) != results(got) {
				t.Error("a second evaluation differs")
			}
		})
	}
	if got := s.Evaluate(&Subject{Unit: "no such unit"}, now); len(got) != 0 {
		t.Errorf("an unknown unit has %d assessments", len(got))
	}
}

func TestBaselineProbes(t *testing.T) {
	var got []string
	for _, p := range loadPack(t, "soc2").Probes() {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"versions<=TLS 1.1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestScope(t *testing.T) {
	file := Place{Use: scan.UseIdentity, Path: "etc/a/b.pem", Container: "pem"}
	anchor := Place{Use: scan.UseAnchor, Path: "etc/ca.pem", Container: "pem"}
	served := Place{Use: scan.UseIdentity, Endpoint: "www.example.test:443", Container: "tls"}
	tests := []struct {
		when   string
		places []Place
		want   bool
	}{
		{"{use: identity}", []Place{file}, true},
		{"{use: identity}", []Place{anchor}, false},
		{"{use: identity}", []Place{anchor, file}, true},
		{"{use: identity}", []Place{{Use: scan.UseUnknown}}, true},
		{"{use: unknown}", []Place{{Use: scan.UseUnknown}}, true},
		{"{use: unknown}", []Place{file}, false},
		{"{use: [chain, anchor]}", []Place{anchor}, true},
		{"{use: identity}", nil, false},
		{"{path: etc/**}", []Place{file}, true},
		{"{path: 'etc/*.pem'}", []Place{file}, false},
		{"{path: ['x', 'etc/*.pem']}", []Place{file, anchor}, true},
		{"{path: '**'}", []Place{served}, false},
		{"{host: www.example.test}", []Place{served}, true},
		{"{host: '*:443'}", []Place{served}, true},
		{"{host: '*:8443'}", []Place{served}, false},
		{"{host: '**'}", []Place{file}, false},
		{"{source: file}", []Place{file}, true},
		{"{source: file}", []Place{served}, false},
		{"{source: endpoint}", []Place{served}, true},
		{"{container: [pkcs12, pem]}", []Place{file}, true},
		{"{container: pkcs12}", []Place{file}, false},
		// One place has to meet all of it; two places do not add up.
		{"{use: anchor, path: etc/a/**}", []Place{file, anchor}, false},
		{"{use: anchor, source: endpoint}", []Place{anchor, served}, false},
		{"{use: identity, source: endpoint, host: '*.test', container: tls}", []Place{anchor, served}, true},
	}
	for _, tt := range tests {
		s, err := Load([]string{"t.yaml"}, files(map[string]string{"t.yaml": "id: t\nrules: [{id: r, check: expired, severity: low, when: " + tt.when + "}]\n"}))
		if err != nil {
			t.Fatal(err)
		}
		got := s.Evaluate(&Subject{Unit: UnitCertificate, Certificate: goodCert(), Places: tt.places}, time.Time{})[0]
		if (got.Result != NotApplicable) != tt.want {
			t.Errorf("%s on %v: %s", tt.when, tt.places, got.Result)
		}
	}

	s, err := Load([]string{"t.yaml"}, files(map[string]string{"t.yaml": "id: t\nrules: [{id: r, check: hostname-match, severity: low, when: {host: '*.example.test:443'}}]\n"}))
	if err != nil {
		t.Fatal(err)
	}
	e := goodEndpoint()
	if got := s.Evaluate(endpointSubject(e), time.Time{})[0]; got.Result != Pass {
		t.Errorf("endpoint in scope: %s", got.Result)
	}
	e.Endpoint = "www.example.test:8443"
	if got := s.Evaluate(endpointSubject(e), time.Time{})[0]; got.Result != NotApplicable {
		t.Errorf("endpoint out of scope: %s", got.Result)
	}
}

// TestEvaluateContains: whatever a check does, it costs its own result only.
func TestEvaluateContains(t *testing.T) {
	rule := func(id string, eval func(*Subject, time.Time) Verdict) *Rule {
		return &Rule{ID: id, Severity: Medium, Check: &Check{ID: "c", Unit: UnitPlacement}, Test: Test{Eval: eval}}
	}
	s := &Set{Rules: []*Rule{
		rule("a", func(*Subject, time.Time) Verdict { panic(errors.New("boom")) }),
		rule("b", func(s *Subject, _ time.Time) Verdict { return Verdict{Observed: s.Endpoint.Address} }),
		rule("c", func(*Subject, time.Time) Verdict { return Verdict{} }),
		rule("d", func(*Subject, time.Time) Verdict { return Verdict{Result: Waived} }),
		rule("e", func(*Subject, time.Time) Verdict { return Verdict{Result: Fail, Severity: Critical} }),
		rule("f", func(*Subject, time.Time) Verdict { return Verdict{Result: Fail, Severity: Low} }),
		rule("g", func(*Subject, time.Time) Verdict { return Verdict{Result: Fail} }),
		rule("h", func(*Subject, time.Time) Verdict { return Verdict{Result: Pass, Severity: High} }),
	}}
	var got []string
	for _, a := range s.Evaluate(&Subject{Unit: UnitPlacement}, time.Time{}) {
		got = append(got, fmt.Sprintf("%s %s %s %s", a.Rule.ID, a.Result, a.Severity, a.Message))
	}
	want := []string{
		"a error  The check c failed: boom.",
		"b error  The check c failed: runtime error: invalid memory address or nil pointer dereference.",
		"c error  The check c gave no valid result.",
		"d error  The check c gave no valid result.",
		"e fail medium ",
		"f fail low ",
		"g fail medium ",
		"h pass  ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseSeverity(t *testing.T) {
	for _, s := range Severities() {
		if got, err := ParseSeverity(s.String()); got != s || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	if _, err := ParseSeverity(""); err == nil {
		t.Error("the empty severity is one")
	}
	for _, r := range Results() {
		if r.String() == "" || strings.Contains(r.String(), " ") {
			t.Errorf("result %q", r)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	s := loadPack(b, "baseline")
	sub := certSubject(goodCert(), scan.UseIdentity)
	now := instant("2026-06-01 00:00:00")
	var got []Assessment
	b.ReportAllocs()
	for b.Loop() {
		got = s.AppendEvaluate(got[:0], sub, now)
	}
	for _, a := range got {
		if a.Result != Pass && a.Result != NotApplicable {
			b.Fatalf("%s: %s", a.Rule.ID, a.Result)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		loadPack(b, "soc2")
	}
}
