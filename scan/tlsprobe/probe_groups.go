package tlsprobe

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"slices"
	"strings"

	"certaudit/scan"
)

// askGroups lists the groups that the server accepts. In TLS 1.3 a hello
// without a share makes it name the one that it wants, at no arithmetic on
// either side; before, the group stands in the server's key exchange.
func (s *survey) askGroups(ctx context.Context) *failure {
	var asked []uint16
	if s.known[tls.VersionTLS13] {
		taken, fail := exhaust(groups13, func(rest []uint16) (uint16, bool, *failure) {
			h := s.v.hello(tls.VersionTLS13)
			h.groups = rest
			f, fail := s.v.ask(ctx, h, msgServerHello)
			if fail != nil || f == nil {
				return 0, false, fail
			}
			return f.shareGroup, true, nil
		})
		s.take(taken)
		if fail != nil {
			return fail
		}
	}
	asked = append(asked, groups13...) // a server without TLS 1.3 refuses what exists there alone
	if s.legacy() != 0 {
		// Nobody asked for finite fields there: a server may have them.
		asked = slices.DeleteFunc(asked, finite)
	}
	if version := s.legacy(); version > versionSSL30 {
		taken, fail := s.curvesOf(ctx, version)
		s.take(taken)
		if fail == nil {
			fail = s.primesOf(ctx, version)
		}
		if fail != nil {
			return fail
		}
		asked = append(asked, curves()...)
	}
	for _, id := range asked {
		if name := groupName(id); !slices.Contains(s.e.KeyExchanges, name) {
			s.e.KeyExchangesRefused = addMissing(s.e.KeyExchangesRefused, name)
		}
	}
	return nil
}

// take keeps groups, and the size of those that are finite fields (RFC 7919).
func (s *survey) take(groups []uint16) {
	for _, id := range groups {
		name := groupName(id)
		s.e.KeyExchanges = addMissing(s.e.KeyExchanges, name)
		if bits, ok := finiteFields[id]; ok {
			s.prime(bits)
		}
	}
}

var finiteFields = map[uint16]int{256: 2048, 257: 3072, 258: 4096, 259: 6144, 260: 8192}

func (s *survey) prime(bits int) {
	if bits > 0 && (s.e.DHBits == 0 || bits < s.e.DHBits) {
		s.e.DHBits = bits
	}
}

// suitesWith are the suites of a version whose key exchange has one of the marks
// in its name.
func (s *survey) suitesWith(version uint16, marks ...string) (ids []uint16) {
	lists := [][]suite{suitesOld, suitesRare}
	if version == tls.VersionTLS12 {
		lists = [][]suite{suites12, suitesOld}
	}
	for _, list := range lists {
		for _, c := range list {
			if slices.ContainsFunc(marks, func(m string) bool { return strings.HasPrefix(c.name, m) }) {
				ids = append(ids, c.id)
			}
		}
	}
	return ids
}

// curves are the groups up to TLS 1.2 that are no finite fields.
func curves() []uint16 {
	return slices.DeleteFunc(slices.Clone(helloGroups), finite)
}

func finite(group uint16) bool { return finiteFields[group] > 0 }

// curvesOf lists the curves up to TLS 1.2. A server with an ECDSA certificate
// refuses every curve to clients that do not list the certificate's (RFC 8422
// section 5.1), so that each one left is tried again beside it.
func (s *survey) curvesOf(ctx context.Context, version uint16) ([]uint16, *failure) {
	suites := s.suitesWith(version, "TLS_ECDHE_RSA_", "TLS_ECDHE_ECDSA_", "TLS_ECDH_anon_")
	choose := func(groups []uint16) (uint16, bool, *failure) {
		h := s.v.hello(version)
		h.suites, h.groups = suites, groups
		f, fail := s.v.ask(ctx, h, msgServerKeyExchange)
		if fail != nil || f == nil || f.version != version {
			return 0, false, fail
		}
		return f.shareGroup, true, nil
	}
	taken, fail := exhaust(curves(), choose)
	own := s.ownCurve()
	if fail != nil || own == 0 || !slices.Contains(taken, own) {
		return taken, fail
	}
	for _, id := range curves() {
		if slices.Contains(taken, id) {
			continue
		}
		chosen, ok, fail := choose([]uint16{id, own})
		if fail != nil {
			return taken, fail
		}
		if ok && chosen == id {
			taken = append(taken, id)
		}
	}
	return taken, nil
}

// ownCurve is the group of the leaf's ECDSA key; 0 for other keys.
func (s *survey) ownCurve() uint16 {
	if s.leaf.x == nil {
		return 0
	}
	key, ok := s.leaf.x.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		return 0
	}
	switch key.Curve {
	case elliptic.P256():
		return uint16(tls.CurveP256)
	case elliptic.P384():
		return uint16(tls.CurveP384)
	case elliptic.P521():
		return uint16(tls.CurveP521)
	}
	return 0
}

// primesOf goes over the suites with a finite-field exchange, export and
// anonymous ones included, because a server may choose its prime by the suite.
func (s *survey) primesOf(ctx context.Context, version uint16) *failure {
	if slices.Contains(s.e.Probed, scan.ProbeCipherSuites) {
		return nil // seen there
	}
	suites := slices.DeleteFunc(idsOf(suites12, suitesOld, suitesRare), func(id uint16) bool {
		return !finiteField(id) || strings.Contains(suiteName(id), "_PSK_")
	})
	_, fail := exhaust(suites, func(rest []uint16) (uint16, bool, *failure) { return s.chooses(ctx, version, rest) })
	return fail
}
