package scan

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenSSLSelfSigned has openssl make self-signed certificates under
// algorithms that the standard library does not verify.
func TestOpenSSLSelfSigned(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	for _, tt := range []struct{ name, key, hash, algorithm, curve string }{
		{"secp256k1", "EC -pkeyopt ec_paramgen_curve:secp256k1", "sha256", "ECDSA-SHA256", "secp256k1"},
		{"brainpool", "EC -pkeyopt ec_paramgen_curve:brainpoolP384r1", "sha512", "ECDSA-SHA512", "brainpoolP384r1"},
		{"explicit", "EC -pkeyopt ec_paramgen_curve:prime256v1 -pkeyopt ec_param_enc:explicit", "sha256", "ECDSA-SHA256", "explicit"},
		{"ECDSA with SHA-3", "EC -pkeyopt ec_paramgen_curve:P-384", "sha3-256", "ECDSA-SHA3-256", "P-384"},
		{"RSA with SHA-224", "RSA -pkeyopt rsa_keygen_bits:2048", "sha224", "SHA224-RSA", ""},
		{"RSA with SHA-3", "RSA -pkeyopt rsa_keygen_bits:2048", "sha3-512", "SHA3-512-RSA", ""},
		{"RSA-PSS key", "RSA-PSS -pkeyopt rsa_keygen_bits:2048", "sha256", "SHA256-RSAPSS", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			key, cert := filepath.Join(dir, "key"), filepath.Join(dir, "cert")
			for _, args := range [][]string{
				append([]string{"genpkey", "-out", key, "-algorithm"}, strings.Fields(tt.key)...),
				{"req", "-x509", "-new", "-key", key, "-" + tt.hash, "-subj", "/CN=self", "-out", cert},
			} {
				if out, err := exec.Command(openssl, args...).CombinedOutput(); err != nil {
					t.Skipf("SKIPPED: this openssl does not make it: %s", out)
				}
			}
			text, err := os.ReadFile(cert)
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(text)
			c := Derive(block.Bytes)
			if c.SelfSigned != Yes || c.SignatureAlgorithm != tt.algorithm || c.KeyCurve != tt.curve {
				t.Errorf("self-signed %v, %s, curve %q", c.SelfSigned, c.SignatureAlgorithm, c.KeyCurve)
			}
			block.Bytes[len(block.Bytes)-1] ^= 1
			if again := Derive(block.Bytes); again.SelfSigned != No {
				t.Errorf("a broken signature: %v", again.SelfSigned)
			}
			if got := Signed(c.DER, c.DER); got != No { // whose last byte was flipped above
				t.Errorf("Signed: %v", got)
			}
		})
	}
}
