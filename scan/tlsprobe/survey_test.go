package tlsprobe

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// deeply observes with every probe.
func deeply(t testing.TB, host string, port int) report {
	t.Helper()
	return observe(t, newProber(t, Options{Probes: scan.FullDepth(), Timeout: 20 * time.Second}), host, port)
}

// TestSurvey has servers of crypto/tls that are known in every fact.
func TestSurvey(t *testing.T) {
	e := newEstate(t)
	other := newParty(t, leafTemplate("127.0.0.1"), rsaKey(t), e.inter)
	ecdsa, both := served(e.leaf, e.inter), []tls.Certificate{served(e.leaf, e.inter), served(other, e.inter)}
	for _, tt := range []struct {
		name string
		cfg  *tls.Config
		want scan.Endpoint
	}{
		{"TLS 1.3 alone, post-quantum group alone", &tls.Config{Certificates: []tls.Certificate{ecdsa}, MinVersion: tls.VersionTLS13,
			CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, NextProtos: []string{"http/1.1", "h2"}}, scan.Endpoint{
			Versions: []string{"TLS 1.3"}, KeyExchanges: []string{"X25519MLKEM768"}, SuiteOrder: map[string]string{"TLS 1.3": "server"},
			SignatureSchemes: []string{"ecdsa_secp256r1_sha256"}, ALPNProtocols: []string{"http/1.1", "h2"},
			Compression: scan.No, ResumptionPSK: scan.Yes,
		}},
		{"TLS 1.2 alone, one suite", &tls.Config{Certificates: []tls.Certificate{ecdsa}, MaxVersion: tls.VersionTLS12, MinVersion: tls.VersionTLS12,
			CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, CurvePreferences: []tls.CurveID{tls.CurveP256, tls.CurveP384}}, scan.Endpoint{
			Versions: []string{"TLS 1.2"}, KeyExchanges: []string{"P-256", "P-384"},
			CipherSuites:     map[string][]string{"TLS 1.2": {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"}},
			SignatureSchemes: []string{"ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512"}, // RFC 5246 binds them to no curve
			Compression:      scan.No, SecureRenegotiation: scan.Yes, ExtendedMaster: scan.Yes, Heartbeat: scan.No,
			ResumptionTicket: scan.Yes, ResumptionID: scan.No,
		}},
		{"two kinds of key, no tickets", &tls.Config{Certificates: both, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}, scan.Endpoint{
			Versions: []string{"TLS 1.2", "TLS 1.3"}, OtherChains: []scan.OtherChain{{For: "RSA", Chain: []string{hexSum(other.Raw), hexSum(e.inter.Raw)}}},
			SuiteOrder:  map[string]string{"TLS 1.2": "server", "TLS 1.3": "server"},
			Compression: scan.No, SecureRenegotiation: scan.Yes, ExtendedMaster: scan.Yes, Heartbeat: scan.No, FallbackSCSV: scan.Yes,
			ResumptionTicket: scan.No, ResumptionID: scan.No, ResumptionPSK: scan.No,
		}},
		{"old versions", &tls.Config{Certificates: []tls.Certificate{served(other, e.inter)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}}, scan.Endpoint{
			Versions:     []string{"TLS 1.0", "TLS 1.1"},
			CipherSuites: map[string][]string{"TLS 1.0": {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"}, "TLS 1.1": {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"}},
			SuiteOrder:   map[string]string{"TLS 1.0": "server", "TLS 1.1": "server"},
			Compression:  scan.No, SecureRenegotiation: scan.Yes, ExtendedMaster: scan.Yes, Heartbeat: scan.No, FallbackSCSV: scan.Yes,
			ResumptionTicket: scan.Yes, ResumptionID: scan.No,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			host, port := listen(t, "127.0.0.1:0", tlsServer(tt.cfg))
			r := deeply(t, host, port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("%v %s", r.kinds(), details(r))
			}
			got := *r.endpoint
			if diff := cmp.Diff(scan.FullDepth(), got.Probed); diff != "" || len(got.Incomplete) > 0 {
				t.Errorf("incomplete: %v; probed: %s", got.Incomplete, diff)
			}
			if want := r.endpoint.TLSVersion; got.CipherSuites[want] == nil || !slices.Contains(got.CipherSuites[want], got.CipherSuite) {
				t.Errorf("the suite of the handshake is not among %v", got.CipherSuites)
			}
			for _, name := range []string{"SSL 2.0", "SSL 3.0"} {
				if !slices.Contains(got.VersionsRefused, name) {
					t.Errorf("%s is not refused: %v", name, got.VersionsRefused)
				}
			}
			if got.TLSVersion == "TLS 1.2" && !slices.Contains(got.KeyExchangesRefused, "X25519MLKEM768") {
				t.Errorf("the post-quantum group is not refused: %v", got.KeyExchangesRefused)
			}
			if got.TLSVersion == "TLS 1.2" && slices.Contains(got.KeyExchangesRefused, "ffdhe2048") {
				t.Error("a finite field that nobody asked for is refused")
			}
			if diff := cmp.Diff(tt.want, *only(&got, &tt.want)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func details(r report) (s string) {
	for _, n := range r.notAssessed {
		s += fmt.Sprintf("\n%s %s %s", n.Stage, n.Reason, n.Detail)
	}
	return s
}

// only keeps what the test says something of.
func only(e, want *scan.Endpoint) *scan.Endpoint {
	kept := &scan.Endpoint{Versions: e.Versions, SuiteOrder: e.SuiteOrder, ALPNProtocols: e.ALPNProtocols, OtherChains: e.OtherChains,
		Compression: e.Compression, SecureRenegotiation: e.SecureRenegotiation, ExtendedMaster: e.ExtendedMaster, FallbackSCSV: e.FallbackSCSV,
		Heartbeat: e.Heartbeat, ResumptionTicket: e.ResumptionTicket, ResumptionID: e.ResumptionID, ResumptionPSK: e.ResumptionPSK}
	if want.KeyExchanges != nil {
		kept.KeyExchanges = e.KeyExchanges
	}
	if want.CipherSuites != nil {
		kept.CipherSuites = e.CipherSuites
	}
	if want.SignatureSchemes != nil {
		kept.SignatureSchemes = e.SignatureSchemes
	}
	return kept
}

// TestShares completes the key exchange of every group that we have arithmetic
// for: the certificates of TLS 1.3 are read under it.
func TestShares(t *testing.T) {
	e := newEstate(t)
	for _, group := range []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519MLKEM768, 4587, 4589} {
		for _, suite := range []uint16{tls.TLS_AES_128_GCM_SHA256, tls.TLS_AES_256_GCM_SHA384, tls.TLS_CHACHA20_POLY1305_SHA256} {
			host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS13,
				CurvePreferences: []tls.CurveID{group}}))
			v := visitOf(t, host, port)
			h := newHello(tls.VersionTLS13, "")
			h.suites = []uint16{suite}
			ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errTimeout)
			f, fail := v.ask13(ctx, h, msgCertificateVerify)
			cancel()
			if fail != nil || f == nil || len(f.chain) != 2 || f.scheme != 0x0403 || f.shareGroup != uint16(group) {
				t.Errorf("%v %04X: %v %+v", group, suite, f != nil, fail)
			}
		}
	}
	if newShare(30) != nil {
		t.Error("a share of X448")
	}
}

// visitOf is a visit that has not begun.
func visitOf(t testing.TB, host string, port int) *visit {
	p := newProber(t, Options{Probes: scan.FullDepth()})
	v := &visit{p: p, target: scan.Target{Host: host, Port: port}, budget: newBudget(""), emit: func(scan.Record) {}}
	if fail := v.locate(t.Context()); fail != nil {
		t.Fatalf("%+v", fail)
	}
	return v
}

// TestSSL2 has a server that speaks SSL 2.0 when it is asked in its form, and
// TLS else.
func TestSSL2(t *testing.T) {
	e := newEstate(t)
	modern := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}})
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		first := make([]byte, 1)
		if _, err := io.ReadFull(c, first); err != nil || first[0] != 0x80 {
			modern(&prefixed{Conn: c, head: first})
			return
		}
		body := []byte{4, 0, 1, 0, 2, 0, 3, 0, 6, 0, 1, 'a', 'b', 'c', 1, 0, 0x80, 7, 0, 0xC0, 9}
		c.Write(append(binary.BigEndian.AppendUint16(nil, 0x8000|uint16(len(body))), body...))
		c.Close()
	})
	r := deeply(t, host, port)
	if r.endpoint == nil || len(r.notAssessed) > 0 {
		t.Fatalf("%v %+v", r.kinds(), r.notAssessed)
	}
	if !slices.Contains(r.endpoint.Versions, "SSL 2.0") {
		t.Errorf("versions %v", r.endpoint.Versions)
	}
	if diff := cmp.Diff([]string{"SSL_CK_RC4_128_WITH_MD5", "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"}, r.endpoint.CipherSuites["SSL 2.0"]); diff != "" {
		t.Error(diff)
	}
}

