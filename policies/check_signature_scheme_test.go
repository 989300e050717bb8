package policies

import (
	"slices"
	"testing"

	"certaudit/scan"
)

func TestSignatureScheme(t *testing.T) {
	signs := func(schemes ...string) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.SignatureSchemes = schemes }
	}
	judgeProbed(t, "signature-scheme", []probedCase{
		{"good", "", goodEndpoint(), nil, Pass, "", ""},
		{"SHA-256 is no SHA-1", "", goodEndpoint(), signs("rsa_pkcs1_sha256", "rsa_pss_rsae_sha256", "ed25519"), Pass, "", ""},
		{"SHA-1", "", goodEndpoint(), signs("rsa_pkcs1_sha256", "rsa_pkcs1_sha1", "ecdsa_sha1"), Fail, "", "The endpoint signs handshakes with rsa_pkcs1_sha1 and ecdsa_sha1, which the policy bars."},
		{"both of TLS 1.1", "", goodEndpoint(), signs("rsa_pkcs1_md5_sha1"), Fail, "", "The endpoint signs handshakes with rsa_pkcs1_md5_sha1, which the policy bars."},
		{"found before the probe was cut short", "", cutShort(), signs("rsa_pkcs1_sha1"), Fail, "", "The endpoint signs handshakes with rsa_pkcs1_sha1, which the policy bars."},
		{"nothing bad found before it was cut short", "", cutShort(), nil, NotAssessed, scan.ReasonNotObtained, "Whether the endpoint signs with further schemes is not known: the probe signature_schemes was cut short."},
		{"nothing found", "", cutShort(), signs(), NotAssessed, scan.ReasonNotObtained, "The evidence does not have signature_schemes."},
		{"static keys only", "", goodEndpoint(), signs(), Pass, "", ""},
		{"a number", "", goodEndpoint(), signs("0xFE01"), NotAssessed, scan.ReasonNotObtained, "The endpoint signs with 0xFE01, which certaudit does not know by an IANA name."},
		{"others barred", "{must_not_offer: [rsa_pkcs1_*]}", goodEndpoint(), signs("rsa_pkcs1_sha512"), Fail, "", "The endpoint signs handshakes with rsa_pkcs1_sha512, which the policy bars."},
		{"not probed", "", unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "The evidence does not have signature_schemes."},
	})
	if !slices.IsSorted(signatureSchemeNames) {
		t.Error("the names are not in order")
	}
}
