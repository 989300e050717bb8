package revoke

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestMayDial(t *testing.T) {
	for _, c := range []struct {
		address         string
		public, allowed bool // without and with the flag
	}{
		{"8.8.8.8", true, true}, {"2606:4700::1111", true, true}, {"64:ff9b::808:808", true, true}, {"2002:808:808::1", true, true},
		{"127.0.0.1", false, true}, {"127.255.255.254", false, true}, {"::1", false, true}, {"::ffff:127.0.0.1", false, true},
		{"10.0.0.1", false, true}, {"172.16.0.1", false, true}, {"172.31.255.255", false, true}, {"172.32.0.1", true, true}, {"172.15.255.255", true, true},
		{"192.168.1.1", false, true}, {"100.64.0.1", false, true}, {"100.127.255.255", false, true}, {"100.128.0.1", true, true},
		{"169.254.1.1", false, true}, {"fe80::1", false, true}, {"fe80::1%eth0", false, true}, {"fc00::1", false, true}, {"fd12::1", false, true}, {"fec0::1", false, true},
		{"198.18.0.1", false, true}, {"192.0.2.1", false, true}, {"203.0.113.7", false, true}, {"2001:db8::1", false, true}, {"2001::1", false, true},
		{"64:ff9b::7f00:1", false, true}, {"64:ff9b::a9fe:a9fe", false, false}, {"2002:7f00:1::1", false, true}, {"2002:a9fe:a9fe::1", false, false}, {"64:ff9b:1::1", false, true},
		{"169.254.169.254", false, false}, {"::ffff:169.254.169.254", false, false}, {"fd00:ec2::254", false, false}, {"100.100.100.200", false, false},
		{"192.0.0.192", false, false}, {"168.63.129.16", false, false}, {"0.0.0.0", false, false}, {"0.1.2.3", false, false}, {"::", false, false},
		{"224.0.0.1", false, false}, {"239.1.1.1", false, false}, {"255.255.255.255", false, false}, {"240.0.0.1", false, false}, {"ff02::1", false, false},
	} {
		a := netip.MustParseAddr(c.address)
		if got := mayDial(a, false); got != c.public {
			t.Errorf("%s: %v, want %v", c.address, got, c.public)
		}
		if got := mayDial(a, true); got != c.allowed {
			t.Errorf("%s when allowed: %v, want %v", c.address, got, c.allowed)
		}
	}
	if mayDial(netip.Addr{}, true) {
		t.Error("no address may be dialled")
	}
}

func TestCheckURL(t *testing.T) {
	for _, c := range []struct{ raw, code string }{
		{"http://ca.test/a.crl", ""}, {"https://ca.test:8443/a", ""}, {"http://[2606:4700::1111]/", ""}, {"HTTP://ca.test", ""},
		{"ldap://ca.test/cn=x", codeScheme}, {"file:///etc/passwd", codeScheme}, {"ftp://ca.test/", codeScheme}, {"gopher://ca.test/", codeScheme}, {"ca.test/a.crl", codeScheme}, {"", codeScheme},
		{"http://", codeBadURL}, {"http:///x", codeBadURL}, {"http://a@ca.test/", codeBadURL}, {"http:ca.test", codeBadURL}, {"http://ca.test/\r\nX: y", codeBadURL}, {"http://ca test/", codeBadURL},
		{"http://ca.test/%zz", codeBadURL}, {"http://ca.test:x/", codeBadURL}, {"http://ca.test/" + strings.Repeat("a", maxURL), codeBadURL},
		{"http://127.0.0.1/", codeForbidden}, {"http://[::1]/", codeForbidden}, {"http://169.254.169.254/latest/meta-data", codeForbidden}, {"http://[::ffff:10.0.0.1]/", codeForbidden},
	} {
		if _, code := checkURL(c.raw, false); code != c.code {
			t.Errorf("%q: %q, want %q", c.raw, code, c.code)
		}
	}
	if _, code := checkURL("http://127.0.0.1/", true); code != "" {
		t.Errorf("allowed: %q", code)
	}
}

func TestSameHost(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"http://a.test/", "http://a.test/b", true}, {"http://a.test/", "http://A.test:80/b", true}, {"http://a.test/", "https://a.test/", true},
		{"http://a.test/", "http://b.test/", false}, {"http://a.test/", "http://a.test:8080/", false}, {"https://a.test/", "http://a.test/", false},
		{"http://a.test/", "http://a.test.evil.test/", false},
	} {
		from, _ := url.Parse(c.from)
		to, _ := url.Parse(c.to)
		if got := sameHost(from, to); got != c.want {
			t.Errorf("%s to %s: %v", c.from, c.to, got)
		}
	}
}

// FuzzCheckURL: whatever passes is http or https, has a host, and where that is
// an address it may be dialled.
func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"http://ca.test/a.crl", "http://127.0.0.1/", "http://[::1%25lo]/", "ldap:///cn=x", "http://0x7f.1/", "http://2130706433/", "http://a@b@c/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, code := checkURL(raw, false)
		if (u == nil) != (code != "") {
			t.Fatalf("%v and %q", u, code)
		}
		if u == nil {
			return
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(raw) > maxURL {
			t.Fatalf("%q passes", raw)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && !mayDial(a, false) {
			t.Fatalf("%q leads to %s", raw, a)
		}
	})
}
