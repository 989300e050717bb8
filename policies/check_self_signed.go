package policies

import (
	"time"

	"certaudit/scan"
)

func selfSigned() *Check {
	return &Check{
		ID:      "self-signed",
		Title:   "Certificate is issued by a certificate authority",
		Failure: "Certificate is self-signed",
		Why:     "Nobody but its holder vouches for a self-signed certificate, and nobody can revoke it. Clients accept it only if they were told to, one by one, or if they do not check.",
		Remedy:  "Have a certificate issued by the certificate authority that the clients trust. Where self-signed is right, as for a pinned signing key, limit the rule's scope or file a waiver.",
		Unit:    UnitCertificate,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"self_signed"},
				Requires: "issued by another certificate",
				Eval:     evalSelfSigned,
			}, nil
		},
	}
}

func evalSelfSigned(s *Subject, _ time.Time) Verdict {
	if s.Certificate.SelfSigned == scan.No {
		return pass
	}
	return Verdict{
		Result:   Fail,
		Observed: "self-signed",
		Required: "issued by another certificate",
		Message:  "The certificate is self-signed: its signature verifies under its own key.",
	}
}
