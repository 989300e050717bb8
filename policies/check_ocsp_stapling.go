package policies

import (
	"cmp"
	"fmt"
	"time"

	"certaudit/scan"
)

func ocspStapling() *Check {
	return &Check{
		ID:      "ocsp-stapling",
		Title:   "Stapled OCSP response is there and good",
		Failure: "Stapled OCSP response is missing or not good",
		Why:     "A stapled response spares clients the question to the authority, which most of them do not ask or shrug off when it fails. A certificate that promises one (must-staple, RFC 7633) is refused without it, and whoever was revoked and still serves must be noticed.",
		Remedy:  "Enable OCSP stapling on the server, see that it reaches the responder of the authority, and that the response is renewed before it runs out. Replace a certificate that was revoked at once.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "require", Type: Text, Default: stapleMust, OneOf: []string{stapleMust, stapleResponder, stapleAlways},
				Doc: "who has to staple: must-staple (certificates that promise it, RFC 7633), responder (certificates that name an OCSP responder) or always. Elsewhere a response counts only where it is verified and says revoked"},
			{Name: "max_age_days", Type: Integer, Default: "10", Min: 1, Max: 366,
				Doc: "greatest age of the response at the as-of time, by its this_update; 10 days is what public authorities may let one be valid for (CA/Browser Forum TLS BR section 4.9.9)"},
			{Name: "other_faults", Type: Text, Default: Medium.String(), OneOf: severityNamesOnly(),
				Doc: "severity of every fault but a verified revocation, which has the rule's own; never above that"},
		},
		New: newOCSPStapling,
	}
}

// The values of require.
const (
	stapleMust      = "must-staple"
	stapleResponder = "responder"
	stapleAlways    = "always"
)

type stapleTest struct {
	require  string
	maxAge   int      // days
	others   Severity // of every fault but a verified revocation
	required string
}

func newOCSPStapling(p Values) (Test, error) {
	t := &stapleTest{require: p.Text("require"), maxAge: p.Integer("max_age_days")}
	var err error
	if t.others, err = ParseSeverity(p.Text("other_faults")); err != nil {
		return Test{}, paramErrorf("other_faults", "%v", err)
	}
	test := Test{Eval: t.eval}
	who := ""
	switch t.require {
	case stapleMust:
		test.Needs, who = []string{"chain", "must_staple"}, " where the certificate promises one"
	case stapleResponder:
		test.Needs, who = []string{"chain", "ocsp_urls"}, " where the certificate names a responder"
	default:
		test.Needs = []string{"ocsp_stapled"}
	}
	t.required = fmt.Sprintf("a stapled OCSP response%s, verified, good, in its time and at most %s old", who, count(int64(t.maxAge), "day"))
	test.Requires = t.required
	return test, nil
}

// asked is true where the certificate has to be stapled to. Its facts are
// there: the test needs them.
func (t *stapleTest) asked(leaf *scan.Certificate) bool {
	switch t.require {
	case stapleMust:
		return leaf.MustStaple
	case stapleResponder:
		return len(leaf.OCSPURLs) > 0
	}
	return true
}

func (t *stapleTest) fail(observed, message string) Verdict {
	return Verdict{Result: Fail, Severity: t.others, Observed: observed, Required: t.required, Message: message}
}

func (t *stapleTest) eval(s *Subject, asOf time.Time) Verdict {
	e := s.Endpoint
	switch {
	case e.OCSPStapled == scan.Yes && e.OCSPVerified == scan.Yes && e.OCSPStatus == "revoked":
		return Verdict{Result: Fail, Observed: "stapled response: revoked", Required: t.required,
			Message: "The endpoint staples a verified OCSP response which says that its own certificate is revoked."}
	case !t.asked(s.Certificate):
		return Verdict{Result: NotApplicable, Message: "The certificate does not ask for a stapled response."}
	case e.OCSPStapled == scan.Unasked:
		return Verdict{Result: NotAssessed, Message: "Whether the endpoint staples an OCSP response is not known."}
	case e.OCSPStapled == scan.No:
		return t.fail("no stapled response", "The endpoint does not staple an OCSP response.")
	case e.OCSPVerified == scan.Unasked:
		return Verdict{Result: NotAssessed, Message: "What the stapled OCSP response says is not known" + because(e.OCSPError) + "."}
	case e.OCSPVerified == scan.No:
		return t.fail("stapled response not verified"+because(e.OCSPError), "The endpoint staples an OCSP response that does not verify"+because(e.OCSPError)+".")
	case e.OCSPStatus != "good":
		return t.fail("stapled response: "+cmp.Or(e.OCSPStatus, "no status"), "The endpoint staples an OCSP response whose status is not good ("+cmp.Or(e.OCSPStatus, "none")+").")
	}
	return t.evalTimes(e, asOf)
}

func because(code string) string {
	if code == "" {
		return ""
	}
	return " (" + code + ")"
}

// evalTimes: a response of after the as-of time is in its time when the
// endpoint was seen after it, too.
func (t *stapleTest) evalTimes(e *scan.Endpoint, asOf time.Time) Verdict {
	age := int64(asOf.Sub(e.OCSPThisUpdate) / time.Second)
	seen := asOf
	if e.ObservedAt.After(seen) {
		seen = e.ObservedAt
	}
	switch {
	case e.OCSPThisUpdate.IsZero():
		return Verdict{Result: NotAssessed, Message: "The stapled OCSP response does not say of when it is."}
	case e.OCSPThisUpdate.After(seen):
		return t.fail("stapled response of "+utc(e.OCSPThisUpdate), "The stapled OCSP response is of "+utc(e.OCSPThisUpdate)+", which was still to come.")
	case !e.OCSPNextUpdate.IsZero() && asOf.After(e.OCSPNextUpdate):
		return t.fail("stapled response ran out on "+utc(e.OCSPNextUpdate), "The stapled OCSP response ran out on "+utc(e.OCSPNextUpdate)+".")
	case age > int64(t.maxAge)*day:
		return t.fail("stapled response "+distance(age)+" old", "The stapled OCSP response is of "+utc(e.OCSPThisUpdate)+
			", "+distance(age)+" before the as-of time, where the policy allows "+count(int64(t.maxAge), "day")+".")
	}
	return pass
}
