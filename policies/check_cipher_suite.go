package policies

import (
	"maps"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// cipherSuite judges the one suite that a current client negotiates, which
// costs nothing, and where a policy asks for it every suite that the endpoint
// accepts, which a probe enumerates. Neither title nor result of the former
// claims to know of the latter.
func cipherSuite() *Check {
	return &Check{
		ID:      "cipher-suite",
		Title:   "Cipher suites are approved",
		Failure: "Cipher suite is not approved",
		Why:     "A suite without encryption, without authentication or with a broken cipher leaves the connection open to whoever is on its path. Unless a rule asks for more, what is judged is the suite that a current client negotiates; the endpoint may accept others.",
		Remedy:  "Limit the server's suites to ECDHE with AES-GCM or ChaCha20-Poly1305 and to those of TLS 1.3, and let the server's order decide.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "deny", Type: TextList, accepts: acceptSuitePattern, near: suiteNames,
				Default: `["*_NULL_*", "*_anon_*", "*_EXPORT*", "*_RC4_*", "*_RC2_*", "*_DES_*", "*_DES40_*", "*_3DES_*", "*_IDEA_*", "*_MD5", "TLS_SHA*"]`,
				Doc:     "suites that fail, by IANA name or glob"},
			{Name: "allow", Type: TextList, accepts: acceptSuitePattern, near: suiteNames, Doc: "where given, every other suite fails"},
			{Name: "forward_secrecy", Type: Boolean, Default: "false", Doc: "fail suites whose key exchange is not ephemeral"},
			{Name: "aead", Type: Boolean, Default: "false", Doc: "fail suites without authenticated encryption (GCM, CCM, ChaCha20-Poly1305, …)"},
			{Name: "apply_to", Type: Text, Default: suitesNegotiated, OneOf: []string{suitesNegotiated, suitesOffered},
				Doc: "what the parameters above judge: the suite that was negotiated, or (by the probe `cipher_suites`) every suite that is accepted"},
			{Name: "must_not_offer", Type: TextList, accepts: acceptSuitePattern, near: suiteNames,
				Doc: "suites that fail wherever they are accepted, by name or glob; by the probe `cipher_suites`"},
			{Name: "must_offer", Type: TextList, accepts: acceptSuitePattern, near: suiteNames,
				Doc: "names or globs of which each has to match a suite that is accepted; by the probe `cipher_suites`"},
			{Name: "server_order", Type: Boolean, Default: "false",
				Doc: "fail where the client's order of suites decides, not the server's; by the probe `cipher_suites`"},
		},
		New: newCipherSuite,
	}
}

// The values of apply_to.
const (
	suitesNegotiated = "negotiated"
	suitesOffered    = "offered"
)

// acceptSuitePattern refuses what can match no suite, which is a typing error
// that would silently deny or allow nothing.
func acceptSuitePattern(p string) error {
	return acceptPattern(p, suiteNames, "cipher suite by its IANA name")
}

type suiteTest struct {
	deny, allow      patterns
	ephemeral, aead  bool
	offered          bool // the four above judge every suite that is accepted
	barred, demanded patterns
	serverOrder      bool
	required         string
}

func newCipherSuite(p Values) (Test, error) {
	t := &suiteTest{ephemeral: p.Boolean("forward_secrecy"), aead: p.Boolean("aead"),
		offered: p.Text("apply_to") == suitesOffered, serverOrder: p.Boolean("server_order")}
	for _, list := range []struct {
		to   *patterns
		name string
	}{{&t.deny, "deny"}, {&t.allow, "allow"}, {&t.barred, "must_not_offer"}, {&t.demanded, "must_offer"}} {
		var err error
		if *list.to, err = compilePatterns(p.TextList(list.name)); err != nil {
			return Test{}, paramErrorf(list.name, "%v", err)
		}
	}
	t.offered = t.offered && t.judgesEach()
	if !t.judgesEach() && !t.asksProbe() {
		return Test{}, paramErrorf("", "deny and allow are both empty, so that everything would pass")
	}
	t.required = t.requires()
	test := Test{Needs: []string{"cipher_suite"}, Requires: t.required, Eval: t.eval}
	if t.asksProbe() {
		test.Probes = []Probe{{Name: scan.ProbeCipherSuites}}
	}
	return test, nil
}

// judgesEach is true where deny, allow and the like ask for something.
func (t *suiteTest) judgesEach() bool {
	return len(t.deny.texts)+len(t.allow.texts) > 0 || t.ephemeral || t.aead
}

func (t *suiteTest) asksProbe() bool {
	return t.offered || len(t.barred.texts)+len(t.demanded.texts) > 0 || t.serverOrder
}

