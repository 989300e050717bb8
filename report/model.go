package report

import (
	"context"
	"io"
	"iter"
	"strconv"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// Schema is the major version of report.json.
const Schema = 1

// A Format writes one audit to w. It must not keep the audit's rows in memory,
// and may range over them as often as it needs.
type Format interface {
	Write(ctx context.Context, a *Audit, w io.Writer) error
}

// An Audit is one finished evaluation, as every format sees it.
type Audit struct {
	Run       Run
	Document  Document
	Scope     Scope
	Totals    Totals
	Controls  []Control // by framework and id
	Rules     []Rule    // by id
	Expiry    []Bucket  // identity certificates by time left, soonest first
	Policies  []*policies.Policy
	Reasons   []ReasonCount // what was not assessed, by stage and reason
	Estate    EstateFacts
	Gate      Gate
	Schema    int
	Generator string // name and version of the tool that reports
	Rows
}

// Rows are the parts of an audit that may be larger than memory. Each sequence
// may be ranged over again and yields the same rows in the same order.
type Rows interface {
	// Findings yields failures and waived failures, worst first, then by rule
	// and subject.
	Findings() iter.Seq2[*Finding, error]
	// NotAssessed yields what was in scope and could not be judged, in evidence
	// order: first what the scan could not read, then what rules lacked.
	NotAssessed() iter.Seq2[*NotAssessed, error]
	// Inventory yields one row for each distinct certificate, soonest expiry
	// first; those without dates come last.
	Inventory() iter.Seq2[*InventoryRow, error]
	// Endpoints yields one row for each endpoint that answered, in evidence order.
	Endpoints() iter.Seq2[*EndpointRow, error]
	// Objects yields keys, requests and revocation lists of the kinds named (all
	// where none is), one row for each place, in evidence order.
	Objects(kinds ...string) iter.Seq2[*ObjectRow, error]
}

// A Run says who made the evidence and how it was judged.
type Run struct {
	ID              string     `json:"id"` // derived from evidence, policies and as-of
	Tool            string     `json:"tool"`
	Version         string     `json:"version"` // of the tool that scanned
	BinarySHA256    string     `json:"binary_sha256"`
	Selftest        string     `json:"selftest"`
	AsOf            time.Time  `json:"as_of"`
	CollectedFrom   time.Time  `json:"collected_from"`
	CollectedTo     time.Time  `json:"collected_to"`
	Backdated       bool       `json:"backdated"` // as-of lies before the end of collection
	EvidenceSHA256  string     `json:"evidence_sha256"`
	Evidence        []Evidence `json:"evidence"`
	Complete        bool       `json:"complete"` // no scan was interrupted
	Policies        []Policy   `json:"policies"`
	FailOn          string     `json:"fail_on"`
	Baseline        string     `json:"baseline"`         // accepted old findings; "none" for now
	AllowIncomplete []string   `json:"allow_incomplete"` // stages; "all"; empty when nothing is allowed
	Operator        string     `json:"operator"`
	Host            string     `json:"host"`
	CIURL           string     `json:"ci_url,omitempty"`
}

// Evidence is one evidence file of the audit.
type Evidence struct {
	SHA256        string            `json:"sha256"`
	Started       time.Time         `json:"started"`
	Finished      time.Time         `json:"finished"`
	Complete      bool              `json:"complete"`
	Vantage       string            `json:"vantage"`
	Operator      string            `json:"operator"`
	Host          string            `json:"host"`
	Command       []string          `json:"command"`
	Roots         []scan.Digest     `json:"roots"`
	TargetLists   []scan.Digest     `json:"target_lists"`
	Excludes      []scan.Exclude    `json:"excludes"`
	Options       map[string]string `json:"options"`
	Probes        []string          `json:"probes"`
	Lines         map[string]int    `json:"lines"` // by kind
	UnknownFields int               `json:"unknown_fields"`
	UnknownKinds  int               `json:"unknown_kinds"`
}

// Samples is how many handshakes' chains the scan compared at each endpoint.
func (e *Evidence) Samples() int {
	n, err := strconv.Atoi(e.Options["samples"])
	if err != nil {
		return 1
	}
	return max(1, n)
}

// A Policy identifies one policy that was evaluated.
type Policy struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Origin  string `json:"origin"`
}

