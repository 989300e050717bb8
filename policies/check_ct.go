package policies

import (
	"fmt"
	"time"

	"certaudit/scan"
)

func certificateTransparency() *Check {
	return &Check{
		ID:      "ct",
		Title:   "Certificate comes with timestamps of transparency logs",
		Failure: "Too few timestamps of transparency logs",
		Why:     "Browsers refuse a publicly trusted certificate that no transparency log has promised to publish, because nobody could notice if it was issued to an impostor.",
		Remedy:  "Have the certificate issued with embedded timestamps, as every public authority does by default, or have the server send them in the handshake.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "min", Type: Integer, Default: "2", Min: 1, Max: 20,
				Doc: "least number of signed certificate timestamps, those embedded in the leaf and those in the handshake or the stapled response added up. They are counted, not verified. Apple asks for 2, and for 3 embedded ones where the certificate is valid for more than 180 days (support article 103214)"},
		},
		New: newCertificateTransparency,
	}
}

func newCertificateTransparency(p Values) (Test, error) {
	least := p.Integer("min")
	required := "at least " + count(int64(least), "signed certificate timestamp")
	return Test{
		Needs:    []string{"paths", "sct_count"},
		Requires: required + ", where the chain leads to a given trust anchor",
		Eval: func(s *Subject, _ time.Time) Verdict {
			return evalTransparency(s.Endpoint, s.Certificate, least, required)
		},
	}, nil
}

// evalTransparency leaves out what leads to no given anchor: logs take, and
// browsers ask for, certificates of public authorities.
func evalTransparency(e *scan.Endpoint, leaf *scan.Certificate, least int, required string) Verdict {
	total := leaf.SCTCount
	if e.SCTs != nil {
		total += *e.SCTs
	}
	switch {
	case len(e.Paths) == 0:
		return Verdict{Result: NotApplicable, Message: "The chain leads to no given trust anchor, and transparency is asked of publicly trusted certificates."}
	case total >= least:
		return pass
	case e.SCTs == nil:
		return Verdict{Result: NotAssessed, Message: fmt.Sprintf("The leaf has %s, and whether the handshake brings more is not known.", count(int64(leaf.SCTCount), "embedded timestamp"))}
	}
	return Verdict{Result: Fail, Observed: count(int64(total), "signed certificate timestamp"), Required: required,
		Message: fmt.Sprintf("The certificate comes with %s (%d embedded, %d in the handshake), where the policy asks for %d.",
			count(int64(total), "signed timestamp"), leaf.SCTCount, *e.SCTs, least)}
}
