package scan

import (
	"strings"
	"testing"
)

func TestParseArgument(t *testing.T) {
	there := map[string]bool{"certs": true, "host.example:443": true, "plainhost": true, "https://x.test": true}
	exists := func(p string) bool { return there[p] }
	for _, c := range []struct {
		arg  string
		kind TargetKind
		want string // path or endpoint, or the words of the error after "!"
	}{
		{"certs", PathTarget, "certs"},
		{"./certs", PathTarget, "./certs"},
		{"/no/such", PathTarget, "/no/such"},
		{"no/such", PathTarget, "no/such"},
		{"missing.pem", PathTarget, "missing.pem"},
		{"file:host.example:443", PathTarget, "host.example:443"},
		{"plainhost", PathTarget, "plainhost"},
		{"-", StdinTarget, ""},
		{"host.example", EndpointTarget, "host.example:443"},
		{"host.test:8443", EndpointTarget, "host.test:8443"},
		{"https://host.test", EndpointTarget, "host.test:443"},
		{"https://host.test:444/path?q", EndpointTarget, "host.test:444"},
		{"192.0.2.1", EndpointTarget, "192.0.2.1:443"},
		{"[2001:db8::1]:8443", EndpointTarget, "[2001:db8::1]:8443"},
		{"2001:db8::1", EndpointTarget, "[2001:db8::1]:443"},
		{"[FE80::1%enP2p1s0]:8443", EndpointTarget, "[fe80::1%enP2p1s0]:8443"},
		{"https://[fe80::1%25enP2p1s0]", EndpointTarget, "[fe80::1%enP2p1s0]:443"},
		{"bücher.example", EndpointTarget, "bücher.example:443"},
		{"host.example:443", 0, "!file of that name exists"},
		{"https://x.test", 0, "!file of that name exists"},
		{"", 0, "!empty"},
		{"host:0", 0, "!port"},
		{"host:65536", 0, "!port"},
		{"host:", 0, "!not a path"},
		{"host:x", 0, "!port"},
		{"[::1", 0, "!not a path"},
		{"[::g]:443", 0, "!IPv6"},
		{"gopher://x.test", 0, "!scheme"},
		{"https://u:p@x.test:1", 0, "!***@x.test:1"},
		{"https://u:p%zz@localhost", 0, "!***@localhost"},
		{"u:secret@h:443", 0, "!***@h:443"},
		{"HOST.Example.:443", EndpointTarget, "host.example:443"},
		{"two words", 0, "!not a host name"},
		{"a\nb", 0, "!not a host name"},
	} {
		got, err := ParseArgument(c.arg, exists)
		if words, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%q: got %v, want an error with %q", c.arg, err, words)
			}
			continue
		}
		shown := got.Path
		if got.Kind == EndpointTarget {
			shown = got.Endpoint()
		}
		if err != nil || got.Kind != c.kind || shown != c.want {
			t.Errorf("%q: got kind %d %q, %v; want kind %d %q", c.arg, got.Kind, shown, err, c.kind, c.want)
		}
	}
}

func TestParseListed(t *testing.T) {
	for _, c := range []struct {
		arg  string
		kind TargetKind
	}{{"./a", PathTarget}, {"../a", PathTarget}, {"/a", PathTarget}, {"file:a", PathTarget}, {"certs", EndpointTarget}, {"a.pem", EndpointTarget}} {
		if got, err := ParseListed(c.arg); err != nil || got.Kind != c.kind {
			t.Errorf("%q: got kind %d, %v; want %d", c.arg, got.Kind, err, c.kind)
		}
	}
}