// prefixed reads head first.
type prefixed struct {
	net.Conn
	head []byte
}

func (p *prefixed) Read(b []byte) (int, error) {
	if n := copy(b, p.head); n > 0 {
		p.head = p.head[n:]
		return n, nil
	}
	return p.Conn.Read(b)
}

// TestSurveyOdd has servers that answer hellos in ways of their own: resets for
// refusals, silence, one version for all, half an answer.
func TestSurveyOdd(t *testing.T) {
	e := newEstate(t)
	good := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12})
	// decide sees the hello as crypto/tls parsed it and may take the connection over.
	server := func(decide func(h *tls.ClientHelloInfo, c net.Conn) bool) func(net.Conn) {
		return func(c net.Conn) {
			cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true}
			cfg.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
				if decide(h, c) {
					return nil, io.ErrClosedPipe
				}
				return nil, nil
			}
			tlsServer(cfg)(c)
		}
	}
	reset := func(c net.Conn) bool {
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
		return true
	}
	for _, tt := range []struct {
		name       string
		handle     func(net.Conn)
		incomplete []string
		refused    []string
	}{
		{"resets what it does not take", server(func(h *tls.ClientHelloInfo, c net.Conn) bool {
			return !slices.ContainsFunc(h.SupportedVersions, func(v uint16) bool { return v >= tls.VersionTLS12 }) && reset(c)
		}), nil, []string{"TLS 1.0", "TLS 1.1"}},
		{"says nothing to the hello of SSL 2.0", func(c net.Conn) {
			first := make([]byte, 1)
			io.ReadFull(c, first)
			if first[0] == 0x80 {
				io.Copy(io.Discard, c)
				return
			}
			good(&prefixed{Conn: c, head: first})
		}, nil, []string{"SSL 2.0"}},
		{"resets every hello with ALPN but the first", server(func(h *tls.ClientHelloInfo, c net.Conn) bool {
			return len(h.SupportedProtos) > 3 && reset(c)
		}), nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			host, port := listen(t, "127.0.0.1:0", tt.handle)
			r := deeply(t, host, port)
			if r.endpoint == nil {
				t.Fatalf("%v %+v", r.kinds(), r.notAssessed)
			}
			if diff := cmp.Diff(tt.incomplete, r.endpoint.Incomplete); diff != "" {
				t.Errorf("%s\n%s", diff, details(r))
			}
			for _, v := range tt.refused {
				if !slices.Contains(r.endpoint.VersionsRefused, v) {
					t.Errorf("%s is not refused: %v", v, r.endpoint.VersionsRefused)
				}
			}
		})
	}
}

