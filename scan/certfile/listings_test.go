package certfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// The tests of this file hold what is read against what the store's own tool
// lists: one line "alias fingerprint" for each certificate. In PKCS #12 a
// certificate has its own name, where keytool gives a chain the name of its
// key; there the alias is left out of both.

// output runs a program and gives its standard output, or skips where it is not
// installed.
func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("SKIPPED: %s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// keytoolLists parses keytool -list -v.
func keytoolLists(text string, chainAliases bool) (lines []string) {
	alias, position := "", 1
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "Alias name: "); ok {
			alias, position = rest, 1
		}
		if rest, ok := strings.CutPrefix(line, "Certificate["); ok {
			fmt.Sscan(rest, &position)
		}
		if rest, ok := strings.CutPrefix(line, "SHA256: "); ok {
			name := alias
			if position > 1 && !chainAliases {
				name = ""
			}
			lines = append(lines, name+" "+fingerprint(rest))
		}
	}
	slices.Sort(lines)
	return lines
}

// fingerprint is the way of evidence to write AB:CD.
func fingerprint(s string) string { return strings.ToLower(strings.ReplaceAll(s, ":", "")) }

// opensslLists parses openssl pkcs12 -nokeys.
func opensslLists(t testing.TB, text string) (lines []string) {
	alias := ""
	body := ""
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "Bag Attributes") {
			alias, body = "", ""
		}
		if rest, ok := strings.CutPrefix(trimmed, "friendlyName: "); ok {
			alias = rest
		}
		body += line
		if strings.HasPrefix(trimmed, "-----END CERTIFICATE") {
			block, _ := pem.Decode([]byte(body))
			if block == nil {
				t.Fatalf("openssl lists %q", body)
			}
			sum := sha256.Sum256(block.Bytes)
			lines = append(lines, alias+" "+hex.EncodeToString(sum[:]))
			alias, body = "", ""
		}
	}
	slices.Sort(lines)
	return lines
}

// nssLists parses pk12util -l.
func nssLists(text string) (lines []string) {
	inCertificate, sum := false, ""
	in := bufio.NewScanner(strings.NewReader(text))
	for in.Scan() {
		line := in.Text()
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "Certificate"):
			inCertificate, sum = true, ""
		case strings.HasPrefix(line, "Key"):
			inCertificate = false
		case trimmed == "Fingerprint (SHA-256):" && in.Scan():
			sum = fingerprint(strings.TrimSpace(in.Text()))
		case inCertificate && strings.HasPrefix(trimmed, "Friendly Name: "):
			lines = append(lines, strings.TrimPrefix(trimmed, "Friendly Name: ")+" "+sum)
		}
	}
	slices.Sort(lines)
	return lines
}

// weList is what certfile makes of a file.
func weList(t testing.TB, opt Options, path string, chainAliases bool) (lines []string) {
	t.Helper()
	for _, r := range observeAll(t, opt, path) {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object != scan.ObjectCertificate {
				continue
			}
			alias := r.Alias
			if r.Use == scan.UseChain && !chainAliases {
				alias = ""
			}
			lines = append(lines, alias+" "+r.SHA256)
		case *scan.NotAssessed:
			t.Errorf("%s: %s %s %s", filepath.Base(path), r.Stage, r.Reason, r.Detail)
		}
	}
	slices.Sort(lines)
	return lines
}

func sameList(t testing.TB, what string, want, got []string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: the tool lists nothing", what)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-tool +certfile):\n%s", what, diff)
	}
}

// bouncyJar is where Debian's libbcprov-java puts Bouncy Castle's provider.
const bouncyJar = "/usr/share/java/bcprov.jar"

// bouncyCastle gives keytool's flags for Bouncy Castle, or skips.
func bouncyCastle(t testing.TB) []string {
	t.Helper()
	if _, err := os.Stat(bouncyJar); err != nil {
		t.Skipf("SKIPPED: Bouncy Castle (libbcprov-java) is not installed: %v", err)
	}
	return []string{"-providerclass", "org.bouncycastle.jce.provider.BouncyCastleProvider", "-providerpath", bouncyJar}
}

