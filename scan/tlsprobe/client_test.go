package tlsprobe

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"testing"
	"time"

	"certaudit/scan"
)

// clientParty is a client's certificate with its key.
func clientParty(t *testing.T, by *party) *tls.Certificate {
	tmpl := leafTemplate("client.test")
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	p := newParty(t, tmpl, nextKey(), by)
	c := served(p, by)
	c.Leaf = p.Certificate
	return &c
}

// TestClientCertificate: the server that demands a certificate gets the one
// that is meant for it, and the handshake completes. One that refuses it is
// recorded beside the endpoint.
func TestClientCertificate(t *testing.T) {
	e := newEstate(t)
	client := clientParty(t, e.inter)
	pool := x509.NewCertPool()
	pool.AddCert(e.root.Certificate)
	other := x509.NewCertPool()
	other.AddCert(newEstate(t).root.Certificate)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tt := range []struct {
			name     string
			cas      *x509.CertPool
			given    *tls.Certificate
			accepted bool
			doubts   int
		}{
			{"given", pool, client, true, 0},
			{"none", pool, nil, false, 0},
			{"of another authority", other, client, false, 1},
		} {
			t.Run(versionName(version)+" "+tt.name, func(t *testing.T) {
				done := make(chan error, 4)
				host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
					s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: version, MaxVersion: version,
						ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: tt.cas, Time: nowTime})
					done <- s.Handshake()
					s.Close()
				})
				var asked []string
				p := newProber(t, Options{ClientCertificate: func(endpoint string) *tls.Certificate {
					asked = append(asked, endpoint)
					return tt.given
				}})
				r := observe(t, p, host, port)
				err := <-done
				if r.endpoint == nil || r.endpoint.ClientCert != scan.Yes || len(r.endpoint.Chain) != 2 || (err == nil) != tt.accepted {
					t.Fatalf("%v; the server says %v", r.kinds(), err)
				}
				if len(r.notAssessed) != tt.doubts || tt.doubts > 0 && (r.notAssessed[0].Stage != scan.StageHandshake || r.notAssessed[0].Reason != scan.ReasonHandshakeFailure) {
					t.Errorf("not assessed %+v", r.notAssessed)
				}
				if !slices.Equal(asked, []string{r.endpoint.Endpoint}) {
					t.Errorf("certificates were asked for %q", asked)
				}
			})
		}
	}
}

// TestOpenSSLClientCertificate: s_server -Verify completes the handshake.
func TestOpenSSLClientCertificate(t *testing.T) {
	installed(t, "openssl")
	e := newEstate(t)
	dir := t.TempDir()
	file, key := pemFiles(t, dir, "server", e.leaf.key, e.leaf.Raw)
	ca, _ := pemFiles(t, dir, "ca", e.root.key, e.root.Raw)
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		port := startOpenSSL(t, "-cert", file, "-key", key, version, "-Verify", "4", "-verify_return_error", "-no_check_time", "-CAfile", ca)
		for n, by := range []*party{e.inter, newEstate(t).inter} { // the server knows the first only
			client := clientParty(t, by)
			r := observe(t, newProber(t, Options{ClientCertificate: func(string) *tls.Certificate { return client }}), "127.0.0.1", port)
			if r.endpoint == nil || r.endpoint.ClientCert != scan.Yes || len(r.notAssessed) != n {
				t.Errorf("%s: %v %+v", version, r.kinds(), r.notAssessed)
			}
		}
	}
}

func nowTime() time.Time { return now }

// TestClientCertificateFullDepth: the probes that complete a handshake present
// the certificate, too.
func TestClientCertificateFullDepth(t *testing.T) {
	e := newEstate(t)
	client := clientParty(t, e.inter)
	pool := x509.NewCertPool()
	pool.AddCert(e.root.Certificate)
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}, MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, Time: nowTime}))
	r := observe(t, newProber(t, Options{Probes: scan.FullDepth(), Timeout: 20 * time.Second,
		ClientCertificate: func(string) *tls.Certificate { return client }}), host, port)
	if r.endpoint == nil || r.endpoint.ResumptionTicket != scan.Yes || r.endpoint.ResumptionPSK != scan.Yes || len(r.notAssessed) > 0 {
		t.Errorf("%+v %+v", r.endpoint, r.notAssessed)
	}
}
