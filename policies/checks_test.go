package policies

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
)

// TestChecksAreFiles: a check is one file and one line in Checks.
func TestChecksAreFiles(t *testing.T) {
	names, err := filepath.Glob("check_*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, n := range names {
		if id, test := strings.CutSuffix(n, "_test.go"); test {
			if !slices.Contains(names, id+".go") {
				t.Errorf("%s tests no check", n)
			}
			continue
		}
		if !slices.Contains(names, strings.TrimSuffix(n, ".go")+"_test.go") {
			t.Errorf("%s has no test", n)
		}
		files = append(files, strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(n, "check_"), ".go"), "_", "-"))
	}
	slices.Sort(files)
	var ids []string
	for _, c := range Checks() {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff(files, ids); diff != "" {
		t.Errorf("Checks() and the files check_*.go, sorted (-files +Checks):\n%s", diff)
	}
}

// TestChecksAreWhole: documentation is there, defaults can be read, and what is
// needed are facts.
func TestChecksAreWhole(t *testing.T) {
	for _, c := range Checks() {
		t.Run(c.ID, func(t *testing.T) {
			for what, text := range map[string]string{"Why": c.Why, "Remedy": c.Remedy} {
				if !strings.HasSuffix(text, ".") || len(text) < 40 {
					t.Errorf("%s is no sentence: %q", what, text)
				}
			}
			if c.Title == "" || strings.HasSuffix(c.Title, ".") {
				t.Errorf("title %q", c.Title)
			}
			checkParams(t, c.Params)
			yaml := "id: a\nrules: [{id: r, severity: low, check: " + c.ID
			switch c.ID { // the checks that have no defaults
			case "tls-version":
				yaml += ", params: {min: TLS 1.2}"
			case "resumption":
				yaml += ", params: {tickets: barred}"
			}
			s, err := Load([]string{"a.yaml"}, files(map[string]string{"a.yaml": yaml + "}]\n"}))
			if err != nil {
				t.Fatal(err)
			}
			test := s.Rules[0].Test
			if test.Requires == "" || len(test.Needs) == 0 {
				t.Errorf("test requires %q, needs %v", test.Requires, test.Needs)
			}
			for _, n := range test.Needs {
				i := factIndex(n)
				if i < 0 {
					t.Errorf("needs %q, which is no fact", n)
				} else if facts[i].Unit == UnitEndpoint && c.Unit != UnitEndpoint {
					t.Errorf("needs %q, which a %s does not have", n, c.Unit)
				}
			}
		})
	}
}

func checkParams(t *testing.T, params []Param) {
	for i := range params {
		p := &params[i]
		if p.Name == "" || p.Doc == "" || p.Type == "" {
			t.Errorf("parameter %+v", p)
		}
		if p.Default != "" {
			defaultValue(p) // panics where it cannot be read
		}
		if (p.Type == Records) != (len(p.Fields) > 0) {
			t.Errorf("parameter %s: type %s with %d fields", p.Name, p.Type, len(p.Fields))
		}
		if p.Type == Integer && p.Min > p.Max {
			t.Errorf("parameter %s: no number from %d to %d", p.Name, p.Min, p.Max)
		}
		checkParams(t, p.Fields)
	}
}

func TestFacts(t *testing.T) {
	if len(facts) > 64 {
		t.Fatalf("%d facts do not fit a factSet", len(facts))
	}
	seen := make(map[string]bool)
	full := &Subject{Certificate: goodCert(), Endpoint: goodEndpoint()}
	full.Endpoint.DHBits = 2048
	refused := &Subject{Certificate: &scan.Certificate{SHA256: "ab"}, Endpoint: &scan.Endpoint{}}
	for _, f := range Facts() {
		if seen[f.Name] {
			t.Errorf("fact %s is there twice", f.Name)
		}
		seen[f.Name] = true
		if !has(full, f.Name) {
			t.Errorf("%s is not there", f.Name)
		}
		if got, want := has(refused, f.Name), f.Name == "sha256"; got != want {
			t.Errorf("%s of a refused certificate or an empty endpoint: %v", f.Name, got)
		}
		if has(&Subject{}, f.Name) {
			t.Errorf("%s of nothing", f.Name)
		}
	}
	// The whole probe that found nothing is an answer, one that was cut short is none.
	for _, f := range Facts() {
		whole := &Subject{Endpoint: &scan.Endpoint{Probed: scan.FullDepth()}}
		cut := &Subject{Endpoint: &scan.Endpoint{Incomplete: scan.FullDepth()}}
		if got, want := has(whole, f.Name), f.Probed && f.Name != "versions"; got != want || has(cut, f.Name) {
			t.Errorf("%s after a probe that found nothing: %v, and when cut short: %v", f.Name, got, has(cut, f.Name))
		}
	}
	if has(full, "no_such_fact") {
		t.Error("an unknown fact is there")
	}
}

// instant reads a time of a test table.
func instant(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", s)
	if err != nil {
		panic(err)
	}
	return t
}

// instantOrZero gives no time for no text.
func instantOrZero(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	return instant(s)
}

