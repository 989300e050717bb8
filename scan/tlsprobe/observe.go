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
	name     string // sent as SNI
	addrs    []netip.Addr
	attempts int
	budget   *budget
}

// observe emits the records of one endpoint.
func (p *Prober) observe(ctx context.Context, t scan.Target, emit func(scan.Record)) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, errTimeout)
	defer cancel()
	v := &visit{p: p, target: t, emit: emit, budget: newBudget()}
	if fail := v.locate(ctx); fail != nil {
		v.notAssessed(fail, -1, v.attempts)
		return
	}
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
	v.literal = err == nil
	switch {
	case v.p.offline && v.literal:
		return &failure{stage: scan.StageConnect, reason: scan.ReasonOffline}
	case v.p.offline:
		return &failure{stage: scan.StageResolve, reason: scan.ReasonOffline}
	case v.literal:
		v.addrs = []netip.Addr{addr.Unmap()}
		return nil
	}
	if v.name, err = asciiName(v.target.Host); err != nil {
		return &failure{stage: scan.StageResolve, reason: scan.ReasonBadTarget, detail: errorText(err)}
	}
	var fail *failure
	v.addrs, v.attempts, fail = v.p.lookup(ctx, v.name)
	return fail
}

// meet speaks to the endpoint until it has shown certificates. A reset gets a
// second attempt, a refusal another manner. The failure that is reported is
// the first that is not temporary, because later ones answer stranger
// questions, unless the server went on and had no certificate to show. From the
// first connection on, the address stays the same.
func (v *visit) meet(ctx context.Context) (*sight, *failure) {
	var first *failure
	retried := false
	m := manner{alpn: true}
	for v.attempts = 1; ; v.attempts++ {
		seen, fail := v.attempt(ctx, m)
		if seen != nil {
			return seen, fail
		}
		if first == nil || first.temporary || fail.reason == scan.ReasonNoCertificate {
			first = fail
		}
		next, ok := m.next(fail)
		switch {
		case fail.temporary && !retried:
			retried = true
			ok = pause(ctx)
		case ok:
			m = next
		}
		if !ok || ctx.Err() != nil {
			return nil, first
		}
	}
}

func (v *visit) attempt(ctx context.Context, m manner) (*sight, *failure) {
	c, fail := v.open(ctx)
	if fail != nil {
		return nil, fail
	}
	defer c.Close()
	return v.p.greet(ctx, c, v.name, m)
}

// record emits all that was seen, and asks the further probes in between.
func (v *visit) record(ctx context.Context, seen *sight, broken *failure) {
	sent := seen.chain[:min(len(seen.chain), maxChain)]
	chain := make([]*node, len(sent))
	for i, der := range sent {
		chain[i] = v.p.derive(der, i > 0)
	}
	paths, pathError := v.p.findPaths(chain)
	v.certificates(chain, paths)
	v.placements(chain)

	e := v.endpoint(seen, chain)
	e.PathError = string(pathError)
	v.stapled(e, seen.staple, chain, paths)
	for _, path := range paths {
		e.Paths = append(e.Paths, fingerprints(path))
	}
	known := versionSet{}
	known.chosen(seen.most, seen.version)
	failed := v.probe(ctx, known)
	e.Versions, e.VersionsRefused = known.names(true), known.names(false)
	v.emit(e)

	if len(seen.chain) > maxChain {
		v.notAssessed(&failure{stage: scan.StageLimit, reason: scan.ReasonTooMany,
			detail: fmt.Sprintf("chain of %d certificates, of which the first %d are kept", len(seen.chain), maxChain)}, maxChain, v.attempts)
	}
	if broken != nil && !explained(broken, seen, chain) {
		v.notAssessed(broken, -1, v.attempts)
	}
	for _, f := range failed {
		v.notAssessed(f.failure, -1, f.attempts)
	}
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
// presents as itself, whatever it says of itself.
func (v *visit) placements(chain []*node) {
	for i, n := range chain {
		use := scan.UseChain
		if i == 0 {
			use = scan.UseIdentity
		}
		v.emit(&scan.Observation{Target: v.target.Arg, Endpoint: v.target.Endpoint(), Index: i, Use: use, UseBasis: scan.UseByChainPosition,
			Container: "tls", Object: scan.ObjectCertificate, SHA256: n.facts.SHA256, ObservedAt: v.at()})
	}
}

func (v *visit) endpoint(seen *sight, chain []*node) *scan.Endpoint {
	addr := v.addrs[0]
	return &scan.Endpoint{
		Target: v.target.Arg, Endpoint: v.target.Endpoint(), Address: addr.String(), Port: v.target.Port, ServerName: v.name,
		StartTLS: v.target.StartTLS, TLSVersion: versionName(seen.version), CipherSuite: suiteName(seen.suite), KeyExchange: seen.group, ALPN: seen.alpn,
		OCSPStapled: seen.stapled, ClientCert: seen.clientCert, HostnameMatch: hostnameMatch(chain[0].x, v.name, addr),
		Chain: fingerprints(chain), Attempts: v.attempts, ObservedAt: v.at(),
	}
}

// A failedProbe is a probe that gave no answer.
type failedProbe struct {
	*failure
	attempts int
}

// probe sends the hellos that were asked for and whose answers do not follow
// from what is known already, the highest first.
func (v *visit) probe(ctx context.Context, known versionSet) (failed []failedProbe) {
	for _, most := range v.p.caps {
		if known.settled(most) {
			continue
		}
		if n, fail := v.probeVersions(ctx, most, known); fail != nil {
			failed = append(failed, failedProbe{fail, n})
		}
	}
	return failed
}

func (v *visit) notAssessed(f *failure, index, attempts int) {
	v.emit(&scan.NotAssessed{Target: v.target.Arg, Endpoint: v.target.Endpoint(), Index: index, Stage: f.stage, Reason: f.reason,
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
// leaves nothing to doubt: the server wants a certificate of the client, or
// crypto/tls does not go on with what this server has. Anything else (a reset,
// a signature that does not verify) leaves open whether the server holds the
// key, and is recorded beside the endpoint.
func explained(f *failure, seen *sight, chain []*node) bool {
	if f.reason == scan.ReasonTimeout || f.reason == scan.ReasonInterrupted {
		return false
	}
	return seen.clientCert == scan.Yes && !f.ours || f.ours && beyondLibrary(seen, chain)
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
