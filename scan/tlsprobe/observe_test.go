package tlsprobe

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"certaudit/scan"
)

var atMost11 = []string{"versions<=TLS 1.1"}

func TestObserveGoodEndpoint(t *testing.T) {
	e := newEstate(t)
	cert := served(e.leaf, e.inter)
	cert.OCSPStaple = []byte("any bytes")
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}}))
	r := observe(t, newProber(t, Options{Roots: e.roots(), Probes: atMost11}), host, port)

	wantKinds := []scan.Kind{scan.KindCertificate, scan.KindCertificate, scan.KindCertificate,
		scan.KindObservation, scan.KindObservation, scan.KindEndpoint}
	if diff := cmp.Diff(wantKinds, r.kinds()); diff != "" {
		t.Fatal(diff)
	}
	leaf, inter, root := hexSum(e.leaf.Raw), hexSum(e.inter.Raw), hexSum(e.root.Raw)
	at := r.endpoint.Endpoint
	want := &scan.Endpoint{
		Target: at, Endpoint: at, Address: "127.0.0.1", Port: port, TLSVersion: "TLS 1.3",
		CipherSuite: r.endpoint.CipherSuite, KeyExchange: "X25519", ALPN: "http/1.1", OCSPStapled: scan.Yes,
		Chain: []string{leaf, inter}, Paths: [][]string{{leaf, inter, root}}, HostnameMatch: scan.Yes, ClientCert: scan.No,
		Versions: []string{"TLS 1.3"}, VersionsRefused: []string{"SSL 3.0", "TLS 1.0", "TLS 1.1"}, Attempts: 1, ObservedAt: now, SCTs: new(int),
	}
	if diff := cmp.Diff(want, r.endpoint); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(r.endpoint.CipherSuite, "TLS_AES_") && !strings.HasPrefix(r.endpoint.CipherSuite, "TLS_CHACHA20_") {
		t.Errorf("cipher suite %q", r.endpoint.CipherSuite)
	}
	for i, o := range r.observations {
		want := &scan.Observation{Target: at, Endpoint: at, Index: i, Use: []scan.Use{scan.UseIdentity, scan.UseChain}[i],
			UseBasis: scan.UseByChainPosition, Container: "tls", Object: "certificate", SHA256: []string{leaf, inter}[i], ObservedAt: now}
		if diff := cmp.Diff(want, o); diff != "" {
			t.Error(diff)
		}
	}
	for i, want := range []string{leaf, inter, root} {
		if r.certificates[i].SHA256 != want || !r.certificates[i].Parsed {
			t.Errorf("certificate %d is %s, want %s", i, r.certificates[i].SHA256, want)
		}
	}
}

// TestObserveChains has chains that a verifying client would not accept.
func TestObserveChains(t *testing.T) {
	e := newEstate(t)
	expired := leafTemplate("localhost")
	expired.NotBefore, expired.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1)
	notYet := leafTemplate("localhost")
	notYet.NotBefore, notYet.NotAfter = now.AddDate(1, 0, 0), now.AddDate(2, 0, 0)
	noAddress := leafTemplate("localhost")
	noAddress.IPAddresses = nil
	selfSigned := newParty(t, leafTemplate("localhost"), nextKey(), nil)
	tests := []struct {
		name      string
		chain     tls.Certificate
		sent      int
		paths     int
		pathError PathError
		match     scan.Answer
	}{
		{"expired", served(newParty(t, expired, nextKey(), e.inter), e.inter), 2, 1, "", scan.Yes},
		{"not yet valid", served(newParty(t, notYet, nextKey(), e.inter), e.inter), 2, 1, "", scan.Yes},
		{"self-signed", served(selfSigned), 1, 0, PathSelfSigned, scan.Yes},
		{"issuer left out", served(e.leaf), 1, 0, PathIncompleteChain, scan.Yes},
		{"root sent too", served(e.leaf, e.inter, e.root), 3, 1, "", scan.Yes},
		{"in the wrong order", served(e.leaf, e.root, e.inter), 3, 1, "", scan.Yes},
		{"other name and no address", served(newParty(t, noAddress, nextKey(), e.inter), e.inter), 2, 1, "", scan.No},
		{"root as leaf", served(e.root), 1, 1, "", scan.No},
	}
	p := newProber(t, Options{Roots: e.roots()})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{tt.chain}}))
			r := observe(t, p, host, port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("records %v", r.kinds())
			}
			ep := r.endpoint
			if len(ep.Chain) != tt.sent || len(ep.Paths) != tt.paths || ep.PathError != string(tt.pathError) || ep.HostnameMatch != tt.match {
				t.Errorf("chain %d, paths %v, path error %q, match %v; want %d, %d, %q, %v",
					len(ep.Chain), ep.Paths, ep.PathError, ep.HostnameMatch, tt.sent, tt.paths, tt.pathError, tt.match)
			}
		})
	}
}

