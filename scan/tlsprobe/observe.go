package tlsprobe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"net/netip"
	"time"

	"certaudit/scan"
)

// maxChain is how many certificates of one chain are kept. A Certificate
// message of crypto/tls may have 256 KiB, enough for some 600.
const maxChain = 100

// A visit is one endpoint being observed.
type visit struct {
	p        *Prober
	target   scan.Target
	emit     func(scan.Record)
	literal  bool   // the target is an address
	host     string // to resolve and to dial
	name     string // sent as SNI
	addrs    []netip.Addr
	each     bool // one of several addresses, each an endpoint of its own
	attempts int
	budget   *budget

	manner     manner // that the endpoint answered to
	placed     int    // certificates of its chains so far
	chainsFull bool

	control uint16 // highest version that the server has taken, to tell a reset from an answer
	group   uint16 // of TLS 1.3 that the server wants; 0 where that is not known
	alpn    bool   // it takes no hello without application protocols
	short   bool   // it takes no hello with long lists

	refusal  int  // alert by which it turned the last hello down; -1 where it did without one
	refusals int  // by an alert, so far
	waits    int  // for a server that dropped connections
	unsteady bool // it ended connections without a word, and then took the same hello
}

// observe emits the records of one endpoint.
func (p *Prober) observe(ctx context.Context, t scan.Target, emit func(scan.Record)) {
	v := &visit{p: p, target: t, emit: emit, budget: newBudget(t.StartTLS)}
	if p.each {
		v.observeEach(ctx)
		return
	}
	ctx, cancel := p.limited(ctx)
	defer cancel()
	if fail := v.locate(ctx); fail != nil {
		v.notAssessed(fail, -1, v.attempts)
		return
	}
	v.addrs = v.addrs[:min(len(v.addrs), maxAddresses)]
	v.see(ctx)
}

// see speaks to the endpoint, whose address is known, and emits its records.
func (v *visit) see(ctx context.Context) {
	seen, fail := v.meet(ctx)
	if seen == nil {
		v.notAssessed(fail, -1, v.attempts)
		return
	}
	v.record(ctx, seen, fail)
}

// locate finds the addresses of the target.
func (v *visit) locate(ctx context.Context) *failure {
	addr, err := netip.ParseAddr(v.target.Host)
	v.literal, v.host, v.name = err == nil, v.target.Host, v.p.sni
	switch {
	case v.p.offline && v.literal:
		return &failure{stage: scan.StageConnect, reason: scan.ReasonOffline}
	case v.p.offline:
		return &failure{stage: scan.StageResolve, reason: scan.ReasonOffline}
	case v.literal:
		v.addrs = []netip.Addr{addr.Unmap()}
		return nil
	}
	if v.host, err = asciiName(v.target.Host); err != nil {
		return &failure{stage: scan.StageResolve, reason: scan.ReasonBadTarget, detail: errorText(err)}
	}
	if v.name == "" {
		v.name = v.host
	}
	if v.p.proxy != nil {
		v.addrs = elsewhere()
		return nil
	}
	var fail *failure
	v.addrs, v.attempts, fail = v.p.lookup(ctx, v.host)
	return fail
}

// meet speaks to the endpoint until it has shown certificates. A reset, or a peer
// that is busy, gets another attempt, a refusal another manner. The failure that is reported is
// the first that is not temporary, because later ones answer stranger
// questions, unless the server went on and had no certificate to show. From the
// first connection on, the address stays the same.
func (v *visit) meet(ctx context.Context) (*sight, *failure) {
	var first *failure
	temporary := 0 // failures
	m := manner{alpn: true, cert: v.p.client(v.target.Endpoint())}
	for v.attempts = 1; ; v.attempts++ {
		seen, fail := v.attempt(ctx, v.name, m)
		if seen != nil {
			v.manner = m
			return seen, fail
		}
		if first == nil || first.temporary || fail.reason == scan.ReasonNoCertificate {
			first = fail
		}
		next, ok := m.next(fail)
		if fail.temporary {
			temporary++
		}
		switch {
		case fail.temporary && temporary < fail.tries():
			ok = pause(ctx, temporary, fail)
		case ok:
			m = next
		}
		if !ok || ctx.Err() != nil {
			return nil, first
		}
	}
}

func (v *visit) attempt(ctx context.Context, name string, m manner) (*sight, *failure) {
	c, fail := v.open(ctx)
	if fail != nil {
		return nil, fail
	}
	defer c.Close()
	seen, fail := v.p.greet(ctx, c, name, m)
	if fail != nil {
		v.hint(fail, c.read)
	}
	return seen, fail
}

// record emits all that was seen, and asks the further probes in between.
func (v *visit) record(ctx context.Context, seen *sight, broken *failure) {
	chain := v.p.deriveAll(seen.chain[:min(len(seen.chain), maxChain)])
	paths, pathError := v.p.findPaths(chain)
	var elsewhere [][]*node
	if len(paths) == 0 {
		elsewhere = v.p.pathsElsewhere(chain)
	}
	v.certificates(chain, append(paths, elsewhere...))
	v.placements(chain, "")

	e := v.endpoint(seen, chain)
	e.PathError = string(pathError)
	v.stapled(e, seen.staple, chain, paths)
	for _, path := range paths {
		e.Paths = append(e.Paths, fingerprints(path))
	}
	for _, path := range elsewhere {
		e.PathsElsewhere = append(e.PathsElsewhere, fingerprints(path))
	}
	s := &survey{v: v, e: e, leaf: chain[0], known: versionSet{}}
	s.known.chosen(seen.most, seen.version)
	v.control, v.group = seen.version, seen.groupID
	s.run(ctx)
	v.emit(e)

	if len(seen.chain) > maxChain {
		v.chainCut(len(seen.chain), maxChain)
	}
	if broken != nil && !v.explained(broken, seen, chain) {
		v.notAssessed(broken, -1, v.attempts)
	}
	for _, f := range s.failed {
		v.notAssessed(f.failure, -1, f.attempts)
	}
}

