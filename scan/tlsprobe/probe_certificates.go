package tlsprobe

import (
	"context"
	"crypto/tls"
	"slices"
	"strings"
)

// A keyKind is a kind of certificate that clients may insist on.
type keyKind struct {
	label   string
	suites  []string // prefixes of suites up to TLS 1.2
	schemes []string // prefixes of signature schemes
}

var keyKinds = []keyKind{
	{"RSA", []string{"TLS_ECDHE_RSA_", "TLS_DHE_RSA_", "TLS_RSA_"}, []string{"rsa_"}},
	{"ECDSA", []string{"TLS_ECDHE_ECDSA_"}, []string{"ecdsa_"}},
	{"EdDSA", []string{"TLS_ECDHE_ECDSA_"}, []string{"ed"}}, // RFC 8422 section 5.10
	{"DSA", []string{"TLS_DHE_DSS_"}, []string{"dsa_"}},
	{"ML-DSA", nil, []string{"mldsa"}},
}

// askCertificates asks as a client that takes only one kind of key, for each
// kind, and keeps the chains that differ from the first.
func (s *survey) askCertificates(ctx context.Context) *failure {
	for _, kind := range keyKinds {
		if s.known[tls.VersionTLS13] {
			h := s.v.hello(tls.VersionTLS13)
			h.schemes, h.certSchemes = kind.of(schemes13), schemes13
			if len(h.schemes) == 0 {
				continue
			}
			if fail := s.keepChain(kind.label)(s.v.ask13(ctx, h, msgCertificate)); fail != nil {
				return fail
			}
		}
		if version := s.legacy(); version != 0 && len(kind.suites) > 0 {
			h := s.v.hello(version)
			h.suites = s.suitesWith(version, kind.suites...)
			h.schemes, h.certSchemes = kind.of(helloSchemes), helloSchemes
			if fail := s.keepChain(kind.label)(s.v.ask(ctx, h, msgCertificate)); fail != nil {
				return fail
			}
		}
	}
	return nil
}

// keepChain keeps what a flight has. One that breaks off before the certificates
// is an answer where the server sent an alert.
func (s *survey) keepChain(label string) func(*flight, *failure) *failure {
	return func(f *flight, fail *failure) *failure {
		if f != nil && len(f.chain) > 0 {
			s.v.addChain(s.e, label, f.chain)
			return nil
		}
		switch {
		case f != nil && fail != nil && fail.alert >= 0 && tellsOfHello(byte(fail.alert)):
			return nil
		case f != nil && fail == nil:
			return odd("server shows no certificate")
		}
		return fail
	}
}

// of lists the schemes of a kind.
func (k keyKind) of(all []uint16) []uint16 {
	return slices.DeleteFunc(slices.Clone(all), func(id uint16) bool {
		return !slices.ContainsFunc(k.schemes, func(prefix string) bool { return strings.HasPrefix(schemeNames[id], prefix) })
	})
}
