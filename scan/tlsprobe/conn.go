package tlsprobe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"certaudit/scan"
)

// What all connections to one endpoint may make us read, and what one may. The
// largest handshake that crypto/tls follows has a Certificate message of 256 KiB.
const (
	maxRead         = 1 << 20 // bytes of one connection
	maxReadEndpoint = 8 << 20 // bytes of all
	maxConnections  = 600     // of one endpoint: a full enumeration takes some hundred
	maxMySQL        = 60      // of one MySQL server, which locks out a host for good after 100 without a login
)

var (
	errTooMuch = errors.New("the peer sent more than 1 MiB before the handshake ended")
	errBudget  = errors.New("the peer sent more than 8 MiB in all")
)

// A budget is what one endpoint may still cost.
type budget struct {
	bytes       int
	connections int
}

func newBudget(protocol string) *budget {
	b := &budget{bytes: maxReadEndpoint, connections: maxConnections}
	if protocol == scan.MySQL {
		b.connections = maxMySQL
	}
	return b
}

// A conn reads within the budget, keeps what it read since TLS began, and obeys
// a context: once that is over, whatever waits on the connection ends at once.
type conn struct {
	net.Conn
	read   []byte
	stop   func() bool
	budget *budget
}

func newConn(ctx context.Context, nc net.Conn, b *budget) *conn {
	if d, ok := ctx.Deadline(); ok {
		nc.SetDeadline(d)
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	return &conn{Conn: nc, stop: stop, budget: b}
}

func (c *conn) Read(b []byte) (int, error) {
	left := min(maxRead-len(c.read), c.budget.bytes)
	switch {
	case c.budget.bytes <= 0:
		return 0, errBudget
	case left <= 0:
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(b[:min(len(b), left)])
	c.read = append(c.read, b[:n]...)
	c.budget.bytes -= n
	return n, err
}

// beginTLS forgets what was read: what follows is TLS.
func (c *conn) beginTLS() { c.read = c.read[:0] }

func (c *conn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// open connects to the endpoint and goes as far as the first byte of TLS. From
// the first connection on, the address stays the same.
func (v *visit) open(ctx context.Context) (*conn, *failure) {
	if v.budget.connections--; v.budget.connections < 0 {
		return nil, &failure{stage: scan.StageLimit, reason: scan.ReasonBudget, alert: -1, detail: "connections"}
	}
	nc, addr, fail := v.connect(ctx)
	if fail != nil {
		return nil, fail
	}
	v.addrs = []netip.Addr{addr}
	c := newConn(ctx, nc, v.budget)
	if fail := v.startTLS(ctx, c); fail != nil {
		c.Close()
		return nil, fail
	}
	c.beginTLS()
	return c, nil
}