// A Document is what the organisation says about its report: cover and headers.
// Empty fields are left out.
type Document struct {
	Title          string `json:"title"`
	Organisation   string `json:"organisation"`
	Classification string `json:"classification"` // "Confidential"
	Status         string `json:"status"`         // "Draft" or "Final"
	Period         string `json:"period"`         // "Q4 2026"
	Reference      string `json:"reference"`
	Supersedes     string `json:"supersedes"`
	PreparedBy     string `json:"prepared_by"`
	ReviewedBy     string `json:"reviewed_by"`
	RetainUntil    string `json:"retain_until"` // YYYY-MM-DD
}

// A Scope reconciles what was asked with what was done. The last five file
// counts add up to Files; the last two endpoint counts add up to
// EndpointsAsked.
type Scope struct {
	Targets                  int       `json:"targets"`
	TargetList               []string  `json:"target_list"`
	Files                    int       `json:"files"`
	FilesRead                int       `json:"files_read"`
	FilesWithoutCertificates int       `json:"files_without_certificates"`
	FilesNotAssessed         int       `json:"files_not_assessed"`
	FilesExcluded            int       `json:"files_excluded"`
	OwnOutput                int       `json:"own_output"`
	EndpointsAsked           int       `json:"endpoints_asked"`
	EndpointsAssessed        int       `json:"endpoints_assessed"`
	EndpointsNotAssessed     int       `json:"endpoints_not_assessed"`
	Placements               int       `json:"placements"`
	DistinctCertificates     int       `json:"distinct_certificates"`
	OtherNotAssessed         int       `json:"other_not_assessed"` // not_assessed records of links, special files, missing targets, parts of files that were read and probes of endpoints that answered
	Vantages                 []Vantage `json:"vantages"`           // the endpoint counts of each evidence file, in the order of run.evidence
	Objects                  Objects   `json:"objects"`
}

// A Vantage counts the endpoints of one evidence file. An endpoint that was
// asked from two vantages counts in both; the counts of all files add up to
// those of the scope.
type Vantage struct {
	Vantage              string `json:"vantage"`
	EvidenceSHA256       string `json:"evidence_sha256"`
	EndpointsAsked       int    `json:"endpoints_asked"`
	EndpointsAssessed    int    `json:"endpoints_assessed"`
	EndpointsNotAssessed int    `json:"endpoints_not_assessed"`
}

// Totals count rule results: each rule gives each unit of its kind exactly one.
type Totals struct {
	ByResult   ByResult   `json:"by_result"`
	BySeverity BySeverity `json:"by_severity"` // unwaived failures
}

// ByResult counts the six results.
type ByResult struct {
	Pass          int `json:"pass"`
	Fail          int `json:"fail"`
	Waived        int `json:"waived"`
	NotApplicable int `json:"not_applicable"`
	NotAssessed   int `json:"not_assessed"`
	Error         int `json:"error"`
}

// BySeverity counts unwaived failures.
type BySeverity struct {
	Critical int `json:"critical"`
	High     int `json:"high"`
	Medium   int `json:"medium"`
	Low      int `json:"low"`
	Info     int `json:"info"`
}

// The statuses of a control. None of them is an opinion.
const (
	ExceptionNoted    = "exception noted"    // a mapped rule failed
	ExceptionAccepted = "exception accepted" // its only failures are waived
	NoException       = "no exception"       // all mapped rules ran on the whole population and none failed
	PartlyAssessed    = "partly assessed"    // none failed, some could not be tested
	NotTested         = "not tested"         // nothing ran
	NoPopulation      = "no population"      // nothing in scope for it
)

// A Control is a framework's clause with what the mapped rules found. Counts
// are of tests: one rule on one unit.
type Control struct {
	Framework   string   `json:"framework"`
	ID          string   `json:"id"`     // FRAMEWORK/CLAUSE
	Clause      string   `json:"clause"` // CC6.1
	Title       string   `json:"title"`
	Status      string   `json:"status"`
	Population  int      `json:"population"`
	Pass        int      `json:"pass"`
	Fail        int      `json:"fail"`
	Waived      int      `json:"waived"`
	NotAssessed int      `json:"not_assessed"`
	Error       int      `json:"error"`
	Rules       []string `json:"rules"`
}

