package tlsprobe

import (
	"bufio"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"certaudit/scan"
)

// installed finds a program that the test needs.
func installed(t testing.TB, name string) string {
	t.Helper()
	for _, try := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(try); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// pemFiles writes a chain and the key of its first.
func pemFiles(t testing.TB, dir, name string, key crypto.Signer, chain ...[]byte) (cert, keyFile string) {
	t.Helper()
	var text []byte
	for _, der := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	if err := os.WriteFile(cert, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600); err != nil {
		t.Fatal(err)
	}
	return cert, keyFile
}

// start runs a server until the test ends.
func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.WaitDelay = time.Second // children of it may hold its output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// startOpenSSL runs openssl s_server and returns its port.
func startOpenSSL(t testing.TB, args ...string) int {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(installed(t, "openssl"), append([]string{"s_server", "-accept", "127.0.0.1:" + strconv.Itoa(port), "-www"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	cmd.Stderr = &said
	start(t, cmd)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ACCEPT" {
			return port
		}
	}
	t.Fatalf("openssl s_server %v does not start: %s", args, &said)
	return 0
}

// A client is what openssl s_client says of a server.
type client struct {
	chain           []string
	version, cipher string
	group           string
	asked           bool
}

var (
	clientCipher = regexp.MustCompile(`(?m)^New, (\S+), Cipher is (\S+)`)
	clientProto  = regexp.MustCompile(`(?m)^\s*Protocol\s*: (\S+)`)
	clientGroup  = regexp.MustCompile(`(?m)^Server Temp Key: ([^,\n]+)(?:, ([^,\n]+), \d+ bits|, (\d+) bits)`)
)

func sClient(t testing.TB, port int, args ...string) client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, installed(t, "openssl"), append([]string{"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(port), "-showcerts"}, args...)...)
	text, _ := cmd.CombinedOutput() // it exits 1 when a client certificate is missing
	var c client
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			c.chain = append(c.chain, hexSum(block.Bytes))
		}
	}
	c.asked = strings.Contains(string(text), "Acceptable client certificate CA names") || strings.Contains(string(text), "Requested Signature Algorithms")
	m := clientCipher.FindSubmatch(text)
	if m == nil {
		t.Fatalf("openssl s_client %v says\n%s", args, text)
	}
	c.version, c.cipher = strings.Replace(string(m[1]), "TLSv", "TLS ", 1), string(m[2])
	if p := clientProto.FindSubmatch(text); p != nil { // that of the cipher may be older
		c.version = strings.Replace(string(p[1]), "TLSv", "TLS ", 1)
	}
	if c.version == "TLS 1" {
		c.version = "TLS 1.0"
	}
	if g := clientGroup.FindSubmatch(text); g != nil {
		switch name := string(g[1]); name {
		case "DH":
			c.group = "DHE-" + string(g[3])
		case "ECDH":
			c.group = strings.Replace(string(g[2]), "prime256v1", "P-256", 1)
		default:
			c.group = name
		}
	}
	return c
}

// stdNames maps OpenSSL's names of suites to those of the IANA registry.
func stdNames(t testing.TB) map[string]string {
	t.Helper()
	out, err := exec.Command(installed(t, "openssl"), "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) > 2 {
			names[f[2]] = f[0]
		}
	}
	return names
}

