package policies

import (
	"crypto/tls"
	"slices"
	"testing"
	"time"
)

func TestCipherSuite(t *testing.T) {
	const (
		fs   = "{deny: [], forward_secrecy: true}"
		aead = "{deny: [], aead: true}"
	)
	tests := []struct {
		params, suite string
		want          Result
	}{
		{"", "TLS_AES_128_GCM_SHA256", Pass},
		{"", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Pass},
		{"", "TLS_RSA_WITH_AES_128_CBC_SHA", Pass},
		{"", "TLS_RSA_WITH_NULL_SHA", Fail},
		{"", "TLS_NULL_WITH_NULL_NULL", Fail},
		{"", "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", Fail},
		{"", "TLS_RSA_EXPORT_WITH_RC4_40_MD5", Fail},
		{"", "TLS_RSA_WITH_RC4_128_SHA", Fail},
		{"", "TLS_RSA_WITH_RC4_128_MD5", Fail},
		{"", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Fail},
		{"", "TLS_RSA_WITH_DES_CBC_SHA", Fail},
		{"", "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", Fail},
		{"", "TLS_RSA_WITH_IDEA_CBC_SHA", Fail},
		{"", "TLS_SHA256_SHA256", Fail},
		{"", "TLS_FUTURE_WITH_AES_1024", NotAssessed},
		{"", "0x1301", NotAssessed},
		{"", "", NotAssessed},
		{"{deny: TLS_RSA_WITH_*}", "TLS_RSA_WITH_AES_128_CBC_SHA", Fail},
		{"{deny: TLS_RSA_WITH_*}", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Pass},
		{"{deny: [], allow: [TLS_AES_*]}", "TLS_AES_256_GCM_SHA384", Pass},
		{"{deny: [], allow: [TLS_AES_*]}", "TLS_CHACHA20_POLY1305_SHA256", Fail},
		{"{deny: [], allow: [TLS_AES_*]}", "0x1301", Fail},
		{"{deny: [TLS_AES_128_*], allow: [TLS_AES_*]}", "TLS_AES_128_GCM_SHA256", Fail},
		{fs, "TLS_AES_128_GCM_SHA256", Pass},
		{fs, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Pass},
		{fs, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", Pass},
		{fs, "TLS_RSA_WITH_AES_128_GCM_SHA256", Fail},
		{fs, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Fail},
		{fs, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", Fail},
		{fs, "TLS_GOSTR341112_256_WITH_MAGMA_MGM_L", Pass},
		{fs, "TLS_GOSTR341112_256_WITH_MAGMA_CTR_OMAC", Fail},
		{fs, "0x1301", NotAssessed},
		{aead, "TLS_CHACHA20_POLY1305_SHA256", Pass},
		{aead, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Pass},
		{aead, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", Pass},
		{aead, "TLS_RSA_WITH_AES_128_GCM_SHA256", Pass},
		{aead, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Fail},
		{aead, "TLS_SHA256_SHA256", Fail},
	}
	for _, tt := range tests {
		e := goodEndpoint()
		e.CipherSuite = tt.suite
		if a := judge(t, "cipher-suite", tt.params, endpointSubject(e), time.Time{}); a.Result != tt.want {
			t.Errorf("%s %s: %s, want %s (%s)", tt.suite, tt.params, a.Result, tt.want, a.Message)
		}
	}
	e := goodEndpoint()
	e.TLSVersion, e.CipherSuite = "TLS 1.2", "TLS_RSA_WITH_RC4_128_SHA"
	want(t, judge(t, "cipher-suite", "", endpointSubject(e), time.Time{}), Fail,
		"The endpoint negotiated TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy denies (*_RC4_*).")
}

func TestSuiteNames(t *testing.T) {
	if !slices.IsSorted(suiteNames) || len(slices.Compact(slices.Clone(suiteNames))) != len(suiteNames) {
		t.Error("the names are not in order, each once")
	}
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if !isSuite(s.Name) {
			t.Errorf("%s is missing", s.Name)
		}
	}
}
