package scan

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// endpointsOf lists what a target stands for, up to a bound.
func endpointsOf(t Target) (all []string) {
	for e := range t.Endpoints() {
		all = append(all, strings.TrimSuffix(e.Endpoint()+" "+e.StartTLS, " "))
		if len(all) == 20 {
			break
		}
	}
	return all
}

func TestSweeps(t *testing.T) {
	for _, c := range []struct {
		arg  string
		want string // endpoints, or the words of the error after "!"
	}{
		{"192.0.2.0/30", "192.0.2.0:443 192.0.2.1:443 192.0.2.2:443 192.0.2.3:443"},
		{"192.0.2.6/31", "192.0.2.6:443 192.0.2.7:443"},
		{"192.0.2.7/31:8443", "192.0.2.6:8443 192.0.2.7:8443"},
		{"192.0.2.1/32", "192.0.2.1:443"},
		{"192.0.2.10-12", "192.0.2.10:443 192.0.2.11:443 192.0.2.12:443"},
		{"192.0.2.255-192.0.3.1:636", "192.0.2.255:636 192.0.3.0:636 192.0.3.1:636"},
		{"255.255.255.254-255", "255.255.255.254:443 255.255.255.255:443"},
		{"192.0.2.10-10", "192.0.2.10:443"},
		{"2001:db8::/127", "[2001:db8::]:443 [2001:db8::1]:443"},
		{"[2001:db8::/127]:8443", "[2001:db8::]:8443 [2001:db8::1]:8443"},
		{"[2001:db8::]/127:8443", "[2001:db8::]:8443 [2001:db8::1]:8443"},
		{"2001:db8::ffff-2001:db8::1:0", "[2001:db8::ffff]:443 [2001:db8::1:0]:443"},
		{"2001:db8:0:0:ffff:ffff:ffff:ffff-2001:db8:0:1::", "[2001:db8::ffff:ffff:ffff:ffff]:443 [2001:db8:0:1::]:443"},
		{"[2001:db8::1-2001:db8::2]:465", "[2001:db8::1]:465 [2001:db8::2]:465"},
		{"https://192.0.2.0/31", "192.0.2.0:443 192.0.2.1:443"},
		{"https://192.0.2.0/31:444/", "192.0.2.0:444 192.0.2.1:444"},
		{"https://[2001:db8::/127]:444", "[2001:db8::]:444 [2001:db8::1]:444"},
		{"smtp://192.0.2.1-2", "192.0.2.1:25 smtp 192.0.2.2:25 smtp"},
		{"imaps://192.0.2.1-2:143", "192.0.2.1:143 192.0.2.2:143"},
		{"192.0.2.1-2:25", "192.0.2.1:25 smtp 192.0.2.2:25 smtp"},
		{"https://192.0.2.0:444/28", "192.0.2.0:444"}, // a URL with a path
		{"192.0.2.1-a.example", "192.0.2.1-a.example:443"},
		{"a-b.example", "a-b.example:443"},
		{"192.0.2.0/33", "!size of a network"},
		{"2001:db8::/129", "!size of a network"},
		{"10.0.0.0/11", "!more than 1048576"},
		{"2001:db8::/64", "!more than 1048576"},
		{"2001:db8::-2001:db8:0:1::", "!more than 1048576"},
		{"192.0.2.20-10", "!ends before"},
		{"192.0.2.20-2001:db8::1", "!not an IPv6"},
		{"2001:db8::1-192.0.2.20", "!ends before"},
		{"2001:db8::1-20", "!does not end"},
		{"192.0.2.10-256", "!does not end"},
		{"192.0.2.10-", "!does not end"},
		{"192.0.2.0/28:0", "!port"},
		{"192.0.2.0/28:x", "!port"},
		{"https://u:secret@192.0.2.0/28", "!***@192"},
	} {
		got, err := ParseArgument(c.arg, func(string) bool { return false })
		if words, bad := strings.CutPrefix(c.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q: %v %v, want an error with %q", c.arg, endpointsOf(got), err, words)
			}
			continue
		}
		if shown := strings.Join(endpointsOf(got), " "); err != nil || got.Kind != EndpointTarget || got.Arg != c.arg || shown != c.want {
			t.Errorf("%q: %q, %v; want %q", c.arg, shown, err, c.want)
		}
	}
}

// TestSweepOrPath: an existing path wins over the spelling of a block.
func TestSweepOrPath(t *testing.T) {
	there := func(string) bool { return true }
	for arg, want := range map[string]TargetKind{"192.0.2.0/28": PathTarget, "192.0.2.1-9": PathTarget} {
		if got, err := ParseArgument(arg, there); err != nil || got.Kind != want {
			t.Errorf("%q: kind %d, %v", arg, got.Kind, err)
		}
	}
	if _, err := ParseArgument("192.0.2.1-9:443", there); err == nil {
		t.Error("a file took the place of a range with a port")
	}
}

// TestSweepBound has targets at and above the bound, which nothing expands.
func TestSweepBound(t *testing.T) {
	big, err := ParseListed("10.0.0.0/12")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range big.Endpoints() {
		n++
	}
	if n != MaxEndpoints {
		t.Errorf("%d endpoints, want %d", n, MaxEndpoints)
	}
	two, _ := ParsePorts("443,8443")
	if _, err := big.OnPorts(two); err == nil {
		t.Error("more endpoints than the bound were accepted")
	}
	half, _ := ParseListed("10.0.0.0/13")
	if _, err := half.OnPorts(two); err != nil {
		t.Error(err)
	}
}

