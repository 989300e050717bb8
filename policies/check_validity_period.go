package policies

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// validityPeriod defaults to the caps of the CA/Browser Forum's TLS Baseline
// Requirements 6.3.2, which apply to publicly trusted certificates.
func validityPeriod() *Check {
	return &Check{
		ID:      "validity-period",
		Title:   "Certificate is not valid for too long",
		Failure: "Certificate is valid for too long",
		Why:     "A long-lived certificate keeps names, keys and algorithms in use for years after they should have changed, and a stolen key stays useful as long. Clients refuse public certificates that exceed the limit of their day of issue.",
		Remedy:  "Have the certificate issued again with a shorter validity, and let renewal run by itself so that the shorter period costs no work.",
		Unit:    UnitCertificate,
		Params: []Param{
			{Name: "caps", Type: Records,
				Default: "[{from: 2018-03-01, days: 825}, {from: 2020-09-01, days: 398}, {from: 2026-03-15, days: 200}, {from: 2027-03-15, days: 100}, {from: 2029-03-15, days: 47}]",
				Fields: []Param{
					{Name: "from", Type: Text, accepts: func(s string) error { _, err := parseDate(s); return err }, Doc: "first day of issue (not_before, UTC) that the cap applies to"},
					{Name: "days", Type: Integer, Min: 1, Max: 36525, Doc: "longest validity in days; the remainder of a day counts as a day"},
				},
				Doc: "caps by day of issue; a certificate from before the first is not judged"},
			{Name: "days", Type: Integer, Min: 1, Max: 36525, Doc: "one cap for every certificate, whenever issued, in place of caps"},
		},
		New: newValidityPeriod,
	}
}

func parseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, errors.New("write a date as 2006-01-02")
	}
	return t, nil
}

type lifetimeCap struct {
	from time.Time // zero: always
	days int64
}

func newValidityPeriod(p Values) (Test, error) {
	caps, err := lifetimeCaps(p)
	if err != nil {
		return Test{}, err
	}
	var words []string
	for _, c := range caps {
		w := "at most " + count(c.days, "day")
		if !c.from.IsZero() {
			w += " if issued from " + c.from.Format(time.DateOnly)
		}
		words = append(words, w)
	}
	return Test{
		Needs:    []string{"not_after", "not_before"},
		Requires: "valid for " + strings.Join(words, ", "),
		Eval: func(s *Subject, _ time.Time) Verdict {
			return evalValidityPeriod(s, caps)
		},
	}, nil
}

// lifetimeCaps gives the caps in order of their date.
func lifetimeCaps(p Values) ([]lifetimeCap, error) {
	if p.Given("days") {
		if p.Given("caps") {
			return nil, paramErrorf("days", "name either days or caps, not both")
		}
		return []lifetimeCap{{days: int64(p.Integer("days"))}}, nil
	}
	var caps []lifetimeCap
	for _, r := range p.Records("caps") {
		from, err := parseDate(r.Text("from"))
		if err != nil {
			return nil, paramErrorf("caps", "from: %v", err)
		}
		if slices.ContainsFunc(caps, func(other lifetimeCap) bool { return other.from.Equal(from) }) {
			return nil, paramErrorf("caps", "two caps apply from %s", from.Format(time.DateOnly))
		}
		caps = append(caps, lifetimeCap{from, int64(r.Integer("days"))})
	}
	if len(caps) == 0 {
		return nil, paramErrorf("caps", "name at least one cap, or days")
	}
	slices.SortFunc(caps, func(a, b lifetimeCap) int { return a.from.Compare(b.from) })
	return caps, nil
}

// evalValidityPeriod follows not_before, never the as-of: a dated cap binds
// what is issued from its day on.
func evalValidityPeriod(s *Subject, caps []lifetimeCap) Verdict {
	c := s.Certificate
	i := len(caps) - 1
	for i >= 0 && c.NotBefore.Before(caps[i].from) {
		i--
	}
	if i < 0 {
		return Verdict{Result: NotApplicable}
	}
	most, seconds := caps[i].days, lifetimeOf(c)
	if seconds <= most*day {
		return pass
	}
	days := (seconds + day - 1) / day
	v := Verdict{
		Result:   Fail,
		Observed: fmt.Sprintf("valid for %s, issued %s", count(days, "day"), utc(c.NotBefore)),
		Required: "valid for at most " + count(most, "day"),
		Message: fmt.Sprintf("The certificate is valid from %s to %s, which is %s (begun days count); the policy allows %d",
			utc(c.NotBefore), utc(c.NotAfter), count(days, "day"), most),
	}
	if !caps[i].from.IsZero() {
		v.Required += " if issued from " + caps[i].from.Format(time.DateOnly)
		v.Message += " for certificates issued from " + caps[i].from.Format(time.DateOnly)
	}
	v.Message += "."
	return v
}
