package certfile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// A pki is a root, a server certificate that it issued, and the server's key,
// as PEM files in a folder.
type pki struct {
	dir                        string
	root, server               []byte // DER
	rootPEM, serverPEM, keyPEM string // paths
	rootSum, serverSum         string
}

func newPKI(t testing.TB) *pki {
	t.Helper()
	p := &pki{dir: t.TempDir()}
	issue := func(template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rootKey, serverKey := key(), key()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Store Root"}, NotBefore: testNow.Add(-time.Hour),
		NotAfter: testNow.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	server := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "store.example.test"}, NotBefore: testNow.Add(-time.Hour),
		NotAfter: testNow.AddDate(20, 0, 0), DNSNames: []string{"store.example.test"}}
	p.root = issue(root, root, rootKey, rootKey)
	p.server = issue(server, root, serverKey, rootKey)
	p.rootPEM, p.serverPEM, p.keyPEM = filepath.Join(p.dir, "root.pem"), filepath.Join(p.dir, "server.pem"), filepath.Join(p.dir, "key.pem")
	pkcs8, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		p.rootPEM:   {Type: "CERTIFICATE", Bytes: p.root},
		p.serverPEM: {Type: "CERTIFICATE", Bytes: p.server},
		p.keyPEM:    {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p.rootSum, p.serverSum = sumOf(p.root), sumOf(p.server)
	return p
}

func sumOf(der []byte) string {
	s := sha256.Sum256(der)
	return hex.EncodeToString(s[:])
}

// run runs a program that makes a store, or skips where it is not installed.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED: %s is not installed", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// shown is what a test compares: one line for each record but File and
// Certificate, sorted, certificates by the names "root" and "server".
func (p *pki) shown(records []scan.Record) []string {
	var lines []string
	for _, r := range records {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object != scan.ObjectCertificate {
				continue // TestStoreObjects
			}
			name := map[string]string{p.rootSum: "root", p.serverSum: "server"}[r.SHA256]
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %q %s %s %s %s", r.Container, r.Alias, name, r.Use, r.UseBasis, strings.Join(r.Notes, ","))))
		case *scan.NotAssessed:
			lines = append(lines, fmt.Sprintf("%s %s", r.Stage, r.Reason))
		}
	}
	slices.Sort(lines)
	return lines
}

func given(all ...string) func(string) [][]byte {
	return func(string) [][]byte {
		var out [][]byte
		for _, p := range all {
			out = append(out, []byte(p))
		}
		return out
	}
}

func (p *pki) check(t *testing.T, path string, passwords func(string) [][]byte, want ...string) {
	t.Helper()
	got := p.shown(observeAll(t, Options{Passwords: passwords}, path))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", filepath.Base(path), diff)
	}
}

func TestOpenSSLPKCS12(t *testing.T) {
	p := newPKI(t)
	const secret = "not a usual one"
	const identity = `pkcs12 "web" server identity private_key`
	const chain = `pkcs12 "" root chain issued`
	for name, flags := range map[string][]string{
		"modern":   nil,
		"legacy":   {"-legacy"},
		"rc2":      {"-legacy", "-certpbe", "PBE-SHA1-RC2-128"},
		"2des":     {"-legacy", "-certpbe", "PBE-SHA1-2DES"},
		"rc4":      {"-legacy", "-certpbe", "PBE-SHA1-RC4-40"},
		"aes128":   {"-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC"},
		"sha512":   {"-macalg", "sha512"},
		"sha384":   {"-macalg", "sha384"},
		"nomac":    {"-nomac", "-certpbe", "AES-256-CBC"},
		"plain":    {"-certpbe", "NONE"},
		"onlycert": {"-nokeys"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(p.dir, name+".p12")
			run(t, "openssl", append([]string{"pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM,
				"-name", "web", "-passout", "pass:" + secret, "-out", path}, flags...)...)
			switch name {
			case "onlycert":
				p.check(t, path, given("x", secret), `pkcs12 "" root anchor trust_store`, `pkcs12 "" server anchor trust_store`)
			default:
				p.check(t, path, given("x", secret), chain, identity)
			}
			switch name {
			case "plain":
				p.check(t, path, nil, chain+" "+noteIntegrity, identity+" "+noteIntegrity)
			default:
				p.check(t, path, nil, "decrypt password_needed")
				p.check(t, path, given("wrong"), "decrypt wrong_password")
			}
			if records := observeAll(t, Options{Limits: Limits{KDFIterations: 100}}, path); name != "plain" && name != "nomac" {
				if got := p.shown(records); !slices.Equal(got, []string{"limit kdf_iterations"}) {
					t.Errorf("with a bound of 100 rounds: %q", got)
				}
			}
		})
	}
}

