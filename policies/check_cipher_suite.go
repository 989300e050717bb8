package policies

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// cipherSuite judges the one suite that a current client negotiates. Which
// further suites the endpoint would accept is not among the facts of one
// handshake, and neither title nor result claims to know.
func cipherSuite() *Check {
	return &Check{
		ID:      "cipher-suite",
		Title:   "Negotiated cipher suite is approved",
		Failure: "Negotiated cipher suite is not approved",
		Why:     "A suite without encryption, without authentication or with a broken cipher leaves the connection open to whoever is on its path. What is judged is the suite that a current client negotiates; the endpoint may accept others.",
		Remedy:  "Limit the server's suites to ECDHE with AES-GCM or ChaCha20-Poly1305 and to those of TLS 1.3, and let the server's order decide.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "deny", Type: TextList, accepts: acceptSuitePattern, near: suiteNames,
				Default: `["*_NULL_*", "*_anon_*", "*_EXPORT*", "*_RC4_*", "*_RC2_*", "*_DES_*", "*_DES40_*", "*_3DES_*", "*_IDEA_*", "*_MD5", "TLS_SHA*"]`,
				Doc:     "suites that fail, by IANA name or glob"},
			{Name: "allow", Type: TextList, accepts: acceptSuitePattern, near: suiteNames, Doc: "where given, every other suite fails"},
			{Name: "forward_secrecy", Type: Boolean, Default: "false", Doc: "fail suites whose key exchange is not ephemeral"},
			{Name: "aead", Type: Boolean, Default: "false", Doc: "fail suites without authenticated encryption (GCM, CCM, ChaCha20-Poly1305, …)"},
		},
		New: newCipherSuite,
	}
}

// maxSuitePattern is more than the longest name has.
const maxSuitePattern = 64

// acceptSuitePattern refuses what can match no suite, which is a typing error
// that would silently deny or allow nothing.
func acceptSuitePattern(p string) error {
	if len(p) > maxSuitePattern {
		return fmt.Errorf("it is longer than %d characters", maxSuitePattern)
	}
	g, err := scan.CompileGlob(p)
	if err != nil {
		return errors.Unwrap(err)
	}
	if slices.ContainsFunc(suiteNames, g.Match) {
		return nil
	}
	return errors.New("it matches no cipher suite by its IANA name")
}

type suiteTest struct {
	deny, allow         []scan.Glob
	denyText, allowText []string
	ephemeral, aead     bool
	required            string
}

func newCipherSuite(p Values) (Test, error) {
	t := &suiteTest{denyText: p.TextList("deny"), allowText: p.TextList("allow"),
		ephemeral: p.Boolean("forward_secrecy"), aead: p.Boolean("aead")}
	if len(t.denyText)+len(t.allowText) == 0 && !t.ephemeral && !t.aead {
		return Test{}, paramErrorf("", "deny and allow are both empty, so that everything would pass")
	}
	var err error
	if t.deny, err = compileGlobs(t.denyText); err != nil {
		return Test{}, paramErrorf("deny", "%v", err)
	}
	if t.allow, err = compileGlobs(t.allowText); err != nil {
		return Test{}, paramErrorf("allow", "%v", err)
	}
	t.required = t.requires()
	return Test{Needs: []string{"cipher_suite"}, Requires: t.required, Eval: t.eval}, nil
}

func compileGlobs(patterns []string) ([]scan.Glob, error) {
	out := make([]scan.Glob, len(patterns))
	for i, p := range patterns {
		var err error
		if out[i], err = scan.CompileGlob(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *suiteTest) requires() string {
	var parts []string
	if len(t.allowText) > 0 {
		parts = append(parts, "is "+orList(t.allowText))
	}
	if len(t.denyText) > 0 {
		parts = append(parts, "is not "+orList(t.denyText))
	}
	if t.ephemeral {
		parts = append(parts, "has forward secrecy")
	}
	if t.aead {
		parts = append(parts, "has authenticated encryption")
	}
	return "the negotiated suite " + list(parts)
}

// matching gives the first pattern that the name matches.
func matching(globs []scan.Glob, texts []string, name string) (string, bool) {
	for i := range globs {
		if globs[i].Match(name) {
			return texts[i], true
		}
	}
	return "", false
}

func (t *suiteTest) eval(s *Subject, _ time.Time) Verdict {
	name := s.Endpoint.CipherSuite
	if p, denied := matching(t.deny, t.denyText, name); denied {
		return t.fail(s, "which the policy denies ("+p+")")
	}
	if len(t.allow) > 0 {
		if _, allowed := matching(t.allow, t.allowText, name); !allowed {
			return t.fail(s, "which is not among the suites that the policy allows")
		}
	}
	switch {
	case !isSuite(name) && (len(t.allow) == 0 || t.ephemeral || t.aead):
		return Verdict{Result: NotAssessed, Observed: name,
			Message: "The negotiated suite " + name + " is not one that certaudit knows by its IANA name."}
	case t.ephemeral && !isEphemeral(name):
		return t.fail(s, "whose key exchange is not ephemeral: whoever obtains the server's key can read recorded traffic")
	case t.aead && !isAEAD(name):
		return t.fail(s, "which is not authenticated encryption")
	}
	return pass
}

func (t *suiteTest) fail(s *Subject, why string) Verdict {
	e := s.Endpoint
	observed := e.CipherSuite
	if e.TLSVersion != "" {
		observed = e.TLSVersion + " with " + observed
	}
	return Verdict{Result: Fail, Observed: observed, Required: t.required,
		Message: "The endpoint negotiated " + observed + ", " + why + "."}
}

// isTLS13 is true for suites of TLS 1.3, whose names leave out the key
// exchange (RFC 8446 section B.4, RFC 8998, RFC 9150, RFC 9367).
func isTLS13(name string) bool {
	return !strings.Contains(name, "_WITH_") || strings.Contains(name, "_MGM_")
}

// isEphemeral reports whether the key exchange has forward secrecy.
func isEphemeral(name string) bool {
	if isTLS13(name) {
		return true
	}
	exchange, _, _ := strings.Cut(name, "_WITH_")
	return strings.Contains(exchange, "DHE") || strings.Contains(exchange, "ECCPWD") || strings.Contains(exchange, "_anon")
}

// isAEAD reports whether the suite encrypts and authenticates in one. RFC 9150
// suites of TLS 1.3 do not encrypt at all.
func isAEAD(name string) bool {
	if isTLS13(name) {
		return !strings.HasPrefix(name, "TLS_SHA")
	}
	return strings.Contains(name, "_GCM_") || strings.Contains(name, "_CCM") || strings.Contains(name, "_POLY1305_")
}
