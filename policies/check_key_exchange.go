package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

func keyExchange() *Check {
	return &Check{
		ID:      "key-exchange",
		Title:   "Key-exchange groups are approved",
		Failure: "Key-exchange group is not approved",
		Why:     "The group of the key exchange decides how long recorded traffic stays secret. Small primes and curves can be broken with means of today, and every classical group by a quantum computer of tomorrow that is shown the traffic of today.",
		Remedy:  "Limit the server's groups to X25519MLKEM768, X25519, P-256 and P-384; where finite-field Diffie-Hellman has to stay, use ffdhe3072 or a prime of at least as many bits. The hybrid groups need a TLS library of 2025 or later.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "min_bits", Type: Integer, Default: "112", Max: 256,
				Doc: "least strength in bits of every group that is accepted, and of every finite-field prime that was seen (NIST SP 800-57 part 1 table 2, FIPS 203); 0 does not judge it"},
			{Name: "min_dh_bits", Type: Integer, Min: 1, Max: 16384,
				Doc: "least size in bits of finite-field primes; passes where no finite-field exchange is accepted, which takes the probe `cipher_suites` beside `key_exchanges`"},
			{Name: "must_offer_post_quantum", Type: Boolean, Default: "false", Doc: "fail where no post-quantum group is accepted, such as X25519MLKEM768"},
			{Name: "must_offer", Type: TextList, OneOf: groupNames(), accepts: acceptGroup, Doc: "groups that the endpoint has to accept, by name, or by number as evidence writes it"},
			{Name: "must_not_offer", Type: TextList, OneOf: groupNames(), accepts: acceptGroup, Doc: "groups that the endpoint has to refuse when they are tried"},
		},
		New: newKeyExchange,
	}
}

type groupTest struct {
	minBits, minDHBits int
	postQuantum        bool
	demanded, barred   []string
	required           string
}

func newKeyExchange(p Values) (Test, error) {
	t := &groupTest{minBits: p.Integer("min_bits"), minDHBits: p.Integer("min_dh_bits"), postQuantum: p.Boolean("must_offer_post_quantum"),
		demanded: p.TextList("must_offer"), barred: p.TextList("must_not_offer")}
	if g, both := firstCommon(t.demanded, t.barred); both {
		return Test{}, paramErrorf("must_offer", "%s is barred as well", g)
	}
	t.required = t.requires()
	if t.required == "" {
		return Test{}, paramErrorf("", "no strength, size or group is asked for, so that everything would pass")
	}
	test := Test{Needs: []string{"key_exchange"}, Requires: t.required, Eval: t.eval}
	for _, name := range t.probes() {
		test.Probes = append(test.Probes, Probe{Name: name})
	}
	return test, nil
}

// probes are those that can clear an endpoint. That no finite-field exchange is
// accepted, suites tell as well.
func (t *groupTest) probes() []string {
	if t.minDHBits > 0 {
		return []string{scan.ProbeKeyExchanges, scan.ProbeCipherSuites}
	}
	return []string{scan.ProbeKeyExchanges}
}

func (t *groupTest) requires() string {
	var parts []string
	if t.minBits > 0 {
		parts = append(parts, fmt.Sprintf("every group has at least %d bits of strength", t.minBits))
	}
	if t.minDHBits > 0 {
		parts = append(parts, fmt.Sprintf("finite-field primes have at least %d bits", t.minDHBits))
	}
	if t.postQuantum {
		parts = append(parts, "accepts a post-quantum group")
	}
	if len(t.demanded) > 0 {
		parts = append(parts, "accepts "+list(t.demanded))
	}
	if len(t.barred) > 0 {
		parts = append(parts, "refuses "+list(t.barred))
	}
	return strings.Join(parts, "; ")
}

// groupsTold is the most groups that a message lists.
const groupsTold = 8

// A groupVerdict collects what the parts of a test say.
type groupVerdict struct {
	faults  []string // "accepts P-192, which …"
	unknown []string // "whether …"
}

func (v *groupVerdict) fault(format string, args ...any) {
	v.faults = append(v.faults, fmt.Sprintf(format, args...))
}

func (v *groupVerdict) open(format string, args ...any) {
	v.unknown = append(v.unknown, fmt.Sprintf(format, args...))
}

func (t *groupTest) eval(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	groups := acceptedGroups(e)
	v := &groupVerdict{}
	t.evalStrength(e, groups, v)
	t.evalPrimes(e, groups, v)
	t.evalPostQuantum(e, groups, v)
	t.evalNamed(e, groups, v)
	switch {
	case len(v.faults) > 0:
		return Verdict{Result: Fail, Observed: observedGroups(e, groups), Required: t.required,
			Message: "The endpoint " + strings.Join(v.faults, ", and ") + "."}
	case len(v.unknown) > 0:
		return unanswered(e, "Whether the endpoint "+strings.Join(v.unknown, ", and whether it "), t.probes()...)
	}
	return pass
}

