package policies

import (
	"time"

	"certaudit/scan"
)

// A Severity says how much a failure matters.
type Severity uint8

// The severities, least first.
const (
	Info Severity = iota + 1
	Low
	Medium
	High
	Critical
)

// Severities lists every severity, worst first.
func Severities() []Severity { return []Severity{Critical, High, Medium, Low, Info} }

// A Result is what one rule says of one unit.
type Result uint8

// The six results.
const (
	Pass Result = iota + 1
	Fail
	Waived
	NotApplicable
	NotAssessed
	Error
)

// Results lists every result, in the order that reports print them.
func Results() []Result { return []Result{Pass, Fail, Waived, NotApplicable, NotAssessed, Error} }

// A Unit names what a check decides about; it is the unit of a rule's counts.
type Unit string

// The units.
const (
	UnitCertificate Unit = "certificate" // one distinct certificate, wherever it is
	UnitPlacement   Unit = "placement"   // one certificate in one place
	UnitEndpoint    Unit = "endpoint"    // one endpoint that answered
)

// A Place is where a certificate was found; scope is decided on it, never on
// what the certificate says of itself.
type Place struct {
	Use       scan.Use // as resolved over the whole estate
	Path      string   // of a file, or
	Endpoint  string   // host:port
	Container string
}

// A Subject is one unit together with the facts that its checks may use.
type Subject struct {
	Unit        Unit
	Certificate *scan.Certificate // units certificate and placement; for an endpoint its leaf, nil when no certificate was sent
	Endpoint    *scan.Endpoint    // unit endpoint
	Places      []Place           // every distinct place of the unit
	Estate      Estate            // what other records say
	Probes      []string          // that the scan was asked for; see [Probe.String]
}

// Estate answers questions about certificates elsewhere in the evidence.
type Estate interface {
	// Validity gives the dates of a certificate; ok is false where it is not in
	// the evidence or could not be parsed.
	Validity(sha256 string) (notBefore, notAfter time.Time, ok bool)
	// Revocations lists what was said of a certificate's revocation, in evidence
	// order; a response that an endpoint stapled is among it.
	Revocations(sha256 string) []scan.Revocation
}

// A Verdict is what a check says of a unit whose facts are present.
type Verdict struct {
	Result   Result   // Pass, Fail, NotApplicable or NotAssessed
	Severity Severity // of a failure, where the check grades it; 0 takes the rule's. Never above the rule's
	Observed string   // what was found, in a few words with units: "RSA 1024 bits"
	Required string   // what the rule asks: "RSA at least 2048 bits"
	Message  string   // the failure in one sentence; for NotAssessed, why
}

// An Assessment is one rule's result for one unit.
type Assessment struct {
	Rule *Rule
	Verdict
	Missing scan.Reason // for NotAssessed: not_requested or not_obtained
}

// A Check decides one thing about one unit. Thresholds stay in YAML.
type Check struct {
	ID      string
	Title   string // what holds when it passes: "Public key is large enough"
	Failure string // what is the matter when it fails: "Public key is too small"
	Why     string // the risk when it does not, in a sentence or two for an auditor
	Remedy  string // what to do, unless the rule says better
	Unit    Unit
	Params  []Param
	// New compiles the parameters; an error names the parameter.
	New func(p Values) (Test, error)
}

// A Test is a check with its parameters.
type Test struct {
	Needs  []string // facts, by their evidence field name; see [Facts]
	Probes []Probe  // further hellos that the scan must send for these facts
	Eval   func(s *Subject, asOf time.Time) Verdict
	// Requires states the test in words for reports: "RSA at least 2048 bits, …".
	Requires string
}

// A Probe asks the scan for more than a plain handshake shows.
type Probe struct {
	MaxVersion string // a hello capped at this version: "TLS 1.1"; or
	Name       string // one of the Probe constants of package scan
}

// A Scope limits a rule to places. Empty fields do not limit. A certificate is
// in scope when at least one of its places is.
type Scope struct {
	Use       []scan.Use
	Path      []string // globs on the path as reported
	Host      []string // globs on host:port
	Source    []string // file, endpoint
	Container []string
}

// A Rule is a check with parameters, scope, severity and control mapping.
type Rule struct {
	ID          string // policy/rule of the policy that defines it
	Policy      string
	Title       string
	Check       *Check
	Severity    Severity
	Params      Values
	When        Scope
	Controls    []string // FRAMEWORK/ID, sorted; those of every policy that maps it
	Basis       string   // the baseline whose number it borrows: "NIST SP 800-52r2 section 3.1"
	Rationale   string   // impact of a failure; the check's Why unless the rule says better
	Remediation string   // the check's Remedy unless the rule says better
	Test        Test
	Line        int // in the policy's file
}

// A Policy is one loaded YAML file.
type Policy struct {
	ID          string
	Title       string
	Version     string
	Description string
	Extends     []string
	Source      []byte // verbatim
	SHA256      string // of Source
	Origin      string // path, or "built in"
}

// A Control is a clause of a framework that rules are mapped to.
type Control struct {
	ID        string // FRAMEWORK/ID
	Framework string // SOC2
	Clause    string // CC6.1
	Title     string
}

// A Set is what one run evaluates: the policies asked for, those that they
// extend, and their rules, each once.
type Set struct {
	Policies []*Policy // in load order, extended ones first
	Rules    []*Rule   // by ID
	Controls []Control // by ID; those that some rule is mapped to

	plan *plan // what Evaluate needs of Rules, worked out once
}
