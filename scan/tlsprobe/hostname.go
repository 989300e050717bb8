package tlsprobe

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"certaudit/scan"
)

// asciiName gives the name to resolve and to send as SNI: the A-labels of
// RFC 5890, without the dot that ends a fully qualified name. A name that is
// ASCII already passes as it is, so that names outside the rules for host
// names (an underscore, say) can be probed where they resolve.
func asciiName(host string) (string, error) {
	host = strings.TrimSuffix(host, ".")
	for i := range len(host) {
		if host[i] >= 0x80 {
			a, err := idna.Lookup.ToASCII(host)
			if err != nil {
				return "", fmt.Errorf("host name has no ASCII form: %w", err)
			}
			return a, nil
		}
	}
	return strings.ToLower(host), nil
}

// sniName checks a name that is to be sent as SNI, which no address may be
// (RFC 6066 section 3).
func sniName(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	ascii, err := asciiName(name)
	if _, notAddress := netip.ParseAddr(ascii); err != nil || notAddress == nil || len(ascii) > 255 || strings.ContainsFunc(ascii, func(r rune) bool { return r <= ' ' }) {
		return "", fmt.Errorf("tlsprobe: %q is no name that can be sent as SNI", name)
	}
	return ascii, nil
}

// hostnameMatch compares the name sent as SNI, or the address where the
// target is one, with the subject alternative names (RFC 9525): a wildcard
// stands for the whole left-most label, an address matches iPAddress entries
// only, and the common name is never looked at.
func hostnameMatch(leaf *x509.Certificate, serverName string, addr netip.Addr) scan.Answer {
	if leaf == nil {
		return scan.Unasked
	}
	if serverName == "" {
		serverName = addr.WithZone("").Unmap().String()
	}
	return scan.Answered(leaf.VerifyHostname(serverName) == nil)
}
