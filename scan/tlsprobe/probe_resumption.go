package tlsprobe

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"time"

	"certaudit/scan"
)

// ticketWait is how long a ticket of TLS 1.3 is waited for; it follows the
// handshake at once where there is one.
const ticketWait = 2 * time.Second

// askResumption tries whether sessions are resumed: in TLS 1.3 and with tickets
// by a second handshake, with session ids by a hello that names one.
func (s *survey) askResumption(ctx context.Context) *failure {
	if s.known[tls.VersionTLS13] {
		fail := s.resumes(ctx, tls.VersionTLS13, &s.e.ResumptionPSK)
		if fail != nil {
			return fail
		}
	}
	version := s.legacy()
	if version < tls.VersionTLS10 {
		return nil
	}
	if fail := s.resumes(ctx, version, &s.e.ResumptionTicket); fail != nil {
		return fail
	}
	return s.resumesByID(ctx, version)
}

// resumeTries is how often a ticket or a session's id is presented: behind one
// address there may be several servers, of which only the one that gave it out
// knows it.
const resumeTries = 4

// resumes makes one handshake for a ticket and others that present it.
func (s *survey) resumes(ctx context.Context, version uint16, answer *scan.Answer) *failure {
	cfg := s.config()
	cfg.MinVersion, cfg.MaxVersion = version, version
	ticket := new(oneTicket)
	cfg.SessionTicketsDisabled, cfg.ClientSessionCache = false, ticket
	if s.leaf.x != nil {
		cfg.Time = func() time.Time { return s.leaf.x.NotAfter } // the library forgets sessions of expired certificates
	}
	resumed := false
	for tries := 0; tries <= 1 || !resumed && ticket.state != nil && tries <= resumeTries; tries++ {
		_, fail := s.finished(ctx, cfg, func(tc *tls.Conn) *failure {
			resumed = tc.ConnectionState().DidResume
			if version != tls.VersionTLS13 || resumed {
				return nil
			}
			return s.awaitTicket(ctx, tc, ticket)
		})
		if fail != nil {
			return fail
		}
	}
	*answer = scan.Answered(resumed)
	return nil
}

// awaitTicket waits for a ticket of TLS 1.3. A server that goes away before one
// came may have had other reasons not to send it.
func (s *survey) awaitTicket(ctx context.Context, tc *tls.Conn, ticket *oneTicket) *failure {
	one, cancel := within(ctx, func(left time.Duration) time.Duration { return min(left, ticketWait) })
	defer cancel()
	end, _ := one.Deadline()
	tc.SetReadDeadline(end)
	ticket.kept = func() { tc.SetReadDeadline(time.Unix(1, 0)) } // nothing else is waited for
	_, err := tc.Read(make([]byte, 1))
	if down := s.turnedDown(ctx, err); down != nil {
		return down
	}
	if ticket.state == nil && err != nil && (ctx.Err() != nil || !isTimeout(err)) {
		return classifyHandshake(ctx, err, nil)
	}
	return nil
}

// A oneTicket keeps the session seen first.
type oneTicket struct {
	state *tls.ClientSessionState
	kept  func() // called for each; may be nil
}

func (o *oneTicket) Get(string) (*tls.ClientSessionState, bool) { return o.state, o.state != nil }

func (o *oneTicket) Put(_ string, state *tls.ClientSessionState) {
	if state == nil || o.state == nil {
		o.state = state
	}
	if o.kept != nil {
		o.kept()
	}
}

// resumesByID completes a handshake without tickets and offers its session id
// again: a server that resumes repeats it (RFC 5246 section 7.4.1.3).
func (s *survey) resumesByID(ctx context.Context, version uint16) *failure {
	cfg := s.config()
	cfg.MinVersion, cfg.MaxVersion = version, version
	read, fail := s.finished(ctx, cfg, func(*tls.Conn) *failure { return nil })
	if fail != nil {
		return fail
	}
	first, err := readFlight(bytes.NewReader(read), msgServerHello, nil)
	if err != nil {
		return classifyHandshake(ctx, err, read)
	}
	if len(first.session) == 0 {
		s.e.ResumptionID = scan.No
		return nil
	}
	h := s.v.hello(version)
	h.session, h.suites = first.session, []uint16{first.suite}
	for range resumeTries {
		f, fail := s.v.ask(ctx, h, msgServerHello)
		switch {
		case fail != nil:
			return fail
		case f == nil:
			return odd("a hello that names a session is turned down")
		case bytes.Equal(f.session, first.session):
			s.e.ResumptionID = scan.Yes
			return nil
		}
	}
	s.e.ResumptionID = scan.No
	return nil
}

// config is that of the first handshake, in the groups that the server wants.
func (s *survey) config() *tls.Config {
	cfg := s.v.p.config(s.v.name)
	if !slices.Contains(cfg.CurvePreferences, tls.CurveID(s.v.group)) {
		cfg.CurvePreferences = nil // the library's own, which have the hybrid ones
	}
	if s.v.alpn {
		cfg.NextProtos = alpnFirst
	}
	cfg.GetClientCertificate = (&presenter{cert: s.v.manner.cert}).get
	return cfg
}

// finished completes a handshake of crypto/tls, uses it, and returns what was
// read. What the library cannot take is not an answer. A connection that ends
// without a word is made once more.
func (s *survey) finished(ctx context.Context, cfg *tls.Config, use func(*tls.Conn) *failure) (read []byte, fail *failure) {
	for attempts := 1; ; attempts++ {
		read, fail = s.finish(ctx, cfg, use)
		if fail == nil {
			return read, nil
		}
		fail.attempts = attempts
		again := read == nil && (fail.temporary || fail.reason == scan.ReasonClosed)
		if again && attempts == 2 && s.v.patient(ctx) {
			attempts = 0
			continue
		}
		if !again || attempts == 2 || !pause(ctx, attempts, fail) {
			return read, fail
		}
	}
}

// finish makes one attempt; nothing is read where the handshake fails.
func (s *survey) finish(ctx context.Context, cfg *tls.Config, use func(*tls.Conn) *failure) (read []byte, fail *failure) {
	one, cancel := within(ctx, s.v.askShare(1))
	defer cancel()
	c, fail := s.v.open(one)
	if fail != nil {
		return nil, fail
	}
	defer c.Close()
	tc := tls.Client(c, cfg)
	if err := tc.Handshake(); err != nil {
		f, _ := readFlight(bytes.NewReader(c.read), msgServerHello, nil)
		if fail := s.turnedDown(one, err); fail != nil && f.hello {
			return nil, fail
		}
		return nil, classifyHandshake(one, err, c.read)
	}
	read = bytes.Clone(c.read)
	fail = use(tc)
	tc.Close()
	return read, fail
}

// turnedDown is not nil where the peer ended a connection with an alert; one
// that asked for a client certificate and got none did it for that.
func (s *survey) turnedDown(ctx context.Context, err error) *failure {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return nil
	}
	f := classifyHandshake(ctx, err, nil)
	if s.e.ClientCert == scan.Yes && s.v.manner.cert == nil {
		f.reason = scan.ReasonClientCertificate
	}
	return f
}
