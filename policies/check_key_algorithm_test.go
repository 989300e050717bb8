package policies

import (
	"testing"
	"time"
)

func TestKeyAlgorithm(t *testing.T) {
	tests := []struct {
		name, params, algorithm string
		want                    Result
		message                 string
	}{
		{"approved", "", "RSA", Pass, ""},
		{"post-quantum", "", "ML-DSA-87", Pass, ""},
		{"denied by default", "", "DSA", Fail, "The key is of the algorithm DSA, which the policy denies."},
		{"deny replaces the default", "{deny: [RSA]}", "DSA", Pass, ""},
		{"denied", "{deny: RSA}", "RSA", Fail, "The key is of the algorithm RSA, which the policy denies."},
		{"denied OID", "{deny: [1.2.3.4]}", "1.2.3.4", Fail, "The key is of the algorithm 1.2.3.4, which the policy denies."},
		{"allowed", "{allow: [RSA, ECDSA]}", "ECDSA", Pass, ""},
		{"not allowed", "{allow: [RSA, ECDSA]}", "Ed25519", Fail, "The key is of the algorithm Ed25519, which is not among those that the policy allows."},
		{"OID not allowed", "{allow: [RSA]}", "1.2.3.4", Fail, "The key is of the algorithm 1.2.3.4, which is not among those that the policy allows."},
		{"allowed OID", "{allow: [1.2.3.4]}", "1.2.3.4", Pass, ""},
		{"unknown", "", "1.2.3.4", NotAssessed, "The key is of the algorithm 1.2.3.4, which certaudit cannot name and the policy does not mention."},
		{"absent", "", "", NotAssessed, "The evidence does not have key_algorithm."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.KeyAlgorithm = tt.algorithm
			want(t, judge(t, "key-algorithm", tt.params, certSubject(c), time.Time{}), tt.want, tt.message)
		})
	}
}
