package policies

import (
	"testing"
	"time"
)

func TestKeySize(t *testing.T) {
	tests := []struct {
		name, params, algorithm string
		bits                    int
		curve                   string
		want                    Result
		message                 string
	}{
		{"one bit short", "", "RSA", 2047, "", Fail, "The RSA key has 2047 bits; the policy asks for at least 2048."},
		{"exactly the minimum", "", "RSA", 2048, "", Pass, ""},
		{"above", "", "RSA", 4096, "", Pass, ""},
		{"override, one bit short", "{RSA: 3072}", "RSA", 3071, "", Fail, "The RSA key has 3071 bits; the policy asks for at least 3072."},
		{"override, exactly", "{RSA: 3072}", "RSA", 3072, "", Pass, ""},
		{"override keeps the other defaults", "{RSA: 3072}", "ECDSA", 255, "", Fail, "The ECDSA key has 255 bits; the policy asks for at least 256."},
		{"lowered", "{RSA: 1024}", "RSA", 1024, "", Pass, ""},
		{"RSA-PSS", "", "RSA-PSS", 2047, "", Fail, "The RSA-PSS key has 2047 bits; the policy asks for at least 2048."},
		{"DSA", "", "DSA", 1024, "", Fail, "The DSA key has 1024 bits; the policy asks for at least 2048."},
		{"P-224", "", "ECDSA", 224, "P-224", Fail, "The ECDSA key has 224 bits; the policy asks for at least 256."},
		{"P-256", "", "ECDSA", 256, "P-256", Pass, ""},
		{"size unknown", "", "RSA", 0, "", NotAssessed, "The size of the RSA key is not known."},
		{"curve of unknown size", "", "ECDSA", 0, "explicit", NotAssessed, "The size of the ECDSA key is not known (curve explicit)."},
		{"any size, size unknown", "{ECDSA: 0}", "ECDSA", 0, "explicit", Pass, ""},
		{"name fixes the size", "", "Ed25519", 0, "", Pass, ""},
		{"name and evidence", "", "Ed25519", 256, "", Pass, ""},
		{"name fixes the strength", "", "ML-DSA-65", 0, "", Pass, ""},
		{"hash-based", "", "SLH-DSA-SHA2-128s", 0, "", Pass, ""},
		{"no minimum set", "", "1.2.643.7.1.1.1.1", 256, "", NotAssessed, "Policy and check name no minimum size for 1.2.643.7.1.1.1.1 keys."},
		{"minimum by OID, one bit short", "{1.2.643.7.1.1.1.1: 256}", "1.2.643.7.1.1.1.1", 255, "", Fail, "The 1.2.643.7.1.1.1.1 key has 255 bits; the policy asks for at least 256."},
		{"minimum by OID", "{1.2.643.7.1.1.1.1: 256}", "1.2.643.7.1.1.1.1", 256, "", Pass, ""},
		{"accepted by OID", "{1.2.643.7.1.1.1.1: 0}", "1.2.643.7.1.1.1.1", 0, "", Pass, ""},
		{"no algorithm", "", "", 0, "", NotAssessed, "The evidence does not have key_algorithm."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.KeyAlgorithm, c.KeyBits, c.KeyCurve = tt.algorithm, tt.bits, tt.curve
			want(t, judge(t, "key-size", tt.params, certSubject(c), time.Time{}), tt.want, tt.message)
		})
	}
	const requires = "RSA at least 3072 bits, RSA-PSS at least 2048 bits, DSA at least 2048 bits, ECDSA at least 256 bits, " +
		"Ed25519, Ed448, X25519, X448, ML-DSA, ML-KEM, SLH-DSA, HashML-DSA, HashSLH-DSA and 1.2.3.4 as they are"
	if got := oneRule(t, "key-size", "{RSA: 3072, 1.2.3.4: 0}").Rules[0].Test.Requires; got != requires {
		t.Errorf("requires %s\nwant     %s", got, requires)
	}
}
