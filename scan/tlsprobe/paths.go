package tlsprobe

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"
)

// A PathError says why no path leads from a leaf to an anchor, as
// scan.Endpoint.PathError has it. The codes are stable.
type PathError string

// The path errors. Where several branches end for different reasons, the one
// that got furthest is reported.
const (
	PathUnknownAuthority     PathError = "unknown_authority"     // the chain ends in a self-signed certificate that is no given anchor
	PathIncompleteChain      PathError = "incomplete_chain"      // the issuer of its last certificate was not sent and is no given anchor
	PathSelfSigned           PathError = "self_signed"           // the leaf signed itself, and is no given anchor
	PathWeakSignature        PathError = "weak_signature"        // MD5, SHA-1, or an RSA key below 1024 bits
	PathBadSignature         PathError = "bad_signature"         // it does not verify under the key of the named issuer
	PathUnsupportedAlgorithm PathError = "unsupported_algorithm" // a signature or key that cannot be verified here
	PathNotACA               PathError = "not_a_ca"              // an issuer is not a CA, or its key usage bars signing certificates
	PathNameConstraint       PathError = "name_constraint"       // RFC 5280 section 4.2.1.10
	PathExtendedKeyUsage     PathError = "extended_key_usage"    // a member is not for TLS servers
	PathLength               PathError = "path_length"           // more intermediates than an issuer allows
	PathCriticalExtension    PathError = "critical_extension"    // a member has a critical extension that is not understood
	PathParserRefused        PathError = "parser_refused"        // the parser refused the leaf, or a member that may be missing
	PathLimit                PathError = "limit"                 // the search was cut short by its bounds
)

// Bounds of one search. They are far beyond honest chains, and keep a chain of
// a hundred certificates of one name as cheap as a long handshake.
const (
	maxDepth      = 10    // certificates in a path
	maxPaths      = 8     // paths listed
	maxSignatures = 64    // distinct signatures verified, remembered ones included
	maxSteps      = 1000  // issuers considered
	maxRSABits    = 16384 // of a key that a signature is verified with
)

// findPaths lists the paths from the first certificate of a chain, over the
// others, to an anchor, whatever the dates: shortest first. Without any it
// says why.
func (p *Prober) findPaths(chain []*node) ([][]*node, PathError) {
	leaf := chain[0]
	if leaf.x == nil {
		return nil, PathParserRefused
	}
	s := p.search(chain)
	s.run(leaf)
	switch {
	case len(s.paths) > 0:
		return s.paths, ""
	case s.cut || s.deep:
		return nil, PathLimit
	}
	return nil, s.why
}

// pathsElsewhere lists the paths that there are with intermediates from
// elsewhere: for a chain that has none without.
func (p *Prober) pathsElsewhere(chain []*node) [][]*node {
	if p.known == nil || chain[0].x == nil {
		return nil
	}
	s := p.search(chain)
	s.known = p.known
	s.run(chain[0])
	return s.paths
}

func (p *Prober) search(chain []*node) *search {
	s := &search{roots: p.roots, shared: p.sigs, verified: map[pair]PathError{}}
	for _, n := range chain {
		if n.x == nil {
			s.refused = true
		} else {
			s.sent = append(s.sent, n)
		}
	}
	return s
}

// A search goes from the leaf up, breadth first, so that what its bounds cut
// off are the longest paths.
type search struct {
	roots    *Roots
	sent     []*node // those that could be parsed
	known    *Roots  // intermediates from elsewhere; nil where they do not count
	refused  bool    // one could not
	shared   *cache[pair, string]
	verified map[pair]PathError

	steps int
	cut   bool // a bound ended the search
	deep  bool // a branch was ended by maxDepth
	paths [][]*node
	why   PathError // of the branch that got furthest
	depth int       // how far that was
}

func (s *search) run(leaf *node) {
	queue := [][]*node{{leaf}}
	if s.anchored(leaf) {
		s.complete(queue[0])
		return
	}
	for len(queue) > 0 && !s.cut && len(s.paths) < maxPaths {
		path := queue[0]
		queue = append(queue[1:], s.extend(path)...)
	}
}

// fail keeps the reason of the deepest branch, the first among equals.
func (s *search) fail(depth int, why PathError) {
	if depth > s.depth {
		s.depth, s.why = depth, why
	}
}

func (s *search) anchored(n *node) bool { return s.roots.bySum[n.sum] != nil }

// extend lists the paths that are longer by one. Those that reach an anchor are
// complete, and go no further.
func (s *search) extend(path []*node) (longer [][]*node) {
	last := path[len(path)-1]
	signed := false
	issuers := s.issuers(path)
	if len(issuers) > 0 && len(path) == maxDepth {
		s.deep = true
		return nil
	}
	for _, issuer := range issuers {
		if s.steps++; s.steps > maxSteps {
			s.cut = true
			return nil
		}
		why := mayIssue(path, issuer.x)
		if why == "" {
			why = s.signature(last, issuer)
		}
		signed = signed || why == ""
		switch {
		case why == "" && s.anchored(issuer):
			s.complete(append(slices.Clip(path), issuer))
		case why == "":
			longer = append(longer, append(slices.Clip(path), issuer))
		case !selfIssued(last.x): // others of its own name need not have issued it
			s.fail(len(path), why)
		}
	}
	if !signed && (len(issuers) == 0 || selfIssued(last.x)) {
		s.deadEnd(path)
	}
	return longer
}