// pfxOf is a PKCS #12 store with the server's key under "web" and the root
// trusted under "ca": what the other stores are made from.
func (p *pki) pfxOf(t testing.TB, password string) string {
	t.Helper()
	path := filepath.Join(p.dir, "source.p12")
	run(t, "openssl", "pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM, "-name", "web", "-passout", "pass:"+password, "-out", path)
	run(t, "keytool", "-importcert", "-noprompt", "-alias", "ca", "-file", p.rootPEM, "-storetype", "pkcs12", "-keystore", path, "-storepass", password)
	return path
}

func TestKeytoolListing(t *testing.T) {
	const secret = "sesame-open"
	p := newPKI(t)
	source := p.pfxOf(t, secret)
	run(t, "keytool", "-importcert", "-noprompt", "-alias", "a peer", "-file", p.serverPEM, "-storetype", "pkcs12", "-keystore", source, "-storepass", secret)
	for _, kind := range []string{"JKS", "JCEKS", "PKCS12", "BKS", "UBER", "BCFKS"} {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join(p.dir, "listed."+kind)
			flags := []string{"-storetype", kind, "-keystore", path, "-storepass", secret}
			var provider []string
			if strings.HasPrefix(kind, "B") || kind == "UBER" {
				provider = bouncyCastle(t)
			}
			run(t, "keytool", slices.Concat([]string{"-importkeystore", "-srckeystore", source, "-srcstoretype", "pkcs12", "-srcstorepass", secret,
				"-destkeystore", path, "-deststoretype", kind, "-deststorepass", secret}, provider)...)
			list := output(t, "keytool", slices.Concat([]string{"-list", "-v", "-J-Duser.language=en"}, flags, provider)...)
			own := kind != "PKCS12"
			want := keytoolLists(list, own)
			if len(want) != 4 {
				t.Fatalf("keytool lists %q", list)
			}
			sameList(t, kind, want, weList(t, Options{Passwords: given("another", secret)}, path, own))
		})
	}
}

// TestPasswordlessPKCS12: what a JDK from 18 on ships as cacerts.
func TestPasswordlessPKCS12(t *testing.T) {
	p := newPKI(t)
	path := filepath.Join(p.dir, "open.p12")
	store := []string{"-J-Duser.language=en", "-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE", "-J-Dkeystore.pkcs12.macAlgorithm=NONE", "-storetype", "pkcs12", "-keystore", path}
	for alias, file := range map[string]string{"ca": p.rootPEM, "peer": p.serverPEM} {
		run(t, "keytool", slices.Concat([]string{"-importcert", "-noprompt", "-alias", alias, "-file", file, "-storepass", "whatever"}, store)...)
	}
	p.check(t, path, nil, `pkcs12 "ca" root anchor trust_store`, `pkcs12 "peer" server anchor trust_store`)
	sameList(t, "open.p12", keytoolLists(output(t, "keytool", append([]string{"-list", "-v", "-storepass", ""}, store...)...), false), weList(t, Options{}, path, false))
}

// TestCacerts: the trust stores that this system's JDKs ship.
func TestCacerts(t *testing.T) {
	found, err := filepath.Glob("/usr/lib/jvm/*/lib/security/cacerts")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range append(found, "/etc/ssl/certs/java/cacerts") {
		real, err := filepath.EvalSymlinks(path)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		list := output(t, "keytool", "-J-Duser.language=en", "-J-Dstdout.encoding=UTF-8", "-J-Dfile.encoding=UTF-8", "-list", "-v", "-keystore", real, "-storepass", "changeit")
		sameList(t, real, keytoolLists(list, true), weList(t, Options{}, real, true))
	}
	if len(seen) == 0 {
		t.Skip("SKIPPED: no JDK's cacerts is installed")
	}
}

