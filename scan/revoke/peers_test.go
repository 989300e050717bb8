package revoke

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

// The tests of this file hold what is read here against OpenSSL, as responder,
// as author of lists and as verifier. The certificates hold whatever the clock
// of the machine says, because OpenSSL asks it.

func openssl(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	return path
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

// An authorityFolder is what openssl ca and openssl ocsp work on.
type authorityFolder struct {
	dir       string
	ca        *party
	responder *party
	leaves    map[string]*party // good, revoked, held, missing
}

func always(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2048, 1, 1, 0, 0, 0, 0, time.UTC)
}

func newAuthorityFolder(t testing.TB, edit ...func(*x509.Certificate)) *authorityFolder {
	t.Helper()
	tmpl := &x509.Certificate{Subject: pkix.Name{CommonName: "Peer CA"}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SerialNumber: big.NewInt(1)}
	always(tmpl)
	f := &authorityFolder{dir: t.TempDir(), ca: issue(t, tmpl, newRSA(t), nil), leaves: map[string]*party{}}
	f.responder = newResponder(t, f.ca, always)
	var index strings.Builder
	for i, name := range []string{"good", "revoked", "held", "missing"} {
		f.leaves[name] = newLeaf(t, name, f.ca, append(edit, always, func(c *x509.Certificate) { c.SerialNumber = big.NewInt(int64(0xabcd00 + i)) })...)
		line := map[string]string{"good": "V\t480101000000Z\t", "revoked": "R\t480101000000Z\t260101120000Z,keyCompromise", "held": "R\t480101000000Z\t260101120000Z,holdInstruction,holdInstructionNone"}[name]
		if line != "" {
			fmt.Fprintf(&index, "%s\t%02X\tunknown\t/CN=%s\n", line, f.leaves[name].SerialNumber, name)
		}
		f.write(t, name+".pem", "CERTIFICATE", f.leaves[name].Raw)
	}
	for name, p := range map[string]*party{"ca": f.ca, "responder": f.responder} {
		key, err := x509.MarshalPKCS8PrivateKey(p.key)
		if err != nil {
			t.Fatal(err)
		}
		f.write(t, name+".pem", "CERTIFICATE", p.Raw)
		f.write(t, name+".key", "PRIVATE KEY", key)
	}
	for name, text := range map[string]string{"index.txt": index.String(), "crlnumber": "01\n",
		"ca.cnf": "[ca]\ndefault_ca=d\n[d]\ndatabase=" + f.path("index.txt") + "\ncrlnumber=" + f.path("crlnumber") + "\ndefault_md=sha256\ndefault_crl_days=30\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n"} {
		if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f *authorityFolder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *authorityFolder) write(t testing.TB, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(f.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startResponder runs openssl ocsp until the test ends and gives its URL.
func (f *authorityFolder) startResponder(t testing.TB, signer string, args ...string) string {
	t.Helper()
	port := strconv.Itoa(freePort(t)) // of every address: openssl ocsp knows no other way
	cmd := exec.Command(openssl(t), append([]string{"ocsp", "-index", f.path("index.txt"), "-CA", f.path("ca.pem"), "-rsigner", f.path(signer + ".pem"),
		"-rkey", f.path(signer + ".key"), "-port", port, "-ndays", "1"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "ACCEPT") {
			go io.Copy(io.Discard, out)
			return "http://127.0.0.1:" + port
		}
	}
	t.Fatalf("openssl ocsp does not start: %s", &said)
	return ""
}

// client is what openssl ocsp says as a client.
func (f *authorityFolder) client(t testing.TB, url, leaf string) string {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), openssl(t), "ocsp", "-timeout", "10", "-issuer", f.path("ca.pem"), "-CAfile", f.path("ca.pem"), "-cert", f.path(leaf+".pem"), "-url", url, "-no_nonce").CombinedOutput()
	return string(out)
}

func TestOpenSSLResponder(t *testing.T) {
	f := newAuthorityFolder(t)
	for _, c := range []struct {
		name, signer string
		args         []string
		delegated    bool
	}{
		{"the CA itself", "ca", nil, false},
		{"a delegated responder", "responder", nil, true},
		{"a delegated responder, named by its key", "responder", []string{"-resp_key_id"}, true},
		{"SHA-512", "responder", []string{"-rmd", "sha512"}, true},
	} {
		url := f.startResponder(t, c.signer, c.args...)
		fetch := newFetcher(10*time.Second, true, nil)
		for name, want := range map[string]struct{ status, reason string }{"good": {"good", ""}, "revoked": {"revoked", "keyCompromise"}, "held": {"revoked", "certificateHold"}, "missing": {"unknown", ""}} {
			leaf := f.leaves[name]
			req, ok := request(leaf.Raw, f.ca.Raw)
			if !ok {
				t.Fatal("no request")
			}
			body, code := fetch.ask(t.Context(), url, req)
			if code != "" {
				t.Fatalf("%s, %s: %s", c.name, name, code)
			}
			got := ReadOCSP(body, leaf.Raw, f.ca.Raw)
			if got.Verified != scan.Yes || got.Status != want.status || got.Reason != want.reason || (got.Signer != "") != c.delegated {
				t.Errorf("%s, %s: %+v", c.name, name, got)
			}
			if got.NextUpdate.Sub(got.ThisUpdate) != 24*time.Hour || got.Status == "revoked" && !got.RevokedAt.Equal(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)) {
				t.Errorf("%s, %s: times %+v", c.name, name, got)
			}
			if said := f.client(t, url, name); !strings.Contains(said, "Response verify OK") || !strings.Contains(said, ".pem: "+want.status) {
				t.Errorf("%s, %s: openssl says %s", c.name, name, said)
			}
		}
	}
}

// TestOpenSSLUnauthorised: a responder that the CA did not name is refused here
// and there.
func TestOpenSSLUnauthorised(t *testing.T) {
	f := newAuthorityFolder(t)
	f.responder = newResponder(t, f.ca, always, func(c *x509.Certificate) { c.ExtKeyUsage = nil })
	key, err := x509.MarshalPKCS8PrivateKey(f.responder.key)
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, "responder.pem", "CERTIFICATE", f.responder.Raw)
	f.write(t, "responder.key", "PRIVATE KEY", key)
	url := f.startResponder(t, "responder")
	req, _ := request(f.leaves["good"].Raw, f.ca.Raw)
	body, code := newFetcher(10*time.Second, true, nil).ask(t.Context(), url, req)
	if got := ReadOCSP(body, f.leaves["good"].Raw, f.ca.Raw); code != "" || got.Verified != scan.No || got.Error != codeNotAuthorised {
		t.Errorf("%q, %+v", code, got)
	}
	if said := f.client(t, url, "good"); strings.Contains(said, "Response verify OK") {
		t.Errorf("openssl takes it: %s", said)
	}
}

