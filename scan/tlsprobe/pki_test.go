package tlsprobe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"certaudit/scan"
)

// now is when tests happen; certificates are made around it.
var now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// A party is a certificate with its key.
type party struct {
	*x509.Certificate
	key crypto.Signer
}

var serials atomic.Int64

// testKeys are shared: nothing that is tested depends on keys being fresh.
var testKeys = sync.OnceValue(func() []crypto.Signer {
	keys := make([]crypto.Signer, 24)
	for i := range keys {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		keys[i] = k
	}
	return keys
})

func nextKey() crypto.Signer {
	keys := testKeys()
	return keys[int(serials.Load())%len(keys)]
}

// newParty issues a certificate; by is nil for a self-signed one.
func newParty(t testing.TB, tmpl *x509.Certificate, key crypto.Signer, by *party) *party {
	t.Helper()
	tmpl.SerialNumber = big.NewInt(0x4100000000 + serials.Add(1))
	if tmpl.NotBefore.IsZero() {
		tmpl.NotBefore, tmpl.NotAfter = now.AddDate(0, -1, 0), now.AddDate(0, 2, 0)
	}
	parent, signer := tmpl, key
	if by != nil {
		parent, signer = by.Certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &party{x, key}
}

// caTemplate is an unrestricted CA of that name.
func caTemplate(name string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
}

// leafTemplate is a server's certificate for the names, and for 127.0.0.1 and ::1.
func leafTemplate(names ...string) *x509.Certificate {
	return &x509.Certificate{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true}
}

// An estate is a root, an intermediate and a leaf for localhost.
type estate struct{ root, inter, leaf *party }

func newEstate(t testing.TB) estate {
	root := newParty(t, caTemplate("Test Root"), nextKey(), nil)
	inter := newParty(t, caTemplate("Test Intermediate"), nextKey(), root)
	return estate{root, inter, newParty(t, leafTemplate("localhost"), nextKey(), inter)}
}

func (e estate) roots() *Roots { return NewRoots([][]byte{e.root.Raw}) }

// served is what a server sends: the key of the first, and all in order.
func served(first *party, rest ...*party) tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{first.Raw}, PrivateKey: first.key}
	for _, p := range rest {
		c.Certificate = append(c.Certificate, p.Raw)
	}
	return c
}

func hexSum(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// refusedLeaf has a negative serial number, which crypto/x509 refuses.
func refusedLeaf(t testing.TB, by *party) *party {
	t.Helper()
	p := newParty(t, leafTemplate("localhost"), nextKey(), by)
	der := append([]byte(nil), p.Raw...)
	serial := p.SerialNumber.Bytes()
	i := indexOf(der, append([]byte{2, byte(len(serial))}, serial...))
	der[i+2] |= 0x80
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Fatal("crypto/x509 accepts a negative serial number")
	}
	return &party{&x509.Certificate{Raw: der}, p.key}
}

func indexOf(b, sub []byte) int {
	for i := range b {
		if i+len(sub) <= len(b) && string(b[i:i+len(sub)]) == string(sub) {
			return i
		}
	}
	return -1
}

// listen serves each connection with handle until the test ends, and returns
// host and port. Connections that are still open then are closed.
func listen(t testing.TB, address string, handle func(net.Conn)) (string, int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	open := map[net.Conn]bool{}
	closed := false
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			if closed {
				c.Close()
				mu.Unlock()
				continue
			}
			open[c] = true
			mu.Unlock()
			wg.Go(func() {
				handle(c)
				c.Close()
				mu.Lock()
				delete(open, c)
				mu.Unlock()
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		closed = true
		for c := range open {
			c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	a := l.Addr().(*net.TCPAddr)
	return a.IP.String(), a.Port
}

// tlsServer completes handshakes and waits for the client to leave.
func tlsServer(cfg *tls.Config) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, cfg)
		if s.Handshake() == nil {
			s.Read(make([]byte, 1))
		}
		s.Close()
	}
}

func newProber(t testing.TB, o Options) *Prober {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A report is the records of one endpoint, by kind and in order.
type report struct {
	all          []scan.Record
	certificates []*scan.Certificate
	observations []*scan.Observation
	endpoint     *scan.Endpoint
	notAssessed  []*scan.NotAssessed
}

func (r report) kinds() (kinds []scan.Kind) {
	for _, rec := range r.all {
		kinds = append(kinds, rec.Kind())
	}
	return kinds
}

func observe(t testing.TB, p *Prober, host string, port int) report {
	t.Helper()
	return observeVia(t, p, "", host, port)
}

// observeVia observes an endpoint that is upgraded from another protocol.
func observeVia(t testing.TB, p *Prober, protocol, host string, port int) report {
	t.Helper()
	return observeTarget(t, p, scan.Target{Kind: scan.EndpointTarget, Host: host, Port: port, StartTLS: protocol})
}

func observeTarget(t testing.TB, p *Prober, target scan.Target) (r report) {
	t.Helper()
	target.Arg = target.Endpoint()
	for u := range p.Units(t.Context(), target) {
		u.Observe(t.Context(), func(rec scan.Record) {
			r.all = append(r.all, rec)
			switch rec := rec.(type) {
			case *scan.Certificate:
				r.certificates = append(r.certificates, rec)
			case *scan.Observation:
				r.observations = append(r.observations, rec)
			case *scan.Endpoint:
				r.endpoint = rec
			case *scan.NotAssessed:
				r.notAssessed = append(r.notAssessed, rec)
			}
		})
	}
	return r
}
