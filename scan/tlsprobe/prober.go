package tlsprobe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// Options configures New. Timeout and Now are required.
type Options struct {
	Timeout time.Duration    // for all that one endpoint costs, probes and retries included
	Roots   *Roots           // anchors that paths are built to; nil means none
	Probes  []string         // further hellos, as "versions<=TLS 1.1", and the Probe constants of package scan
	Offline bool             // open no socket and ask no DNS
	Now     func() time.Time // clock of the records

	// Staple reads a stapled OCSP response about a leaf, with the certificate of
	// its issuer, and counts the timestamps in it; nil leaves it unread.
	Staple func(response, leaf, issuer []byte) (said scan.Revocation, scts int)

	// Resolve and Dial replace the system's resolver and net.Dialer.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Prober observes endpoints; it may be used by many goroutines at once.
type Prober struct {
	timeout time.Duration
	roots   *Roots
	caps    []uint16        // of the versions probes, highest first
	probes  map[string]bool // the others, by name
	offline bool
	now     func() time.Time
	resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	dial    func(ctx context.Context, network, address string) (net.Conn, error)

	staple func(response, leaf, issuer []byte) (scan.Revocation, int)

	suites []uint16 // every suite of crypto/tls
	facts  *cache[[32]byte, *node]
	sigs   *cache[pair, string]
}

// Bounds of what a Prober remembers between endpoints: intermediates and
// anchors are few and shared, so that these hold far more than a run needs.
const (
	factsKept  = 1024
	factsBytes = 8 << 10 // a larger certificate is not remembered
	sigsKept   = 8192
)

// New checks the options; the error names the one that is wrong.
func New(o Options) (*Prober, error) {
	if o.Timeout <= 0 {
		return nil, fmt.Errorf("tlsprobe: timeout %v is not positive", o.Timeout)
	}
	if o.Now == nil {
		return nil, errors.New("tlsprobe: no clock")
	}
	p := &Prober{timeout: o.Timeout, roots: o.Roots, offline: o.Offline, now: o.Now, resolve: o.Resolve, dial: o.Dial, staple: o.Staple,
		facts: newCache[[32]byte, *node](factsKept), sigs: newCache[pair, string](sigsKept)}
	p.probes = map[string]bool{}
	for _, s := range o.Probes {
		if slices.Contains(scan.FullDepth(), s) {
			p.probes[s] = true
			continue
		}
		v, err := parseProbe(s)
		if err != nil {
			return nil, err
		}
		p.caps = append(p.caps, v)
	}
	slices.SortFunc(p.caps, func(a, b uint16) int { return cmp.Compare(b, a) })
	p.caps = slices.Compact(p.caps)
	if p.roots == nil {
		p.roots = NewRoots(nil)
	}
	if p.resolve == nil {
		p.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if p.dial == nil {
		p.dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		p.suites = append(p.suites, s.ID)
	}
	return p, nil
}

// parseProbe reads "versions<=TLS 1.1". TLS 1.3 cannot be a cap: a first
// handshake already tells it.
func parseProbe(s string) (uint16, error) {
	name, ok := strings.CutPrefix(s, "versions<=")
	if ok {
		for _, v := range versions {
			if v.name == name && v.wire < tls.VersionTLS13 {
				return v.wire, nil
			}
		}
	}
	return 0, fmt.Errorf("tlsprobe: probe %q is not known; known are %s, and versions<= SSL 3.0, TLS 1.0, TLS 1.1 and TLS 1.2",
		s, strings.Join(scan.FullDepth(), ", "))
}

// Units yields the one unit of an endpoint target, and nothing for others.
func (p *Prober) Units(_ context.Context, t scan.Target) iter.Seq[scan.Unit] {
	return func(yield func(scan.Unit) bool) {
		if t.Kind != scan.EndpointTarget {
			return
		}
		yield(scan.Unit{Target: t.Arg, Endpoint: t.Endpoint(), Observe: func(ctx context.Context, emit func(scan.Record)) {
			p.observe(ctx, t, emit)
		}})
	}
}
