package policies

import (
	"testing"

	"certaudit/scan"
)

func TestSuiteProperties(t *testing.T) {
	for _, c := range []struct {
		name         string
		secret, aead scan.Answer
	}{
		{"TLS_AES_128_GCM_SHA256", scan.Yes, scan.Yes},
		{"TLS_SHA256_SHA256", scan.Yes, scan.No}, // RFC 9150: no encryption
		{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", scan.Yes, scan.Yes},
		{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", scan.Yes, scan.No},
		{"TLS_RSA_WITH_AES_128_CCM_8", scan.No, scan.Yes},
		{"TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", scan.No, scan.Yes},
		{"TLS_RSA_WITH_3DES_EDE_CBC_SHA", scan.No, scan.No},
		{"TLS_DH_anon_WITH_RC4_128_MD5", scan.Yes, scan.No},
		{"SSL_CK_RC4_128_WITH_MD5", scan.No, scan.No},
		{"0x1301", scan.Unasked, scan.Unasked},
		{"TLS_MADE_UP_WITH_AES_128_GCM_SHA256", scan.Unasked, scan.Unasked},
		{"", scan.Unasked, scan.Unasked},
	} {
		if secret, aead := SuiteProperties(c.name); secret != c.secret || aead != c.aead {
			t.Errorf("%q: forward secrecy %v, AEAD %v, want %v, %v", c.name, secret, aead, c.secret, c.aead)
		}
	}
}
