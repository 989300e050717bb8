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
		{"hostname-match", "certificate for other.test", "-showcerts </dev/null | openssl x509", "-tls1"},
		{"chain-complete", "an issuer is missing", "-showcerts </dev/null", "x509"},
		{"cipher-suite", "accepts TLS 1.0 with TLS_RSA_WITH_RC4_128_SHA", " -tls1 ", "x509"},
		{"key-exchange", "accepts P-192", "openssl s_client -connect host.test:443 -servername host.test </dev/null", "x509"},
		{"ocsp-stapling", "no stapled response", " -status ", "x509"},
		{"hsts", "no header", "curl -sk -o /dev/null -D - https://host.test:443/", "openssl"},
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

// TestUpgradedCommand: s_client has to be told the protocol that comes before
// TLS, and where it knows none the evidence has the certificate.
func TestUpgradedCommand(t *testing.T) {
	for _, c := range []struct{ starttls, want string }{
		{"", "openssl s_client -connect host.test:25 -servername host.test </dev/null"},
		{scan.SMTP, "openssl s_client -connect host.test:25 -starttls smtp -servername host.test </dev/null"},
		{scan.XMPPClient, "openssl s_client -connect host.test:25 -starttls xmpp -xmpphost host.test -servername host.test </dev/null"},
		{scan.RDP, fromEvidence("ab") + "openssl x509 -noout -text"},
		{"$(touch owned)", fromEvidence("ab") + "openssl x509 -noout -text"},
	} {
		ep := &scan.Endpoint{Endpoint: "host.test:25", ServerName: "host.test", StartTLS: c.starttls, Chain: []string{"ab"}}
		if got := probeCommand(ep, "cipher-suite", "TLS 1.2"); got != c.want {
			t.Errorf("%q: got %s, want %s", c.starttls, got, c.want)
		}
	}
}
