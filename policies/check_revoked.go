package policies

import (
	"fmt"
	"time"

	"certaudit/scan"
)

func revoked() *Check {
	return &Check{
		ID:      "revoked",
		Title:   "Certificate is not revoked",
		Failure: "Certificate is revoked",
		Why:     "An authority revokes a certificate when its key may be in other hands or its holder has no right to it any more. Clients that check refuse it; the others talk to whoever has the key.",
		Remedy:  "Take the certificate out of use everywhere and replace it, with a new key unless the reason of the revocation rules out that the old one is known to others.",
		Unit:    UnitCertificate,
		Params: []Param{
			{Name: "sources", Type: Text, Default: "any", OneOf: []string{"any", "ocsp", "crl"},
				Doc: "whose word it takes that a certificate is good; a revocation counts whoever says so"},
			{Name: "max_age_days", Type: Integer, Min: 1, Max: 366,
				Doc: "oldest good answer that counts, from its this_update to the as-of time; one that does not say when newer information is due counts for 7 days where this is not given"},
		},
		New: newRevoked,
	}
}

// undatedDays is how long an answer counts that does not say when it ends.
const undatedDays = 7

// clockSkew is by how much a responder's clock may be ahead.
const clockSkew = 5 * time.Minute

// A revocationTest holds the parameters of revoked.
type revocationTest struct {
	sources string
	maxAge  time.Duration // 0 sets none
}

func newRevoked(p Values) (Test, error) {
	t := revocationTest{sources: p.Text("sources")}
	who := "the issuer, by OCSP or a revocation list,"
	switch t.sources {
	case "ocsp":
		who = "the issuer, by OCSP,"
	case "crl":
		who = "the issuer, by a revocation list,"
	}
	words := who + " says with an authenticated answer, current at the as-of time, that it is not revoked"
	if p.Given("max_age_days") {
		days := int64(p.Integer("max_age_days"))
		t.maxAge = time.Duration(days) * 24 * time.Hour
		words += ", and at most " + count(days, "day") + " old"
	}
	return Test{
		Needs:    []string{"serial", "issuer"},
		Probes:   []Probe{{Name: scan.ProbeRevocation}},
		Requires: words,
		Eval:     t.eval,
	}, nil
}

// eval looks for a revocation first, which any authenticated source can prove,
// also one that is old: a revocation is never taken back, but for a hold.
func (t *revocationTest) eval(s *Subject, asOf time.Time) Verdict {
	c := s.Certificate
	var said []scan.Revocation
	if s.Estate != nil {
		said = s.Estate.Revocations(c.SHA256)
	}
	if r := RevokedBy(said, asOf); r != nil {
		return t.failure(r)
	}
	switch {
	case c.SelfIssued: // nobody above it can revoke it
		return Verdict{Result: NotApplicable}
	case !c.NotAfter.IsZero() && asOf.After(c.NotAfter): // issuers forget what has expired (RFC 5280 section 3.3), which is another rule
		return Verdict{Result: NotApplicable}
	case scan.NoRevocation(c.DER):
		return Verdict{Result: NotApplicable}
	}
	why := ""
	for i := range said {
		problem := t.doubt(&said[i], asOf)
		if problem == "" {
			return pass
		}
		if why == "" || said[i].Verified == scan.Yes {
			why = problem
		}
	}
	if why == "" {
		why = unasked(c)
	}
	return Verdict{Result: NotAssessed, Message: why}
}

// RevokedBy gives the first answer that proves a certificate revoked at the
// as-of time, nil where there is none. A hold is over once the issuer says
// later that the certificate is good.
func RevokedBy(said []scan.Revocation, asOf time.Time) *scan.Revocation {
	for i := range said {
		r := &said[i]
		if r.Verified != scan.Yes || r.Status != "revoked" || r.RevokedAt.After(asOf) {
			continue
		}
		if r.Reason == "certificateHold" && released(said, r.ThisUpdate) {
			continue
		}
		return r
	}
	return nil
}

// released tells whether a later answer takes a hold back.
func released(said []scan.Revocation, held time.Time) bool {
	for i := range said {
		if r := &said[i]; r.Verified == scan.Yes && r.Status == "good" && r.ThisUpdate.After(held) {
			return true
		}
	}
	return false
}

func (t *revocationTest) failure(r *scan.Revocation) Verdict {
	when := "at a time that the answer does not have"
	if !r.RevokedAt.IsZero() {
		when = "on " + utc(r.RevokedAt)
	}
	reason := ""
	if r.Reason != "" {
		reason = " (" + r.Reason + ")"
	}
	return Verdict{
		Result:   Fail,
		Observed: fmt.Sprintf("revoked %s%s, by %s %s of %s", when, reason, r.Method, r.Source, utc(r.ThisUpdate)),
		Required: "not revoked",
		Message:  fmt.Sprintf("The issuer revoked the certificate %s%s.", when, reason),
	}
}

// doubt says why an answer does not show that the certificate is good; empty
// where it does.
func (t *revocationTest) doubt(r *scan.Revocation, asOf time.Time) string {
	from := r.Method + " " + r.Source
	switch {
	case t.sources != "any" && t.sources != r.Method:
		return "The policy does not take the word of " + from + "."
	case r.Verified != scan.Yes && r.Status == "" && r.SHA256 == "":
		return fmt.Sprintf("Nothing was obtained from %s: %s.", from, r.Error)
	case r.Verified != scan.Yes:
		return fmt.Sprintf("What %s says does not count: %s.", from, r.Error)
	case r.Status == "revoked" && r.RevokedAt.After(asOf): // until then it was good
		return ""
	case r.Status == "revoked":
		return fmt.Sprintf("The answer of %s is that the certificate was on hold, which another answer takes back.", from)
	case r.Status != "good":
		return fmt.Sprintf("The answer of %s is that the certificate's status is unknown.", from)
	case r.ThisUpdate.After(r.ObservedAt.Add(clockSkew)):
		return fmt.Sprintf("The answer of %s is dated %s, after it was given.", from, utc(r.ThisUpdate))
	}
	if end := t.until(r); asOf.After(end) {
		return fmt.Sprintf("The answer of %s is stale: it was current until %s.", from, utc(end))
	}
	return ""
}

// until is the last instant at which an answer is current.
func (t *revocationTest) until(r *scan.Revocation) time.Time {
	end := r.NextUpdate
	age := t.maxAge
	if end.IsZero() && age == 0 {
		age = undatedDays * 24 * time.Hour
	}
	if oldest := r.ThisUpdate.Add(age); age != 0 && (end.IsZero() || oldest.Before(end)) {
		end = oldest
	}
	return end
}

// unasked says why the evidence has no answer at all.
func unasked(c *scan.Certificate) string {
	if len(c.OCSPURLs)+len(c.CRLURLs) == 0 {
		return "The certificate names neither an OCSP responder nor a revocation list, and no list of its issuer was given."
	}
	return "The evidence has no answer about the certificate's revocation."
}