// A Rule is one rule with its counts. Population is pass, fail, waived, not
// assessed and error together; not applicable stands outside it.
type Rule struct {
	ID            string   `json:"id"`
	Title         string   `json:"title"`
	Check         string   `json:"check"`
	Severity      string   `json:"severity"`
	Unit          string   `json:"unit"`
	Requires      string   `json:"requires"` // the test in words
	Basis         string   `json:"basis"`    // the baseline whose number it borrows
	Scope         string   `json:"scope"`    // in words; empty when unlimited
	Controls      []string `json:"controls"`
	Population    int      `json:"population"`
	Pass          int      `json:"pass"`
	Fail          int      `json:"fail"`
	Waived        int      `json:"waived"`
	NotApplicable int      `json:"not_applicable"`
	NotAssessed   int      `json:"not_assessed"`
	Error         int      `json:"error"`
}

// A Location is one place of a finding's certificate.
type Location struct {
	Path      string `json:"path,omitempty"`
	Endpoint  string `json:"endpoint,omitempty"`
	Address   string `json:"address,omitempty"`  // where the scan saw several of the endpoint
	StartTLS  string `json:"starttls,omitempty"` // protocol that the endpoint is upgraded from
	Index     int    `json:"index"`              // in the file, or position in the chain
	Alias     string `json:"alias,omitempty"`
	Line      int    `json:"line,omitempty"`
	Container string `json:"container,omitempty"`
	Use       string `json:"use"`
	Vantage   string `json:"vantage,omitempty"`
}

// A Finding is a failed or waived result of one rule on one unit.
type Finding struct {
	ID          string     `json:"id"`      // "F1-" and 32 hex digits: rule and unit
	Lineage     string     `json:"lineage"` // rule and place: survives renewal
	Rule        string     `json:"rule"`
	Title       string     `json:"title"` // what is the matter
	Severity    string     `json:"severity"`
	Result      string     `json:"result"`                // fail or waived
	Certificate string     `json:"certificate,omitempty"` // SHA-256 of its DER
	Subject     string     `json:"subject,omitempty"`     // of the certificate, RFC 4514
	Serial      string     `json:"serial,omitempty"`
	NotAfter    *time.Time `json:"not_after,omitempty"`
	Endpoint    string     `json:"endpoint,omitempty"` // host:port
	Path        string     `json:"path,omitempty"`     // of the first location in a file
	Locations   []Location `json:"locations"`
	Message     string     `json:"message"`
	Observed    string     `json:"observed"`
	Required    string     `json:"required"`
	Rationale   string     `json:"rationale"`
	Basis       string     `json:"basis,omitempty"`
	Controls    []string   `json:"controls"`
	Remediation string     `json:"remediation"`
	Reperform   string     `json:"reperform"` // a stock command that shows it
	Owner       string     `json:"owner,omitempty"`
	Waiver      string     `json:"waiver,omitempty"`
	ObservedAt  time.Time  `json:"observed_at"`
}

// Asset names the unit for a reader: the endpoint, else the first place.
func (f *Finding) Asset() string {
	if f.Endpoint != "" && len(f.Locations) > 0 && f.Locations[0].Endpoint == f.Endpoint {
		return withAddress(f.Endpoint, f.Locations[0].Address)
	}
	if f.Endpoint != "" {
		return f.Endpoint
	}
	if len(f.Locations) > 0 {
		return f.Locations[0].String()
	}
	return f.Certificate
}

