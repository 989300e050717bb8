package tlsprobe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"slices"
	"time"

	"certaudit/scan"
)

// A sight is what one connection showed of an endpoint.
type sight struct {
	most           uint16 // the highest version that was offered
	version, suite uint16
	group, alpn    string
	groupID        uint16 // of TLS 1.3
	chain          [][]byte
	stapled        scan.Answer
	staple         *staple // nil where nothing of it was read
	clientCert     scan.Answer
	oldSignature   bool // see flight
}

// A manner is one way to speak to an endpoint. The zero value is a handshake
// of crypto/tls without ALPN, with one classical key share.
type manner struct {
	alpn   bool             // offer h2 and http/1.1
	hybrid bool             // offer the hybrid post-quantum groups too, at their price
	raw    bool             // a hello of ours up to TLS 1.2, with suites that crypto/tls lacks
	cert   *tls.Certificate // presented where the server asks for one that it is
}

// Alerts that decide what is tried next: RFC 8446 section 6, RFC 7301.
const (
	alertCloseNotify     = 0
	alertProtocolVersion = 70
	alertInternalError   = 80
	alertFallback        = 86
	alertUnrecognized    = 112
	alertNoALPN          = 120
)

// alpnFirst is what the first handshake offers.
var alpnFirst = []string{"h2", "http/1.1"}

// next is the manner that may succeed where m was turned down.
func (m manner) next(f *failure) (manner, bool) {
	refused := f.alert >= 0
	switch {
	case m.raw, f.stage == scan.StageStartTLS: // it was not TLS that was turned down
		return m, false
	case f.alert == alertNoALPN && m.alpn:
		m.alpn = false
		return m, true
	case refused && f.alert != alertProtocolVersion && !m.hybrid:
		m.hybrid = true
		return m, true
	case refused, f.ours, f.reason == scan.ReasonClosed:
		return manner{raw: true}, true
	}
	return m, false
}

// greet speaks to the server in one manner. A sight beside a failure has the
// certificates that came before it.
func (p *Prober) greet(ctx context.Context, c *conn, serverName string, m manner) (*sight, *failure) {
	if m.raw {
		return p.ask(ctx, c, serverName)
	}
	return p.handshake(ctx, c, serverName, m)
}

// handshake lets crypto/tls speak. It verifies nothing of the certificates,
// and what it cannot take is read again from the bytes that were received.
func (p *Prober) handshake(ctx context.Context, c *conn, serverName string, m manner) (*sight, *failure) {
	var keys keyLog
	var sent [][]byte
	client := presenter{cert: m.cert}
	cfg := p.config(serverName)
	cfg.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
		sent = raw
		return nil
	}
	cfg.GetClientCertificate = client.get
	cfg.KeyLogWriter = &keys
	if m.alpn {
		cfg.NextProtos = alpnFirst
	}
	if m.hybrid {
		cfg.CurvePreferences = nil // the library's own, which have them
	}
	tc := tls.Client(c, cfg)
	if err := tc.Handshake(); err != nil {
		return autopsy(ctx, c, err, &keys, sent)
	}
	cs := tc.ConnectionState()
	refused := client.refusal(ctx, c, tc)
	tc.Close() // all is known; a peer that does not take the goodbye changes nothing
	return &sight{
		most: tls.VersionTLS13, version: cs.Version, suite: cs.CipherSuite,
		group: groupName(uint16(cs.CurveID)), groupID: uint16(cs.CurveID), alpn: cs.NegotiatedProtocol, chain: sent,
		stapled: scan.Answered(len(cs.OCSPResponse) > 0), staple: stapleOf(&cs), clientCert: scan.Answered(client.asked),
	}, refused
}

// config is what every handshake of crypto/tls has here: nothing is verified,
// because the chain is a fact to record, good or bad.
func (p *Prober) config(serverName string) *tls.Config {
	return &tls.Config{
		ServerName:             serverName,
		InsecureSkipVerify:     true,
		MinVersion:             tls.VersionTLS10,
		MaxVersion:             tls.VersionTLS13,
		CipherSuites:           p.suites,
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		SessionTicketsDisabled: true,
	}
}

// drainTime is how long the rest of a server's messages is waited for after
// crypto/tls gave up among them. They are mostly there already.
const drainTime = 500 * time.Millisecond

// autopsy reads again what came in before a handshake failed.
func autopsy(ctx context.Context, c *conn, err error, keys *keyLog, sent [][]byte) (*sight, *failure) {
	fail := classifyHandshake(ctx, err, c.read)
	var r io.Reader = bytes.NewReader(c.read)
	if fail.ours {
		rest, cancel := within(ctx, func(left time.Duration) time.Duration { return min(left, drainTime) })
		defer cancel()
		end, _ := rest.Deadline()
		c.SetReadDeadline(end)
		r = io.MultiReader(r, c)
	}
	f, ferr := readFlight(r, msgServerHelloDone, keys.get)
	if len(f.chain) == 0 {
		f.chain = sent
	}
	switch {
	case errors.Is(ferr, errAlert):
		fail.alert, fail.reason, fail.ours = int(f.alert), scan.ReasonHandshakeFailure, false
	case errors.Is(ferr, errNoKey) && fail.ours && len(f.chain) == 0:
		fail.reason = scan.ReasonParserRefused // the encrypted message that crypto/tls stops at
	case f.certificates && len(f.chain) == 0:
		fail.reason = scan.ReasonNoCertificate
	}
	if !f.hello || len(f.chain) == 0 {
		return nil, fail
	}
	return f.sight(tls.VersionTLS13), fail
}

// ask sends a hello of ours up to TLS 1.2 and reads the answer, certificates
// included, without going on.
func (p *Prober) ask(ctx context.Context, c *conn, serverName string) (*sight, *failure) {
	f, err := exchange(c, newHello(tls.VersionTLS12, serverName), msgServerHelloDone)
	switch {
	case f.hello && len(f.chain) > 0 && err == nil:
		return f.sight(tls.VersionTLS12), nil
	case err == nil:
		return nil, &failure{stage: scan.StageHandshake, reason: scan.ReasonNoCertificate, alert: -1,
			detail: "server chose " + suiteName(f.suite)}
	}
	fail := classifyHandshake(ctx, err, c.read)
	if errors.Is(err, errAlert) {
		fail.alert = int(f.alert)
	}
	if f.hello && len(f.chain) > 0 {
		return f.sight(tls.VersionTLS12), fail
	}
	return nil, fail
}

// exchange sends a hello and reads up to the message want.
func exchange(c *conn, h hello, want byte) (*flight, error) {
	record, message := h.record()
	if _, err := c.Write(record); err != nil {
		return new(flight), err
	}
	f, err := readFlight(bufio.NewReader(c), want, func(f *flight) []byte { return h.share.serverSecret(message, f) })
	if !slices.Contains(h.alpn, f.alpn) {
		f.alpn = "" // Apache names what it speaks even to who does not offer it
	}
	return f, err
}

func (f *flight) sight(most uint16) *sight {
	alpn := f.alpn
	if !slices.Contains(alpnFirst, alpn) {
		alpn = "" // not offered: whatever the server likes
	}
	return &sight{most: most, version: f.version, suite: f.suite, group: f.group, groupID: f.shareGroup, alpn: alpn, chain: f.chain,
		stapled: f.stapled, clientCert: f.clientCert, oldSignature: f.oldSignature}
}
