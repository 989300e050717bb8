package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// demoNow has a fraction of a second and a zone, which no date may inherit.
func demoNow() time.Time {
	return time.Date(2026, 11, 22, 10, 30, 15, 999, time.FixedZone("JST", 9*3600))
}

func demoPKIOf(t *testing.T, now time.Time) *demoPKI {
	t.Helper()
	p, err := newDemoPKI(now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// demoFacts is what a test expects of one certificate.
type demoFacts struct {
	CN        string
	Issuer    string
	Key       string
	Signature string
	Lifetime  int // days, inclusive of the last second
	Left      int // whole days from now; negative when expired
	SAN       string
}

func factsOf(t *testing.T, c *x509.Certificate, now time.Time) demoFacts {
	t.Helper()
	key := c.PublicKeyAlgorithm.String()
	if k, ok := c.PublicKey.(interface{ Size() int }); ok { // RSA
		key += " " + map[int]string{128: "1024", 256: "2048"}[k.Size()]
	}
	left := c.NotAfter.Sub(now)
	days := int(left / day)
	if left < 0 && left%day != 0 {
		days--
	}
	life := c.NotAfter.Sub(c.NotBefore) + time.Second
	if life%day != 0 {
		t.Errorf("%s: lifetime %v is not a number of days", c.Subject, life)
	}
	return demoFacts{c.Subject.CommonName, c.Issuer.CommonName, key, c.SignatureAlgorithm.String(), int(life / day), days, strings.Join(c.DNSNames, " ")}
}

func TestDemoEstateFacts(t *testing.T) {
	now := demoNow().UTC().Truncate(time.Second)
	p := demoPKIOf(t, demoNow())
	dir := filepath.Join(t.TempDir(), "estate")
	estate, err := makeDemoEstate(dir, p)
	if err != nil {
		t.Fatal(err)
	}

	const issuing, legacy, ec = "Example Health Issuing CA G2", "Example Health Legacy Issuing CA", "ECDSA-SHA256"
	// Only end-entity certificates: the authorities are compared by identity.
	want := map[string][]demoFacts{
		"backup/portal.example.test.pem": {{"portal.example.test", issuing, "ECDSA", ec, 45, 34, "portal.example.test www.example.test"}},
		"legacy/fax-gateway.pem":         {{"fax-gateway.example.test", legacy, "RSA 1024", "SHA256-RSA", 180, 119, "fax-gateway.example.test"}},
		"legacy/hl7-router.pem":          {{"hl7-router.example.test", legacy, "ECDSA", "SHA256-RSA", 1000, 969, "hl7-router.example.test"}},
		"legacy/issuing-ca.pem":          nil,
		"legacy/printer-3.pem":           {{"printer-3.example.test", "printer-3.example.test", "ECDSA", ec, 180, 139, "printer-3.example.test"}},
		"partners/claims-session.txt":    {{"claims.example.test", issuing, "ECDSA", ec, 45, 38, "claims.example.test"}},
		"partners/lab-exchange.crt":      {{"lab-exchange.example.test", issuing, "ECDSA", ec, 45, 36, "lab-exchange.example.test"}},
		"partners/pharmacy.pem":          {{"pharmacy.example.test", issuing, "ECDSA", ec, 45, 40, "pharmacy.example.test"}},
		"sso/saml-signing-old.pem":       {{"Example Health SSO signing (old)", legacy, "ECDSA", "SHA1-RSA", 180, 99, ""}},
		"sso/saml-signing.cer":           {{"Example Health SSO signing", issuing, "RSA 2048", ec, 180, 159, ""}},
		"trust/client-roots.pem":         nil,
		"trust/example-health-root.pem":  nil,
		"web/api.example.test.pem":       {{"api.example.test", issuing, "RSA 2048", ec, 45, 39, "api.example.test"}},
		"web/billing.example.test.pem":   {{"billing.example.test", issuing, "ECDSA", ec, 90, -13, "billing.example.test"}},
		"web/careers.example.test.pem":   {{"careers.example.test", issuing, "ECDSA", ec, 45, 58, "careers.example.test"}},
		"web/intranet.example.test.pem":  {{"intranet-old.example.test", issuing, "ECDSA", ec, 45, 29, "intranet-old.example.test"}},
		"web/patients.example.test.pem":  {{"patients.example.test", issuing, "ECDSA", ec, 90, 20, "patients.example.test"}},
		"web/portal.example.test.pem":    {{"portal.example.test", issuing, "ECDSA", ec, 45, 34, "portal.example.test www.example.test"}},
	}
	authorities := map[string]bool{}
	for _, c := range append([]demoCert{p.root, p.issuing, p.legacy}, p.partners...) {
		authorities[string(c.Raw)] = true
	}
	got := map[string][]demoFacts{}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		rel, _ := filepath.Rel(dir, path)
		rel = filepath.ToSlash(rel)
		for _, c := range certificatesIn(t, path) {
			if _, ok := got[rel]; !ok {
				got[rel] = nil
			}
			if !authorities[string(c.Raw)] {
				got[rel] = append(got[rel], factsOf(t, c, now))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("certificates of the estate (-want +got):\n%s", diff)
	}
	if files != estate.Files {
		t.Errorf("Files = %d, on disk are %d", estate.Files, files)
	}
	if careers := certificatesIn(t, filepath.Join(dir, "web", "careers.example.test.pem"))[0]; !careers.NotBefore.Equal(now.Add(14 * day)) {
		t.Errorf("careers is valid from %v, want 14 days after %v", careers.NotBefore, now)
	}
	root := certificatesIn(t, estate.RootPEM)
	if len(root) != 1 || !bytes.Equal(root[0].Raw, p.root.Raw) {
		t.Errorf("RootPEM %s does not hold the root alone", estate.RootPEM)
	}
}

// certificatesIn reads one DER certificate, or every PEM block that parses.
func certificatesIn(t *testing.T, path string) []*x509.Certificate {
	t.Helper()
	data := readDemo(t, path)
	if c, err := x509.ParseCertificate(data); err == nil {
		return []*x509.Certificate{c}
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		out = append(out, c)
	}
	return out
}

func readDemo(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The files whose bytes, and not whose certificates, are the point.
func TestDemoEstateOddFiles(t *testing.T) {
	p := demoPKIOf(t, demoNow())
	dir := t.TempDir()
	if _, err := makeDemoEstate(dir, p); err != nil {
		t.Fatal(err)
	}
	read := func(name string) []byte { return readDemo(t, filepath.Join(dir, filepath.FromSlash(name))) }

	if crlf := read("partners/lab-exchange.crt"); bytes.Count(crlf, []byte("\n")) != bytes.Count(crlf, []byte("\r\n")) {
		t.Error("lab-exchange.crt has a line that does not end in CRLF")
	}
	if text := read("partners/claims-session.txt"); bytes.HasPrefix(text, []byte("-----")) || bytes.HasSuffix(text, []byte("-----\n")) || bytes.Count(text, []byte("BEGIN CERTIFICATE")) != 2 {
		t.Errorf("claims-session.txt has not two certificates with text around them:\n%s", text)
	}
	if broken := read("partners/pharmacy.pem"); bytes.Count(broken, []byte("BEGIN CERTIFICATE")) != 2 || bytes.Count(broken, []byte("END CERTIFICATE")) != 2 {
		t.Error("pharmacy.pem has not two certificate blocks")
	}

	cut := read("partners/insurer-gateway.der")
	if cut[0] != 0x30 || cut[1] != 0x82 || len(cut) >= 4+int(cut[2])<<8+int(cut[3]) {
		t.Errorf("insurer-gateway.der (%d bytes, %x…) is not the beginning of a longer SEQUENCE", len(cut), cut[:4])
	}

	jks := read("backup/truststore.jks")
	if !bytes.HasPrefix(jks, []byte{0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 2}) || !bytes.Contains(jks, p.root.Raw) {
		t.Errorf("truststore.jks begins %x, want a JKS of two entries with the root", jks[:12])
	}
	body := jks[:len(jks)-sha1.Size]
	sum := sha1.Sum(append([]byte("\x00c\x00h\x00a\x00n\x00g\x00e\x00i\x00tMighty Aphrodite"), body...))
	if !bytes.Equal(jks[len(body):], sum[:]) {
		t.Error("truststore.jks does not end with the digest of changeit and its content")
	}

	portal := read("web/portal.example.test.pem")
	if !bytes.Equal(portal, bytes.Join([][]byte{read("backup/portal.example.test.pem"), p.issuing.pem(), p.root.pem()}, nil)) {
		t.Error("portal.example.test.pem is not leaf, intermediate and root")
	}
	for _, name := range []string{"README.txt", "backup/README.txt", "web/proxy.conf"} {
		if b := read(name); len(b) == 0 || bytes.Contains(b, []byte("BEGIN")) {
			t.Errorf("%s is empty or holds a PEM block", name)
		}
	}
}

// A key file holds the key of the certificate beside it, and only the one that
// is there to be found is open to everybody.
func TestDemoEstateKeys(t *testing.T) {
	dir := t.TempDir()
	if _, err := makeDemoEstate(dir, demoPKIOf(t, demoNow())); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key, cert string
		mode      fs.FileMode
	}{
		{"web/portal.example.test.key", "web/portal.example.test.pem", 0o600},
		{"web/api.example.test.key", "web/api.example.test.pem", 0o600},
		{"web/patients.example.test.key", "web/patients.example.test.pem", 0o600},
		{"web/billing.example.test.key", "web/billing.example.test.pem", 0o600},
		{"web/intranet.example.test.key", "web/intranet.example.test.pem", 0o600},
		{"legacy/fax-gateway.key", "legacy/fax-gateway.pem", 0o600},
		{"legacy/printer-3.pem", "legacy/printer-3.pem", 0o644},
	} {
		t.Run(test.key, func(t *testing.T) {
			path := filepath.Join(dir, filepath.FromSlash(test.key))
			block, _ := pem.Decode(readDemo(t, path))
			if block == nil || block.Type != "PRIVATE KEY" {
				t.Fatalf("first PEM block is %v, want a private key", block)
			}
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			c := certificatesIn(t, filepath.Join(dir, filepath.FromSlash(test.cert)))[0]
			if got := publicOf(t, key); !got.Equal(c.PublicKey) {
				t.Errorf("the key is not that of %s", c.Subject)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); runtime.GOOS != "windows" && got&^test.mode != 0 {
				t.Errorf("mode %v, want at most %v", got, test.mode)
			}
		})
	}
}

type publicKey interface{ Equal(crypto.PublicKey) bool }

func publicOf(t *testing.T, key any) publicKey {
	t.Helper()
	signer, ok := key.(crypto.Signer)
	if !ok {
		t.Fatalf("a %T cannot sign", key)
	}
	return signer.Public().(publicKey)
}

// Every certificate but the self-signed one chains to the root on a day when
// it is valid; SHA-1 is what the standard verifier refuses.
func TestDemoEstateChains(t *testing.T) {
	p := demoPKIOf(t, demoNow())
	dir := t.TempDir()
	if _, err := makeDemoEstate(dir, p); err != nil {
		t.Fatal(err)
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(p.root.Certificate)
	between.AddCert(p.issuing.Certificate)
	between.AddCert(p.legacy.Certificate)
	untrusted := map[string]bool{"legacy/printer-3.pem": true, "sso/saml-signing-old.pem": true}
	for _, name := range []string{"web/portal.example.test.pem", "web/api.example.test.pem", "web/patients.example.test.pem",
		"web/billing.example.test.pem", "web/careers.example.test.pem", "legacy/fax-gateway.pem", "legacy/hl7-router.pem",
		"legacy/printer-3.pem", "sso/saml-signing.cer", "sso/saml-signing-old.pem", "partners/pharmacy.pem"} {
		c := certificatesIn(t, filepath.Join(dir, filepath.FromSlash(name)))[0]
		_, err := c.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: c.NotBefore.Add(time.Hour),
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		if got := err != nil; got != untrusted[name] {
			t.Errorf("%s: verification error %v, want one: %v", name, err, untrusted[name])
		}
	}
}

// An estate is replaced in place, and nothing is written outside of it.
func TestDemoEstateAgain(t *testing.T) {
	p := demoPKIOf(t, demoNow())
	dir := t.TempDir()
	for range 2 {
		if _, err := makeDemoEstate(dir, p); err != nil {
			t.Fatal(err)
		}
	}
	outside := t.TempDir()
	linked := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(linked, "web")); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if _, err := makeDemoEstate(linked, p); err == nil {
		t.Error("an estate whose folder web leads elsewhere was written")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("written outside of the estate: %v (%v)", left, err)
	}
}

func TestDemoServers(t *testing.T) {
	now := time.Now()
	p := demoPKIOf(t, now)
	targets, stop, err := startDemoServers(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if len(targets) != 5 {
		t.Fatalf("targets are %v, want five", targets)
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.root.Certificate)
	dial := func(t *testing.T, target string, c *tls.Config) (tls.ConnectionState, error) {
		t.Helper()
		c.RootCAs = roots
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", target)
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer conn.Close()
		return conn.(*tls.Conn).ConnectionState(), nil
	}

	t.Run("good", func(t *testing.T) {
		for _, target := range []string{targets[0], strings.Replace(targets[0], "localhost", "127.0.0.1", 1)} {
			state, err := dial(t, target, &tls.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if state.Version != tls.VersionTLS13 || len(state.PeerCertificates) != 2 {
				t.Errorf("%s with %d certificates, want TLS 1.3 with 2", tls.VersionName(state.Version), len(state.PeerCertificates))
			}
		}
		if state, err := dial(t, targets[0], &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil {
			t.Errorf("it accepts %s", tls.VersionName(state.Version))
		}
	})
	t.Run("expired", func(t *testing.T) {
		_, err := dial(t, targets[1], &tls.Config{})
		var invalid x509.CertificateInvalidError
		if !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
			t.Errorf("error %v, want an expired certificate", err)
		}
		if _, err := dial(t, targets[1], &tls.Config{Time: func() time.Time { return now.Add(-30 * day) }}); err != nil {
			t.Errorf("a month ago: %v", err)
		}
	})
	t.Run("TLS 1.0 only", func(t *testing.T) {
		state, err := dial(t, targets[2], &tls.Config{MinVersion: tls.VersionTLS10})
		if err != nil {
			t.Fatal(err)
		}
		if state.Version != tls.VersionTLS10 {
			t.Errorf("version %s", tls.VersionName(state.Version))
		}
		if _, err := dial(t, targets[2], &tls.Config{MinVersion: tls.VersionTLS11}); err == nil {
			t.Error("it accepts more than TLS 1.0")
		}
	})
	t.Run("wrong host", func(t *testing.T) {
		_, err := dial(t, targets[3], &tls.Config{})
		var name x509.HostnameError
		if !errors.As(err, &name) {
			t.Errorf("error %v, want another host name", err)
		}
		if _, err := dial(t, targets[3], &tls.Config{ServerName: "wiki.example.test"}); err != nil {
			t.Errorf("by its own name: %v", err)
		}
	})
	t.Run("silent", func(t *testing.T) {
		conn, err := net.Dial("tcp", targets[4])
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if n, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read %d bytes and %v, want silence", n, err)
		}
	})
}

// Connections are open in every state when the servers end: by stop, and by
// the context alone.
func TestDemoServersLeaveNothing(t *testing.T) {
	p := demoPKIOf(t, time.Now())
	for _, by := range []string{"stop", "context"} {
		t.Run(by, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			targets, stop, err := startDemoServers(ctx, p)
			if err != nil {
				t.Fatal(err)
			}
			var conns []net.Conn
			for _, target := range targets {
				c, err := net.Dial("tcp", target)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				conns = append(conns, c)
			}
			shaken := tls.Client(conns[0], &tls.Config{ServerName: "localhost", InsecureSkipVerify: true})
			if err := shaken.HandshakeContext(ctx); err != nil {
				t.Fatal(err)
			}
			if stacks := demoStacks(); !strings.Contains(stacks, "demoServers") {
				t.Fatalf("no goroutine of the servers to be seen, so that their absence would say nothing:\n%s", stacks)
			}

			if by == "stop" {
				stop()
				stop() // harmless
			} else {
				cancel()
			}
			for i, c := range conns { // each ends: the peer is gone
				c.SetReadDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("connection %d is still open", i)
				}
			}
			for _, target := range targets {
				if c, err := net.Dial("tcp", target); err == nil {
					c.Close()
					t.Errorf("%s still listens", target)
				}
			}
			// A context says nothing of when they are gone; stop does, but for the
			// last steps of a goroutine that has already counted itself out.
			deadline := time.Now().Add(10 * time.Second)
			for strings.Contains(demoStacks(), "demoServers") {
				if time.Now().After(deadline) {
					t.Fatalf("goroutines are left:\n%s", demoStacks())
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
}

// demoStacks is the stack of every goroutine.
func demoStacks() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

func TestDemoServersUnderEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if targets, stop, err := startDemoServers(ctx, demoPKIOf(t, time.Now())); err == nil {
		stop()
		for _, target := range targets {
			if c, err := net.Dial("tcp", target); err == nil {
				c.Close()
				t.Errorf("%s listens", target)
			}
		}
	}
}
