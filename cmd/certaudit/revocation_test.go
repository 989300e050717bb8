package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// An authority answers OCSP and serves a list, on loopback.
type authority struct {
	cert          *x509.Certificate
	key           crypto.Signer
	url           string
	asked         atomic.Int32
	bad           *big.Int // the serial number that it revoked
	responderDown atomic.Bool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{bad: big.NewInt(0xbad0)}
	s := httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(s.Close)
	a.url = s.URL
	a.cert, a.key = a.issue(t, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Loopback CA"}, IsCA: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign})
	return a
}

func (a *authority) issue(t *testing.T, tmpl *x509.Certificate) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl.NotBefore, tmpl.NotAfter, tmpl.BasicConstraintsValid = time.Now().Add(-time.Hour), time.Now().AddDate(0, 6, 0), true
	parent, signer := tmpl, crypto.Signer(key)
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, key
}

func (a *authority) leaf(t *testing.T, serial *big.Int, ocspToo bool) (*x509.Certificate, crypto.Signer) {
	tmpl := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, CRLDistributionPoints: []string{a.url + "/ca.crl"}}
	if ocspToo {
		tmpl.OCSPServer, tmpl.CRLDistributionPoints = []string{a.url + "/ocsp"}, nil
	}
	return a.issue(t, tmpl)
}

func (a *authority) answer(serial *big.Int) []byte {
	r := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour)}
	if serial.Cmp(a.bad) == 0 {
		r.Status, r.RevokedAt, r.RevocationReason = ocsp.Revoked, time.Now().Add(-time.Hour), ocsp.KeyCompromise
	}
	der, _ := ocsp.CreateResponse(a.cert, a.cert, r, a.key)
	return der
}

func (a *authority) serve(w http.ResponseWriter, r *http.Request) {
	a.asked.Add(1)
	switch {
	case a.responderDown.Load():
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/ca.crl":
		der, _ := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour),
			RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: a.bad, RevocationTime: time.Now().Add(-time.Hour), ReasonCode: 1}}}, a.cert, a.key)
		w.Write(der)
	case r.Method == http.MethodPost:
		body, _ := io.ReadAll(r.Body)
		if q, err := ocsp.ParseRequest(body); err == nil {
			w.Header().Set("Content-Type", "application/ocsp-response") // which openssl insists on
			w.Write(a.answer(q.SerialNumber))
		}
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// audit runs the revocation pack and gives exit status and findings.
func (a *authority) audit(t *testing.T, out string, args ...string) (code int, findings []struct{ Message, Observed, Reperform string }) {
	t.Helper()
	var said bytes.Buffer
	code = run(context.Background(), append([]string{"audit", "-q", "-p", "revocation", "-f", "json", "-o", out}, args...), nil, &said, &said)
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatalf("exit %d: %s", code, &said)
	}
	var report struct {
		Findings []struct{ Message, Observed, Reperform string }
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	return code, report.Findings
}

