package tlsprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"
)

// A presenter answers a server that asks for a client certificate: with cert
// where that is what the server asks for, and with none otherwise.
type presenter struct {
	cert             *tls.Certificate
	asked, presented bool
}

func (p *presenter) get(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	p.asked = true
	if p.cert != nil && request.SupportsCertificate(p.cert) == nil {
		p.presented = true
		return p.cert, nil
	}
	return new(tls.Certificate), nil
}

// refusal waits a moment for the alert of a server that does not want what was
// presented. In TLS 1.3 it comes after the client is done (RFC 8446 appendix
// E.1.2); silence, or a session ticket, is no refusal.
func (p *presenter) refusal(ctx context.Context, c *conn, tc *tls.Conn) *failure {
	if !p.presented || tc.ConnectionState().Version != tls.VersionTLS13 {
		return nil
	}
	rest, cancel := within(ctx, func(left time.Duration) time.Duration { return min(left, drainTime) })
	defer cancel()
	end, _ := rest.Deadline()
	c.SetReadDeadline(end)
	_, err := tc.Read(make([]byte, 1))
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return classifyHandshake(ctx, err, c.read)
	}
	return nil
}
