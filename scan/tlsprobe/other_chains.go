package tlsprobe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"certaudit/scan"
)

// maxOtherChains is how many chains beside the first are kept of one endpoint.
const maxOtherChains = 16

// MaxSamples is how many handshakes with one endpoint may be asked for.
const MaxSamples = 64

// The words of scan.OtherChain.For beside the kinds of key.
const (
	forNoSNI  = "no_sni"
	forSample = "sample"
)

// addChain takes a chain that the endpoint shows to clients of another kind,
// which label names. What is the first chain, or known under this label, adds
// nothing. The certificates and their places are emitted where they are new;
// the places count on from those before them.
func (v *visit) addChain(e *scan.Endpoint, label string, chain [][]byte) {
	sent := chain[:min(len(chain), maxChain)]
	sums := make([]string, len(sent))
	for i, der := range sent {
		sum := sha256.Sum256(der)
		sums[i] = hex.EncodeToString(sum[:])
	}
	if len(sent) == 0 || slices.Equal(sums, e.Chain) {
		return
	}
	placed := false
	for _, o := range e.OtherChains {
		same := slices.Equal(o.Chain, sums)
		if same && o.For == label {
			return
		}
		placed = placed || same
	}
	if len(e.OtherChains) == maxOtherChains {
		v.tooManyChains()
		return
	}
	if !placed {
		nodes := v.p.deriveAll(sent)
		v.certificates(nodes, nil)
		v.placements(nodes, label)
	}
	if len(chain) > maxChain {
		v.chainCut(len(chain), v.placed)
	}
	e.OtherChains = append(e.OtherChains, scan.OtherChain{For: label, Chain: sums})
}

// tooManyChains says once that an endpoint shows more chains than are kept.
func (v *visit) tooManyChains() {
	if !v.chainsFull {
		v.chainsFull = true
		v.notAssessed(&failure{stage: scan.StageLimit, reason: scan.ReasonTooMany,
			detail: fmt.Sprintf("more than %d differing chains", maxOtherChains+1)}, -1, 0)
	}
}

// furtherChains makes the handshakes whose chains are compared with the first:
// one without SNI, and samples.
func (s *survey) furtherChains(ctx context.Context) {
	if s.v.p.noSNI {
		s.note(scan.ProbeNoSNI, s.withoutSNI(ctx))
	}
	if s.v.p.samples > 1 {
		if fail := s.sample(ctx); fail != nil {
			s.lost(fmt.Sprintf("samples: %d of %d made", s.e.Samples, s.v.p.samples), fail)
		}
	}
}

// withoutSNI asks for the chain that a client gets which names no host. Where
// none was named anyway, the first handshake was that of such a client.
func (s *survey) withoutSNI(ctx context.Context) *failure {
	if s.v.name == "" {
		return nil
	}
	seen, fail := s.v.again(ctx, "")
	if fail == nil {
		s.v.addChain(s.e, forNoSNI, seen.chain)
	}
	return fail
}

// sample repeats the first handshake. A failure ends it: what the server shows
// to fewer clients than were asked for is a fact of its own.
func (s *survey) sample(ctx context.Context) *failure {
	for s.e.Samples = 1; s.e.Samples < s.v.p.samples; s.e.Samples++ {
		seen, fail := s.v.again(ctx, s.v.name)
		if fail != nil {
			return fail
		}
		s.v.addChain(s.e, forSample, seen.chain)
	}
	return nil
}

// again speaks to the endpoint in the manner that succeeded before. A temporary
// failure is tried once more; that of a handshake that showed certificates is
// none.
func (v *visit) again(ctx context.Context, name string) (*sight, *failure) {
	for attempts := 1; ; attempts++ {
		seen, fail := v.attempt(ctx, name, v.manner)
		if seen != nil {
			return seen, nil
		}
		fail.attempts = attempts
		if !fail.temporary || attempts == 2 || !pause(ctx, attempts, fail) {
			return nil, fail
		}
	}
}