// TestObserveVersions has servers that stop at a version.
func TestObserveVersions(t *testing.T) {
	e := newEstate(t)
	tests := []struct {
		name              string
		least, most       uint16
		probes            []string
		accepted, refused []string
	}{
		{"1.0 only", tls.VersionTLS10, tls.VersionTLS10, atMost11, []string{"TLS 1.0"}, []string{"TLS 1.1", "TLS 1.2", "TLS 1.3"}},
		{"1.1 only", tls.VersionTLS11, tls.VersionTLS11, atMost11, []string{"TLS 1.1"}, []string{"TLS 1.2", "TLS 1.3"}},
		{"1.2 only", tls.VersionTLS12, tls.VersionTLS12, atMost11, []string{"TLS 1.2"}, []string{"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.3"}},
		{"1.2 only, not probed", tls.VersionTLS12, tls.VersionTLS12, nil, []string{"TLS 1.2"}, []string{"TLS 1.3"}},
		{"1.3 only", tls.VersionTLS13, tls.VersionTLS13, atMost11, []string{"TLS 1.3"}, []string{"SSL 3.0", "TLS 1.0", "TLS 1.1"}},
		{"1.0 to 1.3", tls.VersionTLS10, tls.VersionTLS13, atMost11, []string{"TLS 1.1", "TLS 1.3"}, nil},
		{"1.0 and up, every cap", tls.VersionTLS10, tls.VersionTLS13,
			[]string{"versions<=SSL 3.0", "versions<=TLS 1.2", "versions<=TLS 1.0", "versions<=TLS 1.1", "versions<=TLS 1.1"},
			[]string{"TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}, []string{"SSL 3.0"}},
		{"1.2 and 1.3, capped at 1.2", tls.VersionTLS12, tls.VersionTLS13, []string{"versions<=TLS 1.2"}, []string{"TLS 1.2", "TLS 1.3"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)},
				MinVersion: tt.least, MaxVersion: tt.most}))
			r := observe(t, newProber(t, Options{Probes: tt.probes}), host, port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("records %v", r.kinds())
			}
			if r.endpoint.TLSVersion != versionName(tt.most) {
				t.Errorf("negotiated %s", r.endpoint.TLSVersion)
			}
			if diff := cmp.Diff([][]string{tt.accepted, tt.refused}, [][]string{r.endpoint.Versions, r.endpoint.VersionsRefused}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestObserveSuites has servers at the edge of what crypto/tls speaks.
func TestObserveSuites(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	leaf := newParty(t, leafTemplate("localhost"), rsaKey, newEstate(t).inter)
	tests := []struct {
		name               string
		cfg                *tls.Config
		version, suite, kx string
		alpn               string
		attempts           int
	}{
		{"RSA key transport with RC4 on 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10,
			CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}, "TLS 1.0", "TLS_RSA_WITH_RC4_128_SHA", "", "", 1},
		{"3DES on 1.2", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA}},
			"TLS 1.2", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "X25519", "", 1},
		{"P-384 only", &tls.Config{CurvePreferences: []tls.CurveID{tls.CurveP384}}, "TLS 1.3", "", "P-384", "", 1},
		{"hybrid group only", &tls.Config{CurvePreferences: []tls.CurveID{tls.X25519MLKEM768}, MinVersion: tls.VersionTLS13},
			"TLS 1.3", "", "X25519MLKEM768", "", 2},
		{"no common application protocol", &tls.Config{NextProtos: []string{"mqtt"}}, "TLS 1.3", "", "X25519", "", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Certificates = []tls.Certificate{served(leaf)}
			host, port := listen(t, "127.0.0.1:0", tlsServer(tt.cfg))
			r := observe(t, newProber(t, Options{}), host, port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("records %v %v", r.kinds(), r.notAssessed[0])
			}
			if tt.suite == "" {
				tt.suite = r.endpoint.CipherSuite
			}
			e := r.endpoint
			if diff := cmp.Diff([]any{tt.version, tt.suite, tt.kx, tt.alpn, tt.attempts}, []any{e.TLSVersion, e.CipherSuite, e.KeyExchange, e.ALPN, e.Attempts}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestObserveClientCertificateDemanded(t *testing.T) {
	e := newEstate(t)
	for _, version := range []uint16{tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13} {
		for name, auth := range map[string]tls.ClientAuthType{"asked": tls.RequestClientCert, "demanded": tls.RequireAnyClientCert} {
			t.Run(versionName(version)+" "+name, func(t *testing.T) {
				host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)},
					MinVersion: version, MaxVersion: version, ClientAuth: auth, NextProtos: []string{"h2"}}))
				r := observe(t, newProber(t, Options{Roots: e.roots()}), host, port)
				if r.endpoint == nil || len(r.notAssessed) > 0 {
					t.Fatalf("records %v", r.kinds())
				}
				ep := r.endpoint
				if ep.ClientCert != scan.Yes || len(ep.Chain) != 2 || len(ep.Paths) != 1 || ep.TLSVersion != versionName(version) ||
					ep.KeyExchange != "X25519" || ep.ALPN != "h2" || ep.OCSPStapled != scan.No || ep.Attempts != 1 {
					t.Errorf("%+v", ep)
				}
			})
		}
	}
}

