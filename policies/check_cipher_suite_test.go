package policies

import (
	"crypto/tls"
	"fmt"
	"slices"
	"testing"
	"time"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
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

func TestCipherSuitesOffered(t *testing.T) {
	const (
		bar     = `{deny: [], must_not_offer: ["*_RC4_*", "*_3DES_*"]}`
		offered = "{apply_to: offered}"
		order   = "{deny: [], server_order: true}"
		rc4     = "TLS_RSA_WITH_RC4_128_SHA"
		des     = "TLS_RSA_WITH_3DES_EDE_CBC_SHA"
		cut     = "Which suites the endpoint accepts beside the one that it negotiated is not known: the probe cipher_suites was cut short."
		unmade  = "Which suites the endpoint accepts beside the one that it negotiated is not known: the probe cipher_suites was not made."
	)
	with := func(version string, names ...string) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.CipherSuites[version] = append(e.CipherSuites[version], names...) }
	}
	many := []string{rc4, "TLS_RSA_WITH_RC4_128_MD5", "TLS_ECDHE_RSA_WITH_RC4_128_SHA", des, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"}
	judgeProbed(t, "cipher-suite", []probedCase{
		{"barred and not there", bar, goodEndpoint(), nil, Pass, "", ""},
		{"barred and accepted", bar, goodEndpoint(), with("TLS 1.2", rc4), Fail, "", "The endpoint accepts TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy bars."},
		{"in two versions", bar, goodEndpoint(), func(e *scan.Endpoint) { with("TLS 1.2", des)(e); with("TLS 1.0", rc4, des)(e) }, Fail, "",
			"The endpoint accepts TLS 1.0 with TLS_RSA_WITH_RC4_128_SHA and TLS_RSA_WITH_3DES_EDE_CBC_SHA; TLS 1.2 with TLS_RSA_WITH_3DES_EDE_CBC_SHA, which the policy bars."},
		{"of SSL 2.0", bar, goodEndpoint(), with("SSL 2.0", "SSL_CK_RC4_128_WITH_MD5"), Fail, "", "The endpoint accepts SSL 2.0 with SSL_CK_RC4_128_WITH_MD5, which the policy bars."},
		{"more than are told", bar, goodEndpoint(), with("TLS 1.0", many...), Fail, "",
			"The endpoint accepts TLS 1.0 with TLS_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_RC4_128_MD5, TLS_ECDHE_RSA_WITH_RC4_128_SHA, TLS_RSA_WITH_3DES_EDE_CBC_SHA and 2 others, which the policy bars."},
		{"not probed", bar, unprobed(), nil, NotAssessed, scan.ReasonNotRequested, unmade},
		{"not probed, and the negotiated one is barred", bar, unprobed(), func(e *scan.Endpoint) { e.TLSVersion, e.CipherSuite = "TLS 1.2", rc4 }, Fail, "", "The endpoint accepts TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy bars."},
		{"cut short", bar, cutShort(), nil, NotAssessed, scan.ReasonNotObtained, cut},
		{"found before it was cut short", bar, cutShort(), with("TLS 1.2", rc4), Fail, "", "The endpoint accepts TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy bars."},
		{"a number", bar, goodEndpoint(), with("TLS 1.2", "0xFE01"), NotAssessed, scan.ReasonNotObtained, "The endpoint accepts TLS 1.2 with 0xFE01, which certaudit does not know by an IANA name."},

		{"denied wherever", offered, goodEndpoint(), nil, Pass, "", ""},
		{"denied and accepted", offered, goodEndpoint(), with("TLS 1.0", des), Fail, "", "The endpoint accepts TLS 1.0 with TLS_RSA_WITH_3DES_EDE_CBC_SHA, which the policy bars."},
		{"denied, not probed", offered, unprobed(), nil, NotAssessed, scan.ReasonNotRequested, unmade},
		{"denied, cut short", offered, cutShort(), nil, NotAssessed, scan.ReasonNotObtained, cut},
		{"no forward secrecy", "{deny: [], forward_secrecy: true, apply_to: offered}", goodEndpoint(), with("TLS 1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256"), Fail, "", "The endpoint accepts TLS 1.2 with TLS_RSA_WITH_AES_128_GCM_SHA256, which the policy bars."},
		{"no authenticated encryption", "{deny: [], aead: true, apply_to: offered}", goodEndpoint(), with("TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"), Fail, "", "The endpoint accepts TLS 1.2 with TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, which the policy bars."},
		{"negotiated is not offered", "{deny: [], forward_secrecy: true}", goodEndpoint(), with("TLS 1.2", "TLS_RSA_WITH_AES_128_GCM_SHA256"), Pass, "", ""},
		{"not allowed", "{deny: [], allow: [TLS_AES_*], apply_to: offered}", goodEndpoint(), nil, Fail, "",
			"The endpoint accepts TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, which the policy bars."},

		{"demanded", "{deny: [], must_offer: [TLS_AES_256_*, TLS_ECDHE_*]}", goodEndpoint(), nil, Pass, "", ""},
		{"demanded and not there", "{deny: [], must_offer: [TLS_AES_256_*, TLS_AES_128_CCM_SHA256]}", goodEndpoint(), nil, Fail, "", "The endpoint accepts no suite TLS_AES_128_CCM_SHA256, which the policy demands."},
		{"demanded, and found before it was cut short", "{deny: [], must_offer: [TLS_AES_256_*]}", cutShort(), nil, Pass, "", ""},
		{"demanded, not found before it was cut short", "{deny: [], must_offer: [TLS_AES_128_CCM_SHA256]}", cutShort(), nil, NotAssessed, scan.ReasonNotObtained, cut},
		{"demanded, negotiated", "{deny: [], must_offer: [TLS_AES_128_GCM_SHA256]}", unprobed(), nil, Pass, "", ""},

		{"server's order", order, goodEndpoint(), nil, Pass, "", ""},
		{"client's order", order, goodEndpoint(), func(e *scan.Endpoint) { e.SuiteOrder["TLS 1.2"] = "client" }, Fail, "", "The endpoint lets the client's order of suites decide in TLS 1.2."},
		{"order not known", order, goodEndpoint(), func(e *scan.Endpoint) { delete(e.SuiteOrder, "TLS 1.2") }, NotAssessed, scan.ReasonNotObtained, "Whose order of suites decides in TLS 1.2 is not known."},
		{"one suite has no order", order, goodEndpoint(), func(e *scan.Endpoint) {
			e.CipherSuites["TLS 1.2"], e.SuiteOrder = e.CipherSuites["TLS 1.2"][:1], map[string]string{"TLS 1.3": "server"}
		}, Pass, "", ""},
		{"order, cut short", order, cutShort(), nil, NotAssessed, scan.ReasonNotObtained, cut},

		{"the negotiated suite is judged as before", `{must_not_offer: ["*_CBC_*"]}`, unprobed(), func(e *scan.Endpoint) { e.TLSVersion, e.CipherSuite = "TLS 1.2", rc4 }, Fail, "",
			"The endpoint negotiated TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy denies (*_RC4_*)."},
		{"several faults", `{deny: [], must_not_offer: ["*_RC4_*"], must_offer: [TLS_AES_128_CCM_SHA256], server_order: true}`, goodEndpoint(), func(e *scan.Endpoint) {
			with("TLS 1.2", rc4)(e)
			e.SuiteOrder["TLS 1.3"] = "client"
		}, Fail, "", "The endpoint accepts TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which the policy bars, and accepts no suite TLS_AES_128_CCM_SHA256, which the policy demands, and lets the client's order of suites decide in TLS 1.3."},
	})
}

