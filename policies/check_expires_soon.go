package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"certaudit/scan"
)

func expiresSoon() *Check {
	return &Check{
		ID:      "expires-soon",
		Title:   "Certificate is renewed in good time",
		Failure: "Certificate expires soon",
		Why:     "Renewal takes approvals, issuance and roll-out. A certificate that is left until its last days expires when one of them is late, and every service that relies on it fails at once.",
		Remedy:  "Renew the certificate now, install it wherever this one is in use, and let renewal start earlier or run by itself.",
		Unit:    UnitCertificate,
		Params: []Param{
			{Name: "bands", Type: Records, Default: "[{days: 90, severity: low}, {days: 60, severity: medium}, {days: 30, severity: high}]",
				Fields: []Param{
					{Name: "days", Type: Integer, Min: 1, Max: 3650, Doc: "the band begins at exactly this many days left"},
					{Name: "severity", Type: Text, OneOf: severityNamesOnly(), Doc: "of a failure in this band, at most the rule's"},
				},
				Doc: "how a failure is graded; the worst band that applies counts"},
			{Name: "lifetime_fraction", Type: Text, accepts: func(s string) error { _, err := parseFraction(s); return err },
				Doc: `greatest width of a band as a fraction of the certificate's lifetime, such as "1/3"; where not given 1/3, and 1/2 for lifetimes below ten days`},
		},
		New: newExpiresSoon,
	}
}

func severityNamesOnly() []string {
	var out []string
	for _, s := range Severities() {
		out = append(out, s.String())
	}
	return out
}

// A fraction is exact; its terms are from 1 to 1000, so that no product with a
// lifetime in seconds overflows.
type fraction struct{ num, den int64 }

func parseFraction(s string) (fraction, error) {
	a, b, ok := strings.Cut(s, "/")
	num, err1 := strconv.ParseUint(a, 10, 16)
	den, err2 := strconv.ParseUint(b, 10, 16)
	if !ok || err1 != nil || err2 != nil || num < 1 || den < 1 || num > den || den > 1000 {
		return fraction{}, errors.New(`write a fraction of at most 1 with terms from 1 to 1000, such as "1/3"`)
	}
	return fraction{int64(num), int64(den)}, nil
}

func (f fraction) String() string { return fmt.Sprintf("%d/%d", f.num, f.den) }

type band struct {
	days     int64
	severity Severity
}

// shortLifetime is the lifetime below which a band may be half of it.
const shortLifetime = 10 * day

// An expiryTest holds the parameters of expires-soon.
type expiryTest struct {
	bands       []band // worst first, then widest
	usual, less fraction
}

func newExpiresSoon(p Values) (Test, error) {
	t := expiryTest{usual: fraction{1, 3}, less: fraction{1, 2}}
	if p.Given("lifetime_fraction") {
		f, err := parseFraction(p.Text("lifetime_fraction"))
		if err != nil {
			return Test{}, paramErrorf("lifetime_fraction", "%v", err)
		}
		t.usual, t.less = f, f
	}
	var words []string
	for _, r := range p.Records("bands") {
		severity, err := ParseSeverity(r.Text("severity"))
		if err != nil {
			return Test{}, paramErrorf("bands", "%v", err)
		}
		b := band{int64(r.Integer("days")), severity}
		if slices.ContainsFunc(t.bands, func(other band) bool { return other.days == b.days }) {
			return Test{}, paramErrorf("bands", "two bands begin at %s", count(b.days, "day"))
		}
		t.bands = append(t.bands, b)
		words = append(words, fmt.Sprintf("%s (%s)", count(b.days, "day"), b.severity))
	}
	if len(t.bands) == 0 {
		return Test{}, paramErrorf("bands", "name at least one band")
	}
	slices.SortFunc(t.bands, func(a, b band) int {
		return cmp.Or(cmp.Compare(b.severity, a.severity), cmp.Compare(b.days, a.days))
	})
	width := t.usual.String() + " of the lifetime"
	if t.less != t.usual {
		width += ", " + t.less.String() + " below ten days"
	}
	return Test{
		Needs:    []string{"not_after", "not_before"},
		Requires: "more left than " + orList(words) + ", each at most " + width,
		Eval:     t.eval,
	}, nil
}

func (t *expiryTest) eval(s *Subject, asOf time.Time) Verdict {
	c := s.Certificate
	left := c.NotAfter.Unix() - asOf.Unix()
	if left < 0 {
		return Verdict{Result: NotApplicable} // it has expired, which is another rule
	}
	lifetime := lifetimeOf(c)
	most := t.usual
	if lifetime < shortLifetime {
		most = t.less
	}
	for _, b := range t.bands {
		if left > b.days*day || left*most.den > lifetime*most.num {
			continue
		}
		width, note := count(b.days, "day"), ""
		if b.days*day*most.den > lifetime*most.num {
			width = distance(lifetime * most.num / most.den)
			note = fmt.Sprintf(" (%s of its lifetime, which is shorter than %s)", most, count(b.days, "day"))
		}
		return Verdict{
			Result:   Fail,
			Severity: b.severity,
			Observed: fmt.Sprintf("%s left, expires %s", distance(left), utc(c.NotAfter)),
			Required: "more than " + width + " left",
			Message: fmt.Sprintf("The certificate expires on %s, %s after the as-of time; the policy warns from %s before%s.",
				utc(c.NotAfter), distance(left), width, note),
		}
	}
	return pass
}

// lifetimeOf counts both ends (CA/B BR section 6.3.2), in seconds.
func lifetimeOf(c *scan.Certificate) int64 { return c.NotAfter.Unix() - c.NotBefore.Unix() + 1 }
