package policies

import (
	"time"

	"certaudit/scan"
)

func hostnameMatch() *Check {
	return &Check{
		ID:      "hostname-match",
		Title:   "Certificate is issued for the name of the endpoint",
		Failure: "Certificate is for another name",
		Why:     "A certificate for another name proves nothing about this endpoint. Clients refuse it, and those that do not can be led to any holder of a valid certificate.",
		Remedy:  "Have a certificate issued with this name among its subject alternative names, or reach the endpoint by a name that its certificate has.",
		Unit:    UnitEndpoint,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"hostname_match"},
				Requires: "the name that was asked for is among the subject alternative names of the certificate (RFC 9525)",
				Eval:     evalHostnameMatch,
			}, nil
		},
	}
}

// namesShown bounds how many names of a certificate a finding repeats.
const namesShown = 5

func evalHostnameMatch(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	if e.HostnameMatch == scan.Yes {
		return pass
	}
	asked := e.ServerName
	if asked == "" {
		asked = e.Address
	}
	observed := "no matching name"
	if c := s.Certificate; c != nil && c.Parsed {
		observed = "certificate for " + subjectNames(c)
	}
	return Verdict{
		Result:   Fail,
		Observed: observed,
		Required: "certificate for " + asked,
		Message:  "The certificate that the endpoint sends is not issued for " + asked + ".",
	}
}

func subjectNames(c *scan.Certificate) string {
	all := append(append([]string{}, c.DNSNames...), c.IPAddresses...)
	switch n := len(all); {
	case n == 0:
		return "no host name"
	case n > namesShown:
		return list(append(all[:namesShown:namesShown], count(int64(n-namesShown), "other")))
	}
	return list(all)
}