// chainCut says that a chain is longer than what is kept of it; index is that
// of the first place that is not there.
func (v *visit) chainCut(n, index int) {
	v.notAssessed(&failure{stage: scan.StageLimit, reason: scan.ReasonTooMany,
		detail: fmt.Sprintf("chain of %d certificates, of which the first %d are kept", n, maxChain)}, index, v.attempts)
}

// certificates emits each certificate once: those that were sent, then the
// members of paths that were not.
func (v *visit) certificates(chain []*node, paths [][]*node) {
	done := map[[32]byte]bool{}
	for _, list := range append([][]*node{chain}, paths...) {
		for _, n := range list {
			if !done[n.sum] {
				done[n.sum] = true
				v.emit(n.facts)
			}
		}
	}
}

// placements emits the chain's observations. The first is what the endpoint
// presents as itself, whatever it says of itself. The alias tells another chain
// than the first by the clients that it is shown to.
func (v *visit) placements(chain []*node, alias string) {
	for i, n := range chain {
		use := scan.UseChain
		if i == 0 {
			use = scan.UseIdentity
		}
		v.emit(&scan.Observation{Target: v.target.Arg, Endpoint: v.target.Endpoint(), Address: v.address(), Index: v.placed + i, Alias: alias, Use: use, UseBasis: scan.UseByChainPosition,
			Container: "tls", Object: scan.ObjectCertificate, SHA256: n.facts.SHA256, ObservedAt: v.at()})
	}
	v.placed += len(chain)
}

func (v *visit) endpoint(seen *sight, chain []*node) *scan.Endpoint {
	addr := v.addrs[0]
	return &scan.Endpoint{
		Target: v.target.Arg, Endpoint: v.target.Endpoint(), Address: addressText(addr), Port: v.target.Port, ServerName: v.name,
		StartTLS: v.target.StartTLS, TLSVersion: versionName(seen.version), CipherSuite: suiteName(seen.suite), KeyExchange: seen.group, ALPN: seen.alpn,
		OCSPStapled: seen.stapled, ClientCert: seen.clientCert, HostnameMatch: hostnameMatch(chain[0].x, v.name, addr),
		Chain: fingerprints(chain), Attempts: v.attempts, ObservedAt: v.at(),
	}
}

func (v *visit) notAssessed(f *failure, index, attempts int) {
	v.emit(&scan.NotAssessed{Target: v.target.Arg, Endpoint: v.target.Endpoint(), Address: v.address(), Index: index, Stage: f.stage, Reason: f.reason,
		Detail: f.detail, Attempts: attempts, ObservedAt: v.at()})
}

func (v *visit) at() time.Time { return v.p.now().UTC().Truncate(time.Second) }

func fingerprints(list []*node) []string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = n.facts.SHA256
	}
	return out
}

// explained is true where a handshake that broke off after the certificates
// leaves nothing to doubt: the server wants a certificate of the client, which
// has none, or crypto/tls does not go on with what this server has. Anything else (a reset,
// a signature that does not verify) leaves open whether the server holds the
// key, and is recorded beside the endpoint.
func (v *visit) explained(f *failure, seen *sight, chain []*node) bool {
	if f.reason == scan.ReasonTimeout || f.reason == scan.ReasonInterrupted {
		return false
	}
	return seen.clientCert == scan.Yes && !f.ours && v.manner.cert == nil || f.ours && beyondLibrary(seen, chain)
}

// beyondLibrary lists what crypto/tls gives up at: certificates that
// crypto/x509 refuses, RSA keys of more than 8192 bits anywhere or of less
// than 1024 in the first, its other unsupported key types, and signatures
// under SHA-1 and older in TLS 1.2.
func beyondLibrary(seen *sight, chain []*node) bool {
	for _, n := range chain {
		if n.x == nil || rsaBits(n.x) > 8192 {
			return true
		}
	}
	switch chain[0].x.PublicKey.(type) {
	case *rsa.PublicKey:
		return seen.oldSignature || rsaBits(chain[0].x) < 1024
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return seen.oldSignature
	}
	return true
}

// rsaBits is 0 for other keys.
func rsaBits(x *x509.Certificate) int {
	if key, ok := x.PublicKey.(*rsa.PublicKey); ok {
		return key.N.BitLen()
	}
	return 0
}

// A node is one certificate with its parsed form, which is nil where the
// standard parser refused; the facts may be there all the same.
type node struct {
	sum   [32]byte
	facts *scan.Certificate
	x     *x509.Certificate
}

// deriveAll gives the facts of a chain.
func (p *Prober) deriveAll(chain [][]byte) []*node {
	all := make([]*node, len(chain))
	for i, der := range chain {
		all[i] = p.derive(der, i > 0)
	}
	return all
}

// derive gives a certificate's facts. Those of shared ones, which are the
// members of a chain past its first, are remembered.
func (p *Prober) derive(der []byte, shared bool) *node {
	sum := sha256.Sum256(der)
	if shared {
		if n, ok := p.facts.get(sum); ok {
			return n
		}
	}
	n := &node{sum: sum}
	if !shared || len(der) > factsBytes {
		n.facts, n.x = scan.DeriveX509(der)
		return n
	}
	n.facts, n.x = scan.DeriveX509(bytes.Clone(der)) // not the whole message that it came in
	p.facts.put(sum, n)
	return n
}
