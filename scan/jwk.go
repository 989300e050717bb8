package scan

import (
	"encoding/base64"
	"strings"
)

// jwkCurves gives, by the name of RFC 7518 section 6.2.1.1, RFC 8037 section 2
// and RFC 8812 section 3.1, the encoded OID of a curve and the bytes of one
// coordinate.
var jwkCurves = map[string]struct {
	kty, id string
	size    int
}{
	"P-256": {"EC", idP256, 32}, "P-384": {"EC", idP384, 48}, "P-521": {"EC", idP521, 66}, "secp256k1": {"EC", idSecp256k1, 32},
	"Ed25519": {"OKP", idEd25519, 32}, "Ed448": {"OKP", idEd448, 57}, "X25519": {"OKP", idX25519, 32}, "X448": {"OKP", idX448, 56},
}

// AlgorithmOct is the key algorithm of a symmetric key (RFC 7518 section 6.4).
const AlgorithmOct = "oct"

// DeriveJWK gives the facts of one JSON Web Key (RFC 7517 section 4) by its
// members, and whether it is a public or a private one. A symmetric key is a
// private one; of it the size alone is told. reason is empty when it could:
// ReasonCorrupt, or ReasonUnsupported for a type or curve that is not known
// here.
func DeriveJWK(member func(name string) string) (o *Object, kind string, reason Reason) {
	o, kind = &Object{Format: FormatJWK}, ObjectPublicKey
	if member("d") != "" || member("kty") == AlgorithmOct {
		kind, o.Encrypted = ObjectPrivateKey, No
	}
	spki, reason := jwkSPKI(member)
	switch {
	case reason != "":
		return nil, kind, reason
	case spki == nil:
		return o, kind, o.symmetric(member("k"))
	}
	var notes noteSet
	o.key(&notes, spki)
	o.ParseNotes = notes
	return o, kind, ""
}

// jwkSPKI builds the subjectPublicKeyInfo of a key; nil for a symmetric one.
func jwkSPKI(member func(string) string) (spki []byte, reason Reason) {
	curve, kty := jwkCurves[member("crv")], member("kty")
	switch {
	case kty == AlgorithmOct:
		return nil, ""
	case kty == "RSA":
		n, okN := base64URL(member("n"))
		e, okE := base64URL(member("e"))
		if !okN || !okE {
			return nil, ReasonCorrupt
		}
		return encodeRSA(n, e), ""
	case curve.kty == "" || curve.kty != kty:
		return nil, ReasonUnsupported
	}
	x, okX := base64URL(member("x"))
	if !okX || len(x) != curve.size {
		return nil, ReasonCorrupt
	}
	if kty == "OKP" {
		return encodeSPKI(encodeAlgorithm(curve.id), x), ""
	}
	y, okY := base64URL(member("y"))
	if !okY || len(y) != curve.size {
		return nil, ReasonCorrupt
	}
	return encodeEC(curve.id, append(append([]byte{4}, x...), y...)), ""
}

// symmetric tells the size of a key by the length of its base64.
func (o *Object) symmetric(k string) Reason {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	k = strings.TrimRight(k, "=")
	if k == "" || len(k)%4 == 1 || strings.Trim(k, alphabet) != "" {
		return ReasonCorrupt
	}
	o.KeyAlgorithm, o.KeyBits = AlgorithmOct, 8*(len(k)*6/8)
	return ""
}

// base64URL decodes base64url without padding (RFC 7515 section 2), and with.
func base64URL(s string) ([]byte, bool) {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	return b, err == nil && len(b) > 0
}
