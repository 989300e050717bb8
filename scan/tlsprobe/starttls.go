package tlsprobe

import (
	"context"
	"errors"
	"io"
	"net"

	"certaudit/scan"
)

// An upgrade speaks a protocol from the first byte of a connection to the
// answer behind which TLS begins. Its error is an *answer where the peer gave
// another one, and that of the connection otherwise.
type upgrade func(d *dialogue) error

// upgrades has every protocol that package scan names.
var upgrades = map[string]upgrade{
	scan.SMTP:       upgradeSMTP("EHLO"),
	scan.LMTP:       upgradeSMTP("LHLO"),
	scan.IMAP:       upgradeIMAP,
	scan.POP3:       upgradePOP3,
	scan.FTP:        upgradeFTP,
	scan.LDAP:       upgradeLDAP,
	scan.PostgreSQL: upgradePostgreSQL,
	scan.MySQL:      upgradeMySQL,
	scan.XMPPClient: upgradeXMPP("jabber:client"),
	scan.XMPPServer: upgradeXMPP("jabber:server"),
	scan.NNTP:       upgradeNNTP,
	scan.Sieve:      upgradeSieve,
	scan.RDP:        upgradeRDP,
	scan.MSSQL:      upgradeMSSQL,
}

// startTLS speaks the endpoint's protocol up to the point where TLS begins. It
// does nothing where TLS begins with the first byte. What the peer sent behind
// its go-ahead is left for TLS to read, which turns it down where it is text:
// no byte from before the handshake is ever taken for one of the dialogue.
func (v *visit) startTLS(ctx context.Context, c *conn) *failure {
	if v.target.StartTLS == "" {
		return nil
	}
	speak, ok := upgrades[v.target.StartTLS]
	if !ok {
		return &failure{stage: scan.StageStartTLS, reason: scan.ReasonUnsupported, alert: -1, detail: v.target.StartTLS}
	}
	d := newDialogue(c, v.serverName())
	if err := speak(d); err != nil {
		return classifyStartTLS(ctx, d.step, err)
	}
	if rest := d.rest(); len(rest) > 0 {
		c.Conn = &readAhead{c.Conn, rest}
	}
	if d.wrap != nil {
		c.Conn = d.wrap(c.Conn)
	}
	return nil
}

// serverName is what the endpoint is called where its protocol wants a name.
func (v *visit) serverName() string {
	if v.name != "" {
		return v.name
	}
	return v.addrs[0].WithZone("").String()
}

// A readAhead connection first gives what was read of it already.
type readAhead struct {
	net.Conn
	first []byte
}

func (r *readAhead) Read(b []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.first)
	r.first = r.first[n:]
	return n, nil
}

// An answer is what a peer said in place of its go-ahead.
type answer struct {
	reason    scan.Reason
	temporary bool   // it may be another one soon
	said      string // in the peer's words, quoted, or in ours
}

func (a *answer) Error() string { return a.said }

// The answers. Said is the peer's, or a text of ours.
func notOffered(said string) error { return &answer{reason: scan.ReasonNoStartTLS, said: said} }
func refused(said string) error    { return &answer{reason: scan.ReasonStartTLSRefused, said: said} }
func notNow(said string) error {
	return &answer{reason: scan.ReasonStartTLSRefused, temporary: true, said: said}
}
func busy(said string) error {
	return &answer{reason: scan.ReasonRateLimited, temporary: true, said: said}
}

// blocked is busy until somebody at the peer does something.
func blocked(said string) error { return &answer{reason: scan.ReasonRateLimited, said: said} }

func unexpected(said string) error { return &answer{reason: scan.ReasonProtocol, said: said} }

// classifyStartTLS names what went wrong before TLS began; step is what was
// being waited for.
func classifyStartTLS(ctx context.Context, step string, err error) *failure {
	f := &failure{stage: scan.StageStartTLS, reason: scan.ReasonProtocol, alert: -1}
	var said *answer
	switch end := ended(ctx, err); {
	case errors.As(err, &said):
		f.reason, f.temporary = said.reason, said.temporary
	case end != nil:
		f.reason = end.reason
	case errors.Is(err, errTooMuchText):
		f.stage, f.reason = scan.StageLimit, scan.ReasonTooLarge
	case errors.Is(err, errBudget):
		f.stage, f.reason = scan.StageLimit, scan.ReasonBudget
	case isReset(err):
		f.reason, f.temporary = scan.ReasonReset, true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.reason = scan.ReasonClosed
	}
	f.detail = step + ": " + errorText(err)
	return f
}
