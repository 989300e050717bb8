package tlsprobe

import (
	"context"
	"errors"
	"io"
	"time"

	"certaudit/scan"
)

// A versionSet is what is known of the versions that a server accepts; a
// version that is absent is unknown. A server picks the highest version that
// both sides speak (RFC 5246 appendix E.1, RFC 8446 section 4.2.1), so that
// one answer tells of all versions from the one chosen up to the one offered.
type versionSet map[uint16]bool

// chosen learns from a server that was offered most and below.
func (s versionSet) chosen(most, version uint16) {
	for _, v := range versions {
		if v.wire > version && v.wire <= most {
			s[v.wire] = false
		}
	}
	s[version] = true
}

// refused learns from a server that turned down most and below.
func (s versionSet) refused(most uint16) {
	for _, v := range versions {
		if v.wire <= most {
			s[v.wire] = false
		}
	}
}

// settled is true when a hello capped at most could tell nothing new: its
// answer follows from what is known.
func (s versionSet) settled(most uint16) bool {
	for i := len(versions) - 1; i >= 0; i-- {
		if v := versions[i].wire; v <= most {
			accepted, known := s[v]
			if !known || accepted {
				return known
			}
		}
	}
	return true
}

// names lists the versions accepted or refused, oldest first.
func (s versionSet) names(accepted bool) []string {
	var out []string
	for _, v := range versions {
		if a, known := s[v.wire]; known && a == accepted {
			out = append(out, v.name)
		}
	}
	return out
}

// probeVersions sends one hello capped at most and adds the answer to known. A
// connection that is reset, gives no answer in half the time left or gives one
// that may be an accident is tried once more; what then fails says nothing
// about versions.
func (v *visit) probeVersions(ctx context.Context, most uint16, known versionSet) (attempts int, fail *failure) {
	for attempts = 1; ; attempts++ {
		share := func(left time.Duration) time.Duration { return left / 2 }
		if attempts == 2 {
			share = func(left time.Duration) time.Duration { return left }
		}
		one, cancel := within(ctx, share)
		before := fail
		fail = v.probeOnce(one, most, known)
		cancel()
		if fail != nil && before != nil && fail.alert == alertInternalError && before.alert == alertInternalError {
			known.refused(most)
			return attempts, nil
		}
		if fail == nil {
			return attempts, nil
		}
		again := fail.temporary || fail.reason == scan.ReasonTimeout || fail.alert == alertInternalError
		if !again || attempts == 2 || !pause(ctx, attempts) {
			fail.detail = "versions<=" + versionName(most) + ": " + string(fail.stage) + ": " + fail.detail
			return attempts, fail.with(scan.StageProbe)
		}
	}
}

func (v *visit) probeOnce(ctx context.Context, most uint16, known versionSet) *failure {
	c, fail := v.open(ctx)
	if fail != nil {
		return fail
	}
	defer c.Close()
	f, err := exchange(c, most, v.name, msgServerHello)
	switch {
	case err == nil && f.version <= most && f.version >= versionSSL30:
		known.chosen(most, f.version)
		return nil
	case err == nil:
		return &failure{stage: scan.StageHandshake, reason: scan.ReasonHandshakeFailure, alert: -1,
			detail: "server chose " + versionName(f.version) + ", which was not offered"}
	case errors.Is(err, errAlert) && tellsOfVersions(f.alert), err == io.EOF && len(c.read) == 0:
		known.refused(most)
		return nil
	}
	fail = classifyHandshake(ctx, err, c.read)
	if errors.Is(err, errAlert) {
		fail.alert = int(f.alert)
	}
	return fail
}

// tellsOfVersions is false for alerts that a server sends for reasons of its
// own, whatever was offered. One of them is internal_error, but OpenSSL 3 sends
// it, too, where its security level bars the signatures of the versions
// offered: said twice, to a peer that has just been served in a higher version,
// it is an answer.
func tellsOfVersions(alert byte) bool {
	return alert != alertInternalError && alert != alertUserCanceled && alert != alertUnrecognized
}