func TestOpenSSLDefaultPasswords(t *testing.T) {
	p := newPKI(t)
	for _, password := range commonPasswords {
		path := filepath.Join(p.dir, "default-"+password+".p12")
		run(t, "openssl", "pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-passout", "pass:"+password, "-out", path)
		p.check(t, path, nil, `pkcs12 "" server identity private_key default_password`)
	}
}

func TestOpenSSLPKCS7(t *testing.T) {
	p := newPKI(t)
	for _, form := range []string{"PEM", "DER"} {
		path := filepath.Join(p.dir, form+".p7b")
		run(t, "openssl", "crl2pkcs7", "-nocrl", "-certfile", p.serverPEM, "-certfile", p.rootPEM, "-outform", form, "-out", path)
		name := map[string]string{"PEM": "pkcs7-pem", "DER": "pkcs7-der"}[form]
		p.check(t, path, nil, name+` "" root chain issued`, name+` "" server identity default`)
	}
	for _, flags := range [][]string{{"-stream", "-indef"}, {"-noindef"}} {
		path := filepath.Join(p.dir, strings.Join(flags, "")+".p7m")
		run(t, "openssl", append([]string{"cms", "-sign", "-binary", "-nodetach", "-in", p.keyPEM, "-signer", p.serverPEM, "-inkey", p.keyPEM,
			"-certfile", p.rootPEM, "-outform", "DER", "-out", path}, flags...)...)
		p.check(t, path, nil, `pkcs7-der "" root chain issued`, `pkcs7-der "" server identity default`)
	}
}

func TestKeytool(t *testing.T) {
	p := newPKI(t)
	const secret = "sesame-open"
	both := filepath.Join(p.dir, "both.p12")
	run(t, "openssl", "pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM, "-name", "web", "-passout", "pass:"+secret, "-out", both)
	for _, kind := range []string{"jks", "jceks", "pkcs12"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(p.dir, "keytool."+kind)
			store := []string{"-storetype", kind, "-keystore", path, "-storepass", secret}
			run(t, "keytool", "-importkeystore", "-srckeystore", both, "-srcstoretype", "pkcs12", "-srcstorepass", secret,
				"-destkeystore", path, "-deststoretype", kind, "-deststorepass", secret)
			if kind == "jceks" { // whose length nothing tells; entries behind it must not get lost
				for i := range 3 {
					run(t, "keytool", append([]string{"-genseckey", "-alias", fmt.Sprintf("secret%d", i), "-keyalg", "AES", "-keysize", "256", "-keypass", secret}, store...)...)
				}
			}
			run(t, "keytool", append([]string{"-importcert", "-noprompt", "-alias", "löwe €", "-file", p.rootPEM}, store...)...)
			chainBasis := "chain_position"
			if kind == "pkcs12" {
				chainBasis = "issued"
			}
			chainAlias := map[bool]string{true: "", false: "web"}[kind == "pkcs12"]
			want := []string{
				fmt.Sprintf("%s %q root anchor trust_store", kind, "löwe €"),
				fmt.Sprintf("%s %q root chain %s", kind, chainAlias, chainBasis),
				fmt.Sprintf("%s %q server identity private_key", kind, "web"),
			}
			slices.Sort(want)
			got := p.shown(observeAll(t, Options{Passwords: given(secret)}, path))
			for i := range got { // keytool names the members of a chain by their subject in PKCS #12
				got[i] = strings.Replace(got[i], `"CN=Store Root"`, `""`, 1)
			}
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("with the password (-want +got):\n%s", diff)
			}
			if kind == "pkcs12" {
				p.check(t, path, nil, "decrypt password_needed")
				return
			}
			for i := range want {
				want[i] += " " + noteIntegrity
			}
			p.check(t, path, nil, want...)
		})
	}
	path := filepath.Join(p.dir, "usual.jks")
	run(t, "keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", p.rootPEM, "-storetype", "jks", "-keystore", path, "-storepass", "changeit")
	p.check(t, path, nil, `jks "ca" root anchor trust_store default_password`)
}