// A NotAssessed is one thing in scope that could not be judged: by the scan
// (Rules is empty) or by the rules named.
type NotAssessed struct {
	Target      string    `json:"target"`
	Path        string    `json:"path,omitempty"`
	Endpoint    string    `json:"endpoint,omitempty"`
	Address     string    `json:"address,omitempty"` // of the endpoint, where the scan asked for each of a name
	Index       int       `json:"index"`             // -1 when the whole is meant
	Object      string    `json:"object,omitempty"`  // its kind, where it is known and no certificate
	Certificate string    `json:"certificate,omitempty"`
	Stage       string    `json:"stage"`
	Reason      string    `json:"reason"`
	Detail      string    `json:"detail,omitempty"`
	Rules       []string  `json:"rules,omitempty"`
	Attempts    int       `json:"attempts,omitempty"`
	Allowed     bool      `json:"allowed"` // not requested, or its stage is accepted by --allow-incomplete
	ObservedAt  time.Time `json:"observed_at"`
}

// Asset names the thing for a reader where it is an endpoint; "" elsewhere.
func (n *NotAssessed) Asset() string { return withAddress(n.Endpoint, n.Address) }

// A ReasonCount counts what was not assessed by stage and reason.
type ReasonCount struct {
	Stage  string `json:"stage"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// An InventoryRow is one distinct certificate. Certificate.DER may be dropped.
type InventoryRow struct {
	Certificate *scan.Certificate
	Uses        []string // distinct, as resolved over the estate
	Placements  int
	First       Location // the first place
	DaysLeft    int      // floor; negative when expired; meaningless unless Certificate.Dated
	Failures    int      // unwaived, of rules on this certificate and its placements
	Worst       string   // severity of the worst of them; "" when there is none
	Revocation  string   // what is known of it, in words with the source; "" when nobody was asked
	Relations
	IssuerVerifies scan.Answer // set by CheckIssuer
	checkIssuer    func() (scan.Answer, error)
}

// CheckIssuer sets IssuerVerifies: whether the key of Relations.Issuer verifies
// the signature; Unasked where there is no issuer, or that cannot be checked.
// It costs as much as all else about a certificate, so that a format asks only
// when it says so.
func (r *InventoryRow) CheckIssuer() (err error) {
	if r.checkIssuer != nil {
		r.IssuerVerifies, err = r.checkIssuer()
	}
	return err
}

// An EndpointRow is one endpoint that answered, as one scan saw it.
type EndpointRow struct {
	Endpoint *scan.Endpoint
	Leaf     *scan.Certificate // nil when none was sent
	DaysLeft int               // of the leaf; meaningless unless Leaf.Dated
	Vantage  string
	Failures int
	Worst    string
	EndpointRelations
	Names func(sha256 string) (string, error) // of certificates that an endpoint sent or a path uses; nil where nobody knows
}

// Name is what a certificate of the chain is called: its common name, or its
// subject; empty where neither is known.
func (r *EndpointRow) Name(sha256 string) (string, error) {
	if r.Names == nil {
		return "", nil
	}
	return r.Names(sha256)
}

// A Bucket of the expiry outlook: identity certificates by whole days left.
type Bucket struct {
	Label    string `json:"label"`      // "expired", "7 d", …, "later"
	UpToDays int    `json:"up_to_days"` // exclusive upper end; -1 for "later" and "no date"
	Count    int    `json:"count"`
}

// EstateFacts are figures for the summary that are not rule results.
type EstateFacts struct {
	IdentityCertificates int       `json:"identity_certificates"` // distinct, use identity or unknown
	ExpireIn30Days       int       `json:"expire_in_30_days"`     // identity certificates, not yet expired
	NextExpiry           time.Time `json:"next_expiry"`           // soonest not_after of an identity certificate that has not expired; zero when there is none
	Unparsed             int       `json:"unparsed"`              // distinct certificates without facts
	FailingCertificates  int       `json:"failing_certificates"`  // distinct certificates with a violation at or above fail_on
	FailingEndpoints     int       `json:"failing_endpoints"`
	Violations           int       `json:"violations"` // unwaived failures at or above fail_on
}

// A Gate is the run's verdict for CI.
type Gate struct {
	ExitStatus int    `json:"exit_status"`
	Headline   string `json:"headline"` // the result in plain words
	Incomplete bool   `json:"incomplete"`
	Note       string `json:"note"` // stands on every page that states a result: interrupted, incompleteness allowed, backdated; "" when there is nothing to say
}

// Severity words, results and frameworks as reports print them come from
// package policies: policies.Severity.String and friends.
