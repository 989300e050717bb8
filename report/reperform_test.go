package report

import (
	"strings"
	"testing"

	"certaudit/scan"
)

func TestProbeCommand(t *testing.T) {
	ep := &scan.Endpoint{Endpoint: "host.test:443", ServerName: "host.test", Versions: []string{"TLS 1.0"}}
	for _, c := range []struct{ check, observed, has, hasNot string }{
		{"tls-version", "accepts TLS 1.0", " -tls1 ", "-tls1_3"},
		{"tls-version", "accepts TLS 1.1 and TLS 1.2", " -tls1_1 ", "-tls1_2"},
		{"tls-version", "refuses TLS 1.3", " -tls1_3 ", "SECLEVEL"},
		{"hostname-match", "certificate for other.test", "-showcerts", "-tls1"},
	} {
		got := probeCommand(ep, c.check, c.observed)
		if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
			t.Errorf("%s, %s: %s", c.check, c.observed, got)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"certs/a.pem", "certs/a.pem"},
		{"a b.pem", "'a b.pem'"},
		{"it's", `'it'\''s'`},
		{"-x.pem", "./-x.pem"},
		{"a\n::error::", "'a'?'::error::'"},
		{"$(x)", "'$(x)'"},
		{"", "''"},
	} {
		if got := shellQuote(c.in); got != c.want {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
}