func writeCertificates(t *testing.T, name string, all ...*x509.Certificate) {
	t.Helper()
	var b bytes.Buffer
	for _, c := range all {
		pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRevocationOverLoopback: files are asked about by OCSP and by list; only
// with the flags, and what was not obtained is never good.
func TestRevocationOverLoopback(t *testing.T) {
	a := newAuthority(t)
	for _, byOCSP := range []bool{true, false} {
		dir := t.TempDir()
		good, _ := a.leaf(t, big.NewInt(0x600d), byOCSP)
		bad, _ := a.leaf(t, a.bad, byOCSP)
		goodFile, badFile := filepath.Join(dir, "good.pem"), filepath.Join(dir, "bad.pem")
		writeCertificates(t, goodFile, good, a.cert)
		writeCertificates(t, badFile, bad, a.cert)
		asOf := "--as-of=" + time.Now().UTC().Format(time.RFC3339)
		for _, c := range []struct {
			name string
			args []string
			code int
			down bool
			asks bool
		}{
			{"good", []string{"--revocation", "--allow-private-fetch", goodFile}, exitCompliant, false, true},
			{"revoked", []string{"--revocation", "--allow-private-fetch", badFile}, exitViolations, false, true},
			{"the authority is down", []string{"--revocation", "--allow-private-fetch", badFile}, exitIncomplete, true, true},
			{"not asked", []string{badFile}, exitCompliant, false, false},
			{"loopback is not allowed", []string{"--revocation", goodFile}, exitIncomplete, false, false},
			{"offline", []string{"--revocation", "--allow-private-fetch", "--offline", goodFile}, exitIncomplete, false, false},
		} {
			a.asked.Store(0)
			a.responderDown.Store(c.down)
			out := filepath.Join(dir, c.name)
			code, findings := a.audit(t, out, append(c.args, asOf)...)
			if code != c.code || (a.asked.Load() > 0) != c.asks {
				t.Errorf("OCSP %v, %s: exit %d, want %d; %d requests", byOCSP, c.name, code, c.code, a.asked.Load())
			}
			if c.down { // a scan alone says so, too
				if code := run(context.Background(), append([]string{"scan", "-q", "-o", out + "-scan"}, c.args...), nil, io.Discard, io.Discard); code != exitIncomplete {
					t.Errorf("scan: exit %d", code)
				}
			}
			if c.code != exitViolations {
				continue
			}
			if len(findings) != 1 || !strings.Contains(findings[0].Observed, "(keyCompromise), by ") || !strings.Contains(findings[0].Observed, a.url) {
				t.Fatalf("%+v", findings)
			}
			reperformed(t, out, findings[0].Reperform, byOCSP)
		}
	}
}

// TestRevocationThroughProxy: what a scan fetches goes the way of its endpoints.
// The proxy alone knows where the name leads.
func TestRevocationThroughProxy(t *testing.T) {
	a := newAuthority(t)
	proxy := a.url
	a.url = "http://pki.example.test"
	for _, byOCSP := range []bool{true, false} {
		dir := t.TempDir()
		bad, _ := a.leaf(t, a.bad, byOCSP)
		file := filepath.Join(dir, "bad.pem")
		writeCertificates(t, file, bad, a.cert)
		code, findings := a.audit(t, filepath.Join(dir, "out"), "--revocation", "--proxy", proxy, "--as-of="+time.Now().UTC().Format(time.RFC3339), file)
		if code != exitViolations || len(findings) != 1 || !strings.Contains(findings[0].Observed, "http://pki.example.test/") {
			t.Errorf("OCSP %v: exit %d, %+v", byOCSP, code, findings)
		}
	}
}

// reperformed runs a finding's command where openssl is: it shows the
// revocation to someone who has no certaudit.
func reperformed(t *testing.T, dir, command string, byOCSP bool) {
	t.Helper()
	for _, program := range []string{"openssl", "curl", "sh"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Logf("SKIPPED: %s is not installed", program)
			return
		}
	}
	c := exec.Command("sh", "-c", command)
	c.Dir = dir
	said, err := c.CombinedOutput()
	want := "Key Compromise"
	if byOCSP {
		want = "keyCompromise"
	}
	if err != nil || !strings.Contains(string(said), want) || byOCSP && !strings.Contains(string(said), "Response verify OK") {
		t.Errorf("%s\n%v: %s", command, err, said)
	}
}

// TestStapledRevocation: what an endpoint staples counts without any asking.
func TestStapledRevocation(t *testing.T) {
	a := newAuthority(t)
	for _, serial := range []*big.Int{big.NewInt(0x600d), a.bad} {
		leaf, key := a.leaf(t, serial, true)
		l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{{
			Certificate: [][]byte{leaf.Raw, a.cert.Raw}, PrivateKey: key, OCSPStaple: a.answer(serial)}}})
		if err != nil {
			t.Fatal(err)
		}
		s := &http.Server{Handler: http.NotFoundHandler()}
		go s.Serve(l)
		t.Cleanup(func() { s.Close() })
		out := filepath.Join(t.TempDir(), "out")
		code, findings := a.audit(t, out, "--as-of="+time.Now().UTC().Format(time.RFC3339), l.Addr().String())
		want := exitCompliant
		if serial == a.bad {
			want = exitViolations
		}
		if code != want || len(findings) != want || a.asked.Load() != 0 {
			t.Errorf("serial %x: exit %d, want %d; findings %+v; %d requests", serial, code, want, findings, a.asked.Load())
		}
		if want == exitViolations && !strings.Contains(findings[0].Observed, "stapled at "+l.Addr().String()) {
			t.Errorf("%+v", findings)
		}
	}
}
