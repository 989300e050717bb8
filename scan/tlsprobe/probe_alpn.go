package tlsprobe

import (
	"context"
	"crypto/tls"
)

// alpnNames are the application protocols that are offered: those of the IANA
// registry "TLS ALPN Protocol IDs" that run over TCP and are in use, the forerunners
// of h2, and smtp and amqp, which it lacks.
var alpnNames = []string{
	"h2", "http/1.1", "http/1.0", "http/0.9", "spdy/3.1", "spdy/3", "acme-tls/1", "imap", "pop3", "managesieve", "smtp", "ftp",
	"xmpp-client", "xmpp-server", "nntp", "nnsp", "irc", "mqtt", "amqp", "coap", "dot", "postgresql", "sip/2", "stun.turn", "tds/8.0", "ntske/1", "radius/1.0", "radius/1.1", "dicom", "webrtc",
}

// askALPN lists the protocols that the server agrees to (RFC 7301), where it can
// be read in clear, else in the encrypted extensions of TLS 1.3.
func (s *survey) askALPN(ctx context.Context) *failure {
	version := s.legacy()
	taken, fail := exhaust(alpnNames, func(rest []string) (string, bool, *failure) {
		var f *flight
		var fail *failure
		if version > versionSSL30 {
			h := s.v.hello(version)
			h.alpn = rest
			f, fail = s.v.ask(ctx, h, msgServerHello)
		} else {
			h := s.v.hello(tls.VersionTLS13)
			h.alpn = rest
			f, fail = s.v.ask13(ctx, h, msgEncryptedExtensions)
		}
		if fail != nil || f == nil || f.alpn == "" {
			return "", false, fail
		}
		return f.alpn, true, nil
	})
	s.e.ALPNProtocols = taken
	return fail
}
