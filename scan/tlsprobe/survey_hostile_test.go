package tlsprobe

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"certaudit/scan"
)

// A script decides what a server does with its connection number n, from 1: ""
// for what its configuration says, closes, resets, or the bytes to send.
type script func(n int, h *tls.ClientHelloInfo) string

const (
	goesAway = "close"
	cutsOff  = "reset"
)

// alerts is a fatal alert.
func alerts(code byte) string { return "\x15\x03\x03\x00\x02\x02" + string([]byte{code}) }

func scripted(cfg *tls.Config, do script) func(net.Conn) {
	var connections atomic.Int64
	return func(c net.Conn) {
		n := int(connections.Add(1))
		c.SetDeadline(time.Now().Add(10 * time.Second))
		own := cfg.Clone()
		own.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			switch act := do(n, h); act {
			case "":
				return nil, nil
			case cutsOff:
				c.(*net.TCPConn).SetLinger(0)
			case goesAway:
			default:
				io.WriteString(c, act)
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
			}
			c.Close()
			return nil, io.ErrClosedPipe
		}
		tlsServer(own)(c)
	}
}

// crowded resets what comes beyond twenty-five connections in half a second.
type crowded struct {
	mu    sync.Mutex
	since time.Time
	n     int
}

func (c *crowded) script(int, *tls.ClientHelloInfo) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.since) > 500*time.Millisecond {
		c.since, c.n = time.Now(), 0
	}
	if c.n++; c.n > 25 {
		return cutsOff
	}
	return ""
}

// from lets a server misbehave from a connection on.
func from(first int, act string) script {
	return func(n int, _ *tls.ClientHelloInfo) string {
		if n < first {
			return ""
		}
		return act
	}
}

// truthful compares what is claimed of a server that misbehaves with what is
// true of it when it does not: refusals, negative answers, and what is said to
// be whole.
func truthful(t *testing.T, truth, got *scan.Endpoint) {
	t.Helper()
	for _, v := range got.VersionsRefused {
		if !slices.Contains(truth.VersionsRefused, v) {
			t.Errorf("%s is said to be refused", v)
		}
	}
	for _, g := range got.KeyExchangesRefused {
		if !slices.Contains(truth.KeyExchangesRefused, g) {
			t.Errorf("%s is said to be refused", g)
		}
	}
	for name, pair := range map[string][2]scan.Answer{
		"compression": {truth.Compression, got.Compression}, "renegotiation": {truth.SecureRenegotiation, got.SecureRenegotiation},
		"master secret": {truth.ExtendedMaster, got.ExtendedMaster}, "fallback": {truth.FallbackSCSV, got.FallbackSCSV}, "heartbeat": {truth.Heartbeat, got.Heartbeat},
		"ticket": {truth.ResumptionTicket, got.ResumptionTicket}, "id": {truth.ResumptionID, got.ResumptionID}, "PSK": {truth.ResumptionPSK, got.ResumptionPSK},
	} {
		if pair[1] != scan.Unasked && pair[0] != pair[1] {
			t.Errorf("%s: said to be %v, and is %v", name, pair[1], pair[0])
		}
	}
	whole := map[string][2]any{
		scan.ProbeVersions: {truth.Versions, got.Versions}, scan.ProbeCipherSuites: {truth.CipherSuites, got.CipherSuites},
		scan.ProbeKeyExchanges: {truth.KeyExchanges, got.KeyExchanges}, scan.ProbeSignatureSchemes: {truth.SignatureSchemes, got.SignatureSchemes},
		scan.ProbeCertificates: {truth.OtherChains, got.OtherChains}, scan.ProbeALPN: {truth.ALPNProtocols, got.ALPNProtocols},
	}
	for _, probe := range got.Probed {
		inAnyOrder := cmpopts.SortSlices(func(a, b string) bool { return a < b })
		if diff := cmp.Diff(whole[probe][0], whole[probe][1], inAnyOrder); diff != "" {
			t.Errorf("%s is said to be whole: %s", probe, diff)
		}
	}
	if len(got.Probed)+len(got.Incomplete) != len(scan.FullDepth()) {
		t.Errorf("probed %v, incomplete %v", got.Probed, got.Incomplete)
	}
}