// goodCert passes every rule of the baseline at 2026-06-01.
func goodCert() *scan.Certificate {
	return &scan.Certificate{
		SHA256: strings.Repeat("ab", 32), Parsed: true, Subject: "CN=www.example.test", Issuer: "CN=CA", Serial: "1",
		NotBefore: instant("2026-01-01 00:00:00"), NotAfter: instant("2026-12-31 23:59:59"),
		KeyAlgorithm: "ECDSA", KeyBits: 256, KeyCurve: "P-256", SPKISHA256: strings.Repeat("cd", 32),
		SignatureAlgorithm: "ECDSA-SHA256", SelfSigned: scan.No, DNSNames: []string{"www.example.test"},
		OCSPURLs: []string{"http://ocsp.example.test"}, SCTCount: 2,
	}
}

// goodEndpoint passes every rule of the baseline and of tls-deep.
func goodEndpoint() *scan.Endpoint {
	none := 0
	return &scan.Endpoint{
		Endpoint: "www.example.test:443", Address: "192.0.2.1", Port: 443, ServerName: "www.example.test",
		TLSVersion: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256", KeyExchange: "X25519",
		Chain: []string{"leaf", "ca"}, Paths: [][]string{{"leaf", "ca", "root"}}, HostnameMatch: scan.Yes, ClientCert: scan.No,
		Versions: []string{"TLS 1.2", "TLS 1.3"}, VersionsRefused: []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"},
		ObservedAt:  instant("2026-06-01 00:00:00"),
		OCSPStapled: scan.Yes, OCSPStatus: "good", OCSPVerified: scan.Yes, OCSPProducedAt: instant("2026-05-31 00:00:00"),
		OCSPThisUpdate: instant("2026-05-31 00:00:00"), OCSPNextUpdate: instant("2026-06-07 00:00:00"), SCTs: &none,
		Probed: scan.FullDepth(),
		CipherSuites: map[string][]string{
			"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
			"TLS 1.3": {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"},
		},
		SuiteOrder:   map[string]string{"TLS 1.2": "server", "TLS 1.3": "server"},
		KeyExchanges: []string{"X25519MLKEM768", "X25519", "P-256"}, KeyExchangesRefused: []string{"P-192", "P-224", "ffdhe2048", "SecP256r1MLKEM768"},
		SignatureSchemes: []string{"ecdsa_secp256r1_sha256"}, ALPNProtocols: []string{"h2", "http/1.1"},
		Compression: scan.No, SecureRenegotiation: scan.Yes, ExtendedMaster: scan.Yes, FallbackSCSV: scan.Yes, Heartbeat: scan.No,
		ResumptionTicket: scan.Yes, ResumptionID: scan.No, ResumptionPSK: scan.Yes,
		HTTPStatus: 200, HSTS: scan.Yes, HSTSHeader: "max-age=63072000; includeSubDomains",
	}
}

// estate is an Estate from memory.
type estate map[string][2]time.Time

func (e estate) Validity(id string) (notBefore, notAfter time.Time, ok bool) {
	v, ok := e[id]
	return v[0], v[1], ok
}

func (estate) Revocations(string) []scan.Revocation { return nil }

// oneRule loads one rule: params in YAML flow form, or "".
func oneRule(t *testing.T, check, params string) *Set {
	t.Helper()
	yaml := "id: t\nrules:\n  - id: r\n    severity: critical\n    check: " + check + "\n"
	if params != "" {
		yaml += "    params: " + params + "\n"
	}
	s, err := Load([]string{"t.yaml"}, files(map[string]string{"t.yaml": yaml}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judge gives the one assessment of a rule.
func judge(t *testing.T, check, params string, s *Subject, asOf time.Time) Assessment {
	t.Helper()
	got := oneRule(t, check, params).Evaluate(s, asOf)
	if len(got) != 1 {
		t.Fatalf("%d assessments", len(got))
	}
	a := got[0]
	if a.Result == Fail && (a.Observed == "" || a.Required == "" || !strings.HasSuffix(a.Message, ".")) {
		t.Errorf("a failure has to say all: %+v", a.Verdict)
	}
	if (a.Result == Fail) != (a.Severity != 0) || (a.Result == NotAssessed) != (a.Missing != "") {
		t.Errorf("result %s with severity %s and missing %q", a.Result, a.Severity, a.Missing)
	}
	return a
}

func certSubject(c *scan.Certificate, uses ...scan.Use) *Subject {
	s := &Subject{Unit: UnitCertificate, Certificate: c}
	for _, u := range uses {
		s.Places = append(s.Places, Place{Use: u, Path: "a.pem", Container: "pem"})
	}
	return s
}

func endpointSubject(e *scan.Endpoint) *Subject {
	return &Subject{Unit: UnitEndpoint, Endpoint: e, Certificate: goodCert(),
		Places: []Place{{Use: scan.UseIdentity, Endpoint: e.Endpoint, Container: "tls"}}}
}

// want compares the parts of an assessment that a table names.
func want(t *testing.T, a Assessment, result Result, message string) {
	t.Helper()
	if a.Result != result || a.Message != message {
		t.Errorf("%s %q\nwant %s %q", a.Result, a.Message, result, message)
	}
}
