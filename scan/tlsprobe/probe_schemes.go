package tlsprobe

import (
	"context"
	"crypto/tls"
	"fmt"
)

// askSchemes lists what the server signs its handshakes with: in TLS 1.3 as the
// certificate verify message says, in TLS 1.2 as the key exchange does. Older
// versions leave no choice.
func (s *survey) askSchemes(ctx context.Context) *failure {
	if s.known[tls.VersionTLS13] {
		taken, fail := exhaust(schemes13, func(rest []uint16) (uint16, bool, *failure) {
			h := s.v.hello(tls.VersionTLS13)
			h.schemes, h.certSchemes = rest, schemes13
			return schemeOf(s.v.ask13(ctx, h, msgCertificateVerify))
		})
		s.e.SignatureSchemes = addMissing(s.e.SignatureSchemes, schemeNamesOf(taken)...)
		if fail != nil {
			return fail
		}
	}
	if !s.known[tls.VersionTLS12] {
		return nil
	}
	suites := s.suitesWith(tls.VersionTLS12, "TLS_ECDHE_RSA_", "TLS_ECDHE_ECDSA_", "TLS_DHE_RSA_WITH_", "TLS_DHE_DSS_WITH_")
	taken, fail := exhaust(helloSchemes, func(rest []uint16) (uint16, bool, *failure) {
		h := newHello(tls.VersionTLS12, s.v.name)
		h.suites, h.schemes, h.certSchemes = suites, rest, helloSchemes
		return schemeOf(s.v.ask(ctx, h, msgServerKeyExchange))
	})
	s.e.SignatureSchemes = addMissing(s.e.SignatureSchemes, schemeNamesOf(taken)...)
	return fail
}

// schemeOf is what a flight was signed with. A server that shows its certificate
// and then gives up has none of the schemes.
func schemeOf(f *flight, fail *failure) (uint16, bool, *failure) {
	switch {
	case f != nil && fail != nil && fail.alert >= 0 && tellsOfHello(byte(fail.alert)):
		return 0, false, nil
	case fail != nil || f == nil || f.version < tls.VersionTLS12: // a lower version leaves no choice
		return 0, false, fail
	case f.scheme == 0:
		return 0, false, odd("server signs nothing")
	}
	return f.scheme, true, nil
}

// schemeNames are the names of the IANA registry "TLS SignatureScheme", and for
// the pairs of RFC 5246 section 7.4.1.4.1 that it lacks, names of that kind.
var schemeNames = map[uint16]string{
	0x0101: "rsa_pkcs1_md5", 0x0201: "rsa_pkcs1_sha1", 0x0301: "rsa_pkcs1_sha224",
	0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384", 0x0601: "rsa_pkcs1_sha512",
	0x0202: "dsa_sha1", 0x0302: "dsa_sha224", 0x0402: "dsa_sha256", 0x0502: "dsa_sha384", 0x0602: "dsa_sha512",
	0x0203: "ecdsa_sha1", 0x0303: "ecdsa_sha224",
	0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384", 0x0603: "ecdsa_secp521r1_sha512",
	0x0708: "sm2sig_sm3", 0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512",
	0x0807: "ed25519", 0x0808: "ed448", 0x0809: "rsa_pss_pss_sha256", 0x080A: "rsa_pss_pss_sha384", 0x080B: "rsa_pss_pss_sha512",
	0x081A: "ecdsa_brainpoolP256r1tls13_sha256", 0x081B: "ecdsa_brainpoolP384r1tls13_sha384", 0x081C: "ecdsa_brainpoolP512r1tls13_sha512",
	0x0904: "mldsa44", 0x0905: "mldsa65", 0x0906: "mldsa87",
}

func schemeNamesOf(ids []uint16) (names []string) {
	for _, id := range ids {
		name, ok := schemeNames[id]
		if !ok {
			name = fmt.Sprintf("0x%04X", id)
		}
		names = append(names, name)
	}
	return names
}