// TestObserveBeyondLibrary has chains at which crypto/tls breaks the handshake
// off. All facts are there all the same.
func TestObserveBeyondLibrary(t *testing.T) {
	e := newEstate(t)
	huge := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 8192, 1), E: 65537} // 8193 bits
	der, err := x509.CreateCertificate(rand.Reader, withSerial(leafTemplate("localhost")), e.inter.Certificate, huge, e.inter.key)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		chain     tls.Certificate
		parsed    []bool
		pathError PathError
		match     scan.Answer
	}{
		{"leaf refused by the standard parser", served(refusedLeaf(t, e.inter), e.inter), []bool{true, true}, PathParserRefused, scan.Unasked},
		{"intermediate refused by the standard parser", served(e.leaf, refusedLeaf(t, e.root)), []bool{true, true}, PathParserRefused, scan.Yes},
		{"leaf that is no certificate", tls.Certificate{Certificate: [][]byte{[]byte("rubbish")}, PrivateKey: e.leaf.key}, []bool{false}, PathParserRefused, scan.Unasked},
		{"RSA key of 8193 bits", tls.Certificate{Certificate: [][]byte{der, e.inter.Raw}, PrivateKey: rsaKey}, []bool{true, true}, "", scan.Yes},
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range tests {
			t.Run(versionName(version)+" "+tt.name, func(t *testing.T) {
				cert := tt.chain
				cert.OCSPStaple = []byte("any bytes")
				host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2"},
					MinVersion: version, MaxVersion: version}))
				r := observe(t, newProber(t, Options{Roots: e.roots(), Probes: []string{"versions<=SSL 3.0"}}), host, port)
				if r.endpoint == nil && version == tls.VersionTLS13 && !aesFirst(t) {
					t.Skip("this machine prefers ChaCha20, which is not opened again")
				}
				if r.endpoint == nil || len(r.notAssessed) > 0 {
					t.Fatalf("records %v: %+v", r.kinds(), r.notAssessed[0])
				}
				var parsed []bool
				for _, c := range r.certificates[:len(tt.parsed)] {
					parsed = append(parsed, c.Parsed)
				}
				ep := r.endpoint
				want := &scan.Endpoint{Target: ep.Target, Endpoint: ep.Target, Address: "127.0.0.1", Port: port, CipherSuite: ep.CipherSuite,
					TLSVersion: versionName(version), KeyExchange: "X25519", ALPN: "h2", OCSPStapled: scan.Yes, ClientCert: scan.No,
					PathError: string(tt.pathError), HostnameMatch: tt.match, Attempts: 1, ObservedAt: now}
				if diff := cmp.Diff(want, ep, cmpopts.IgnoreFields(scan.Endpoint{}, "Chain", "Paths", "Versions", "VersionsRefused")); diff != "" {
					t.Error(diff)
				}
				if !slices.Equal(parsed, tt.parsed) || !strings.HasPrefix(ep.CipherSuite, "TLS_") {
					t.Errorf("parsed %v, suite %q", parsed, ep.CipherSuite)
				}
				if len(ep.Chain) != len(cert.Certificate) || ep.Chain[0] != hexSum(cert.Certificate[0]) {
					t.Errorf("chain %v", ep.Chain)
				}
			})
		}
	}
}