// TestSurveyCutShort ends in the middle of the questions: what was found stands,
// and what was not asked is said to be incomplete.
func TestSurveyCutShort(t *testing.T) {
	e := newEstate(t)
	cfg := &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12}
	var n atomic.Int32
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		if n.Add(1) > 12 {
			io.Copy(io.Discard, c) // no further answer
			return
		}
		tlsServer(cfg)(c)
	})
	r := observe(t, newProber(t, Options{Probes: scan.FullDepth(), Timeout: 2 * time.Second}), host, port)
	if r.endpoint == nil || len(r.endpoint.Incomplete) == 0 || len(r.endpoint.Incomplete)+len(r.endpoint.Probed) != len(scan.FullDepth()) {
		t.Fatalf("%v %+v", r.kinds(), r.endpoint)
	}
	if len(r.notAssessed) != len(r.endpoint.Incomplete) {
		t.Errorf("%d records for %v", len(r.notAssessed), r.endpoint.Incomplete)
	}
	for i, n := range r.notAssessed {
		if n.Stage != scan.StageProbe || n.Reason != scan.ReasonTimeout || !strings.HasPrefix(n.Detail, r.endpoint.Incomplete[i]+": ") {
			t.Errorf("%+v", n)
		}
	}
	if len(r.endpoint.CipherSuites["TLS 1.3"]) == 0 {
		t.Error("what was found is lost")
	}
}

