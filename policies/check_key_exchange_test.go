package policies

import (
	"testing"

	"certaudit/scan"

	"github.com/google/go-cmp/cmp"
)

func TestKeyExchange(t *testing.T) {
	const (
		dh2048  = "{min_bits: 0, min_dh_bits: 2048}"
		quantum = "{min_bits: 0, must_offer_post_quantum: true}"
		cut     = " is not known: the probe key_exchanges was cut short."
		silent  = " is not known: the probe key_exchanges does not tell."
	)
	groups := func(names ...string) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.KeyExchange, e.KeyExchanges = names[0], names }
	}
	prime := func(bits int) func(*scan.Endpoint) { return func(e *scan.Endpoint) { e.DHBits = bits } }
	suite := func(name string) func(*scan.Endpoint) {
		return func(e *scan.Endpoint) { e.CipherSuites["TLS 1.2"] = append(e.CipherSuites["TLS 1.2"], name) }
	}
	judgeProbed(t, "key-exchange", []probedCase{
		{"good", "", goodEndpoint(), nil, Pass, "", ""},
		{"exactly the minimum", "", goodEndpoint(), groups("P-224", "ffdhe2048"), Pass, "", ""},
		{"below the minimum", "", goodEndpoint(), groups("P-256", "P-192"), Fail, "", "The endpoint accepts P-192, of less than 112 bits of strength."},
		{"128 bits", "{min_bits: 128}", goodEndpoint(), groups("P-256", "ffdhe3072", "X25519"), Pass, "", ""},
		{"129 bits", "{min_bits: 129}", goodEndpoint(), groups("X448", "P-256", "X25519MLKEM768"), Fail, "", "The endpoint accepts P-256, of less than 129 bits of strength."},
		{"a hybrid is as strong as ML-KEM", "{min_bits: 192}", goodEndpoint(), groups("P-384", "X25519MLKEM768", "SecP256r1MLKEM768"), Pass, "", ""},
		{"a number", "", goodEndpoint(), groups("P-256", "0x0009"), NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts a group of less than 112 bits of strength" + silent},
		{"negotiated, and not probed", "", unprobed(), func(e *scan.Endpoint) { e.KeyExchange = "P-192" }, Fail, "", "The endpoint accepts P-192, of less than 112 bits of strength."},
		{"not probed", "", unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts a group of less than 112 bits of strength is not known: the probe key_exchanges was not made."},
		{"cut short", "", cutShort(), nil, NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts a group of less than 112 bits of strength" + cut},
		{"found before it was cut short", "", cutShort(), groups("P-192"), Fail, "", "The endpoint accepts P-192, of less than 112 bits of strength."},
		{"strength of a prime", "", goodEndpoint(), prime(2048), Pass, "", ""},
		{"strength of a prime, one bit short", "", goodEndpoint(), prime(2047), Fail, "", "The endpoint agrees on keys with a finite-field prime of 2047 bits, of less than 112 bits of strength."},

		{"prime large enough", dh2048, goodEndpoint(), prime(2048), Pass, "", ""},
		{"prime one bit short", dh2048, goodEndpoint(), prime(2047), Fail, "", "The endpoint agrees on keys with a finite-field prime of 2047 bits, where the policy asks for 2048."},
		{"no finite field", dh2048, goodEndpoint(), nil, Pass, "", ""},
		{"DHE, and its prime was not seen", dh2048, goodEndpoint(), suite("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"), NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint agrees on keys with a finite-field prime of less than 2048 bits is not known: the probes key_exchanges and cipher_suites do not tell."},
		{"ECDHE is no finite field", dh2048, goodEndpoint(), suite("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), Pass, "", ""},
		{"named group", dh2048, goodEndpoint(), groups("ffdhe2048"), Pass, "", ""},
		{"named group too small", "{min_bits: 0, min_dh_bits: 3072}", goodEndpoint(), groups("X25519", "ffdhe3072", "ffdhe2048"), Fail, "", "The endpoint agrees on keys with a finite-field prime of 2048 bits, where the policy asks for 3072."},
		{"negotiated prime", dh2048, unprobed(), func(e *scan.Endpoint) { e.KeyExchange = "DHE-1024" }, Fail, "", "The endpoint agrees on keys with a finite-field prime of 1024 bits, where the policy asks for 2048."},
		{"negotiated prime, large enough, and not probed", dh2048, unprobed(), func(e *scan.Endpoint) { e.KeyExchange = "DHE-2048" }, NotAssessed, scan.ReasonNotRequested,
			"Whether the endpoint agrees on keys with a finite-field prime of less than 2048 bits is not known: the probe key_exchanges was not made."},
		{"strength of a negotiated prime", "", goodEndpoint(), groups("X25519", "DHE-1024"), Fail, "", "The endpoint accepts DHE-1024, of less than 112 bits of strength."},
		{"explicit curve", "", goodEndpoint(), groups("explicit curve"), NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts a group of less than 112 bits of strength" + silent},
		{"suites not probed", dh2048, goodEndpoint(), func(e *scan.Endpoint) { e.Probed = []string{"key_exchanges"} }, NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint agrees on keys with a finite-field prime of less than 2048 bits is not known: the probe cipher_suites was not made."},
		{"small prime before it was cut short", dh2048, cutShort(), prime(1024), Fail, "", "The endpoint agrees on keys with a finite-field prime of 1024 bits, where the policy asks for 2048."},
		{"large prime before it was cut short", dh2048, cutShort(), prime(4096), NotAssessed, scan.ReasonNotObtained, "Whether the endpoint agrees on keys with a finite-field prime of less than 2048 bits" + cut},

		{"post-quantum", quantum, goodEndpoint(), nil, Pass, "", ""},
		{"post-quantum before it was cut short", quantum, cutShort(), nil, Pass, "", ""},
		{"negotiated post-quantum", quantum, unprobed(), func(e *scan.Endpoint) { e.KeyExchange = "X25519MLKEM768" }, Pass, "", ""},
		{"none", quantum, goodEndpoint(), groups("X25519"), Fail, "", "The endpoint accepts no post-quantum group."},
		{"none tried", quantum, goodEndpoint(), func(e *scan.Endpoint) { e.KeyExchanges, e.KeyExchangesRefused = []string{"X25519"}, nil }, NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts a post-quantum group" + silent},
		{"no TLS 1.3", quantum, goodEndpoint(), func(e *scan.Endpoint) {
			e.KeyExchanges, e.KeyExchangesRefused, e.VersionsRefused = []string{"X25519"}, nil, []string{"TLS 1.3"}
		}, Fail, "", "The endpoint accepts no post-quantum group."},
		{"none before it was cut short", quantum, cutShort(), groups("X25519"), NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts a post-quantum group" + cut},
		{"post-quantum, not probed", quantum, unprobed(), nil, NotAssessed, scan.ReasonNotRequested, "Whether the endpoint accepts a post-quantum group is not known: the probe key_exchanges was not made."},

		{"demanded", "{must_offer: [X25519, P-256]}", goodEndpoint(), nil, Pass, "", ""},
		{"demanded and refused", "{must_offer: [X25519, SecP256r1MLKEM768]}", goodEndpoint(), nil, Fail, "", "The endpoint refuses SecP256r1MLKEM768, which the policy demands."},
		{"demanded and not tried", "{must_offer: [P-521]}", goodEndpoint(), nil, NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts P-521" + silent},
		{"barred and refused", "{must_not_offer: [P-192]}", goodEndpoint(), nil, Pass, "", ""},
		{"barred and accepted", "{must_not_offer: [P-192, P-256]}", goodEndpoint(), nil, Fail, "", "The endpoint accepts P-256, which the policy bars."},
		{"barred and not tried", "{must_not_offer: ['0x0009']}", goodEndpoint(), nil, NotAssessed, scan.ReasonNotObtained, "Whether the endpoint accepts 0x0009" + silent},
		{"several faults", "{must_offer_post_quantum: true, must_not_offer: [X25519]}", goodEndpoint(), groups("X25519", "P-192"), Fail, "",
			"The endpoint accepts P-192, of less than 112 bits of strength, and accepts no post-quantum group, and accepts X25519, which the policy bars."},
		{"several unknowns", "{must_offer_post_quantum: true}", cutShort(), groups("X25519"), NotAssessed, scan.ReasonNotObtained,
			"Whether the endpoint accepts a group of less than 112 bits of strength, and whether it accepts a post-quantum group" + cut},
	})
}

func TestKeyExchangeProbes(t *testing.T) {
	for params, want := range map[string][]string{
		"":                     {"key_exchanges"},
		"{min_dh_bits: 2048}":  {"cipher_suites", "key_exchanges"},
		"{must_offer: X25519}": {"key_exchanges"},
	} {
		if diff := cmp.Diff(want, probesOf(t, "key-exchange", params)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", params, diff)
		}
	}
}

func TestGroups(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range groups {
		if seen[g.name] || g.bits == 0 || acceptGroup(g.name) == nil {
			t.Errorf("group %+v", g)
		}
		if g.finiteField > 0 && finiteFieldStrength(g.finiteField) != g.bits {
			t.Errorf("%s has a prime of %d bits of strength", g.name, finiteFieldStrength(g.finiteField))
		}
		seen[g.name] = true
	}
	for s, ok := range map[string]bool{"0x0009": true, "0xFE0A": true, "0xfe0a": false, "0x09": false, "P256": false, "": false, "0x00090": false} {
		if (acceptGroup(s) == nil) != ok {
			t.Errorf("%q: %v", s, acceptGroup(s))
		}
	}
	for _, name := range []string{"DHE-", "DHE-0", "DHE--1", "DHE-1x", "DHE-99999999999999999999", "dhe-1024", "explicit curve", "", "0x0017"} {
		if _, known := groupNamed(name); known {
			t.Errorf("%q is a group", name)
		}
	}
	for bits, want := range map[int]int{512: 0, 1023: 0, 1024: 80, 2047: 80, 2048: 112, 3071: 112, 3072: 128, 7680: 192, 15360: 256} {
		if got := finiteFieldStrength(bits); got != want {
			t.Errorf("%d bits: %d, want %d", bits, got, want)
		}
	}
}