func withSerial(c *x509.Certificate) *x509.Certificate {
	c.SerialNumber = big.NewInt(1)
	c.NotBefore, c.NotAfter = now, now.AddDate(0, 1, 0)
	return c
}

// aesFirst tells which suite of TLS 1.3 crypto/tls prefers on this machine.
func aesFirst(t *testing.T) bool {
	e := newEstate(t)
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	return strings.HasPrefix(observe(t, newProber(t, Options{}), host, port).endpoint.CipherSuite, "TLS_AES_")
}

// TestObserveBrokenHandshake has a server that shows a certificate whose key
// it does not hold: the endpoint is recorded, and so is the doubt.
func TestObserveBrokenHandshake(t *testing.T) {
	e := newEstate(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		stolen := served(e.leaf, e.inter)
		for _, k := range testKeys() {
			if k != e.leaf.key {
				stolen.PrivateKey = k
			}
		}
		host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{stolen}, MinVersion: version, MaxVersion: version}))
		r := observe(t, newProber(t, Options{}), host, port)
		if r.endpoint == nil || len(r.endpoint.Chain) != 2 || len(r.notAssessed) != 1 {
			t.Fatalf("%s: records %v", versionName(version), r.kinds())
		}
		if n := r.notAssessed[0]; n.Stage != scan.StageHandshake || n.Reason != scan.ReasonHandshakeFailure || n.Index != -1 {
			t.Errorf("%s: %+v", versionName(version), n)
		}
	}
}

func TestObserveHugeChain(t *testing.T) {
	e := newEstate(t)
	cert := served(e.leaf, e.inter)
	for len(cert.Certificate) < maxChain {
		cert.Certificate = append(cert.Certificate, e.root.Raw)
	}
	for _, tt := range []struct {
		name string
		more int
		note int
	}{{"as many as are kept", 0, 0}, {"one more", 1, 1}, {"five hundred more", 300, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			cert := cert
			for range tt.more {
				cert.Certificate = append(cert.Certificate, e.root.Raw)
			}
			host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{cert}}))
			r := observe(t, newProber(t, Options{Roots: e.roots()}), host, port)
			if r.endpoint == nil || len(r.endpoint.Chain) != maxChain || len(r.observations) != maxChain || len(r.certificates) != 3 || len(r.notAssessed) != tt.note {
				t.Fatalf("%d certificates, %d observations, %d not assessed", len(r.certificates), len(r.observations), len(r.notAssessed))
			}
			if len(r.endpoint.Paths) != 1 {
				t.Errorf("paths %v, %s", r.endpoint.Paths, r.endpoint.PathError)
			}
			for _, n := range r.notAssessed {
				if n.Stage != scan.StageLimit || n.Reason != scan.ReasonTooMany || n.Index != maxChain {
					t.Errorf("%+v", n)
				}
			}
		})
	}
}

