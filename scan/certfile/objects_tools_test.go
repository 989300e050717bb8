package certfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"certaudit/scan"
)

// A bench runs programs of others in a folder of its own.
type bench struct {
	t   *testing.T
	dir string
}

// newBench skips the test, loudly, where a program is not installed.
func newBench(t *testing.T, programs ...string) *bench {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("SKIPPED: %s is not installed", p)
		}
	}
	return &bench{t, t.TempDir()}
}

// run runs a command line whose words have no spaces in them.
func (b *bench) run(line string) string {
	b.t.Helper()
	words := strings.Fields(line)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = b.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// object reads the one object of a kind that a file has.
func (b *bench) object(name, kind string) *scan.Observation {
	b.t.Helper()
	content, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	var found []*scan.Observation
	records, _ := readBytes(content, Options{})
	for _, r := range records {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object == kind {
				found = append(found, r)
			}
		case *scan.NotAssessed:
			b.t.Fatalf("%s: %s %s %s", name, r.Stage, r.Reason, r.Detail)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%s: %d objects of kind %s", name, len(found), kind)
	}
	return found[0]
}

// spki is the digest of the public half, as openssl derives it.
func (b *bench) spki(name string) string {
	b.t.Helper()
	b.run("openssl pkey -in " + name + " -passin pass:secret -pubout -outform DER -out spki.der")
	der, err := os.ReadFile(filepath.Join(b.dir, "spki.der"))
	if err != nil {
		b.t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// opensslKeys says how each kind of key is made and what it is. %s is the file.
var opensslKeys = []struct {
	make      string
	algorithm string
	bits      int
	curve     string
}{
	{"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out %s", "RSA", 2048, ""},
	{"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_keygen_primes:3 -out %s", "RSA", 1024, ""},
	{"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -out %s", "RSA-PSS", 1024, ""},
	{"openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt rsa_pss_keygen_saltlen:20 -out %s", "RSA-PSS", 1024, ""},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-224 -out %s", "ECDSA", 224, "P-224"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out %s", "ECDSA", 256, "P-256"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out %s", "ECDSA", 384, "P-384"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out %s", "ECDSA", 521, "P-521"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out %s", "ECDSA", 256, "secp256k1"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP384r1 -out %s", "ECDSA", 384, "brainpoolP384r1"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:sect283k1 -out %s", "ECDSA", 283, "sect283k1"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit -out %s", "ECDSA", 256, "explicit"},
	{"openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt point-format:compressed -out %s", "ECDSA", 256, "P-256"},
	{"openssl genpkey -algorithm SM2 -out %s", "ECDSA", 256, "SM2"},
	{"openssl genpkey -algorithm ED25519 -out %s", "Ed25519", 256, ""},
	{"openssl genpkey -algorithm ED448 -out %s", "Ed448", 456, ""},
	{"openssl genpkey -algorithm X25519 -out %s", "X25519", 256, ""},
	{"openssl genpkey -algorithm X448 -out %s", "X448", 448, ""},
	{"openssl genpkey -paramfile dsa.par -out %s", "DSA", 1024, ""},
}

// noEmbedded are the algorithms whose public half can be had only where it is
// stored, and openssl stores none.
var noEmbedded = []string{"Ed448", "X448"}

var bitsInText = regexp.MustCompile(`Key: \((\d+) bit`)

// TestOpenSSLKeys compares keys of every kind with what openssl says of them:
// size by openssl pkey -text, public half by openssl pkey -pubout.
func TestOpenSSLKeys(t *testing.T) {
	b := newBench(t, "openssl")
	b.run("openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:1024 -out dsa.par")
	for i, k := range opensslKeys {
		name := fmt.Sprintf("k%d", i)
		b.run(fmt.Sprintf(k.make, name+".pem"))
		b.run("openssl pkcs8 -topk8 -nocrypt -in " + name + ".pem -outform DER -out " + name + ".der")
		files := map[string]string{name + ".pem": scan.FormatPKCS8, name + ".der": scan.FormatPKCS8}
		if traditional := map[string]string{"RSA": scan.FormatPKCS1, "ECDSA": scan.FormatSEC1, "DSA": scan.FormatDSA}[k.algorithm]; traditional != "" && k.curve != "SM2" {
			b.run("openssl pkey -in " + name + ".pem -traditional -out " + name + ".trad")
			b.run("openssl pkey -in " + name + ".pem -traditional -outform DER -out " + name + ".trad.der")
			files[name+".trad"], files[name+".trad.der"] = traditional, traditional
		}
		if m := bitsInText.FindStringSubmatch(b.run("openssl pkey -noout -text -in " + name + ".pem")); m != nil && m[1] != strconv.Itoa(k.bits) && k.curve != "sect283k1" { // openssl gives the size of the order
			t.Errorf("%s: openssl says %s bits", k.make, m[1])
		}
		want := b.spki(name + ".pem")
		for file, format := range files {
			o := b.object(file, scan.ObjectPrivateKey).Facts
			sum := want
			if slices.Contains(noEmbedded, k.algorithm) {
				sum = ""
			}
			if o.Format != format || o.KeyAlgorithm != k.algorithm || o.KeyBits != k.bits || o.KeyCurve != k.curve || o.SPKISHA256 != sum || o.Encrypted != scan.No {
				t.Errorf("%s (%s): %+v, want %s and key %s", k.make, file, o, format, sum)
			}
		}
		b.run("openssl pkey -in " + name + ".pem -pubout -out " + name + ".pub")
		if o := b.object(name+".pub", scan.ObjectPublicKey).Facts; o.KeyAlgorithm != k.algorithm || o.KeyBits != k.bits || o.SPKISHA256 != want {
			t.Errorf("%s: public key %+v, want key %s", k.make, o, want)
		}
	}
}

// TestOpenSSLKeyWithoutPublicHalf: where none is stored it is derived on the
// curves of the standard library, and absent on others.
func TestOpenSSLKeyWithoutPublicHalf(t *testing.T) {
	b := newBench(t, "openssl")
	for curve, derived := range map[string]bool{"P-224": true, "P-256": true, "P-384": true, "P-521": true, "secp256k1": false} {
		b.run("openssl ecparam -genkey -noout -name " + strings.Replace(strings.Replace(curve, "P-256", "prime256v1", 1), "P-", "secp", 1) + suffix(curve) + " -out k.pem")
		b.run("openssl ec -in k.pem -no_public -out bare.pem")
		o, want := b.object("bare.pem", scan.ObjectPrivateKey).Facts, ""
		if derived {
			want = b.spki("k.pem")
		}
		if o.SPKISHA256 != want || o.KeyCurve != curve {
			t.Errorf("%s: %+v, want key %q", curve, o, want)
		}
	}
}

func suffix(curve string) string {
	if strings.HasPrefix(curve, "P-") && curve != "P-256" {
		return "r1"
	}
	return ""
}

// TestOpenSSLEncryptedKeys: the scheme is told, and nothing else.
func TestOpenSSLEncryptedKeys(t *testing.T) {
	b := newBench(t, "openssl")
	b.run("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out k.pem")
	for options, want := range map[string]string{
		"pkcs8 -topk8 -v2 aes-256-cbc":                      "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256",
		"pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1":  "PBES2 AES-128-CBC PBKDF2-HMAC-SHA1",
		"pkcs8 -topk8 -v2 des3 -v2prf hmacWithSHA512":       "PBES2 DES-EDE3-CBC PBKDF2-HMAC-SHA512",
		"pkcs8 -topk8 -v2 camellia-256-cbc":                 "PBES2 CAMELLIA-256-CBC PBKDF2-HMAC-SHA256",
		"pkcs8 -topk8 -v2 aria-256-cbc":                     "PBES2 ARIA-256-CBC PBKDF2-HMAC-SHA256",
		"pkcs8 -topk8 -scrypt -scrypt_N 1024":               "PBES2 AES-256-CBC scrypt",
		"pkcs8 -topk8 -v1 PBE-SHA1-3DES":                    "PBE-SHA1-3DES",
		"pkcs8 -topk8 -v1 PBE-SHA1-2DES":                    "PBE-SHA1-2DES",
		"pkcs8 -topk8 -v1 PBE-SHA1-RC2-40 -provider legacy": "PBE-SHA1-RC2-40",
		"pkcs8 -topk8 -v1 PBE-MD5-DES -provider legacy":     "PBE-MD5-DES",
	} {
		provider := ""
		if strings.Contains(options, "legacy") {
			provider = " -provider default"
		}
		for _, form := range []string{"PEM", "DER"} {
			b.run("openssl " + options + provider + " -in k.pem -passout pass:secret -outform " + form + " -out e")
			o := b.object("e", scan.ObjectPrivateKey).Facts
			if o.Encrypted != scan.Yes || o.Encryption != want || o.Format != scan.FormatPKCS8 || o.KeyAlgorithm != "" || o.SPKISHA256 != "" {
				t.Errorf("%s %s: %+v, want %s", options, form, o, want)
			}
		}
	}
	b.run("openssl rsa -in k.pem -traditional -aes192 -passout pass:secret -out e")
	if o := b.object("e", scan.ObjectPrivateKey).Facts; o.Encrypted != scan.Yes || o.Encryption != "AES-192-CBC" || o.Format != scan.FormatPKCS1 || o.KeyAlgorithm != "RSA" {
		t.Errorf("traditional: %+v", o)
	}
}

// TestOpenSSLRequestsAndLists compares a request and a revocation list.
func TestOpenSSLRequestsAndLists(t *testing.T) {
	b := newBench(t, "openssl")
	for algorithm, want := range map[string]string{"RSA": "SHA256-RSA", "ED25519": "Ed25519", "RSA-PSS": "SHA256-RSAPSS", "ED448": "Ed448"} {
		b.run("openssl genpkey -algorithm " + algorithm + " -out k.pem")
		for _, form := range []string{"PEM", "DER"} {
			b.run("openssl req -new -key k.pem -subj /C=DE/O=Example/CN=r.example -addext subjectAltName=DNS:r.example,IP:10.0.0.1,URI:https://r.example/,email:a@r.example -outform " + form + " -out r")
			o := b.object("r", scan.ObjectCSR).Facts
			valid := scan.Yes
			if algorithm == "ED448" {
				valid = scan.Unasked
			}
			got := fmt.Sprint(o.Subject, o.SubjectCN, o.DNSNames, o.IPAddresses, o.URIs, o.EmailAddresses, o.SignatureAlgorithm, o.SignatureValid, o.ParseNotes)
			if wanted := fmt.Sprint("CN=r.example,O=Example,C=DE", "r.example", []string{"r.example"}, []string{"10.0.0.1"}, []string{"https://r.example/"}, []string{"a@r.example"}, want, valid, []string(nil)); got != wanted {
				t.Errorf("%s: %s, want %s", algorithm, got, wanted)
			}
			if sum := b.spki("k.pem"); o.SPKISHA256 != sum {
				t.Errorf("%s: key %s, want %s", algorithm, o.SPKISHA256, sum)
			}
		}
	}
}

// TestSSHKeygen compares public keys, private keys and certificates.
func TestSSHKeygen(t *testing.T) {
	b := newBench(t, "ssh-keygen", "openssl")
	for kind, want := range map[string]string{"rsa -b 2048": "RSA 2048", "ecdsa -b 256": "ECDSA 256", "ecdsa -b 384": "ECDSA 384", "ecdsa -b 521": "ECDSA 521", "ed25519": "Ed25519 256"} {
		for _, phrase := range []string{"", "secret"} {
			os.Remove(filepath.Join(b.dir, "k"))
			cmd := exec.Command("ssh-keygen", append(strings.Fields("-q -f k -C comment -t "+kind), "-N", phrase)...)
			cmd.Dir = b.dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", kind, err, out)
			}
			private, public := b.object("k", scan.ObjectPrivateKey), b.object("k.pub", scan.ObjectPublicKey)
			for _, o := range []*scan.Observation{private, public} {
				if got := fmt.Sprint(o.Facts.KeyAlgorithm, " ", o.Facts.KeyBits); got != want || o.Container != "openssh" || o.Facts.Format != scan.FormatOpenSSH || len(o.Facts.ParseNotes) > 0 {
					t.Errorf("%s: %s %s %+v, want %s", kind, o.Object, o.Container, o.Facts, want)
				}
			}
			encryption := map[string]string{"": "", "secret": "aes256-ctr bcrypt"}[phrase]
			if private.Facts.Encrypted != scan.Answered(phrase != "") || private.Facts.Encryption != encryption || public.Facts.Encrypted != scan.Unasked || public.Alias != "comment" {
				t.Errorf("%s %q: %+v, %+v", kind, phrase, private.Facts, public)
			}
			if size := strings.Fields(b.run("ssh-keygen -l -f k.pub"))[0]; !strings.HasSuffix(want, " "+size) {
				t.Errorf("%s: ssh-keygen says %s bits", kind, size)
			}
			if private.Facts.SPKISHA256 != public.Facts.SPKISHA256 || public.Facts.SPKISHA256 == "" {
				t.Errorf("%s: keys %s and %s", kind, private.Facts.SPKISHA256, public.Facts.SPKISHA256)
			}
			if kind == "ed25519" {
				continue // openssl reads no openssh-key-v1, and ssh-keygen writes Ed25519 in no other form
			}
			for _, form := range []string{"PKCS8", "RFC4716"} {
				text := b.run("ssh-keygen -e -m " + form + " -f k.pub")
				if err := os.WriteFile(filepath.Join(b.dir, "e"), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				if o := b.object("e", scan.ObjectPublicKey).Facts; o.SPKISHA256 != public.Facts.SPKISHA256 {
					t.Errorf("%s in %s: %+v", kind, form, o)
				}
			}
		}
	}
}

func TestSSHKeygenCertificates(t *testing.T) {
	b := newBench(t, "ssh-keygen")
	for _, name := range []string{"ca", "k"} {
		cmd := exec.Command("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", name)
		cmd.Dir = b.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	ca, key := b.object("ca.pub", scan.ObjectPublicKey).Facts, b.object("k.pub", scan.ObjectPublicKey).Facts
	for options, want := range map[string]string{
		"-I id -n alice,bob -z 18446744073709551615 -V 20260102030405Z:20270102030405Z": "user id 18446744073709551615 [alice bob] 2026-01-02T03:04:05Z 2027-01-02T03:04:04Z",
		"-h -I host.example": "host host.example 0 []  ",
	} {
		b.run("ssh-keygen -q -s ca " + options + " k.pub")
		o := b.object("k-cert.pub", scan.ObjectPublicKey).Facts
		got := fmt.Sprintf("%s %s %s %v %s %s", o.SSHKind, o.SSHKeyID, o.SSHSerial, o.SSHPrincipals, instant(o.NotBefore), instant(o.NotAfter))
		if got != want || o.SSHSignerSHA256 != ca.SPKISHA256 || o.SPKISHA256 != key.SPKISHA256 {
			t.Errorf("%s: %s, signer %s; want %s, signer %s", options, got, o.SSHSignerSHA256, want, ca.SPKISHA256)
		}
	}
}

// TestPuTTYgen compares PuTTY's keys with the same keys in OpenSSH's form.
func TestPuTTYgen(t *testing.T) {
	b := newBench(t, "puttygen", "ssh-keygen")
	for _, name := range []string{"pass", "none"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(map[string]string{"pass": "secret\n"}[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for kind, want := range map[string]string{"rsa -b 2048": "RSA 2048", "ecdsa -b 256": "ECDSA 256", "ed25519": "Ed25519 256", "ed448": "Ed448 456", "dsa -b 1024": "DSA 1024"} {
		for _, phrase := range []string{"none", "pass"} {
			for _, version := range []string{"2", "3"} {
				b.run("puttygen -q -t " + kind + " -C comment --new-passphrase " + phrase + " --ppk-param version=" + version + ",memory=1024,passes=1 --random-device /dev/urandom -o k.ppk")
				o := b.object("k.ppk", scan.ObjectPrivateKey)
				encryption := ""
				if phrase == "pass" {
					encryption = strings.TrimSpace("aes256-cbc " + map[string]string{"3": "Argon2id"}[version])
				}
				got := fmt.Sprint(o.Facts.KeyAlgorithm, " ", o.Facts.KeyBits)
				if got != want || o.Container != "putty" || o.Alias != "comment" || o.Facts.Format != scan.FormatPuTTY || o.Facts.Encryption != encryption || o.Facts.Encrypted != scan.Answered(encryption != "") {
					t.Errorf("%s version %s: %s %+v, want %s", kind, version, o.Container, o.Facts, want)
				}
				b.run("puttygen k.ppk -L --old-passphrase " + phrase + " -o k.pub")
				if public := b.object("k.pub", scan.ObjectPublicKey).Facts; public.SPKISHA256 != o.Facts.SPKISHA256 || public.SPKISHA256 == "" {
					t.Errorf("%s: keys %s and %s", kind, o.Facts.SPKISHA256, public.SPKISHA256)
				}
			}
		}
	}
}
