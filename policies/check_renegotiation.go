package policies

import (
	"time"

	"certaudit/scan"
)

func renegotiation() *Check {
	return &Check{
		ID:      "renegotiation",
		Title:   "Renegotiation is secure",
		Failure: "Secure renegotiation is not supported",
		Why:     "Without the indication of RFC 5746 an attacker on the path can begin a session, send a request and have the victim's handshake go on as its renegotiation: the server takes the attacker's words for the victim's.",
		Remedy:  "Update the TLS library or appliance: every one since 2010 supports secure renegotiation. TLS 1.3 has no renegotiation at all.",
		Unit:    UnitEndpoint,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"secure_renegotiation"},
				Probes:   []Probe{{Name: scan.ProbeOptions}},
				Requires: secureRenegotiationRequired,
				Eval:     evalRenegotiation,
			}, nil
		},
	}
}

const secureRenegotiationRequired = "secure renegotiation (RFC 5746) where TLS 1.2 or earlier is accepted"

var secureRenegotiation = question{scan.ProbeOptions, func(e *scan.Endpoint) scan.Answer { return e.SecureRenegotiation }, acceptsOld}

func evalRenegotiation(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	switch {
	case e.SecureRenegotiation == scan.Yes:
		return pass
	case secureRenegotiation.moot(e):
		return Verdict{Result: NotApplicable, Message: "TLS 1.3, which has no renegotiation, is all that the endpoint was seen to accept."}
	case e.SecureRenegotiation == scan.No:
		return Verdict{Result: Fail, Observed: "no secure renegotiation", Required: secureRenegotiationRequired,
			Message: "The endpoint does not support secure renegotiation (RFC 5746), which the versions before TLS 1.3 need."}
	}
	return unanswered(e, "Whether the endpoint supports secure renegotiation", scan.ProbeOptions)
}
