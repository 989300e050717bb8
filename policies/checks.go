package policies

import (
	"errors"
	"slices"
	"strings"
)

// Checks lists every check, by ID. A new check is one file and one line here.
func Checks() []*Check {
	return []*Check{
		chainComplete(),
		chainTrusted(),
		cipherSuite(),
		certificateTransparency(),
		expired(),
		expiresSoon(),
		handshakeOptions(),
		hostnameMatch(),
		hsts(),
		keyAlgorithm(),
		keyExchange(),
		keySize(),
		notYetValid(),
		ocspStapling(),
		renegotiation(),
		resumption(),
		revoked(),
		selfSigned(),
		signatureAlgorithm(),
		signatureScheme(),
		tlsVersion(),
		validityPeriod(),
	}
}

// pass is the verdict that most units get.
var pass = Verdict{Result: Pass}

// isOID reports whether s is an object identifier in dotted form.
func isOID(s string) bool {
	arcs := strings.Split(s, ".")
	if len(arcs) < 2 || len(s) > 128 {
		return false
	}
	for _, a := range arcs {
		if a == "" || strings.Trim(a, "0123456789") != "" || (len(a) > 1 && a[0] == '0') {
			return false
		}
	}
	return true
}

// acceptOID lets an OID stand where evidence would show one instead of a name.
func acceptOID(s string) error {
	if isOID(s) {
		return nil
	}
	return errors.New("it is neither a name that certaudit knows nor an OID")
}

// firstCommon gives the first text that both lists have.
func firstCommon(a, b []string) (string, bool) {
	for _, s := range a {
		if slices.Contains(b, s) {
			return s, true
		}
	}
	return "", false
}