func TestObserveServerName(t *testing.T) {
	e := newEstate(t)
	other := newParty(t, leafTemplate("xn--bcher-kva.example"), nextKey(), e.inter)
	names := make(chan string, 8)
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		names <- h.ServerName
		c := served(e.leaf)
		if h.ServerName == "xn--bcher-kva.example" {
			c = served(other)
		}
		return &c, nil
	}}))
	resolved := ""
	p := newProber(t, Options{Resolve: func(_ context.Context, name string) ([]netip.Addr, error) {
		resolved = name
		return []netip.Addr{netip.MustParseAddr("::ffff:" + host)}, nil
	}})
	for _, tt := range []struct {
		host, sni string
		leaf      *party
		match     scan.Answer
	}{
		{"bücher.example", "xn--bcher-kva.example", other, scan.Yes},
		{"BÜCHER.Example.", "xn--bcher-kva.example", other, scan.Yes},
		{"LocalHost", "localhost", e.leaf, scan.Yes},
		{"else_where.example", "else_where.example", e.leaf, scan.No},
		{"127.0.0.1", "", e.leaf, scan.Yes},
	} {
		r := observe(t, p, tt.host, port)
		if r.endpoint == nil {
			t.Fatalf("%s: records %v", tt.host, r.kinds())
		}
		if got := <-names; got != tt.sni || r.endpoint.ServerName != tt.sni || r.endpoint.Chain[0] != hexSum(tt.leaf.Raw) ||
			r.endpoint.HostnameMatch != tt.match || r.endpoint.Address != "127.0.0.1" || tt.sni != "" && resolved != tt.sni {
			t.Errorf("%s: SNI %q, resolved %q, %+v", tt.host, got, resolved, r.endpoint)
		}
	}
}

func TestObserveIPv6(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 loopback here")
	} else {
		l.Close()
	}
	e := newEstate(t)
	_, port := listen(t, "[::1]:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	r := observe(t, newProber(t, Options{}), "::1", port)
	if r.endpoint == nil || r.endpoint.Address != "::1" || !strings.HasPrefix(r.endpoint.Endpoint, "[::1]:") || r.endpoint.HostnameMatch != scan.Yes {
		t.Errorf("%+v %v", r.endpoint, r.kinds())
	}
}

// TestObserveAddresses has names with addresses of which some do not answer.
func TestObserveAddresses(t *testing.T) {
	e := newEstate(t)
	_, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	good, silent, dead := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	for _, tt := range []struct {
		name   string
		addrs  []netip.Addr
		reason scan.Reason // empty where the endpoint is reached
	}{
		{"unreachable first", []netip.Addr{dead, good}, ""},
		{"silent first", []netip.Addr{silent, good}, ""},
		{"both", []netip.Addr{silent, dead, good}, ""},
		{"none answers", []netip.Addr{dead, silent}, scan.ReasonTimeout},
		{"none reachable", []netip.Addr{dead, dead}, scan.ReasonUnreachable},
		{"no address at all", nil, scan.ReasonNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const timeout = 900 * time.Millisecond
			p := newProber(t, Options{Timeout: timeout,
				Resolve: func(context.Context, string) ([]netip.Addr, error) { return tt.addrs, nil },
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					host, _, _ := net.SplitHostPort(address)
					switch host {
					case dead.String():
						return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
					case silent.String():
						<-ctx.Done()
						return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
					}
					return new(net.Dialer).DialContext(ctx, network, address)
				}})
			start := time.Now()
			r := observe(t, p, "localhost", port)
			if took := time.Since(start); took > timeout+time.Second {
				t.Errorf("took %v", took)
			}
			if tt.reason == "" {
				if r.endpoint == nil || r.endpoint.Address != "127.0.0.1" {
					t.Fatalf("%+v", r.notAssessed)
				}
				return
			}
			if len(r.all) != 1 || r.notAssessed[0].Reason != tt.reason {
				t.Errorf("%+v", r.notAssessed)
			}
		})
	}
}