// acceptedGroups are those that were seen to be accepted, the negotiated one
// among them.
func acceptedGroups(e *scan.Endpoint) []string {
	if e.KeyExchange == "" || slices.Contains(e.KeyExchanges, e.KeyExchange) {
		return e.KeyExchanges
	}
	return append(slices.Clip(e.KeyExchanges), e.KeyExchange)
}

func observedGroups(e *scan.Endpoint, groups []string) string {
	observed := "no group"
	if len(groups) > 0 {
		observed = clipped(groups, groupsTold)
	}
	if e.DHBits > 0 {
		observed += fmt.Sprintf("; a finite-field prime of %d bits", e.DHBits)
	}
	return "accepts " + observed
}

// evalStrength judges every group. One that evidence writes as a number has no
// known strength.
func (t *groupTest) evalStrength(e *scan.Endpoint, groups []string, v *groupVerdict) {
	var weak []string
	open := !answered(e, scan.ProbeKeyExchanges)
	for _, name := range groups {
		switch g, known := groupNamed(name); {
		case !known:
			open = true
		case g.bits < t.minBits:
			weak = append(weak, name)
		}
	}
	smallPrime := e.DHBits > 0 && finiteFieldStrength(e.DHBits) < t.minBits
	switch {
	case t.minBits == 0:
	case len(weak) > 0:
		v.fault("accepts %s, of less than %d bits of strength", clipped(weak, groupsTold), t.minBits)
	case smallPrime:
		v.fault("agrees on keys with a finite-field prime of %d bits, of less than %d bits of strength", e.DHBits, t.minBits)
	case open:
		v.open("accepts a group of less than %d bits of strength", t.minBits)
	}
}

// evalPrimes judges the smallest prime. Where none was seen there has to be no
// suite that would use one.
func (t *groupTest) evalPrimes(e *scan.Endpoint, groups []string, v *groupVerdict) {
	least := e.DHBits
	for _, name := range groups {
		if g, _ := groupNamed(name); g.finiteField > 0 && (least == 0 || g.finiteField < least) {
			least = g.finiteField
		}
	}
	switch {
	case t.minDHBits == 0:
	case least > 0 && least < t.minDHBits:
		v.fault("agrees on keys with a finite-field prime of %d bits, where the policy asks for %d", least, t.minDHBits)
	case !t.primesKnown(e):
		v.open("agrees on keys with a finite-field prime of less than %d bits", t.minDHBits)
	}
}

// primesKnown is true where every prime was seen, or there is none to see.
func (t *groupTest) primesKnown(e *scan.Endpoint) bool {
	for _, p := range t.probes() {
		if !answered(e, p) {
			return false
		}
	}
	for _, names := range acceptedSuites(e) {
		if e.DHBits == 0 && slices.ContainsFunc(names, isFiniteField) {
			return false
		}
	}
	return true
}

// evalPostQuantum: all of these groups are of TLS 1.3.
func (t *groupTest) evalPostQuantum(e *scan.Endpoint, groups []string, v *groupVerdict) {
	if !t.postQuantum || slices.ContainsFunc(groups, isPostQuantum) {
		return
	}
	tried := slices.ContainsFunc(e.KeyExchangesRefused, isPostQuantum) || slices.Contains(e.VersionsRefused, "TLS 1.3")
	if tried && answered(e, scan.ProbeKeyExchanges) {
		v.fault("accepts no post-quantum group")
		return
	}
	v.open("accepts a post-quantum group")
}

// evalNamed judges groups by name. One that was neither accepted nor refused
// was not tried.
func (t *groupTest) evalNamed(e *scan.Endpoint, groups []string, v *groupVerdict) {
	var offered, refused, open []string
	for _, name := range t.barred {
		switch {
		case slices.Contains(groups, name):
			offered = append(offered, name)
		case !slices.Contains(e.KeyExchangesRefused, name):
			open = append(open, name)
		}
	}
	for _, name := range t.demanded {
		switch {
		case slices.Contains(groups, name):
		case slices.Contains(e.KeyExchangesRefused, name):
			refused = append(refused, name)
		default:
			open = append(open, name)
		}
	}
	if len(offered) > 0 {
		v.fault("accepts %s, which the policy bars", clipped(offered, groupsTold))
	}
	if len(refused) > 0 {
		v.fault("refuses %s, which the policy demands", clipped(refused, groupsTold))
	}
	if len(open) > 0 {
		v.open("accepts %s", clipped(open, groupsTold))
	}
}
