package tlsprobe

import (
	"context"
	"errors"
	"net"
	"time"
)

// maxRead bounds what one connection may make us read. The largest handshake
// that crypto/tls follows has a Certificate message of 256 KiB.
const maxRead = 1 << 20

var errTooMuch = errors.New("the peer sent more than 1 MiB before the handshake ended")

// A conn reads within the budget, keeps what it read, and obeys a context:
// once that is over, whatever waits on the connection ends at once.
type conn struct {
	net.Conn
	read []byte
	stop func() bool
}

func newConn(ctx context.Context, nc net.Conn) *conn {
	if d, ok := ctx.Deadline(); ok {
		nc.SetDeadline(d)
	}
	stop := context.AfterFunc(ctx, func() { nc.SetDeadline(time.Unix(1, 0)) })
	return &conn{Conn: nc, stop: stop}
}

func (c *conn) Read(b []byte) (int, error) {
	left := maxRead - len(c.read)
	if left == 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(b[:min(len(b), left)])
	c.read = append(c.read, b[:n]...)
	return n, err
}

func (c *conn) Close() error {
	c.stop()
	return c.Conn.Close()
}
