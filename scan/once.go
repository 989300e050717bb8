package scan

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Once drops what is asked for again: an endpoint, which is a host, a port and
// the protocol that comes before TLS, belongs to the first target that stands
// for it. Of paths the file source knows which lie within which. It keeps one
// entry for each target, whatever a target stands for. It reuses the slice.
func Once(targets []Target) []Target {
	a := newAsked(targets)
	kept := targets[:0]
	for i, t := range targets {
		switch {
		case t.Kind != EndpointTarget:
		case t.Sweep == nil:
			if a.before(i, t) {
				continue
			}
		case a.sweeps[sweepKeyOf(t)] != i:
			continue
		default:
			s := *t.Sweep
			s.skip = func(e Target) bool { return a.before(i, e) }
			t.Sweep = &s
		}
		kept = append(kept, t)
	}
	return kept
}

// asked tells which target is the first to ask for an endpoint.
type asked struct {
	single map[endpointKey]int
	sweeps map[sweepKey]int
	hosts  map[string][]numbered // sweeps over the ports of one host
	spans  []span                // sweeps over addresses, in ascending order
}

// A numbered target is the n-th.
type numbered struct {
	Target
	n int
}

// asks is true for a sweep before the i-th target that has e's host and its
// port and protocol.
func (t *numbered) asks(i int, e Target) bool {
	return t.n < i && t.Sweep.Ports.Has(e.Port) && t.at(e.Host, e.Port).StartTLS == e.StartTLS
}

// An endpointKey is one endpoint; addresses in their usual spelling.
type endpointKey struct {
	host, starttls string
	port           int
}

func keyOf(t Target) endpointKey {
	if a, ok := parseLiteral(t.Host); ok && a.Is6() {
		t.Host = a.String()
	}
	return endpointKey{t.Host, t.StartTLS, t.Port}
}

// parseLiteral is netip.ParseAddr without the cost of an error for each name.
func parseLiteral(host string) (netip.Addr, bool) {
	if host == "" || !strings.Contains(host, ":") && (host[len(host)-1] < '0' || host[len(host)-1] > '9') {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(host)
	return a, err == nil
}

// A sweepKey is a whole sweep.
type sweepKey struct {
	first, last                  netip.Addr
	host, scheme, starttls, port string
}

func sweepKeyOf(t Target) sweepKey {
	return sweepKey{t.Sweep.First, t.Sweep.Last, t.Host, t.Scheme, t.StartTLS, t.Sweep.Ports.String()}
}

// A span is the addresses of one target.
type span struct {
	first, last netip.Addr
	most        netip.Addr // the greatest last of this span and those before it
	target      numbered
}

func newAsked(targets []Target) *asked {
	a := &asked{single: make(map[endpointKey]int, len(targets)), sweeps: map[sweepKey]int{}, hosts: map[string][]numbered{}}
	for i, t := range targets {
		if t.Kind == EndpointTarget {
			a.add(i, t)
		}
	}
	slices.SortFunc(a.spans, func(x, y span) int { return cmp.Or(x.first.Compare(y.first), cmp.Compare(x.target.n, y.target.n)) })
	for i := range a.spans {
		a.spans[i].most = a.spans[i].last
		if i > 0 && a.spans[i].most.Less(a.spans[i-1].most) {
			a.spans[i].most = a.spans[i-1].most
		}
	}
	return a
}

func (a *asked) add(i int, t Target) {
	if t.Sweep == nil {
		if _, known := a.single[keyOf(t)]; !known {
			a.single[keyOf(t)] = i
		}
		return
	}
	if _, known := a.sweeps[sweepKeyOf(t)]; known {
		return
	}
	a.sweeps[sweepKeyOf(t)] = i
	if t.Sweep.First.IsValid() {
		a.spans = append(a.spans, span{first: t.Sweep.First, last: t.Sweep.Last, target: numbered{t, i}})
	} else {
		a.hosts[t.Host] = append(a.hosts[t.Host], numbered{t, i})
	}
}

// before is true where a target before the i-th stands for the endpoint.
func (a *asked) before(i int, e Target) bool {
	if first, ok := a.single[keyOf(e)]; ok && first < i {
		return true
	}
	if len(a.hosts) > 0 && slices.ContainsFunc(a.hosts[e.Host], func(t numbered) bool { return t.asks(i, e) }) {
		return true
	}
	addr, ok := parseLiteral(e.Host)
	if !ok || len(a.spans) == 0 {
		return false
	}
	after, _ := slices.BinarySearchFunc(a.spans, addr, func(s span, addr netip.Addr) int {
		if addr.Less(s.first) {
			return 1
		}
		return -1
	})
	for k := after - 1; k >= 0 && !a.spans[k].most.Less(addr); k-- {
		if t := &a.spans[k].target; t.Sweep.covers(addr) && t.asks(i, e) {
			return true
		}
	}
	return false
}
