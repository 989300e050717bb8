package tlsprobe

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
)

// askSuites lists the suites that the server accepts in each version, and whose
// order decides among them. The answer to a hello is enough, and for finite
// fields the prime, which may differ from suite to suite: no handshake is
// completed.
func (s *survey) askSuites(ctx context.Context) *failure {
	var first *failure
	for i := len(versions) - 1; i >= 0; i-- {
		version := versions[i].wire
		if !s.known[version] {
			continue
		}
		taken, fail := s.suitesOf(ctx, version)
		if fail == nil && len(taken) > 1 && !(s.v.short && len(taken) > shortList) {
			var order string
			if order, fail = s.suiteOrder(ctx, version, taken); order != "" {
				putIn(&s.e.SuiteOrder, versionName(version), order)
			}
		}
		if len(taken) > 0 {
			putIn(&s.e.CipherSuites, versionName(version), suiteNames(taken))
		}
		if fail != nil && first == nil {
			first = fail
		}
		if ctx.Err() != nil {
			break
		}
	}
	return first
}

// suitesOf asks for the usual suites and then for the rare ones: so long a list
// is not read by every server at once.
func (s *survey) suitesOf(ctx context.Context, version uint16) ([]uint16, *failure) {
	usual := newHello(version, s.v.name).suites
	if s.v.short {
		return s.inParts(ctx, version, append(usual, idsOf(suitesRare)...))
	}
	taken, fail := s.takes(ctx, version, usual)
	if fail != nil || version == tls.VersionTLS13 {
		return taken, fail
	}
	rare, fail := s.takes(ctx, version, idsOf(suitesRare))
	if len(rare) == 0 || len(taken) == 0 {
		return append(taken, rare...), fail
	}
	both, again := s.takes(ctx, version, slices.Concat(taken, rare)) // in one order
	if again == nil && len(both) == len(taken)+len(rare) {
		return both, fail
	}
	return append(taken, rare...), fail
}

// inParts asks a server that reads short lists only, so that there is no order
// among all that it takes.
func (s *survey) inParts(ctx context.Context, version uint16, suites []uint16) (all []uint16, fail *failure) {
	for part := range slices.Chunk(suites, shortList) {
		taken, fail := s.takes(ctx, version, part)
		all = append(all, taken...)
		if fail != nil {
			return all, fail
		}
	}
	return all, nil
}

func (s *survey) takes(ctx context.Context, version uint16, suites []uint16) ([]uint16, *failure) {
	return exhaust(suites, func(rest []uint16) (uint16, bool, *failure) { return s.chooses(ctx, version, rest) })
}

// chooses tells which of the suites the server takes.
func (s *survey) chooses(ctx context.Context, version uint16, suites []uint16) (uint16, bool, *failure) {
	h := s.v.hello(version)
	h.suites = suites
	if version < tls.VersionTLS13 {
		h.groups = curves() // no finite field of RFC 7919: the server is to show the prime of its own
	}
	f, fail := s.v.ask(ctx, h, wantPrime)
	if fail != nil || f == nil || f.version != version { // a lower version answers for itself
		return 0, false, fail
	}
	s.prime(f.dhBits)
	return f.suite, true, nil
}

// suiteOrder turns the list that the server chose from round: where it
// takes what comes first there, the client's order decides, and else its own.
func (s *survey) suiteOrder(ctx context.Context, version uint16, taken []uint16) (string, *failure) {
	back := slices.Clone(taken)
	slices.Reverse(back)
	if len(back) > 2 && strings.Contains(suiteName(back[0]), "_CHACHA20_") {
		back[0], back[1] = back[1], back[0] // servers with an order of their own may yet let clients without AES in hardware have it
	}
	chosen, ok, fail := s.chooses(ctx, version, back)
	switch {
	case !ok:
		return "", fail
	case chosen == back[0]:
		return "client", nil
	}
	return "server", nil
}

func suiteNames(ids []uint16) []string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = suiteName(id)
	}
	return names
}

// putIn adds to a map that may not be there yet.
func putIn[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
