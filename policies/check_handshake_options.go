package policies

import (
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

func handshakeOptions() *Check {
	return &Check{
		ID:      "handshake-options",
		Title:   "Handshake options are as the policy wants them",
		Failure: "Handshake option is not approved",
		Why:     "Compression before encryption gives away secrets by the length of what is sent (CRIME). A session without the extended master secret can be made to share its keys with another one (triple handshake). A server that takes a needless fallback lets an attacker talk client and server into an old version.",
		Remedy:  "Disable compression at the TLS level, and update the TLS library of the server or appliance: current ones support the extended master secret and refuse needless fallbacks.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "bar", Type: TextList, Default: "[compression]", OneOf: optionNames(), Doc: "options that the endpoint may not accept"},
			{Name: "require", Type: TextList, OneOf: optionNames(),
				Doc: "options that it has to support: extended_master_secret where it accepts TLS 1.2 or earlier, fallback_scsv where it accepts more than one version"},
		},
		New: newHandshakeOptions,
	}
}

// An option is one that the probe of handshake options asks about.
type option struct {
	name, words string
	question
}

func options() []option {
	always := func(*scan.Endpoint) bool { return true }
	several := func(e *scan.Endpoint) bool { return len(accepted(e)) > 1 }
	ask := func(answer func(*scan.Endpoint) scan.Answer, arises func(*scan.Endpoint) bool) question {
		return question{scan.ProbeOptions, answer, arises}
	}
	return []option{
		{"compression", "TLS compression", ask(func(e *scan.Endpoint) scan.Answer { return e.Compression }, acceptsOld)},
		{"extended_master_secret", "the extended master secret (RFC 7627)", ask(func(e *scan.Endpoint) scan.Answer { return e.ExtendedMaster }, acceptsOld)},
		{"fallback_scsv", "the refusal of needless fallbacks (RFC 7507)", ask(func(e *scan.Endpoint) scan.Answer { return e.FallbackSCSV }, several)},
		{"heartbeat", "the heartbeat extension (RFC 6520)", ask(func(e *scan.Endpoint) scan.Answer { return e.Heartbeat }, always)},
	}
}

func optionNames() (out []string) {
	for _, o := range options() {
		out = append(out, o.name)
	}
	return out
}

type optionTest struct {
	barred, wanted []option
	required       string
}

func newHandshakeOptions(p Values) (Test, error) {
	bar, require := p.TextList("bar"), p.TextList("require")
	if o, both := firstCommon(require, bar); both {
		return Test{}, paramErrorf("require", "%s is barred as well", o)
	}
	t := &optionTest{}
	for _, o := range options() {
		if slices.Contains(bar, o.name) {
			t.barred = append(t.barred, o)
		}
		if slices.Contains(require, o.name) {
			t.wanted = append(t.wanted, o)
		}
	}
	if len(t.barred)+len(t.wanted) == 0 {
		return Test{}, paramErrorf("", "bar and require are both empty, so that everything would pass")
	}
	t.required = t.requires()
	return Test{Needs: []string{"tls_version"}, Probes: []Probe{{Name: scan.ProbeOptions}}, Requires: t.required, Eval: t.eval}, nil
}

func words(options []option) (out []string) {
	for _, o := range options {
		out = append(out, o.words)
	}
	return out
}

func (t *optionTest) requires() string {
	var parts []string
	if len(t.barred) > 0 {
		parts = append(parts, "has no "+orList(words(t.barred)))
	}
	if len(t.wanted) > 0 {
		parts = append(parts, "supports "+list(words(t.wanted)))
	}
	return strings.Join(parts, "; ")
}

func (t *optionTest) eval(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	offered, openBarred := split(e, t.barred, scan.Yes)
	lacking, openWanted := split(e, t.wanted, scan.No)
	var observed []string
	if len(offered) > 0 {
		observed = append(observed, "accepts "+list(words(offered)))
	}
	if len(lacking) > 0 {
		observed = append(observed, "lacks "+list(words(lacking)))
	}
	open := append(openBarred, openWanted...)
	arises := func(o option) bool { return !o.moot(e) }
	switch {
	case len(observed) > 0:
		return Verdict{Result: Fail, Observed: strings.Join(observed, "; "), Required: t.required,
			Message: "The endpoint " + list(observed) + "."}
	case len(open) > 0:
		return unanswered(e, "Whether the endpoint supports "+orList(words(open)), scan.ProbeOptions)
	case !slices.ContainsFunc(t.barred, arises) && !slices.ContainsFunc(t.wanted, arises):
		return Verdict{Result: NotApplicable, Message: "The question does not arise with the versions that the endpoint accepts."}
	}
	return pass
}

// split picks the options whose answer is the bad one, and those without one.
// What was seen to be supported was seen, whether or not the question arises.
func split(e *scan.Endpoint, options []option, bad scan.Answer) (found, open []option) {
	for _, o := range options {
		switch a := o.answer(e); {
		case a != scan.Yes && o.moot(e):
		case a == bad:
			found = append(found, o)
		case a == scan.Unasked:
			open = append(open, o)
		}
	}
	return found, open
}
