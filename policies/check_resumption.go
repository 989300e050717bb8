package policies

import (
	"time"

	"certaudit/scan"
)

func resumption() *Check {
	return &Check{
		ID:      "resumption",
		Title:   "Sessions resume only in approved ways",
		Failure: "Sessions resume in a way that is not approved",
		Why:     "Up to TLS 1.2, whoever obtains the key that a server protects its tickets with, or its store of sessions, can read the sessions behind them, forward secrecy or not. An organisation that cannot vouch for the rotation of that key does better without.",
		Remedy:  "Disable session tickets or the session cache in the configuration of the server, load balancer or proxy that ends TLS, or rotate the ticket keys daily and change the rule.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "tickets", Type: Text, Default: allowedWord, OneOf: []string{allowedWord, barredWord}, Doc: "resumption of TLS 1.2 and earlier with session tickets (RFC 5077)"},
			{Name: "session_id", Type: Text, Default: allowedWord, OneOf: []string{allowedWord, barredWord}, Doc: "resumption of TLS 1.2 and earlier with a session id from the server's cache"},
			{Name: "psk", Type: Text, Default: allowedWord, OneOf: []string{allowedWord, barredWord}, Doc: "resumption of TLS 1.3 with a pre-shared key (RFC 8446 section 2.2)"},
		},
		New: newResumption,
	}
}

// The values of the parameters.
const (
	allowedWord = "allowed"
	barredWord  = "barred"
)

// A way is one of resuming sessions.
type way struct {
	param, words string
	question
}

func ways() []way {
	current := func(e *scan.Endpoint) bool { return accepts(e, "TLS 1.3") }
	ask := func(answer func(*scan.Endpoint) scan.Answer, arises func(*scan.Endpoint) bool) question {
		return question{scan.ProbeResumption, answer, arises}
	}
	return []way{
		{"tickets", "session tickets", ask(func(e *scan.Endpoint) scan.Answer { return e.ResumptionTicket }, acceptsOld)},
		{"session_id", "session ids", ask(func(e *scan.Endpoint) scan.Answer { return e.ResumptionID }, acceptsOld)},
		{"psk", "pre-shared keys of TLS 1.3", ask(func(e *scan.Endpoint) scan.Answer { return e.ResumptionPSK }, current)},
	}
}

func newResumption(p Values) (Test, error) {
	var barred []way
	var names []string
	for _, w := range ways() {
		if p.Text(w.param) == barredWord {
			barred, names = append(barred, w), append(names, w.words)
		}
	}
	if len(barred) == 0 {
		return Test{}, paramErrorf("", "every way is allowed, so that everything would pass")
	}
	required := "no resumption with " + orList(names)
	return Test{
		Needs:    []string{"tls_version"},
		Probes:   []Probe{{Name: scan.ProbeResumption}},
		Requires: required,
		Eval:     func(s *Subject, _ time.Time) Verdict { return evalResumption(s.Endpoint, barred, required) },
	}, nil
}

func evalResumption(e *scan.Endpoint, barred []way, required string) Verdict {
	var found, open []string
	moot := 0
	for _, w := range barred {
		switch a := w.answer(e); {
		case a == scan.Yes:
			found = append(found, w.words)
		case w.moot(e):
			moot++
		case a == scan.Unasked:
			open = append(open, w.words)
		}
	}
	switch {
	case len(found) > 0:
		return Verdict{Result: Fail, Observed: "resumes with " + list(found), Required: required,
			Message: "The endpoint resumes sessions with " + list(found) + ", which the policy bars."}
	case len(open) > 0:
		return unanswered(e, "Whether the endpoint resumes sessions with "+orList(open), scan.ProbeResumption)
	case moot == len(barred):
		return Verdict{Result: NotApplicable, Message: "The question does not arise with the versions that the endpoint accepts."}
	}
	return pass
}