func (t *suiteTest) requires() string {
	var each, all []string
	if len(t.allow.texts) > 0 {
		each = append(each, "is "+orList(t.allow.texts))
	}
	if len(t.deny.texts) > 0 {
		each = append(each, "is not "+orList(t.deny.texts))
	}
	if t.ephemeral {
		each = append(each, "has forward secrecy")
	}
	if t.aead {
		each = append(each, "has authenticated encryption")
	}
	switch {
	case len(each) > 0 && t.offered:
		all = append(all, "each suite that is accepted "+list(each))
	case len(each) > 0:
		all = append(all, "the negotiated suite "+list(each))
	}
	if len(t.barred.texts) > 0 {
		all = append(all, "no suite that is accepted is "+orList(t.barred.texts))
	}
	if len(t.demanded.texts) > 0 {
		all = append(all, "accepts "+list(t.demanded.texts))
	}
	if t.serverOrder {
		all = append(all, "the server's order decides")
	}
	return strings.Join(all, "; ")
}

func (t *suiteTest) eval(s *Subject, _ time.Time) Verdict {
	negotiated := pass
	if t.judgesEach() && !t.offered {
		negotiated = t.evalNegotiated(s.Endpoint)
	}
	if negotiated.Result == Fail || !t.asksProbe() {
		return negotiated
	}
	if v := t.evalOffered(s.Endpoint); v.Result != Pass {
		return v
	}
	return negotiated
}

func (t *suiteTest) evalNegotiated(e *scan.Endpoint) Verdict {
	why, known := t.fault(e.CipherSuite)
	observed := e.CipherSuite
	if e.TLSVersion != "" {
		observed = e.TLSVersion + " with " + observed
	}
	switch {
	case why != "":
		return Verdict{Result: Fail, Observed: observed, Required: t.required,
			Message: "The endpoint negotiated " + observed + ", " + why + "."}
	case !known:
		return Verdict{Result: NotAssessed, Observed: e.CipherSuite,
			Message: "The negotiated suite " + e.CipherSuite + " is not one that certaudit knows by its IANA name."}
	}
	return pass
}

// fault says what is wrong with one suite. Without a fault, known tells whether
// there can be none: nothing is known of a suite without an IANA name.
func (t *suiteTest) fault(name string) (why string, known bool) {
	if p, denied := t.deny.match(name); denied {
		return "which the policy denies (" + p + ")", true
	}
	if len(t.allow.texts) > 0 {
		if _, allowed := t.allow.match(name); !allowed {
			return "which is not among the suites that the policy allows", true
		}
	}
	switch {
	case !isSuite(name) && (len(t.allow.texts) == 0 || t.ephemeral || t.aead):
		return "", false
	case t.ephemeral && !isEphemeral(name):
		return "whose key exchange is not ephemeral: whoever obtains the server's key can read recorded traffic", true
	case t.aead && !isAEAD(name):
		return "which is not authenticated encryption", true
	}
	return "", true
}

// acceptedSuites are the suites that were seen to be accepted, by version, that
// which was negotiated among them.
func acceptedSuites(e *scan.Endpoint) map[string][]string {
	all := maps.Clone(e.CipherSuites)
	if all == nil {
		all = map[string][]string{}
	}
	if v := e.TLSVersion; e.CipherSuite != "" && !slices.Contains(all[v], e.CipherSuite) {
		all[v] = append(slices.Clip(all[v]), e.CipherSuite)
	}
	return all
}

// evalOffered judges every suite that the endpoint accepts. What is barred and
// was found fails; that nothing barred is there takes the whole probe.
func (t *suiteTest) evalOffered(e *scan.Endpoint) Verdict {
	suites := acceptedSuites(e)
	whole := answered(e, scan.ProbeCipherSuites)
	bad, strange := t.sift(suites)
	var faults, observed []string
	add := func(seen, why string) {
		faults, observed = append(faults, seen+why), append(observed, seen)
	}
	if len(bad) > 0 {
		add("accepts "+suitesText(bad), ", which the policy bars")
	}
	missing := t.missing(suites)
	if whole && len(missing) > 0 {
		add("accepts no suite "+orList(missing), ", which the policy demands")
	}
	clients, open := ordered(e, suites)
	if t.serverOrder && len(clients) > 0 {
		add("lets the client's order of suites decide in "+clipped(clients, versionsTold), "")
	}
	switch {
	case len(faults) > 0:
		return Verdict{Result: Fail, Observed: strings.Join(observed, "; "), Required: t.required,
			Message: "The endpoint " + strings.Join(faults, ", and ") + "."}
	case !whole && (t.offered || len(t.barred.texts) > 0 || len(missing) > 0 || t.serverOrder):
		return unanswered(e, "Which suites the endpoint accepts beside the one that it negotiated", scan.ProbeCipherSuites)
	case len(strange) > 0:
		return Verdict{Result: NotAssessed, Observed: suitesText(strange),
			Message: "The endpoint accepts " + suitesText(strange) + ", which certaudit does not know by an IANA name."}
	case t.serverOrder && len(open) > 0:
		return Verdict{Result: NotAssessed, Message: "Whose order of suites decides in " + clipped(open, versionsTold) + " is not known."}
	}
	return pass
}