// TestObserveFailures has every way not to get at certificates: one record,
// within one timeout.
func TestObserveFailures(t *testing.T) {
	before := inUse()
	t.Run("all", func(t *testing.T) {
		write := func(s string) func(net.Conn) {
			return func(c net.Conn) {
				c.Read(make([]byte, 4096))
				io.WriteString(c, s)
				c.(*net.TCPConn).CloseWrite()
				io.Copy(io.Discard, c)
			}
		}
		tests := []struct {
			name     string
			serve    func(net.Conn)
			stage    scan.Stage
			reason   scan.Reason
			attempts int
		}{
			{"silent", func(c net.Conn) { io.Copy(io.Discard, c) }, scan.StageHandshake, scan.ReasonTimeout, 1},
			{"drip", func(c net.Conn) {
				for _, b := range append([]byte{22, 3, 3, 0, 200, 2, 0, 0, 196, 3, 3}, make([]byte, 200)...) {
					if _, err := c.Write([]byte{b}); err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}, scan.StageHandshake, scan.ReasonTimeout, 1},
			{"reset", func(c net.Conn) { c.Read(make([]byte, 1)); c.(*net.TCPConn).SetLinger(0) }, scan.StageHandshake, scan.ReasonReset, 3},
			{"close", write(""), scan.StageHandshake, scan.ReasonClosed, 2},
			{"close within a header", write("\x16\x03\x03"), scan.StageHandshake, scan.ReasonClosed, 2},
			{"close within a record", write("\x16\x03\x03\x00\x20\x02"), scan.StageHandshake, scan.ReasonClosed, 2},
			{"http", write("HTTP/1.1 400 Bad Request\r\n\r\n"), scan.StageHandshake, scan.ReasonNotTLS, 1},
			{"banner", write("220 mail.example ESMTP\r\n"), scan.StageHandshake, scan.ReasonNotTLS, 1},
			{"two letters", write("no"), scan.StageHandshake, scan.ReasonNotTLS, 1},
			{"garbage", write("\x00\xff\x13garbage"), scan.StageHandshake, scan.ReasonNotTLS, 1},
			{"garbage after a header", write("\x16\x03\x03\x00\x04\x63\x00\x00\x00"), scan.StageHandshake, scan.ReasonHandshakeFailure, 2},
			{"alert", write("\x15\x03\x03\x00\x02\x02\x28"), scan.StageHandshake, scan.ReasonHandshakeFailure, 3},
			{"alert protocol_version", write("\x15\x03\x03\x00\x02\x02\x46"), scan.StageHandshake, scan.ReasonHandshakeFailure, 2},
			{"endless empty records", func(c net.Conn) {
				for range 1 << 20 {
					if _, err := c.Write([]byte("\x16\x03\x03\x00\x00")); err != nil {
						return
					}
				}
			}, scan.StageHandshake, scan.ReasonHandshakeFailure, 2},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				host, port := listen(t, "127.0.0.1:0", tt.serve)
				const timeout = time.Second
				start := time.Now()
				r := observe(t, newProber(t, Options{Timeout: timeout, Probes: atMost11}), host, port)
				if took := time.Since(start); took > timeout+time.Second {
					t.Errorf("took %v", took)
				}
				if len(r.all) != 1 || len(r.notAssessed) != 1 {
					t.Fatalf("records %v", r.kinds())
				}
				want := &scan.NotAssessed{Target: r.notAssessed[0].Target, Endpoint: r.notAssessed[0].Endpoint, Index: -1,
					Stage: tt.stage, Reason: tt.reason, Attempts: tt.attempts, ObservedAt: now}
				if diff := cmp.Diff(want, r.notAssessed[0], cmpopts.IgnoreFields(scan.NotAssessed{}, "Detail")); diff != "" {
					t.Error(diff, r.notAssessed[0].Detail)
				}
			})
		}
	})
	noLeak(t, before)
}

func TestObserveNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	failing := func(err error) Options {
		return Options{Resolve: func(context.Context, string) ([]netip.Addr, error) { return nil, err }}
	}
	silent := Options{Timeout: 300 * time.Millisecond, Resolve: func(ctx context.Context, _ string) ([]netip.Addr, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	tests := []struct {
		name     string
		host     string
		o        Options
		stage    scan.Stage
		reason   scan.Reason
		attempts int
	}{
		{"refused port", "127.0.0.1", Options{}, scan.StageConnect, scan.ReasonRefused, 1},
		{"unknown name", "host.invalid", failing(&net.DNSError{Err: "no such host", IsNotFound: true}), scan.StageResolve, scan.ReasonNotFound, 1},
		{"resolver in trouble", "host.invalid", failing(&net.DNSError{Err: "server misbehaving", IsTemporary: true}), scan.StageResolve, scan.ReasonNotObtained, 3},
		{"resolver times out", "host.invalid", failing(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), scan.StageResolve, scan.ReasonTimeout, 1},
		{"resolver is silent", "host.invalid", silent, scan.StageResolve, scan.ReasonTimeout, 1},
		{"name without ASCII form", "xn--ü.example", Options{}, scan.StageResolve, scan.ReasonBadTarget, 0},
		{"offline, a name", "localhost", Options{Offline: true}, scan.StageResolve, scan.ReasonOffline, 0},
		{"offline, an address", "127.0.0.1", Options{Offline: true}, scan.StageConnect, scan.ReasonOffline, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.o.Offline {
				tt.o.Resolve = func(context.Context, string) ([]netip.Addr, error) { t.Error("DNS was asked"); return nil, io.EOF }
				tt.o.Dial = func(context.Context, string, string) (net.Conn, error) {
					t.Error("a socket was opened")
					return nil, io.EOF
				}
			}
			r := observe(t, newProber(t, tt.o), tt.host, port)
			if len(r.all) != 1 || len(r.notAssessed) != 1 {
				t.Fatalf("records %v", r.kinds())
			}
			n := r.notAssessed[0]
			if n.Stage != tt.stage || n.Reason != tt.reason || n.Attempts != tt.attempts || n.Index != -1 {
				t.Errorf("%+v", n)
			}
		})
	}
}