// TestSurveyHostile has servers that stop to answer, or answer for reasons of
// their own: nothing false is said of them, and nothing is said to be whole that
// is not.
func TestSurveyHostile(t *testing.T) {
	e := newEstate(t)
	other := newParty(t, leafTemplate("127.0.0.1"), rsaKey(t), e.inter)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter), served(other, e.inter)}, MinVersion: tls.VersionTLS10, NextProtos: []string{"http/1.1"}}
	host, port := listen(t, "127.0.0.1:0", tlsServer(cfg))
	first := deeply(t, host, port)
	if first.endpoint == nil || len(first.endpoint.Incomplete) > 0 {
		t.Fatalf("%v %s", first.kinds(), details(first))
	}
	second := deeply(t, host, port)
	if diff := cmp.Diff(first.endpoint, second.endpoint); diff != "" {
		t.Errorf("asked twice: %s", diff)
	}

	type row struct {
		name  string
		do    script
		whole bool // it is to be known whole all the same
		liar  bool // what it answers is not what it is
	}
	var rows []row
	for _, n := range []int{2, 8, 34} {
		for name, act := range map[string]string{"handshake_failure": alerts(40), "protocol_version": alerts(70), "internal_error": alerts(80),
			"close_notify": alerts(0), "access_denied": alerts(49), "closes": goesAway, "resets": cutsOff, "speaks HTTP": "HTTP/1.1 429 Too Many Requests\r\n\r\n"} {
			rows = append(rows, row{fmt.Sprintf("%s from connection %d", name, n), from(n, act), false, false})
		}
	}
	every := func(k int, act string) script {
		return func(n int, _ *tls.ClientHelloInfo) string {
			if n%k == 0 {
				return act
			}
			return ""
		}
	}
	rows = append(rows,
		row{"closes every third", every(3, goesAway), true, false},
		row{"resets every third", every(3, cutsOff), true, false},
		row{"wants ALPN", func(_ int, h *tls.ClientHelloInfo) string {
			if len(h.SupportedProtos) == 0 {
				return alerts(120)
			}
			return ""
		}, true, false},
		row{"turns long lists of suites down", func(_ int, h *tls.ClientHelloInfo) string {
			if len(h.CipherSuites) > 80 {
				return alerts(40)
			}
			return ""
		}, true, false},
		row{"always the same suite", func(n int, _ *tls.ClientHelloInfo) string {
			if n == 1 {
				return ""
			}
			return record(recordHandshake, serverHello(tls.VersionTLS12, 0x0005, ""))
		}, false, true},
		row{"TLS 1.2 to all", func(n int, h *tls.ClientHelloInfo) string {
			if n == 1 {
				return ""
			}
			return record(recordHandshake, serverHello(tls.VersionTLS12, h.CipherSuites[0], ""))
		}, false, true},
		row{"wants another group for ever", func(n int, h *tls.ClientHelloInfo) string {
			if n == 1 || !slices.Contains(h.SupportedVersions, tls.VersionTLS13) {
				return ""
			}
			return record(recordHandshake, helloRetry(h.CipherSuites[0], "\x00\x33\x00\x02\x00\x1d\x00\x2b\x00\x02\x03\x04"))
		}, false, true},
	)
	var crowd crowded
	rows = append(rows, row{"takes twenty-five connections in half a second", crowd.script, true, false})
	p := newProber(t, Options{Probes: scan.FullDepth(), Timeout: 30 * time.Second})
	reports := make([]report, len(rows))
	var done sync.WaitGroup
	for i, tt := range rows { // all at once: what takes time is to wait
		host, port := listen(t, "127.0.0.1:0", scripted(cfg, tt.do))
		done.Go(func() { reports[i] = observe(t, p, host, port) })
	}
	done.Wait()
	for i, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			r := reports[i]
			if r.endpoint == nil {
				t.Fatalf("%v %s", r.kinds(), details(r))
			}
			if !tt.liar {
				truthful(t, first.endpoint, r.endpoint)
			} else if slices.Contains(r.endpoint.Probed, scan.ProbeSignatureSchemes) || slices.Contains(r.endpoint.Probed, scan.ProbeCertificates) {
				t.Errorf("probed %v", r.endpoint.Probed)
			}
			if tt.whole && len(r.endpoint.Incomplete) > 0 {
				t.Errorf("incomplete: %s", details(r))
			}
			if len(r.notAssessed) != len(r.endpoint.Incomplete) {
				t.Errorf("%d records for %v", len(r.notAssessed), r.endpoint.Incomplete)
			}
		})
	}
}

// helloRetry is a HelloRetryRequest.
func helloRetry(suite uint16, extensions string) string {
	body := "\x03\x03" + string(retryRandom[:]) + "\x00" + string([]byte{byte(suite >> 8), byte(suite)}) + "\x00" + vector(2, extensions)
	return message(msgServerHello, body)
}

// TestUnofferedALPN has a server that names a protocol that nobody offered: none
// of its bytes reach the record.
func TestUnofferedALPN(t *testing.T) {
	e := newEstate(t)
	answer := record(recordHandshake, serverHello(tls.VersionTLS12, 0xC02B, "\x00\x10"+vector(2, vector(2, vector(1, "\x1b[31m"))))+
		message(msgCertificate, vector(3, vector(3, string(e.leaf.Raw))))+message(msgServerHelloDone, ""))
	for _, more := range []string{"", alerts(80)} {
		host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, answer+more)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
		})
		r := observe(t, newProber(t, Options{}), host, port)
		if r.endpoint == nil || r.endpoint.ALPN != "" {
			t.Errorf("%v %+v %s", r.kinds(), r.endpoint, details(r))
		}
	}
}

