package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"software.sslmate.com/src/go-pkcs12"

	"certaudit/scan"
)

// clientFiles writes a self-signed client certificate as client.pem with
// client.key, as both.pem, and as client.p12 with the password hunter2.
func clientFiles(t testing.TB, dir string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "client.test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().AddDate(0, 1, 0), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{{127, 0, 0, 1}}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	store, err := pkcs12.Modern.Encode(key, cert, nil, "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	for name, text := range map[string][]byte{"client.pem": certPEM, "client.key": keyPEM, "both.pem": append(keyPEM, certPEM...), "client.p12": store} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert
}

// TestClientCertificates: each form of the files opens a server that demands
// that very certificate, and only for the endpoints of its glob.
func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	cert := clientFiles(t, dir)
	in := func(name string) string { return filepath.Join(dir, name) }
	pair, err := tls.LoadX509KeyPair(in("client.pem"), in("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	shaken := make(chan error, 16)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool, MaxVersion: tls.VersionTLS12})
			shaken <- s.Handshake()
			s.Close()
		}
	}()
	t.Setenv("STOREPASS", "hunter2")
	for name, c := range map[string]struct {
		args     []string
		accepted bool
	}{
		"PEM with a key of its own": {[]string{"--client-cert", in("client.pem"), "--client-key", in("client.key")}, true},
		"PEM with both":             {[]string{"--client-cert", in("both.pem")}, true},
		"PKCS #12":                  {[]string{"--client-cert", "127.0.0.1=" + in("client.p12"), "--password-env", "STOREPASS"}, true},
		"of another endpoint":       {[]string{"--client-cert", "127.0.0.2=" + in("both.pem")}, false},
		"none":                      {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out")
			var said bytes.Buffer
			code := run(t.Context(), append([]string{"scan", "-q", "--roots", in("client.pem"), "-o", out, l.Addr().String()}, c.args...), nil, io.Discard, &said)
			text, err := os.ReadFile(filepath.Join(out, evidenceName))
			if err != nil || code != exitCompliant {
				t.Fatalf("exit %d, %v\n%s", code, err, &said)
			}
			if err := <-shaken; (err == nil) != c.accepted {
				t.Errorf("the server says %v", err)
			}
			if !bytes.Contains(text, []byte(`"client_certificate_requested":true`)) || bytes.Contains(text, []byte("hunter2")) {
				t.Errorf("%s", text)
			}
			for len(shaken) > 0 {
				<-shaken
			}
		})
	}
}

// nameServer answers each question over UDP, and gives its address.
func nameServer(t *testing.T, names map[string][]string) string {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			answer := dnsmessage.Message{Header: dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true}, Questions: m.Questions}
			addrs, known := names[strings.TrimSuffix(q.Name.String(), ".")]
			if !known {
				answer.RCode = dnsmessage.RCodeNameError
			}
			for _, text := range addrs {
				head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
				switch a := netip.MustParseAddr(text); {
				case a.Is4() && q.Type == dnsmessage.TypeA:
					answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
				case a.Is6() && q.Type == dnsmessage.TypeAAAA:
					answer.Answers = append(answer.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
				}
			}
			if packed, err := answer.Pack(); err == nil {
				pc.WriteTo(packed, from)
			}
		}
	}()
	return pc.LocalAddr().String()
}

// TestResolver: names go to the name server that is given, and each of their
// addresses is an endpoint with --all-addresses.
func TestResolver(t *testing.T) {
	server := nameServer(t, map[string][]string{"many.example.test": {"127.0.0.3", "127.0.0.2"}, "none.example.test": nil})
	out := filepath.Join(t.TempDir(), "out")
	var said bytes.Buffer
	code := run(t.Context(), []string{"audit", "-q", "-f", "json", "-o", out, "--all-addresses", "--resolver", server, "many.example.test:1", "none.example.test:1", "nowhere.example.test:1"}, nil, io.Discard, &said)
	evidence, err := os.ReadFile(filepath.Join(out, evidenceName))
	if err != nil || code != exitIncomplete {
		t.Fatalf("exit %d, %v\n%s", code, err, &said)
	}
	for _, want := range []string{
		`"endpoint":"many.example.test:1","address":"127.0.0.2","index":-1,"stage":"connect","reason":"refused"`,
		`"endpoint":"many.example.test:1","address":"127.0.0.3","index":-1,"stage":"connect","reason":"refused"`,
		`"endpoint":"none.example.test:1","index":-1,"stage":"resolve","reason":"not_found"`,
		`"endpoint":"nowhere.example.test:1","index":-1,"stage":"resolve","reason":"not_found"`,
		`"resolver":"` + server + `"`,
	} {
		if !bytes.Contains(evidence, []byte(want)) {
			t.Errorf("no %s in\n%s", want, evidence)
		}
	}
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil || !bytes.Contains(text, []byte(`"endpoints_asked": 4,`)) || !bytes.Contains(text, []byte(`"address":"127.0.0.3"`)) {
		t.Errorf("%v\n%s", err, text)
	}
	for _, bad := range []string{"", "dns.test", "192.0.2.1:x", "[::1", "192.0.2.1:53:53"} {
		if _, err := resolveBy(bad); err == nil {
			t.Errorf("%q was taken for a name server", bad)
		}
	}
	for _, good := range []string{"192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53"} {
		if _, err := resolveBy(good); err != nil {
			t.Error(err)
		}
	}
}