func TestObserveInterrupted(t *testing.T) {
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) { io.Copy(io.Discard, c) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	target := scan.Target{Kind: scan.EndpointTarget, Host: host, Port: port}
	var got []scan.Record
	start := time.Now()
	for u := range newProber(t, Options{Timeout: time.Minute}).Units(ctx, target) {
		u.Observe(ctx, func(r scan.Record) { got = append(got, r) })
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if len(got) != 1 || got[0].(*scan.NotAssessed).Reason != scan.ReasonInterrupted {
		t.Errorf("%+v", got)
	}
}

// TestObserveProbeFails has servers whose answer to the probe says nothing of
// versions: the endpoint is recorded, and so is the missing answer.
func TestObserveProbeFails(t *testing.T) {
	e := newEstate(t)
	for _, tt := range []struct {
		name     string
		answer   func(net.Conn)
		reason   scan.Reason
		attempts int
	}{
		{"reset", func(c net.Conn) { c.Read(make([]byte, 1)); c.(*net.TCPConn).SetLinger(0) }, scan.ReasonReset, 2},
		{"silent", func(c net.Conn) { io.Copy(io.Discard, c) }, scan.ReasonTimeout, 2},
		{"http", func(c net.Conn) { c.Read(make([]byte, 4096)); io.WriteString(c, "HTTP/1.1 503 Busy\r\n\r\n") }, scan.ReasonNotTLS, 1},
		{"unrecognized_name", func(c net.Conn) { c.Read(make([]byte, 4096)); io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x70") }, scan.ReasonHandshakeFailure, 1},
		{"chooses what was not offered", func(c net.Conn) {
			c.Read(make([]byte, 4096))
			io.WriteString(c, "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"+strings.Repeat("r", 32)+"\x00\x00\x2f\x00")
		}, scan.ReasonHandshakeFailure, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := make(chan bool, 1)
			first <- true
			good := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}})
			host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
				select {
				case <-first:
					good(c)
				default:
					tt.answer(c)
				}
			})
			const timeout = time.Second
			start := time.Now()
			r := observe(t, newProber(t, Options{Timeout: timeout, Probes: atMost11}), host, port)
			if took := time.Since(start); took > timeout+time.Second {
				t.Errorf("took %v", took)
			}
			if r.endpoint == nil || len(r.notAssessed) != 1 {
				t.Fatalf("records %v", r.kinds())
			}
			if len(r.endpoint.VersionsRefused) != 0 || !slices.Equal(r.endpoint.Versions, []string{"TLS 1.3"}) {
				t.Errorf("versions %v, refused %v", r.endpoint.Versions, r.endpoint.VersionsRefused)
			}
			n := r.notAssessed[0]
			if n.Stage != scan.StageProbe || n.Reason != tt.reason || n.Attempts != tt.attempts || !strings.HasPrefix(n.Detail, "versions<=TLS 1.1: ") {
				t.Errorf("%+v", n)
			}
		})
	}
}