// TestBouncyCastleKinds: the kinds of BCFKS that keytool has no options for,
// written by Bouncy Castle itself.
func TestBouncyCastleKinds(t *testing.T) {
	bouncyCastle(t)
	if _, err := exec.LookPath("javac"); err != nil {
		t.Skip("SKIPPED: no JDK is installed, which runs a program from its source")
	}
	const secret = "sesame-open"
	p := newPKI(t)
	run(t, "java", "-cp", bouncyJar, filepath.Join("testdata", "MakeBCFKS.java"), p.pfxOf(t, secret), secret, p.dir)
	anchor, chain, identity := `bcfks "ca" root anchor trust_store`, `bcfks "web" root chain chain_position`, `bcfks "web" server identity private_key`
	for _, kind := range []string{"ccm", "kwp", "scrypt"} {
		path := filepath.Join(p.dir, kind+".bcfks")
		p.check(t, path, given("another", secret), anchor, chain, identity)
		p.check(t, path, nil, "decrypt password_needed")
	}
	const notes = " " + noteDefaultPassword + "," + noteIntegrity
	p.check(t, filepath.Join(p.dir, "signed.bcfks"), nil, `bcfks "" root chain issued`+notes, `bcfks "" server identity private_key`+notes, anchor+notes, chain+notes, identity+notes)
}

func TestOpenSSLListing(t *testing.T) {
	const secret = "not a usual one"
	p := newPKI(t)
	for name, flags := range map[string][]string{
		"modern":   nil,
		"legacy":   {"-legacy"},
		"caname":   {"-caname", "the root"},
		"onlycert": {"-nokeys", "-name", "löwe €"},
	} {
		path := filepath.Join(p.dir, name+".p12")
		run(t, "openssl", append([]string{"pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM,
			"-name", "web", "-passout", "pass:" + secret, "-out", path}, flags...)...)
		read := []string{"pkcs12", "-in", path, "-nokeys", "-passin", "pass:" + secret}
		if name == "legacy" {
			read = append(read, "-legacy")
		}
		sameList(t, name, opensslLists(t, output(t, "openssl", read...)), weList(t, Options{Passwords: given(secret)}, path, true))
	}
}

// TestNSS: what Firefox's and Fedora's library exports, in its kinds of
// encryption.
func TestNSS(t *testing.T) {
	const secret = "not a usual one"
	p := newPKI(t)
	db := "sql:" + p.dir
	run(t, "certutil", "-N", "-d", db, "--empty-password")
	source := filepath.Join(p.dir, "in.p12")
	run(t, "openssl", "pkcs12", "-export", "-inkey", p.keyPEM, "-in", p.serverPEM, "-certfile", p.rootPEM, "-name", "web", "-passout", "pass:"+secret, "-out", source)
	run(t, "pk12util", "-i", source, "-d", db, "-W", secret)
	for name, flags := range map[string][]string{
		"default": nil,
		"aes256":  {"-c", "AES-256-CBC", "-C", "AES-256-CBC"},
		"3des":    {"-c", "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC", "-C", "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC"},
		"open":    {"-C", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(p.dir, name+".p12")
			run(t, "pk12util", append([]string{"-o", path, "-n", "web", "-d", db, "-W", secret}, flags...)...)
			want := nssLists(output(t, "pk12util", "-l", path, "-W", secret))
			if len(want) != 2 {
				t.Fatalf("pk12util lists %q", want)
			}
			sameList(t, name, want, weList(t, Options{Passwords: given(secret)}, path, true))
			got := p.shown(observeAll(t, Options{Passwords: given(secret)}, path))
			if len(got) != 2 || !strings.HasSuffix(got[0], "root chain issued") || got[1] != `pkcs12 "web" server identity private_key` {
				t.Errorf("got %q", got)
			}
		})
	}
	text := output(t, "certutil", "-L", "-d", db, "-n", "web", "-a")
	path := filepath.Join(p.dir, "web.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.check(t, path, nil, `pem "" server identity default`)
}
