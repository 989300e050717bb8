package revoke

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// internal are the networks that a URL of a certificate does not lead to: their
// hosts trust whoever is inside. The registries are those of RFC 6890, RFC 6598
// and RFC 4193.
var internal = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"2001::/23", "2001:db8::/32", "3fff::/20")

// never are what no flag opens: addresses that name no one host, and the
// services that give a cloud's credentials away.
var never = prefixes("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "169.254.169.254/32", "100.100.100.200/32", "192.0.0.192/32",
	"168.63.129.16/32", "::/128", "ff00::/8", "fd00:ec2::254/128")

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	translated    = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour     = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

func prefixes(list ...string) (all []netip.Prefix) {
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func within(list []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
}

// mayDial tells whether an address may be dialled for a URL that a certificate
// names. private opens internal networks, loopback among them.
func mayDial(a netip.Addr, private bool) bool {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || within(never, a) {
		return false
	}
	if inner, ok := embedded(a); ok && !mayDial(inner, private) {
		return false
	}
	switch {
	case private:
		return true
	case within(internal, a):
		return false
	}
	return a.Is4() || globalUnicast.Contains(a) || translated.Contains(a)
}

// embedded is the IPv4 address that an IPv6 address stands for.
func embedded(a netip.Addr) (netip.Addr, bool) {
	b := a.As16()
	switch {
	case a.Is4():
	case translated.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// maxURL bounds a URL that is followed.
const maxURL = 2048

// checkURL reads a URL that a certificate names; the code says why it is not
// followed. Names are judged when they are dialled.
func checkURL(raw string, private bool) (*url.URL, string) {
	if len(raw) > maxURL || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, codeBadURL
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, codeBadURL
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, codeScheme
	case u.Hostname() == "" || u.User != nil || u.Opaque != "":
		return nil, codeBadURL
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !mayDial(a, private) {
		return nil, codeForbidden
	}
	u.Fragment, u.RawFragment = "", ""
	return u, ""
}

// sameHost tells whether a redirect stays where it was: the same host and port,
// or from http to https of it.
func sameHost(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	return portOf(from) == portOf(to) || portOf(from) == "80" && portOf(to) == "443"
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