// TestCipherSuiteHostile: evidence may name any number of versions and suites.
func TestCipherSuiteHostile(t *testing.T) {
	e := goodEndpoint()
	e.CipherSuites, e.SuiteOrder = map[string][]string{}, map[string]string{}
	for i := range 1000 {
		v := fmt.Sprintf("TLS 9.%03d", i)
		e.SuiteOrder[v] = "client"
		for j := range 50 {
			e.CipherSuites[v] = append(e.CipherSuites[v], fmt.Sprintf("TLS_%d_RC4_", j))
		}
	}
	a := judge(t, "cipher-suite", `{must_not_offer: ["*_RC4_*"], server_order: true}`, endpointSubject(e), time.Time{})
	if a.Result != Fail || len(a.Message) > 1000 || len(a.Observed) > 1000 {
		t.Errorf("%s, %d and %d bytes", a.Result, len(a.Message), len(a.Observed))
	}
	if e := goodEndpoint(); len(acceptedSuites(e)) != 2 || len(e.CipherSuites["TLS 1.3"]) != 2 {
		t.Error("the evidence was changed")
	}
}

func TestCipherSuiteProbes(t *testing.T) {
	for params, want := range map[string][]string{
		"":                                          nil,
		"{deny: [], aead: true}":                    nil,
		"{must_not_offer: [], must_offer: []}":      nil,
		"{apply_to: negotiated}":                    nil,
		"{apply_to: offered}":                       {"cipher_suites"},
		"{must_not_offer: [TLS_RSA_*]}":             {"cipher_suites"},
		"{must_offer: [TLS_AES_128_GCM_SHA256]}":    {"cipher_suites"},
		"{deny: [], server_order: true}":            {"cipher_suites"},
		"{deny: [], aead: true, apply_to: offered}": {"cipher_suites"},
	} {
		if diff := cmp.Diff(want, probesOf(t, "cipher-suite", params)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", params, diff)
		}
	}
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