// TestReadList reads lists line by line: odd line ends, long lines, no end.
func TestReadList(t *testing.T) {
	long := strings.Repeat("a", maxListLine+100)
	a := &app{stdin: strings.NewReader("\ufeffone.test\r\n\n# two.test\n  three.test # note\n" + long + "\n" + strings.Repeat("b", maxListLine+1) + "\nlast.test")}
	targets, digest, err := a.readList(nil, "-", nil)
	if err != nil || digest.Count != 5 || len(targets) != 5 {
		t.Fatalf("%d targets, %+v, %v", len(targets), digest, err)
	}
	var got []string
	for _, target := range targets {
		what := target.Host
		if target.Kind == scan.BadTarget {
			what, _, _ = strings.Cut(target.Problem, ": longer")
		}
		got = append(got, what)
	}
	if want := "one.test three.test -:5 -:6 last.test"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	a.stdin = io.MultiReader(strings.NewReader("one.test\n"), &brokenReader{})
	if _, _, err := a.readList(nil, "-", nil); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a list that cannot be read: %v", err)
	}
	a.stdin = io.LimitReader(endless{}, maxList+2)
	if _, _, err := a.readList(nil, "-", nil); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a list without end: %v", err)
	}
}

type brokenReader struct{}

func (*brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// endless is a comment that does not end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '#'
	}
	return len(b), nil
}

// BenchmarkReadList reads 100,000 lines and drops what is asked for twice; it
// reports what stays in memory for each line.
func BenchmarkReadList(b *testing.B) {
	var text bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&text, "host-%06d.department.example.test:%d\n", i, 443+i%2)
	}
	b.ReportAllocs()
	for b.Loop() {
		a := &app{stdin: bytes.NewReader(text.Bytes())}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		targets, _, err := a.readList(nil, "-", nil)
		targets = scan.Once(targets)
		if err != nil || len(targets) != 100_000 {
			b.Fatal(len(targets), err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/100_000, "kept-B/line")
		runtime.KeepAlive(targets)
	}
}

// TestOfflineWithoutNetwork runs audits in a network namespace that has nothing
// but a loopback that is down: with --offline the evidence is the same as
// outside, times apart, and no name is looked for.
func TestOfflineWithoutNetwork(t *testing.T) {
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("unshare is not installed: an empty network namespace is not to be had")
	}
	isolated := []string{unshare, "--net"}
	if exec.Command(isolated[0], append(isolated[1:], "true")...).Run() != nil {
		isolated = []string{unshare, "--net", "--map-root-user"}
		if out, err := exec.Command(isolated[0], append(isolated[1:], "true")...).CombinedOutput(); err != nil {
			t.Skipf("an empty network namespace is not permitted here: %v: %s", err, out)
		}
	}
	program := filepath.Join(t.TempDir(), "certaudit")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	evidence := func(name string, words ...string) string {
		out := filepath.Join(t.TempDir(), name)
		args := append(words, program, "audit", "-q", "-f", "json", "--offline", "--all-addresses", "--samples", "3", "--no-sni", "-o", out, "--as-of", "2026-12-01",
			"selftest/good.pem", "host.example.test", "192.0.2.0/30", "https://[2001:db8::1]")
		text, err := exec.Command(args[0], args[1:]...).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitIncomplete {
			t.Fatalf("%v\n%s", err, text)
		}
		lines, err := os.ReadFile(filepath.Join(out, evidenceName))
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for line := range strings.Lines(string(lines)) {
			if !strings.Contains(line, `"kind":"run"`) && !strings.Contains(line, `"kind":"end"`) {
				before, _, _ := strings.Cut(line, `,"observed_at"`)
				kept = append(kept, before)
			}
		}
		return strings.Join(kept, "\n")
	}
	outside, inside := evidence("outside"), evidence("inside", isolated...)
	if n := strings.Count(inside, `"reason":"offline"`); n != 6 || inside != outside {
		t.Errorf("%d endpoints are offline; inside\n%s\noutside\n%s", n, inside, outside)
	}
	out, err := exec.Command(isolated[0], append(isolated[1:], program, "scan", "-q", "-o", filepath.Join(t.TempDir(), "on"), "--timeout", "2s", "127.0.0.1:"+strconv.Itoa(1))...).CombinedOutput()
	if err == nil {
		t.Errorf("the namespace has a network: %s", out)
	}
}

// TestMaskReach: the command in the evidence names no file of a key, and no
// variable where a password may stand by mistake.
func TestMaskReach(t *testing.T) {
	got := strings.Join(maskCommand([]string{"scan", "--client-key", "a=secret.key", "--proxy-env=hunter2", "--proxy", "http://u:hunter2@p.test:1", "--client-cert", "c.pem"}), " ")
	if strings.Contains(got, "hunter2") || strings.Contains(got, "secret") || !strings.Contains(got, "--client-cert c.pem") {
		t.Error(got)
	}
}
