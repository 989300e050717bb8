package policies

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"certaudit/scan"
)

func hsts() *Check {
	return &Check{
		ID:      "hsts",
		Title:   "Web server asks for HTTPS only",
		Failure: "Web server does not ask for HTTPS only",
		Why:     "A browser that was never told otherwise starts with plain HTTP, and whoever is on its path can keep it there, or click away a warning. With Strict-Transport-Security it insists on TLS from the first visit on.",
		Remedy:  "Send Strict-Transport-Security with every answer over HTTPS, such as \"max-age=63072000; includeSubDomains\", once every name below it is reachable over HTTPS.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "min_max_age", Type: Integer, Default: "31536000", Min: 1, Max: 1 << 30,
				Doc: "least max-age in seconds. RFC 6797 sets no number; one year is what the preload list of browsers asks for (hstspreload.org), Mozilla server-side TLS 6.0 asks for 63072000"},
			{Name: "include_subdomains", Type: Boolean, Default: "false", Doc: "fail without the directive includeSubDomains"},
			{Name: "preload", Type: Boolean, Default: "false", Doc: "fail without the directive preload, which no standard defines (hstspreload.org)"},
		},
		New: newHSTS,
	}
}

type hstsTest struct {
	minMaxAge           int64
	subdomains, preload bool
	required            string
}

func newHSTS(p Values) (Test, error) {
	t := &hstsTest{minMaxAge: int64(p.Integer("min_max_age")), subdomains: p.Boolean("include_subdomains"), preload: p.Boolean("preload")}
	t.required = fmt.Sprintf("Strict-Transport-Security with max-age at least %d", t.minMaxAge)
	if t.subdomains {
		t.required += ", includeSubDomains"
	}
	if t.preload {
		t.required += ", preload"
	}
	return Test{Needs: []string{"hsts"}, Probes: []Probe{{Name: scan.ProbeHSTS}}, Requires: t.required, Eval: t.eval}, nil
}

func (t *hstsTest) eval(s *Subject, _ time.Time) Verdict {
	e := s.Endpoint
	moot := func(why string) Verdict { return Verdict{Result: NotApplicable, Message: why} }
	switch {
	case e.StartTLS != "":
		return moot("There is no HTTP behind STARTTLS.")
	case e.ServerName == "" && isAddress(e.Endpoint):
		return moot("Browsers note the header for names only, and the endpoint goes by its address (RFC 6797 section 8.1.1).")
	case e.HSTS == scan.Unasked && e.HTTPStatus == 0 && answered(e, scan.ProbeHSTS):
		return moot("The endpoint did not answer HTTP.")
	case e.HSTS == scan.Unasked:
		return unanswered(e, "Whether the endpoint sends Strict-Transport-Security", scan.ProbeHSTS)
	case e.HSTS == scan.No:
		return Verdict{Result: Fail, Observed: fmt.Sprintf("no Strict-Transport-Security (HTTP status %d)", e.HTTPStatus), Required: t.required,
			Message: "The endpoint answers HTTP without the header Strict-Transport-Security."}
	}
	return t.evalHeader(e.HSTSHeader)
}

func isAddress(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	_, err = netip.ParseAddr(host)
	return err == nil
}

func (t *hstsTest) evalHeader(value string) Verdict {
	fail := func(message string) Verdict {
		return Verdict{Result: Fail, Observed: "Strict-Transport-Security: " + quote(value), Required: t.required, Message: message}
	}
	h, err := parseHSTS(value)
	switch {
	case err != nil:
		return fail("Browsers do not obey the endpoint's Strict-Transport-Security header: " + err.Error() + ".")
	case h.maxAge < t.minMaxAge:
		return fail(fmt.Sprintf("The endpoint's Strict-Transport-Security has a max-age of %s, where the policy asks for %s.",
			count(h.maxAge, "second"), count(t.minMaxAge, "second")))
	case t.subdomains && !h.subdomains:
		return fail("The endpoint's Strict-Transport-Security lacks includeSubDomains.")
	case t.preload && !h.preload:
		return fail("The endpoint's Strict-Transport-Security lacks preload.")
	}
	return pass
}

// An hstsHeader is a value of Strict-Transport-Security taken apart.
type hstsHeader struct {
	maxAge              int64 // seconds; what is beyond 64 bits is the greatest number
	subdomains, preload bool
}

// maxHSTSHeader is far more than the directives need that there are.
const maxHSTSHeader = 4096

// parseHSTS reads a value by the grammar of RFC 6797 section 6.1: directives in
// any order and case, each at most once, values as tokens or quoted strings,
// max-age required. Directives that it does not know are read over.
func parseHSTS(value string) (h hstsHeader, err error) {
	if len(value) > maxHSTSHeader {
		return h, fmt.Errorf("it is longer than %d bytes", maxHSTSHeader)
	}
	p := headerParser{rest: value}
	seen := make(map[string]bool)
	for {
		name, argument, given, err := p.directive()
		if err != nil {
			return h, err
		}
		name = strings.ToLower(name)
		if name != "" && seen[name] {
			return h, fmt.Errorf("the directive %s appears twice", quote(name))
		}
		seen[name] = true
		switch {
		case name == "max-age":
			if h.maxAge, err = deltaSeconds(argument, given); err != nil {
				return h, err
			}
		case name == "includesubdomains" && given:
			return h, errors.New("its includeSubDomains has a value")
		case name == "includesubdomains":
			h.subdomains = true
		case name == "preload": // with a value it would be another directive
			h.preload = !given
		}
		if p.rest == "" {
			break
		}
		p.rest = p.rest[1:] // the semicolon
	}
	if !seen["max-age"] {
		return h, errors.New("it has no max-age")
	}
	return h, nil
}

// deltaSeconds is one digit or more (RFC 9111 section 1.2.2).
func deltaSeconds(s string, given bool) (int64, error) {
	if !given || s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("its max-age %s is no number of seconds", quote(s))
	}
	n, _ := strconv.ParseInt(s, 10, 64) // out of range is the greatest number
	return n, nil
}

// A headerParser reads directives off the front of a header's value.
type headerParser struct{ rest string }

func (p *headerParser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// directive reads up to the next semicolon or the end. It may be empty.
func (p *headerParser) directive() (name, value string, given bool, err error) {
	p.space()
	name = p.token()
	p.space()
	if name != "" && strings.HasPrefix(p.rest, "=") {
		p.rest = p.rest[1:]
		p.space()
		given = true
		if strings.HasPrefix(p.rest, `"`) {
			value, err = p.quoted()
		} else if value = p.token(); value == "" {
			err = fmt.Errorf("the directive %s has no value after its =", quote(name))
		}
		p.space()
	}
	if err == nil && p.rest != "" && p.rest[0] != ';' {
		err = fmt.Errorf("it cannot be read from %s on", quote(p.rest))
	}
	return name, value, given, err
}

// token reads as many token characters as there are (RFC 9110 section 5.6.2).
func (p *headerParser) token() string {
	n := 0
	for n < len(p.rest) && isTokenByte(p.rest[n]) {
		n++
	}
	token := p.rest[:n]
	p.rest = p.rest[n:]
	return token
}

func isTokenByte(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// quoted reads a quoted string, in which a backslash takes the next character
// as it is (RFC 9110 section 5.6.4).
func (p *headerParser) quoted() (string, error) {
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			p.rest = p.rest[i+1:]
			return b.String(), nil
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("a quoted value has no end")
}