// TestObserveProbeInternalError has a server that fails for reasons of its own,
// which is an answer when it does so twice.
func TestObserveProbeInternalError(t *testing.T) {
	e := newEstate(t)
	good := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}})
	failing := func(c net.Conn) { c.Read(make([]byte, 4096)); io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x50") }
	for _, tt := range []struct {
		name     string
		rest     []func(net.Conn)
		refused  []string
		accepted []string
	}{
		{"twice, and then takes what it took first", []func(net.Conn){failing, good, failing, failing, good}, []string{"SSL 3.0", "TLS 1.0", "TLS 1.1"}, []string{"TLS 1.3"}},
		{"once", []func(net.Conn){tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}, MinVersion: tls.VersionTLS10})}, nil, []string{"TLS 1.1", "TLS 1.3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			turns := make(chan func(net.Conn), 8)
			for _, turn := range append([]func(net.Conn){good, failing}, tt.rest...) {
				turns <- turn
			}
			close(turns)
			host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
				if turn, ok := <-turns; ok {
					turn(c)
				}
			})
			r := observe(t, newProber(t, Options{Probes: atMost11}), host, port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("records %v", r.kinds())
			}
			if diff := cmp.Diff([][]string{tt.accepted, tt.refused}, [][]string{r.endpoint.Versions, r.endpoint.VersionsRefused}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestObserveResetOnce has a server that resets its first connection.
func TestObserveResetOnce(t *testing.T) {
	e := newEstate(t)
	first := make(chan bool, 1)
	first <- true
	good := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}})
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		select {
		case <-first:
			c.Read(make([]byte, 1))
			c.(*net.TCPConn).SetLinger(0)
		default:
			good(c)
		}
	})
	r := observe(t, newProber(t, Options{}), host, port)
	if r.endpoint == nil || r.endpoint.Attempts != 2 || len(r.notAssessed) > 0 {
		t.Errorf("%v %+v", r.kinds(), r.notAssessed)
	}
}

func TestBudget(t *testing.T) {
	client, server := net.Pipe()
	defer server.Close()
	go io.Copy(server, strings.NewReader(strings.Repeat("x", maxRead+1)))
	c := newConn(t.Context(), client, newBudget(""))
	defer c.Close()
	n, err := io.Copy(io.Discard, c)
	if n != maxRead || !errors.Is(err, errTooMuch) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	f := classifyHandshake(t.Context(), err, nil)
	if f.stage != scan.StageLimit || f.reason != scan.ReasonTooLarge {
		t.Errorf("%+v", f)
	}
}

func TestNewRefuses(t *testing.T) {
	clock := func() time.Time { return now }
	for name, o := range map[string]Options{
		"no timeout":       {Now: clock},
		"negative timeout": {Now: clock, Timeout: -1},
		"no clock":         {Timeout: 1},
		"unknown probe":    {Now: clock, Timeout: 1, Probes: []string{"ciphers"}},
		"unknown version":  {Now: clock, Timeout: 1, Probes: []string{"versions<=TLS 1.4"}},
		"no use as a cap":  {Now: clock, Timeout: 1, Probes: []string{"versions<=TLS 1.3"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestUnitsOfOtherTargets(t *testing.T) {
	p := newProber(t, Options{})
	for range p.Units(t.Context(), scan.Target{Kind: scan.PathTarget, Path: "x"}) {
		t.Error("a unit for a path")
	}
}

var _ scan.Source = (*Prober)(nil)

func BenchmarkObserve(b *testing.B) {
	e := newEstate(b)
	host, port := listen(b, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}))
	for name, probes := range map[string][]string{"handshake": nil, "probe": atMost11} {
		b.Run(name, func(b *testing.B) {
			p := newProber(b, Options{Roots: e.roots(), Probes: probes})
			b.ReportAllocs()
			for b.Loop() {
				if observe(b, p, host, port).endpoint == nil {
					b.Fatal("not reached")
				}
			}
		})
	}
	b.Run("bare", func(b *testing.B) { // for comparison: connect, handshake, close
		address := net.JoinHostPort(host, strconv.Itoa(port))
		cfg := &tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519}}
		b.ReportAllocs()
		for b.Loop() {
			c, err := tls.Dial("tcp", address, cfg)
			if err != nil {
				b.Fatal(err)
			}
			c.Close()
		}
	})
}