func TestOnPorts(t *testing.T) {
	ports, err := ParsePorts("993, 25,442-443,443-444")
	if err != nil || ports.String() != "25,442-444,993" || ports.Count() != 5 {
		t.Fatalf("%v, %v", ports, err)
	}
	for arg, want := range map[string]string{
		"host.test":         "host.test:25 smtp host.test:442 host.test:443 host.test:444 host.test:993",
		"192.0.2.1":         "192.0.2.1:25 smtp 192.0.2.1:442 192.0.2.1:443 192.0.2.1:444 192.0.2.1:993",
		"192.0.2.1-1":       "192.0.2.1:25 smtp 192.0.2.1:442 192.0.2.1:443 192.0.2.1:444 192.0.2.1:993",
		"host.test:8443":    "host.test:8443",
		"https://host.test": "host.test:443",
		"192.0.2.1-1:636":   "192.0.2.1:636",
	} {
		target, err := ParseListed(arg)
		if err != nil {
			t.Fatal(err)
		}
		if target, err = target.OnPorts(ports); err != nil || strings.Join(endpointsOf(target), " ") != want {
			t.Errorf("%q: %q, %v; want %q", arg, endpointsOf(target), err, want)
		}
	}
	file, _ := ParseListed("./file")
	if got, err := file.OnPorts(ports); err != nil || got.Sweep != nil {
		t.Errorf("a path got ports: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "0", "65536", "443,", "9-8", "a", "1-", "-1", "1-2-3"} {
		if p, err := ParsePorts(bad); err == nil {
			t.Errorf("%q: %v", bad, p)
		}
	}
}

// TestOnce: each endpoint belongs to the first target that stands for it.
func TestOnce(t *testing.T) {
	ports, _ := ParsePorts("443,8443")
	list := func(args ...string) string {
		var targets []Target
		for _, arg := range args {
			target, err := ParseListed(strings.TrimSuffix(arg, "+"))
			if err == nil && strings.HasSuffix(arg, "+") {
				target, err = target.OnPorts(ports)
			}
			if err != nil {
				t.Fatal(err)
			}
			targets = append(targets, target)
		}
		var all []string
		for _, target := range Once(targets) {
			if target.Kind == PathTarget {
				all = append(all, target.Path)
				continue
			}
			all = append(all, endpointsOf(target)...)
		}
		return strings.Join(all, " ")
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"a.test", "a.test:443", "https://A.test.", "a.test:444"}, "a.test:443 a.test:444"},
		{[]string{"smtp://a.test", "tls://a.test:25", "a.test:25"}, "a.test:25 smtp a.test:25"},
		{[]string{"[2001:db8::1]:443", "2001:DB8:0::1"}, "[2001:db8::1]:443"},
		{[]string{"./a", "./a", "a"}, "./a ./a a:443"},
		{[]string{"192.0.2.1", "192.0.2.0/31", "192.0.2.1-2"}, "192.0.2.1:443 192.0.2.0:443 192.0.2.2:443"},
		{[]string{"192.0.2.0/31", "192.0.2.1", "192.0.2.0/31", "192.0.2.1:444"}, "192.0.2.0:443 192.0.2.1:443 192.0.2.1:444"},
		{[]string{"192.0.2.0/30", "192.0.2.3-4+", "192.0.2.1-1"}, "192.0.2.0:443 192.0.2.1:443 192.0.2.2:443 192.0.2.3:443 192.0.2.3:8443 192.0.2.4:443 192.0.2.4:8443"},
		{[]string{"a.test:8443", "a.test+", "a.test", "a.test+"}, "a.test:8443 a.test:443"},
		{[]string{"192.0.2.0/31:25", "tls://192.0.2.0/31:25"}, "192.0.2.0:25 smtp 192.0.2.1:25 smtp 192.0.2.0:25 192.0.2.1:25"},
	} {
		if got := list(c.args...); got != c.want {
			t.Errorf("%q: %s; want %s", c.args, got, c.want)
		}
	}
}

// FuzzParseListed: whatever a list says, a target's endpoints are hosts and
// ports, within their block and within the bound.
func FuzzParseListed(f *testing.F) {
	for _, seed := range []string{"192.0.2.0/28:443", "[2001:db8::]/120:1", "192.0.2.250-255", "::-::f", "https://[::1-::2]:5", "a.test", "0.0.0.0/12", "::ffff:1.2.3.4/100", "fe80::1%a-fe80::2%a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		target, err := ParseListed(arg)
		if err != nil || target.Kind != EndpointTarget {
			return
		}
		for n, e := range slices.Collect(firstOf(target, 8)) {
			if e.Sweep != nil || e.Port < 1 || e.Port > 65535 || e.Host == "" || e.Arg != arg {
				t.Errorf("%q: endpoint %d is %+v", arg, n, e)
			}
			if target.Sweep == nil {
				continue
			}
			if a, err := netip.ParseAddr(e.Host); err != nil || !target.Sweep.covers(a) {
				t.Errorf("%q: endpoint %d is %+v", arg, n, e)
			}
		}
	})
}

func firstOf(target Target, n int) func(func(Target) bool) {
	return func(yield func(Target) bool) {
		for e := range target.Endpoints() {
			if n--; n < 0 || !yield(e) {
				return
			}
		}
	}
}
