package tlsprobe

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"certaudit/scan"
)

// A survey asks one endpoint what a plain handshake does not show, each
// question by hellos on connections of their own, one after the other.
type survey struct {
	v      *visit
	e      *scan.Endpoint // where the answers go
	leaf   *node          // the first certificate of the first handshake
	known  versionSet
	failed []failedProbe
}

// A failedProbe is a probe that gave no answer, or not all of it.
type failedProbe struct {
	*failure
	attempts int
}

// A question is one probe. Its failure says that the answer is not whole; what
// was found stands.
type question struct {
	name string
	ask  func(*survey, context.Context) *failure
}

// questions lists the probes in the order in which they build on each other.
func questions() []question {
	return []question{
		{scan.ProbeVersions, (*survey).askVersions},
		{scan.ProbeCipherSuites, (*survey).askSuites},
		{scan.ProbeKeyExchanges, (*survey).askGroups},
		{scan.ProbeSignatureSchemes, (*survey).askSchemes},
		{scan.ProbeCertificates, (*survey).askCertificates},
		{scan.ProbeALPN, (*survey).askALPN},
		{scan.ProbeOptions, (*survey).askOptions},
		{scan.ProbeResumption, (*survey).askResumption},
		{scan.ProbeHSTS, (*survey).askHSTS},
	}
}

// run asks what the prober was told to ask. All but the last question need to
// know the versions.
func (s *survey) run(ctx context.Context) {
	versions := slices.ContainsFunc(questions(), func(q question) bool { return s.v.p.probes[q.name] && q.name != scan.ProbeHSTS })
	if !versions {
		s.askCaps(ctx)
	}
	for _, q := range questions() {
		if s.v.p.probes[q.name] || versions && q.name == scan.ProbeVersions {
			fail := s.sure(ctx, func() *failure { return q.ask(s, ctx) })
			if fail == nil {
				fail = s.unsettled(q.name)
			}
			s.note(q.name, fail)
		}
	}
	s.furtherChains(ctx)
	s.e.Versions, s.e.VersionsRefused = s.known.names(true), s.known.names(false)
}

// sure asks, and takes back what was learnt from refusals where the server, asked
// again, turns down even what it took at first: a peer that has had enough of us
// refuses whatever is offered.
func (s *survey) sure(ctx context.Context, ask func() *failure) *failure {
	known, refusals := maps.Clone(s.known), s.v.refusals
	fail := ask()
	if s.v.refusals == refusals || s.v.controlled(ctx) {
		return fail
	}
	s.e.KeyExchangesRefused = nil
	for version, accepted := range s.known {
		if _, before := known[version]; !accepted && !before {
			delete(s.known, version)
		}
	}
	return cmp.Or(fail, odd("server turned hellos down, and then the one that it took at first, too"))
}

// unsettled is the failure of a question that was put in the versions that are
// known, while another may exist in which it should have been: for suites any
// version, for all else TLS 1.3 and the highest below.
func (s *survey) unsettled(name string) *failure {
	if name == scan.ProbeVersions || name == scan.ProbeHSTS {
		return nil
	}
	suites := name == scan.ProbeCipherSuites
	for i := len(versions) - 1; i >= 0; i-- {
		accepted, known := s.known[versions[i].wire]
		switch {
		case !known:
			return odd("whether the server speaks " + versions[i].name + " is not known")
		case accepted && versions[i].wire < tls.VersionTLS13 && !suites:
			return nil
		}
	}
	if _, known := s.known[versionSSL20]; suites && !known {
		return odd("whether the server speaks SSL 2.0 is not known")
	}
	return nil
}

// note keeps what became of a question.
func (s *survey) note(name string, fail *failure) {
	if fail == nil {
		s.e.Probed = append(s.e.Probed, name)
		return
	}
	s.e.Incomplete = append(s.e.Incomplete, name)
	s.lost(name, fail)
}

// lost records what a probe could not have.
func (s *survey) lost(name string, fail *failure) {
	fail.detail = name + ": " + string(fail.stage) + ": " + fail.detail
	s.failed = append(s.failed, failedProbe{fail.with(scan.StageProbe), max(1, fail.attempts)})
}

// legacy is the highest version below TLS 1.3 that the server accepts; 0 where
// there is none.
func (s *survey) legacy() uint16 {
	for i := len(versions) - 2; i >= 0; i-- {
		if s.known[versions[i].wire] {
			return versions[i].wire
		}
	}
	return 0
}

