package policies

import (
	"fmt"
	"time"
)

func notYetValid() *Check {
	return &Check{
		ID:      "not-yet-valid",
		Title:   "Certificate is already valid",
		Failure: "Certificate is not yet valid",
		Why:     "Clients refuse a certificate before its first day. One that is in use too early points to a wrong clock or to a roll-out that went wrong.",
		Remedy:  "Use the certificate that is valid now until this one becomes valid, and check the clocks of this host and of the issuer.",
		Unit:    UnitCertificate,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"not_before"},
				Requires: "not_before is not after the as-of time",
				Eval:     evalNotYetValid,
			}, nil
		},
	}
}

func evalNotYetValid(s *Subject, asOf time.Time) Verdict {
	begin := s.Certificate.NotBefore
	if !asOf.Before(begin) {
		return pass
	}
	ahead := distance(begin.Unix() - asOf.Unix())
	return Verdict{
		Result:   Fail,
		Observed: "valid from " + utc(begin),
		Required: "valid at " + utc(asOf),
		Message:  fmt.Sprintf("The certificate becomes valid on %s, %s after the as-of time.", utc(begin), ahead),
	}
}