// issuers lists who may have issued the last of path, by name: those whose key
// identifier fits before those that have none and those that differ, anchors
// before others.
func (s *search) issuers(path []*node) []*node {
	last := path[len(path)-1]
	var list []*node
	add := func(n *node) {
		if !onPath(path, n) && !slices.ContainsFunc(list, func(m *node) bool { return m.sum == n.sum }) {
			list = append(list, n)
		}
	}
	for _, n := range s.roots.bySubject[string(last.x.RawIssuer)] {
		add(n)
	}
	for _, n := range s.sent {
		if bytes.Equal(n.x.RawSubject, last.x.RawIssuer) {
			add(n)
		}
	}
	if s.known != nil {
		for _, n := range s.known.bySubject[string(last.x.RawIssuer)] {
			add(n)
		}
	}
	slices.SortStableFunc(list, func(a, b *node) int { return keyFit(last, a) - keyFit(last, b) })
	return list
}

func keyFit(child, issuer *node) int {
	a, s := child.x.AuthorityKeyId, issuer.x.SubjectKeyId
	switch {
	case len(a) == 0 || len(s) == 0:
		return 1
	case bytes.Equal(a, s):
		return 0
	}
	return 2
}

// onPath bars going round: the same entity under the same key adds nothing.
func onPath(path []*node, n *node) bool {
	return slices.ContainsFunc(path, func(m *node) bool {
		return m.sum == n.sum || bytes.Equal(m.x.RawSubject, n.x.RawSubject) &&
			bytes.Equal(m.x.RawSubjectPublicKeyInfo, n.x.RawSubjectPublicKeyInfo) &&
			bytes.Equal(extension(m.x, oidSubjectAltName), extension(n.x, oidSubjectAltName))
	})
}

// deadEnd names why a branch cannot go on for want of an issuer.
func (s *search) deadEnd(path []*node) {
	last := path[len(path)-1]
	why := PathIncompleteChain
	switch {
	case selfIssued(last.x) && s.selfSigned(last):
		why = PathUnknownAuthority
		if len(path) == 1 {
			why = PathSelfSigned
		}
	case s.refused:
		why = PathParserRefused
	}
	s.fail(len(path), why)
}

// selfSigned is false only where the signature is seen not to verify.
func (s *search) selfSigned(n *node) bool { return s.signature(n, n) != PathBadSignature }

func selfIssued(x *x509.Certificate) bool { return bytes.Equal(x.RawSubject, x.RawIssuer) }

// mayIssue checks what an issuer says of itself, in the way of crypto/x509: a
// root of version 1 has no basic constraints and passes. Self-issued members
// do not count to the path length (RFC 5280 section 4.2.1.9).
func mayIssue(path []*node, issuer *x509.Certificate) PathError {
	if issuer.Version == 3 && !issuer.BasicConstraintsValid || issuer.BasicConstraintsValid && !issuer.IsCA {
		return PathNotACA
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCertSign == 0 {
		return PathNotACA
	}
	if issuer.BasicConstraintsValid && issuer.MaxPathLen >= 0 {
		n := 0
		for _, m := range path[1:] {
			if !selfIssued(m.x) {
				n++
			}
		}
		if n > issuer.MaxPathLen {
			return PathLength
		}
	}
	return ""
}

// complete lists a path that reached an anchor, where its members allow it.
func (s *search) complete(path []*node) {
	if why := checkMembers(path); why != "" {
		s.fail(maxDepth+1, why)
		return
	}
	if len(s.paths) < maxPaths {
		s.paths = append(s.paths, path)
	}
}

// checkMembers checks what only a whole path shows.
func checkMembers(path []*node) PathError {
	constrained := false
	for i, n := range path {
		switch {
		case len(n.x.UnhandledCriticalExtensions) > 0:
			return PathCriticalExtension
		case i > 0 && i < len(path)-1 && !n.x.BasicConstraintsValid:
			return PathNotACA // of version 1, and no anchor
		case !forServers(n.x):
			return PathExtendedKeyUsage
		}
		constrained = constrained || i > 0 && extension(n.x, oidNameConstraints) != nil
	}
	if constrained {
		return checkConstraints(path)
	}
	return ""
}

// forServers is true without extended key usages, and with one that fits.
func forServers(x *x509.Certificate) bool {
	return len(x.ExtKeyUsage) == 0 && len(x.UnknownExtKeyUsage) == 0 ||
		slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageAny) || slices.Contains(x.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
}

// checkConstraints leaves name constraints to crypto/x509. The dates of the
// members are set aside for it, because a path counts whatever the date.
func checkConstraints(path []*node) PathError {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	timeless := func(n *node) *x509.Certificate {
		c := *n.x
		c.NotBefore, c.NotAfter = at, at
		return &c
	}
	opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at}
	opts.Roots.AddCert(timeless(path[len(path)-1]))
	for _, n := range path[1 : len(path)-1] {
		opts.Intermediates.AddCert(timeless(n))
	}
	if _, err := timeless(path[0]).Verify(opts); err != nil {
		var invalid x509.CertificateInvalidError
		if errors.As(err, &invalid) && invalid.Reason == x509.TooManyIntermediates {
			return PathLength // crypto/x509 counts self-issued members, too
		}
		return PathNameConstraint // all else was checked before
	}
	return ""
}

var (
	oidSubjectAltName  = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidNameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}
)

// extension gives an extension's value, nil where there is none.
func extension(x *x509.Certificate, id asn1.ObjectIdentifier) []byte {
	for _, e := range x.Extensions {
		if e.Id.Equal(id) {
			return e.Value
		}
	}
	return nil
}
