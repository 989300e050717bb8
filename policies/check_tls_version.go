package policies

import (
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// tlsVersions are the protocol versions by name, oldest first.
var tlsVersions = []string{ssl20, "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}

// ssl20 has a hello of its own, so that no other version's answer tells of it:
// only the probe of every version asks for it.
const ssl20 = "SSL 2.0"

func tlsVersion() *Check {
	return &Check{
		ID:      "tls-version",
		Title:   "Endpoint offers approved protocol versions only",
		Failure: "Protocol versions offered are not approved",
		Why:     "SSL 3.0, TLS 1.0 and TLS 1.1 rest on broken constructions. An endpoint that still accepts one lets an attacker on the path, or an old client, fall back to it, whatever better version a current client negotiates.",
		Remedy:  "Enable TLS 1.2 and TLS 1.3 and disable every older version in the configuration of the server, load balancer or proxy that ends TLS.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "min", Type: Text, OneOf: tlsVersions[1:], Doc: "every version below is barred: the endpoint has to refuse it when it is tried. SSL 2.0 fails where it was seen, and is tried only where must_not_offer names it"},
			{Name: "must_not_offer", Type: TextList, OneOf: tlsVersions, Doc: "further barred versions; SSL 2.0 among them asks for the probe `versions`, which tries every version"},
			{Name: "must_offer", Type: TextList, OneOf: tlsVersions[1:], Doc: "versions that the endpoint has to accept"},
		},
		New: newTLSVersion,
	}
}

// A versionTest bars and demands versions, by index in tlsVersions.
type versionTest struct {
	barred, demanded []int
	whereSeen        bool // SSL 2.0 fails where it was seen, and is not asked for
	required         string
}

func newTLSVersion(p Values) (Test, error) {
	t := &versionTest{}
	least := slices.Index(tlsVersions, p.Text("min"))
	for i, v := range tlsVersions {
		barred := i < least && v != ssl20 || slices.Contains(p.TextList("must_not_offer"), v)
		demanded := slices.Contains(p.TextList("must_offer"), v)
		switch {
		case barred && demanded:
			return Test{}, paramErrorf("must_offer", "%s is barred as well", v)
		case barred:
			t.barred = append(t.barred, i)
		case demanded:
			t.demanded = append(t.demanded, i)
		}
	}
	if len(t.barred)+len(t.demanded) == 0 {
		return Test{}, paramErrorf("", "nothing is barred and nothing demanded; name min, must_not_offer or must_offer")
	}
	t.whereSeen = least >= 0 && !slices.Contains(t.barred, 0)
	t.required = t.requires()
	return Test{
		Needs:    []string{"versions"},
		Probes:   t.probes(),
		Requires: t.required,
		Eval:     t.eval,
	}, nil
}

func versionNames(indexes []int) []string {
	out := make([]string, len(indexes))
	for i, v := range indexes {
		out[i] = tlsVersions[v]
	}
	return out
}

func (t *versionTest) requires() string {
	var parts []string
	if len(t.barred) > 0 {
		parts = append(parts, "refuses "+list(versionNames(t.barred)))
	}
	if len(t.demanded) > 0 {
		parts = append(parts, "accepts "+list(versionNames(t.demanded)))
	}
	return strings.Join(parts, "; ")
}

// probes gives one hello for each run of barred versions, capped at its top: a
// refusal of that hello refuses all below. Each demanded version needs one too,
// because a server answers with the newest version that it has; for the newest
// of all the plain handshake is that hello. Where SSL 2.0 is barred by name,
// one probe tries them all.
func (t *versionTest) probes() []Probe {
	if slices.Contains(t.barred, 0) {
		return []Probe{{Name: scan.ProbeVersions}}
	}
	var out []Probe
	for i, v := range tlsVersions {
		topOfRun := slices.Contains(t.barred, i) && !slices.Contains(t.barred, i+1)
		if topOfRun || slices.Contains(t.demanded, i) && i < len(tlsVersions)-1 {
			out = append(out, Probe{MaxVersion: v})
		}
	}
	return out
}

func (t *versionTest) eval(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	var offered, refused, unknown []string
	required := t.required
	if t.whereSeen && accepts(e, ssl20) {
		offered = append(offered, ssl20)
		required = "refuses SSL 2.0; " + required
	}
	for _, i := range t.barred {
		switch v := tlsVersions[i]; {
		case accepts(e, v):
			offered = append(offered, v)
		case !slices.Contains(e.VersionsRefused, v):
			unknown = append(unknown, v)
		}
	}
	for _, i := range t.demanded {
		switch v := tlsVersions[i]; {
		case accepts(e, v):
		case slices.Contains(e.VersionsRefused, v):
			refused = append(refused, v)
		default:
			unknown = append(unknown, v)
		}
	}
	var faults, observed []string
	if len(offered) > 0 {
		faults = append(faults, "accepts "+list(offered)+", which the policy bars")
		observed = append(observed, "accepts "+list(offered))
	}
	if len(refused) > 0 {
		faults = append(faults, "refuses "+list(refused)+", which the policy demands")
		observed = append(observed, "refuses "+list(refused))
	}
	switch {
	case len(faults) > 0:
		return Verdict{Result: Fail, Observed: strings.Join(observed, "; "), Required: required,
			Message: "The endpoint " + strings.Join(faults, ", and ") + "."}
	case len(unknown) > 0:
		return Verdict{Result: NotAssessed,
			Message: "Whether the endpoint accepts " + orList(unknown) + " is not known: the version that it negotiated does not tell."}
	}
	return pass
}