// TestVersionsByName has a server that turns every hello without a name down for
// that, as haproxy does with strict-sni: whether it speaks SSL 3.0, whose hello
// has no place for one, shows when it is named all the same.
func TestVersionsByName(t *testing.T) {
	e := newEstate(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12}
	host, port := listen(t, "127.0.0.1:0", scripted(cfg, func(_ int, h *tls.ClientHelloInfo) string {
		if h.ServerName == "" {
			return alerts(alertUnrecognized)
		}
		return ""
	}))
	r := observe(t, newProber(t, Options{Probes: scan.FullDepth(), ServerName: "www.example.test"}), host, port)
	if r.endpoint == nil || len(r.notAssessed) > 0 || !slices.Contains(r.endpoint.VersionsRefused, "SSL 3.0") {
		t.Errorf("%v %+v %s", r.kinds(), r.endpoint, details(r))
	}
}

// TestHSTSBehindClientCertificate has a server that serves others: that it does
// not send the header with its refusal says nothing of what they get.
func TestHSTSBehindClientCertificate(t *testing.T) {
	e := newEstate(t)
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, ClientAuth: tls.RequestClientCert})
		if s.Handshake() == nil {
			s.Read(make([]byte, 1024))
			io.WriteString(s, "HTTP/1.1 400 Bad Request\r\n\r\n")
		}
		s.Close()
	})
	target := scan.Target{Kind: scan.EndpointTarget, Scheme: "https", Host: host, Port: port}
	r := observeTarget(t, newProber(t, Options{Probes: []string{scan.ProbeHSTS}}), target)
	if r.endpoint == nil || r.endpoint.HSTS != scan.Unasked || len(r.notAssessed) != 1 || r.notAssessed[0].Reason != scan.ReasonClientCertificate {
		t.Errorf("%+v %s", r.endpoint, details(r))
	}
}

// TestSurveyFlood has servers that send as much as they can: bounds end it, and not
// the clock.
func TestSurveyFlood(t *testing.T) {
	e := newEstate(t)
	good := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}})
	hello := serverHello(tls.VersionTLS12, 0xC02B, "")
	big := message(msgCertificate, vector(3, strings.Repeat(vector(3, string(e.leaf.Raw)), 250<<10/(len(e.leaf.Raw)+3))))
	inBytes := func(s string) (out string) {
		for _, b := range []byte(s) {
			out += record(recordHandshake, string([]byte{b}))
		}
		return out
	}
	inRecords := func(s string) (out string) {
		for len(s) > 0 {
			n := min(len(s), 16384)
			out, s = out+record(recordHandshake, s[:n]), s[n:]
		}
		return out
	}
	for _, tt := range []struct{ name, first, again string }{
		{"warnings", "", record(recordAlert, "\x01\x5a")},
		{"empty records", "", record(recordHandshake, "")},
		{"records of one byte", inBytes(hello), inBytes("\x0b\x03\xff\xff")},
		{"a message of 16 MiB", record(recordHandshake, "\x02\xff\xff\xff"), record(recordHandshake, strings.Repeat("x", 16000))},
		{"certificates", inRecords(hello), inRecords(big)},
		{"change of cipher spec", "", record(recordChangeCipherSpec, "\x01")},
		{"text", "", "220-welcome\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var connections atomic.Int64
			host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
				if connections.Add(1) == 1 {
					good(c)
					return
				}
				c.Read(make([]byte, 1))
				go io.Copy(io.Discard, c)
				io.WriteString(c, tt.first)
				for { // until the client has gone
					if _, err := io.WriteString(c, tt.again); err != nil {
						break
					}
				}
			})
			r := observe(t, newProber(t, Options{Probes: scan.FullDepth(), Timeout: 20 * time.Second}), host, port)
			if r.endpoint == nil || len(r.endpoint.Incomplete) == 0 || len(r.notAssessed) != len(r.endpoint.Incomplete) {
				t.Fatalf("%v %s", r.kinds(), details(r))
			}
			for _, n := range r.notAssessed {
				if n.Reason == scan.ReasonTimeout {
					t.Errorf("%+v", n)
				}
			}
			if n := connections.Load(); n > maxConnections {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// TestResumptionAmongMany has two servers that take turns behind one address, each
// with tickets of its own: sessions are resumed, if not by every connection.
func TestResumptionAmongMany(t *testing.T) {
	e := newEstate(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12}
	handles := []func(net.Conn){tlsServer(cfg), tlsServer(cfg.Clone())}
	var n atomic.Int64
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) { handles[n.Add(1)%2](c) })
	r := observe(t, newProber(t, Options{Probes: []string{scan.ProbeResumption}, Timeout: 20 * time.Second}), host, port)
	if r.endpoint == nil || r.endpoint.ResumptionTicket != scan.Yes || r.endpoint.ResumptionPSK != scan.Yes {
		t.Errorf("%+v %s", r.endpoint, details(r))
	}
}