// TestOpenSSL compares with openssl s_client what openssl s_server shows.
func TestOpenSSL(t *testing.T) {
	installed(t, "openssl")
	names := stdNames(t)
	e := newEstate(t)
	expired := leafTemplate("localhost")
	expired.NotBefore, expired.NotAfter = now.AddDate(-1, 0, 0), now.AddDate(0, 0, -1)
	old := newParty(t, expired, nextKey(), e.inter)
	dir := t.TempDir()
	goodFile, goodKey := pemFiles(t, dir, "good", e.leaf.key, e.leaf.Raw)
	interFile, _ := pemFiles(t, dir, "inter", e.inter.key, e.inter.Raw)
	good := []string{"-cert", goodFile, "-key", goodKey, "-cert_chain", interFile}
	oldFile, oldKey := pemFiles(t, dir, "old", old.key, old.Raw)
	legacy := "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
	tests := []struct {
		name     string
		server   []string
		client   []string
		version  string
		attempts int
		refused  string // a version that must be known to be refused
	}{
		{"expired chain", []string{"-cert", oldFile, "-key", oldKey, "-cert_chain", interFile}, nil, "TLS 1.3", 1, "TLS 1.1"},
		{"TLS 1.0 only", append(good, "-tls1", "-cipher", legacy), []string{"-tls1", "-cipher", legacy}, "TLS 1.0", 1, "TLS 1.1"},
		{"TLS 1.1 only", append(good, "-tls1_1", "-cipher", legacy), []string{"-tls1_1", "-cipher", legacy}, "TLS 1.1", 1, "TLS 1.2"},
		{"TLS 1.2 only", append(good, "-tls1_2"), nil, "TLS 1.2", 1, "TLS 1.0"},
		{"TLS 1.3 only", append(good, "-tls1_3"), nil, "TLS 1.3", 1, "SSL 3.0"},
		{"client certificate demanded, 1.2", append(good, "-tls1_2", "-Verify", "1"), nil, "TLS 1.2", 1, "TLS 1.1"},
		{"client certificate demanded, 1.3", append(good, "-tls1_3", "-Verify", "1"), nil, "TLS 1.3", 1, "TLS 1.2"},
		{"suite that crypto/tls lacks", append(good, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM"), []string{"-cipher", "ECDHE-ECDSA-AES256-CCM"}, "TLS 1.2", 3, "TLS 1.1"},
		{"no encryption", append(good, "-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"), []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"}, "TLS 1.2", 3, ""},
		{"SHA-1 signatures only", append(good, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA1"),
			[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:@SECLEVEL=0", "-sigalgs", "ECDSA+SHA1"}, "TLS 1.2", 3, ""},
		{"brainpool only", append(good, "-tls1_2", "-groups", "brainpoolP256r1"), []string{"-tls1_2", "-groups", "brainpoolP256r1:P-256"}, "TLS 1.2", 3, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			port := startOpenSSL(t, tt.server...)
			r := observe(t, newProber(t, Options{Roots: e.roots(), Probes: []string{"versions<=TLS 1.1", "versions<=TLS 1.2"}}), "127.0.0.1", port)
			if r.endpoint == nil || len(r.notAssessed) > 0 {
				t.Fatalf("records %v %+v", r.kinds(), r.notAssessed[0])
			}
			got, want := r.endpoint, sClient(t, port, tt.client...)
			if !slices.Equal(got.Chain, want.chain) || got.TLSVersion != want.version || got.TLSVersion != tt.version || (got.ClientCert == scan.Yes) != want.asked {
				t.Errorf("chain %v, %s, client certificate %v; s_client has %+v", got.Chain, got.TLSVersion, got.ClientCert, want)
			}
			if len(tt.client) > 0 && got.CipherSuite != names[want.cipher] || want.group != "" && got.KeyExchange != want.group {
				t.Errorf("%s with %q; s_client has %s with %q", got.CipherSuite, got.KeyExchange, names[want.cipher], want.group)
			}
			if got.Attempts != tt.attempts || len(got.Paths) != 1 || tt.refused != "" && !slices.Contains(got.VersionsRefused, tt.refused) {
				t.Errorf("attempts %d, paths %v, refused %v", got.Attempts, got.Paths, got.VersionsRefused)
			}
		})
	}
}

// TestOpenSSLFiniteField has a server that offers DHE alone, which crypto/tls
// does not speak.
func TestOpenSSLFiniteField(t *testing.T) {
	dir := t.TempDir()
	key, cert := filepath.Join(dir, "k.pem"), filepath.Join(dir, "c.pem")
	if out, err := exec.Command(installed(t, "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
		"-subj", "/CN=dhe.example.test", "-days", "30").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	port := startOpenSSL(t, "-cert", cert, "-key", key, "-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256")
	r := observe(t, newProber(t, Options{}), "127.0.0.1", port)
	want := sClient(t, port)
	if e := r.endpoint; e == nil || e.CipherSuite != "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256" || !strings.HasPrefix(want.group, "DHE-") ||
		e.KeyExchange != want.group || !slices.Equal(e.Chain, want.chain) || e.PathError != string(PathSelfSigned) {
		t.Errorf("%+v; s_client has %+v", e, want)
	}
}

func TestOpenSSLAnonymous(t *testing.T) {
	port := startOpenSSL(t, "-nocert", "-tls1_2", "-cipher", "AECDH-AES128-SHA:@SECLEVEL=0")
	r := observe(t, newProber(t, Options{}), "127.0.0.1", port)
	if len(r.all) != 1 || r.notAssessed[0].Stage != scan.StageHandshake || r.notAssessed[0].Attempts != 3 {
		t.Fatalf("%v", r.kinds())
	}
	if n := r.notAssessed[0]; n.Reason != scan.ReasonNoCertificate {
		t.Errorf("%+v", n)
	}
}

// TestOpenSSLRefusedCertificate has a certificate that crypto/x509 refuses,
// sent under each suite of TLS 1.3.
func TestOpenSSLRefusedCertificate(t *testing.T) {
	e := newEstate(t)
	odd := refusedLeaf(t, e.inter)
	file, key := pemFiles(t, t.TempDir(), "odd", odd.key, odd.Raw)
	for _, suite := range []string{"TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"} {
		r := observe(t, newProber(t, Options{}), "127.0.0.1", startOpenSSL(t, "-cert", file, "-key", key, "-ciphersuites", suite, "-tls1_3"))
		if r.endpoint == nil || r.endpoint.Chain[0] != hexSum(odd.Raw) || r.endpoint.CipherSuite != suite {
			t.Errorf("%s: %v %+v", suite, r.kinds(), r.notAssessed)
		}
	}
}

// TestNginx has two virtual hosts behind one port, told apart by SNI.
func TestNginx(t *testing.T) {
	nginx := installed(t, "nginx")
	installed(t, "openssl")
	e := newEstate(t)
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	conf := "daemon off;\nmaster_process off;\nerror_log stderr error;\npid " + dir + "/pid;\nevents {}\nhttp {\naccess_log off;\n"
	for _, k := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		conf += k + "_temp_path " + dir + "/" + k + ";\n"
	}
	hosts := []string{"one.example.test", "two.example.test"}
	leaves := map[string]*party{}
	for _, h := range hosts {
		leaves[h] = newParty(t, leafTemplate(h), nextKey(), e.inter)
		cert, key := pemFiles(t, dir, h, leaves[h].key, leaves[h].Raw, e.inter.Raw)
		conf += fmt.Sprintf("server { listen 127.0.0.1:%d ssl http2; server_name %s; ssl_certificate %s; ssl_certificate_key %s; ssl_protocols TLSv1.2 TLSv1.3; }\n", port, h, cert, key)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(conf+"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(nginx, "-p", dir, "-c", file)
	var said strings.Builder
	cmd.Stderr = &said
	start(t, cmd)
	waitFor(t, port, &said)

	p := newProber(t, Options{Roots: e.roots(), Probes: append([]string{scan.ProbeNoSNI}, atMost11...),
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}})
	nameless := sClient(t, port, "-noservername").chain
	for _, h := range hosts {
		r := observe(t, p, h, port)
		want := sClient(t, port, "-servername", h)
		if r.endpoint == nil || len(r.notAssessed) > 0 {
			t.Fatalf("%s: %v", h, r.kinds())
		}
		got := r.endpoint
		if got.Chain[0] != hexSum(leaves[h].Raw) || !slices.Equal(got.Chain, want.chain) || got.TLSVersion != want.version || got.KeyExchange != want.group ||
			got.ALPN != "h2" || got.HostnameMatch != scan.Yes || got.ServerName != h || len(got.Paths) != 1 || !slices.Contains(got.VersionsRefused, "TLS 1.1") {
			t.Errorf("%s: %+v; s_client has %+v", h, got, want)
		}
		if same := slices.Equal(got.Chain, nameless); same != (len(got.OtherChains) == 0) || !same && !slices.Equal(got.OtherChains[0].Chain, nameless) {
			t.Errorf("%s: %+v; s_client without a name has %v", h, got.OtherChains, nameless)
		}
	}
}

func waitFor(t testing.TB, port int, said fmt.Stringer) {
	t.Helper()
	for range 100 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port)); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the server does not start: %s", said)
}

// TestSuiteNames compares our table with OpenSSL's.
func TestSuiteNames(t *testing.T) {
	out, err := exec.Command(installed(t, "openssl"), "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").Output()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		hi, lo, _ := strings.Cut(strings.ReplaceAll(f[0], "0x", ""), ",")
		id, err := strconv.ParseUint(hi+lo, 16, 16)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range [][]suite{suites12, suitesOld, suites13, suitesRare} {
			for _, s := range list {
				if uint64(s.id) == id {
					compared++
					if s.name != f[2] {
						t.Errorf("%04X is %s here and %s in OpenSSL", id, s.name, f[2])
					}
				}
			}
		}
	}
	if compared < 150 {
		t.Errorf("only %d suites compared", compared)
	}
}

// startDaemon runs a server that has children of its own until the test ends,
// and waits for its port. stop ends it earlier.
func startDaemon(t testing.TB, port int, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		cmd.Process.Signal(syscall.SIGTERM) // it ends its children
		kill := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		kill.Stop()
		log.Close()
	})
	t.Cleanup(stop)
	waitFor(t, port, fileText(log.Name()))
	return stop
}

// fileText is a file whose text is read when it is wanted.
type fileText string

func (f fileText) String() string {
	text, err := os.ReadFile(string(f))
	return fmt.Sprint(string(text), err)
}

// as gives the beginning of a command that runs as another user, who owns the
// files from then on. Without the right to do so it is run as we are.
func as(t testing.TB, name string, files ...string) []string {
	t.Helper()
	if os.Getuid() != 0 {
		return []string{"env"}
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Skipf("no user to run the server as: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	for _, f := range files {
		if err := os.Chown(f, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	return []string{installed(t, "setpriv"), "--reuid=" + name, "--regid=" + u.Gid, "--init-groups"}
}

// openDir is a folder of the test's that other users may enter.
func openDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// writeFile writes a file of the test's and returns its name.
func writeFile(t testing.TB, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// upgradeProber resolves every name to the loopback address, and asks for
// versions.
func upgradeProber(t testing.TB, e estate) *Prober {
	return newProber(t, Options{Timeout: 20 * time.Second, Roots: e.roots(), Probes: atMost11,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}})
}

// sameAsClient observes localhost in the protocol, and compares with what
// openssl s_client sees through its own -starttls.
func sameAsClient(t *testing.T, e estate, protocol, openssl string, port int, args ...string) {
	t.Helper()
	r := observeVia(t, upgradeProber(t, e), protocol, "localhost", port)
	if r.endpoint == nil || len(r.notAssessed) > 0 {
		t.Fatalf("%s: records %v %+v", protocol, r.kinds(), r.notAssessed)
	}
	got := r.endpoint
	want := sClient(t, port, append([]string{"-starttls", openssl, "-servername", "localhost"}, args...)...)
	if !slices.Equal(got.Chain, want.chain) || got.Chain[0] != hexSum(e.leaf.Raw) || got.TLSVersion != want.version ||
		got.StartTLS != protocol || got.HostnameMatch != scan.Yes || len(got.Paths) != 1 || got.Attempts != 1 {
		t.Errorf("%s: %+v; s_client has %+v", protocol, got, want)
	}
	old := exec.Command("openssl", append([]string{"s_client", "-connect", "127.0.0.1:" + strconv.Itoa(port), "-starttls", openssl,
		"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, args...)...).Run() == nil
	if slices.Contains(got.Versions, "TLS 1.1") != old || slices.Contains(got.VersionsRefused, "TLS 1.1") == old {
		t.Errorf("%s: accepted %v, refused %v; s_client with TLS 1.1: %v", protocol, got.Versions, got.VersionsRefused, old)
	}
	t.Logf("%s: %s, %s, accepted %v, refused %v", protocol, got.TLSVersion, got.CipherSuite, got.Versions, got.VersionsRefused)
	compareTools(t, protocol, scan.Target{Kind: scan.EndpointTarget, Host: "localhost", Port: port, StartTLS: protocol})
}

// turnsDown observes a server that does not go on to TLS.
func turnsDown(t *testing.T, e estate, protocol, host string, port int, reason scan.Reason, detail string) {
	t.Helper()
	r := observeVia(t, upgradeProber(t, e), protocol, host, port)
	if len(r.all) != 1 || len(r.notAssessed) != 1 {
		t.Fatalf("%s: records %v", protocol, r.kinds())
	}
	if n := r.notAssessed[0]; n.Stage != scan.StageStartTLS || n.Reason != reason || !strings.Contains(n.Detail, detail) {
		t.Errorf("%s: %+v, want %s with %q", protocol, n, reason, detail)
	}
}
