package policies

import (
	"testing"
	"time"

	"certaudit/scan"
)

func TestSignatureAlgorithm(t *testing.T) {
	const denied = ", which the policy denies."
	tests := []struct {
		name, params, algorithm string
		selfSigned              scan.Answer
		use                     scan.Use
		want                    Result
		message                 string
	}{
		{"SHA-256", "", "SHA256-RSA", scan.No, scan.UseIdentity, Pass, ""},
		{"PSS", "", "SHA256-RSAPSS", scan.No, scan.UseIdentity, Pass, ""},
		{"SHA-1 with RSA", "", "SHA1-RSA", scan.No, scan.UseIdentity, Fail, "The certificate is signed with SHA1-RSA" + denied},
		{"SHA-1 with ECDSA", "", "ECDSA-SHA1", scan.No, scan.UseIdentity, Fail, "The certificate is signed with ECDSA-SHA1" + denied},
		{"SHA-1 with DSA", "", "DSA-SHA1", scan.No, scan.UseIdentity, Fail, "The certificate is signed with DSA-SHA1" + denied},
		{"MD5", "", "MD5-RSA", scan.No, scan.UseChain, Fail, "The certificate is signed with MD5-RSA" + denied},
		{"MD2", "", "MD2-RSA", scan.No, scan.UseIdentity, Fail, "The certificate is signed with MD2-RSA" + denied},
		{"Ed25519 has no hash to name", "", "Ed25519", scan.No, scan.UseIdentity, Pass, ""},
		{"ML-DSA", "", "ML-DSA-65", scan.No, scan.UseIdentity, Pass, ""},
		{"unknown OID", "", "1.2.3.4", scan.No, scan.UseIdentity, NotAssessed, "The certificate is signed with 1.2.3.4, which certaudit cannot take apart and the policy does not mention."},
		{"denied OID", "{deny: [1.2.3.4]}", "1.2.3.4", scan.No, scan.UseIdentity, Fail, "The certificate is signed with 1.2.3.4" + denied},
		{"denied family", "{deny: [DSA]}", "DSA-SHA256", scan.No, scan.UseIdentity, Fail, "The certificate is signed with DSA-SHA256" + denied},
		{"the family DSA is not ECDSA", "{deny: [DSA]}", "ECDSA-SHA256", scan.No, scan.UseIdentity, Pass, ""},
		{"denied name", "{deny: [SHA256-RSA]}", "SHA256-RSA", scan.No, scan.UseIdentity, Fail, "The certificate is signed with SHA256-RSA" + denied},
		{"allowed hash", "{allow: [SHA384]}", "ECDSA-SHA384", scan.No, scan.UseIdentity, Pass, ""},
		{"not allowed", "{allow: [SHA384]}", "ECDSA-SHA256", scan.No, scan.UseIdentity, Fail, "The certificate is signed with ECDSA-SHA256, which is not among the algorithms that the policy allows."},
		{"unknown OID not allowed", "{allow: [SHA384]}", "1.2.3.4", scan.No, scan.UseIdentity, Fail, "The certificate is signed with 1.2.3.4, which is not among the algorithms that the policy allows."},
		{"self-signed anchor", "", "MD5-RSA", scan.Yes, scan.UseAnchor, NotApplicable, ""},
		{"self-signed root in a chain", "", "SHA1-RSA", scan.Yes, scan.UseChain, NotApplicable, ""},
		{"self-signed identity", "", "SHA1-RSA", scan.Yes, scan.UseIdentity, Fail, "The certificate is signed with SHA1-RSA" + denied},
		{"self-signed, use unknown", "", "SHA1-RSA", scan.Yes, scan.UseUnknown, Fail, "The certificate is signed with SHA1-RSA" + denied},
		{"cross-signed anchor", "", "SHA1-RSA", scan.No, scan.UseAnchor, Fail, "The certificate is signed with SHA1-RSA" + denied},
		{"self-signed or not is unknown", "", "MD2-RSA", scan.Unasked, scan.UseChain, Fail, "The certificate is signed with MD2-RSA" + denied},
		{"absent", "", "", scan.No, scan.UseIdentity, NotAssessed, "The evidence does not have signature_algorithm."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.SignatureAlgorithm, c.SelfSigned = tt.algorithm, tt.selfSigned
			want(t, judge(t, "signature-algorithm", tt.params, certSubject(c, tt.use), time.Time{}), tt.want, tt.message)
		})
	}
	c := goodCert()
	c.SignatureAlgorithm, c.SelfSigned = "SHA1-RSA", scan.Yes
	both := certSubject(c, scan.UseAnchor, scan.UseIdentity)
	if a := judge(t, "signature-algorithm", "", both, time.Time{}); a.Result != Fail {
		t.Errorf("an anchor that is an identity elsewhere: %s", a.Result)
	}
}