// sift picks the suites that fail, and those that nothing is known of.
func (t *suiteTest) sift(suites map[string][]string) (bad, strange map[string][]string) {
	bad, strange = map[string][]string{}, map[string][]string{}
	for version, names := range suites {
		for _, name := range names {
			why, known := "", true
			if t.offered {
				why, known = t.fault(name)
			}
			_, barred := t.barred.match(name)
			switch {
			case barred || why != "":
				bad[version] = append(bad[version], name)
			case !known || len(t.barred.texts) > 0 && !isSuite(name):
				strange[version] = append(strange[version], name)
			}
		}
	}
	return bad, strange
}

// missing lists the patterns that no suite matches.
func (t *suiteTest) missing(suites map[string][]string) (out []string) {
	for i := range t.demanded.globs {
		found := false
		for _, names := range suites {
			found = found || slices.ContainsFunc(names, t.demanded.globs[i].Match)
		}
		if !found {
			out = append(out, t.demanded.texts[i])
		}
	}
	return out
}

// ordered tells the versions in which the client's order decides from those in
// which nobody knows. One suite alone has no order.
func ordered(e *scan.Endpoint, suites map[string][]string) (clients, open []string) {
	for _, version := range inOrder(suites) {
		switch order := e.SuiteOrder[version]; {
		case order == "client":
			clients = append(clients, version)
		case order != "server" && len(suites[version]) > 1:
			open = append(open, version)
		}
	}
	return clients, open
}

// inOrder lists the versions of a table, oldest first.
func inOrder(suites map[string][]string) []string {
	versions := slices.Sorted(maps.Keys(suites))
	slices.SortStableFunc(versions, func(a, b string) int { return slices.Index(tlsVersions, a) - slices.Index(tlsVersions, b) })
	return versions
}

// The most that a message lists.
const (
	suitesTold   = 4 // of each version
	versionsTold = 6
)

// suitesText lists suites by version: "TLS 1.0 with A and B; TLS 1.2 with C".
func suitesText(suites map[string][]string) string {
	versions := inOrder(suites)
	var parts []string
	for _, v := range versions[:min(len(versions), versionsTold)] {
		parts = append(parts, v+" with "+clipped(suites[v], suitesTold))
	}
	if n := len(versions) - versionsTold; n > 0 {
		parts = append(parts, count(int64(n), "other version"))
	}
	return strings.Join(parts, "; ")
}

// isTLS13 is true for suites of TLS 1.3, whose names leave out the key
// exchange (RFC 8446 section B.4, RFC 8998, RFC 9150, RFC 9367).
func isTLS13(name string) bool {
	return !strings.Contains(name, "_WITH_") || strings.Contains(name, "_MGM_")
}

// exchange is the part of a suite's name that tells the key exchange; empty for
// TLS 1.3.
func exchange(name string) string {
	if isTLS13(name) {
		return ""
	}
	e, _, _ := strings.Cut(name, "_WITH_")
	return e
}

// isEphemeral reports whether the key exchange has forward secrecy.
func isEphemeral(name string) bool {
	e := exchange(name)
	return e == "" || strings.Contains(e, "DHE") || strings.Contains(e, "ECCPWD") || strings.Contains(e, "_anon")
}

// isFiniteField reports whether the keys are agreed on in a finite field: DHE,
// anonymous and static DH.
func isFiniteField(name string) bool {
	parts := strings.Split(exchange(name), "_")
	return slices.Contains(parts, "DHE") || slices.Contains(parts, "DH")
}

// isAEAD reports whether the suite encrypts and authenticates in one. RFC 9150
// suites of TLS 1.3 do not encrypt at all.
func isAEAD(name string) bool {
	if isTLS13(name) {
		return !strings.HasPrefix(name, "TLS_SHA")
	}
	return strings.Contains(name, "_GCM_") || strings.Contains(name, "_CCM") || strings.Contains(name, "_POLY1305_")
}
