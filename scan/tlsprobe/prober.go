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
	Known   *Roots           // intermediates that clients may have from elsewhere; no anchors; nil means none
	Probes  []string         // further hellos, as "versions<=TLS 1.1", and the Probe constants of package scan
	Offline bool             // open no socket and ask no DNS
	Now     func() time.Time // clock of the records

	AllAddresses bool   // every address of a name is an endpoint of its own
	ServerName   string // sent as SNI to every endpoint; empty: the host, unless it is an address
	Samples      int    // handshakes whose chains are compared, at most MaxSamples; 0 means 1
	Proxy        *Proxy // connects, and resolves names; nil: none

	// ClientCertificate gives what to present to an endpoint, written host:port,
	// that asks for a client certificate; nil for nothing.
	ClientCertificate func(endpoint string) *tls.Certificate

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
	known   *Roots
	caps    []uint16        // of the versions probes, highest first
	probes  map[string]bool // the others, by name
	offline bool
	each    bool
	sni     string
	noSNI   bool
	samples int
	proxy   *Proxy
	client  func(endpoint string) *tls.Certificate
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
	p := &Prober{timeout: o.Timeout, roots: o.Roots, known: o.Known, offline: o.Offline, now: o.Now, resolve: o.Resolve, dial: o.Dial,
		each: o.AllAddresses, samples: o.Samples, proxy: o.Proxy, client: o.ClientCertificate, staple: o.Staple,
		facts: newCache[[32]byte, *node](factsKept), sigs: newCache[pair, string](sigsKept)}
	if o.Samples < 0 || o.Samples > MaxSamples {
		return nil, fmt.Errorf("tlsprobe: %d samples; at most %d are taken", o.Samples, MaxSamples)
	}
	if p.each && p.proxy != nil {
		return nil, errors.New("tlsprobe: the addresses of a name are not known behind a proxy")
	}
	var err error
	if p.sni, err = sniName(o.ServerName); err != nil {
		return nil, err
	}
	p.probes = map[string]bool{}
	for _, s := range o.Probes {
		if slices.Contains(scan.FullDepth(), s) {
			p.probes[s] = true
			continue
		}
		if s == scan.ProbeNoSNI {
			p.noSNI = true
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
	if p.client == nil {
		p.client = func(string) *tls.Certificate { return nil }
	}
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

// Units yields one unit for each endpoint of a target, and nothing for other
// targets.
func (p *Prober) Units(_ context.Context, t scan.Target) iter.Seq[scan.Unit] {
	return func(yield func(scan.Unit) bool) {
		if t.Kind != scan.EndpointTarget {
			return
		}
		for e := range t.Endpoints() {
			u := scan.Unit{Target: e.Arg, Endpoint: e.Endpoint(), Observe: func(ctx context.Context, emit func(scan.Record)) {
				p.observe(ctx, e, emit)
			}}
			if !yield(u) {
				return
			}
		}
	}
}
