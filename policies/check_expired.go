package policies

import (
	"fmt"
	"time"
)

func expired() *Check {
	return &Check{
		ID:      "expired",
		Title:   "Certificate has not expired",
		Failure: "Certificate has expired",
		Why:     "Clients refuse an expired certificate, which is an outage; those that go on regardless have been taught to accept any certificate.",
		Remedy:  "Renew the certificate and install it wherever this one is in use; remove this one where nothing uses it.",
		Unit:    UnitCertificate,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"not_after"},
				Requires: "not_after is not before the as-of time",
				Eval:     evalExpired,
			}, nil
		},
	}
}

// evalExpired takes not_after as inclusive (RFC 5280 section 4.1.2.5).
func evalExpired(s *Subject, asOf time.Time) Verdict {
	end := s.Certificate.NotAfter
	if !asOf.After(end) {
		return pass
	}
	ago := distance(asOf.Unix() - end.Unix())
	return Verdict{
		Result:   Fail,
		Observed: "expired " + utc(end),
		Required: "valid at " + utc(asOf),
		Message:  fmt.Sprintf("The certificate expired on %s, %s before the as-of time.", utc(end), ago),
	}
}
