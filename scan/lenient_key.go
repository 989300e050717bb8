package scan

import "crypto/x509"

// minRSABits is the size below which standard libraries decline RSA keys.
const minRSABits = 1024

// noteKey notes what is odd about the public key.
func noteKey(notes *noteSet, c *Certificate, spki TLV) {
	t := taker{spki.Content, true}
	alg := t.take(tagSequence)
	bits := t.take(tagBitString).Content
	if !t.ok || len(t.rest) > 0 || len(bits) == 0 || bits[0] != 0 {
		notes.add(noteBadKey)
		return
	}
	if oid, _, _ := enter(alg.Content, tagOID); !shortOID(oid) {
		notes.add(noteLongOID)
	}
	switch c.KeyAlgorithm {
	case "RSA":
		noteRSA(notes, c, alg, spki)
	case "ECDSA":
		switch c.KeyCurve {
		case "P-224", "P-256", "P-384", "P-521":
			notePlainKey(notes, spki)
		case "explicit":
			notes.add(noteExplicitCurve)
		default:
			notes.add(noteUnknownCurve)
		}
	case "DSA", "Ed25519", "X25519":
		notePlainKey(notes, spki)
	}
}

// notePlainKey leaves points and group parameters to the standard library.
func notePlainKey(notes *noteSet, spki TLV) {
	if _, err := x509.ParsePKIXPublicKey(spki.Full); err != nil {
		notes.add(noteBadKey)
	}
}

// noteRSA checks the form of RFC 3279 section 2.3.1: parameters NULL, two
// positive numbers.
func noteRSA(notes *noteSet, c *Certificate, alg, spki TLV) {
	if c.KeyBits > 0 && c.KeyBits < minRSABits {
		notes.add(noteSmallRSA)
	}
	_, params, _ := enter(alg.Content, tagOID)
	key := taker{keyBits(spki.Full), true}
	after := key
	after.take(tagSequence)
	key = taker{key.take(tagSequence).Content, key.ok}
	n, e := key.take(tagInteger).Content, key.take(tagInteger).Content
	if len(n) > 0 && n[0]&0x80 != 0 {
		notes.add(noteNegativeModulus)
	}
	exponent := signedInteger(e)
	if string(params) != "\x05\x00" || !key.ok || len(key.rest) > 0 || len(after.rest) > 0 || c.KeyBits == 0 ||
		!minimalInteger(n) || !minimalInteger(e) || exponent.Sign() <= 0 || exponent.BitLen() > 31 {
		notes.add(noteBadKey)
	}
}
