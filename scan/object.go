package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// ObjectKind tells by the outline of its first element what DER holds that is
// no certificate: ObjectCSR, ObjectCRL, ObjectPrivateKey or ObjectPublicKey; ""
// for anything else and for an element that is not complete. It costs the same
// whatever the size.
func ObjectKind(der []byte) string {
	if _, ok := readRequest(der); ok {
		return ObjectCSR
	}
	if _, ok := readList(der); ok {
		return ObjectCRL
	}
	e, _, ok := NextTLV(der)
	switch {
	case !ok || e.Tag != tagSequence:
		return ""
	case keyForm(e.Content) != "":
		return ObjectPrivateKey
	case isSPKI(e.Content) || plainRSA(e.Content):
		return ObjectPublicKey
	}
	return ""
}

// DeriveObject gives the facts of what ObjectKind tells apart; ok is false for
// anything else. der may go on behind the object, which is noted.
func DeriveObject(kind string, der []byte) (o *Object, ok bool) {
	switch kind {
	case ObjectCSR:
		return DeriveRequest(der)
	case ObjectCRL:
		return DeriveRevocationList(der)
	case ObjectPrivateKey:
		return DerivePrivateKey(der)
	case ObjectPublicKey:
		return DerivePublicKey(der)
	}
	return nil, false
}

// DeriveCertificateKey gives the facts of the public key that a certificate
// holds, for a private key that can be told by its certificate alone; ok is
// false for what has no certificate's outline.
func DeriveCertificateKey(der []byte) (o *Object, ok bool) {
	c, ok := readOutline(der)
	if !ok {
		return nil, false
	}
	o = new(Object)
	o.key(nil, c.spki.Full)
	return o, true
}

// key fills in what a subjectPublicKeyInfo tells, in the words of a certificate.
func (o *Object) key(notes *noteSet, spki []byte) {
	o.algorithm(spki)
	o.SPKISHA256 = digest(spki)
	if e, _, ok := NextTLV(spki); ok && notes != nil {
		noteKey(notes, &Certificate{KeyAlgorithm: o.KeyAlgorithm, KeyBits: o.KeyBits, KeyCurve: o.KeyCurve}, e)
	}
}

// algorithm is key without the digest: it also takes a subjectPublicKeyInfo
// whose key is not there.
func (o *Object) algorithm(spki []byte) {
	var c Certificate
	c.KeyAlgorithm, c.KeyBits, c.KeyCurve = spkiFacts(spki)
	c.keyExtras(spki)
	o.KeyAlgorithm, o.KeyBits, o.KeyCurve, o.KeyAlgorithmDraft = c.KeyAlgorithm, c.KeyBits, c.KeyCurve, c.KeyAlgorithmDraft
	o.RSAExponent, o.SecurityBits = c.RSAExponent, c.SecurityBits
}

// signature fills in the algorithm of a signature.
func (o *Object) signature(algorithm TLV) {
	o.SignatureAlgorithm = signatureNameOf(algorithm)
	o.SignatureAlgorithmDraft = draftNames[o.SignatureAlgorithm]
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// The algorithms and curves that keys in other forms than DER name, as encoded
// object identifiers.
const (
	idRSA       = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1
	idDSA       = "\x2a\x86\x48\xce\x38\x04\x01"         // 1.2.840.10040.4.1
	idEC        = "\x2a\x86\x48\xce\x3d\x02\x01"         // 1.2.840.10045.2.1
	idX25519    = "\x2b\x65\x6e"                         // 1.3.101.110
	idX448      = "\x2b\x65\x6f"                         // 1.3.101.111
	idEd25519   = "\x2b\x65\x70"                         // 1.3.101.112
	idEd448     = "\x2b\x65\x71"                         // 1.3.101.113
	idP256      = "\x2a\x86\x48\xce\x3d\x03\x01\x07"     // 1.2.840.10045.3.1.7
	idP384      = "\x2b\x81\x04\x00\x22"                 // 1.3.132.0.34
	idP521      = "\x2b\x81\x04\x00\x23"                 // 1.3.132.0.35
	idSecp256k1 = "\x2b\x81\x04\x00\x0a"                 // 1.3.132.0.10
)

// null is the parameters of rsaEncryption (RFC 3279 section 2.3.1).
var null = []byte{5, 0}

// encode builds one DER element.
func encode(tag byte, parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	b := append(make([]byte, 0, size+6), tag)
	if size < 0x80 {
		b = append(b, byte(size))
	} else {
		n := 1
		for size>>(8*n) > 0 {
			n++
		}
		b = append(b, 0x80|byte(n))
		for i := n - 1; i >= 0; i-- {
			b = append(b, byte(size>>(8*i)))
		}
	}
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// encodeUnsigned builds an INTEGER of a number in network order.
func encodeUnsigned(b []byte) []byte {
	for len(b) > 1 && b[0] == 0 {
		b = b[1:]
	}
	if len(b) == 0 || b[0]&0x80 != 0 {
		return encode(tagInteger, []byte{0}, b)
	}
	return encode(tagInteger, b)
}

// encodeAlgorithm builds an AlgorithmIdentifier (RFC 5280 section 4.1.1.2).
func encodeAlgorithm(oid string, parameters ...[]byte) []byte {
	return encode(tagSequence, append([][]byte{encode(tagOID, []byte(oid))}, parameters...)...)
}

// encodeSPKI builds a subjectPublicKeyInfo (RFC 5280 section 4.1.2.7).
func encodeSPKI(algorithm, key []byte) []byte {
	return encode(tagSequence, algorithm, encode(tagBitString, []byte{0}, key))
}

// encodeRSA builds the subjectPublicKeyInfo of an RSA key.
func encodeRSA(n, e []byte) []byte {
	return encodeSPKI(encodeAlgorithm(idRSA, null), encode(tagSequence, encodeUnsigned(n), encodeUnsigned(e)))
}

// encodeEC builds the subjectPublicKeyInfo of a point on a named curve.
func encodeEC(curve string, point []byte) []byte {
	return encodeSPKI(encodeAlgorithm(idEC, encode(tagOID, []byte(curve))), point)
}

// decimal is a number without sign as text.
func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