// TestSurveyWithoutClientCertificate has servers that go no further without one:
// what needs a whole handshake is not obtained, and nothing false is said of it.
func TestSurveyWithoutClientCertificate(t *testing.T) {
	e := newEstate(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)},
			ClientAuth: tls.RequireAnyClientCert, MinVersion: version, MaxVersion: version}))
		r := deeply(t, host, port)
		if r.endpoint == nil || r.endpoint.ClientCert != scan.Yes {
			t.Fatalf("%v %s", r.kinds(), details(r))
		}
		got := r.endpoint
		if diff := cmp.Diff([]string{scan.ProbeResumption, scan.ProbeHSTS}, got.Incomplete); diff != "" {
			t.Errorf("%s: %s %s", versionName(version), diff, details(r))
		}
		if got.ResumptionPSK != scan.Unasked || got.ResumptionTicket != scan.Unasked || got.HSTS != scan.Unasked {
			t.Errorf("%s: %+v", versionName(version), got)
		}
		for _, n := range r.notAssessed {
			if n.Reason != scan.ReasonClientCertificate {
				t.Errorf("%s: %+v", versionName(version), n)
			}
		}
	}
}

// TestHSTS has servers that speak HTTP well, badly and not at all.
func TestHSTS(t *testing.T) {
	e := newEstate(t)
	long := strings.Repeat("x", 2*maxHSTSHeader)
	for _, tt := range []struct {
		answer, header string
		status         int
		hsts           scan.Answer
		incomplete     bool
	}{
		{"HTTP/1.1 200 OK\r\nstrict-transport-security: max-age=1\r\nStrict-Transport-Security: max-age=2\r\n\r\n", "max-age=1", 200, scan.Yes, false},
		{"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\n\r\n", "max-age=1", 200, scan.Yes, false},
		{strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 5000), "", 0, scan.Unasked, true},
		{"HTTP/1.0 301 Moved\r\nLocation: http://elsewhere.example.test/\r\n\r\n", "", 301, scan.No, false},
		{"HTTP/1.1 200 OK\r\nStrict-Transport-Security: " + long + "\r\n\r\n", long[:maxHSTSHeader], 200, scan.Yes, false},
		{"HTTP/1.1 404 Not Found\r\n\r\n", "", 404, scan.No, false},
		{"HTTP/1.1 503 Busy\r\n\r\n", "", 503, scan.Unasked, true},
		{"HTTP/1.1 429 Slow Down\r\nStrict-Transport-Security: max-age=1\r\n\r\n", "max-age=1", 429, scan.Yes, false},
		{"220 mail.example.test ESMTP\r\n", "", 0, scan.Unasked, false},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 2*maxHeader) + "\r\n\r\n", "", 0, scan.Unasked, true},
		{"", "", 0, scan.Unasked, true},
	} {
		host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}})
			if s.Handshake() == nil {
				s.Read(make([]byte, 1024))
				io.WriteString(s, tt.answer)
			}
			s.Close()
		})
		target := scan.Target{Kind: scan.EndpointTarget, Scheme: "https", Host: host, Port: port}
		r := observeTarget(t, newProber(t, Options{Probes: []string{scan.ProbeHSTS}}), target)
		got := r.endpoint
		if got == nil || got.HTTPStatus != tt.status || got.HSTS != tt.hsts || got.HSTSHeader != tt.header || (len(got.Incomplete) > 0) != tt.incomplete {
			t.Errorf("%.40q: %d %v %q %v %s", tt.answer, got.HTTPStatus, got.HSTS, got.HSTSHeader, got.Incomplete, details(r))
		}
	}
}

// FuzzSSL2 has whatever a server may answer to the hello of SSL 2.0.
func FuzzSSL2(f *testing.F) {
	f.Add([]byte{0x80, 11, 4, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x80, 0x0e, 4, 0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 1, 0, 0x80})
	f.Fuzz(func(t *testing.T, in []byte) {
		kinds, err := readSSL2(strings.NewReader(string(in)))
		if err != nil && kinds != nil || len(kinds) > len(sslv2Kinds) {
			t.Errorf("%v %v", kinds, err)
		}
	})
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