func TestOpenSSLList(t *testing.T) {
	f := newAuthorityFolder(t)
	out, err := exec.Command(openssl(t), "ca", "-gencrl", "-config", f.path("ca.cnf"), "-keyfile", f.path("ca.key"), "-cert", f.path("ca.pem"), "-out", f.path("ca.crl")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(f.path("ca.crl"))
	if err != nil {
		t.Fatal(err)
	}
	lists, err := splitLists(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ status, reason string }{"good": {"good", ""}, "revoked": {"revoked", "keyCompromise"}, "held": {"revoked", "certificateHold"}, "missing": {"good", ""}} {
		got := ReadCRL(lists[0], f.leaves[name].Raw, f.ca.Raw)
		if got.Verified != scan.Yes || got.Status != want.status || got.Reason != want.reason {
			t.Errorf("%s: %+v", name, got)
		}
		said, _ := exec.Command(openssl(t), "verify", "-crl_check", "-CAfile", f.path("ca.pem"), "-CRLfile", f.path("ca.crl"), f.path(name+".pem")).CombinedOutput()
		if revoked := bytes.Contains(said, []byte("certificate revoked")); revoked != (want.status == "revoked") || !revoked && !bytes.Contains(said, []byte("OK")) {
			t.Errorf("%s: openssl says %s", name, said)
		}
	}
}