// ask sends a hello and reads the answer up to the message want. No flight and
// no failure means that the server turned the hello down. An attempt that is
// reset, gets no answer in its share of the time or one that may be an accident
// is made once more. Where a second one ends without a word, too, a hello that the
// server has taken before decides whether that was its answer; that of a server
// that drops some connections and not others, whatever they bring, never is.
func (v *visit) ask(ctx context.Context, h hello, want byte) (*flight, *failure) {
	mute := false
	for attempts := 1; ; attempts++ {
		if v.alpn && h.alpn == nil {
			h.alpn = alpnFirst
		}
		one, cancel := within(ctx, v.askShare(attempts))
		f, fail := v.put(one, h, want)
		cancel()
		if fail == nil {
			v.unsteady = v.unsteady || mute
			return f, nil
		}
		fail.attempts = attempts
		if mute && fail.mute && v.controlled(ctx) && !v.unsteady {
			v.refusal = -1
			return nil, nil
		}
		if attempts == 2 && (fail.mute || fail.temporary) && v.patient(ctx) {
			attempts, mute = 0, false
			continue
		}
		if fail.alert == alertNoALPN && h.alpn == nil && v.manner.alpn {
			v.alpn = true // it wants one from everybody
			attempts--
			continue
		}
		again := fail.temporary || fail.reason == scan.ReasonTimeout || fail.mute
		if !again || attempts == 2 || !pause(ctx, attempts, fail) {
			return f, fail
		}
		mute = fail.mute
	}
}

// maxWaits is how often in all a peer is given a second that drops more than it
// takes: it may count connections.
const maxWaits = 5

// patient waits where many questions are to follow.
func (v *visit) patient(ctx context.Context) bool {
	if len(v.p.probes) == 0 || v.waits == maxWaits {
		return false
	}
	v.waits++
	return pause(ctx, 1, &failure{reason: scan.ReasonRateLimited})
}

// askShare gives one attempt its share of the endpoint's time: where many are
// to follow, one that hangs must not take it all.
func (v *visit) askShare(attempt int) func(time.Duration) time.Duration {
	switch {
	case len(v.p.probes) > 0:
		return func(left time.Duration) time.Duration { return left / 4 }
	case attempt == 1:
		return func(left time.Duration) time.Duration { return left / 2 }
	}
	return func(left time.Duration) time.Duration { return left }
}

// controlled repeats the first handshake's hello in our own words: where that
// is answered, what was reset before was turned down.
func (v *visit) controlled(ctx context.Context) bool {
	if v.control == 0 {
		return false
	}
	h := v.hello(v.control)
	if v.alpn {
		h.alpn = alpnFirst
	}
	for attempts := 1; ; attempts++ {
		one, cancel := within(ctx, v.askShare(attempts))
		f, fail := v.put(one, h, msgServerHello)
		cancel()
		if f != nil && fail == nil {
			return true
		}
		v.unsteady = v.unsteady || fail != nil && fail.mute
		if fail == nil || !fail.mute || attempts == 2 || !pause(ctx, attempts, fail) {
			return false
		}
	}
}

// hello is what newHello gives, in short for a server that reads no long lists.
func (v *visit) hello(most uint16) hello {
	h := newHello(most, v.name)
	if v.short {
		h = h.shortened()
	}
	return h
}

// put makes one attempt at a question.
func (v *visit) put(ctx context.Context, h hello, want byte) (*flight, *failure) {
	c, fail := v.open(ctx)
	if fail != nil {
		return nil, fail
	}
	defer c.Close()
	f, err := exchange(c, h, want)
	if err == nil {
		return h.check(f)
	}
	answered := f.hello || f.retry
	if !answered && errors.Is(err, errAlert) && h.tells(f.alert) {
		v.refusal = int(f.alert)
		v.refusals++
		return nil, nil
	}
	fail = classifyHandshake(ctx, err, c.read)
	if errors.Is(err, errAlert) {
		fail.alert = int(f.alert)
	}
	if !answered {
		fail.mute = fail.reason == scan.ReasonReset || err == io.EOF && len(c.read) == 0 || fail.alert == alertInternalError || fail.alert == alertCloseNotify
		f = nil
	}
	return f, fail
}

// odd is an answer that breaks the protocol.
func odd(detail string) *failure {
	return &failure{stage: scan.StageHandshake, reason: scan.ReasonHandshakeFailure, alert: -1, detail: detail}
}

// ask13 sends a hello of TLS 1.3 with a share, and once more with another where
// the server wants another group.
func (v *visit) ask13(ctx context.Context, h hello, want byte) (*flight, *failure) {
	if v.group == 0 {
		v.group = uint16(tls.X25519)
	}
	for range 2 {
		if h.share = newShare(v.group); h.share == nil {
			break
		}
		f, fail := v.ask(ctx, h, want)
		if fail != nil || f == nil || f.hello {
			return f, fail
		}
		v.group = f.shareGroup
	}
	return nil, odd("server wants the group " + groupName(v.group))
}

// exhaust offers what is left of a list until the server takes nothing more,
// and returns what it took, in the order of its choices.
func exhaust[T comparable](offer []T, ask func(rest []T) (chosen T, taken bool, fail *failure)) (all []T, fail *failure) {
	rest := slices.Clone(offer)
	for len(rest) > 0 {
		chosen, taken, fail := ask(rest)
		if fail != nil || !taken {
			return all, fail
		}
		at := slices.Index(rest, chosen)
		if at < 0 {
			return all, odd(fmt.Sprintf("server chose %v, which was not offered", chosen))
		}
		rest = slices.Delete(rest, at, at+1)
		all = append(all, chosen)
	}
	return all, nil
}

// addMissing appends what list does not have yet.
func addMissing(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
