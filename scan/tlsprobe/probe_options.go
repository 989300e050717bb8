package tlsprobe

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"

	"certaudit/scan"
)

// askOptions asks for what a hello can only offer: in one hello of the highest
// version below TLS 1.3, which has none of it, and one that pretends to have
// fallen back.
func (s *survey) askOptions(ctx context.Context) *failure {
	version := s.legacy()
	if fail := s.unsettled(scan.ProbeOptions); version == 0 && fail != nil {
		return fail
	}
	if version == 0 {
		s.e.Compression, s.e.Heartbeat = scan.No, scan.Unasked // RFC 8446 section 4.1.2
		return nil
	}
	h := s.v.hello(version)
	h.compression, h.heartbeat = true, version > versionSSL30
	f, fail := s.v.ask(ctx, h, msgServerHello)
	if fail != nil {
		return fail
	}
	if f == nil {
		return odd("a hello that offers compression and heartbeat is turned down")
	}
	s.e.Compression = scan.Answered(f.compression != 0)
	s.e.SecureRenegotiation = scan.Answered(f.renegotiation)
	s.e.ExtendedMaster = scan.Answered(f.extendedMaster)
	s.e.Heartbeat = scan.Answered(f.heartbeat)
	return s.askFallback(ctx)
}

// askFallback offers less than the server has, and says that more was refused
// (RFC 7507): a server that knows better sends inappropriate_fallback, or
// turns down nothing but that. Where it has one version only there is nothing to
// fall back from.
func (s *survey) askFallback(ctx context.Context) *failure {
	lower := uint16(0)
	if s.known[tls.VersionTLS13] {
		lower = s.legacy()
	} else {
		for _, v := range versions {
			if v.wire < s.legacy() && s.known[v.wire] {
				lower = v.wire
			}
		}
	}
	if lower == 0 {
		return nil
	}
	h := s.v.hello(lower)
	h.fallback = true
	f, fail := s.v.ask(ctx, h, msgServerHello)
	switch {
	case fail != nil:
		return fail
	case f == nil && s.v.refusal != alertFallback: // slapd and Dovecot go without a word
		h.fallback = false
		if f, fail := s.v.ask(ctx, h, msgServerHello); f == nil {
			return cmp.Or(fail, odd(fmt.Sprintf("a hello of %s is turned down, whether or not it has fallen back", versionName(lower))))
		}
	}
	s.e.FallbackSCSV = scan.Answered(f == nil)
	return nil
}
