package scan

import (
	"bytes"
	"strings"
)

// The arcs under which schemes protect a private key with a password, as
// encoded: PKCS #5, PKCS #12, and Sun's for JKS and JCEKS.
var protectingArcs = []string{
	"\x2a\x86\x48\x86\xf7\x0d\x01\x05",         // 1.2.840.113549.1.5
	"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01",     // 1.2.840.113549.1.12.1
	"\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01", // 1.3.6.1.4.1.42.2.17.1.1
	"\x2b\x06\x01\x04\x01\x2a\x02\x13\x01",     // 1.3.6.1.4.1.42.2.19.1
}

// Protects tells whether the content of an AlgorithmIdentifier names a scheme for
// encrypting a private key with a password.
func Protects(algorithm []byte) bool {
	oid, _, _ := enter(algorithm, tagOID)
	return protects(oid)
}

// protects tells whether an OID names a scheme for encrypting with a password.
func protects(oid []byte) bool {
	for _, arc := range protectingArcs {
		if bytes.HasPrefix(oid, []byte(arc)) {
			return true
		}
	}
	return false
}

// schemeNames names password-based schemes by OID, the way openssl does (RFC
// 8018 appendix A.3, RFC 7292 appendix C), and Sun's two.
var schemeNames = map[string]string{
	"1.2.840.113549.1.5.1":    "PBE-MD2-DES",
	"1.2.840.113549.1.5.3":    "PBE-MD5-DES",
	"1.2.840.113549.1.5.4":    "PBE-MD2-RC2-64",
	"1.2.840.113549.1.5.6":    "PBE-MD5-RC2-64",
	"1.2.840.113549.1.5.10":   "PBE-SHA1-DES",
	"1.2.840.113549.1.5.11":   "PBE-SHA1-RC2-64",
	"1.2.840.113549.1.12.1.1": "PBE-SHA1-RC4-128",
	"1.2.840.113549.1.12.1.2": "PBE-SHA1-RC4-40",
	"1.2.840.113549.1.12.1.3": "PBE-SHA1-3DES",
	"1.2.840.113549.1.12.1.4": "PBE-SHA1-2DES",
	"1.2.840.113549.1.12.1.5": "PBE-SHA1-RC2-128",
	"1.2.840.113549.1.12.1.6": "PBE-SHA1-RC2-40",
	"1.3.6.1.4.1.42.2.17.1.1": "JKS",
	"1.3.6.1.4.1.42.2.19.1":   "PBE-MD5-3DES",
}

const oidPBES2 = "1.2.840.113549.1.5.13"

// cipherNames names the ciphers of PBES2 by OID.
var cipherNames = map[string]string{
	"1.3.14.3.2.7":              "DES-CBC",
	"1.2.840.113549.3.2":        "RC2-CBC",
	"1.2.840.113549.3.7":        "DES-EDE3-CBC",
	"1.2.840.113549.3.9":        "RC5-CBC",
	"2.16.840.1.101.3.4.1.2":    "AES-128-CBC",
	"2.16.840.1.101.3.4.1.6":    "AES-128-GCM",
	"2.16.840.1.101.3.4.1.7":    "AES-128-CCM",
	"2.16.840.1.101.3.4.1.22":   "AES-192-CBC",
	"2.16.840.1.101.3.4.1.26":   "AES-192-GCM",
	"2.16.840.1.101.3.4.1.27":   "AES-192-CCM",
	"2.16.840.1.101.3.4.1.42":   "AES-256-CBC",
	"2.16.840.1.101.3.4.1.46":   "AES-256-GCM",
	"2.16.840.1.101.3.4.1.47":   "AES-256-CCM",
	"1.2.392.200011.61.1.1.1.2": "CAMELLIA-128-CBC",
	"1.2.392.200011.61.1.1.1.3": "CAMELLIA-192-CBC",
	"1.2.392.200011.61.1.1.1.4": "CAMELLIA-256-CBC",
	"1.2.410.200004.1.4":        "SEED-CBC",
	"1.2.410.200046.1.1.2":      "ARIA-128-CBC",
	"1.2.410.200046.1.1.7":      "ARIA-192-CBC",
	"1.2.410.200046.1.1.12":     "ARIA-256-CBC",
	"1.2.156.10197.1.104.2":     "SM4-CBC",
	"1.2.643.2.2.21":            "GOST 28147-89",
}

// prfNames names the pseudo-random functions of PBKDF2 by OID (RFC 8018
// appendix B.1, NIST's register of algorithms).
var prfNames = map[string]string{
	"1.2.840.113549.2.7":      "HMAC-SHA1",
	"1.2.840.113549.2.8":      "HMAC-SHA224",
	"1.2.840.113549.2.9":      "HMAC-SHA256",
	"1.2.840.113549.2.10":     "HMAC-SHA384",
	"1.2.840.113549.2.11":     "HMAC-SHA512",
	"1.2.840.113549.2.12":     "HMAC-SHA512/224",
	"1.2.840.113549.2.13":     "HMAC-SHA512/256",
	"2.16.840.1.101.3.4.2.13": "HMAC-SHA3-224",
	"2.16.840.1.101.3.4.2.14": "HMAC-SHA3-256",
	"2.16.840.1.101.3.4.2.15": "HMAC-SHA3-384",
	"2.16.840.1.101.3.4.2.16": "HMAC-SHA3-512",
	"1.2.156.10197.1.401.3.1": "HMAC-SM3",
	"1.2.643.2.2.10":          "HMAC-GOST R 34.11-94",
	"1.2.643.7.1.1.4.1":       "HMAC-GOST R 34.11-2012 (256 bit)",
	"1.2.643.7.1.1.4.2":       "HMAC-GOST R 34.11-2012 (512 bit)",
}

// encryptionName names the scheme of an AlgorithmIdentifier by its content, or
// gives its OID: "PBE-SHA1-3DES", or for PBES2 with cipher and derivation of
// the key, "PBES2 AES-256-CBC PBKDF2-HMAC-SHA256" (RFC 8018 section 6.2).
func encryptionName(algorithm []byte) string {
	oid, params, _ := enter(algorithm, tagOID)
	dotted := oidString(oid)
	if dotted != oidPBES2 {
		return named(schemeNames, dotted)
	}
	seq, _, ok := enter(params, tagSequence)
	t := taker{seq, ok}
	derivation, cipher := t.take(tagSequence).Content, t.take(tagSequence).Content
	oid, _, _ = enter(cipher, tagOID)
	return strings.TrimSpace("PBES2 " + strings.TrimSpace(named(cipherNames, oidString(oid))+" "+derivationName(derivation)))
}

// derivationName names PBKDF2 with its function, scrypt (RFC 7914 section 7),
// or gives the OID.
func derivationName(algorithm []byte) string {
	oid, params, _ := enter(algorithm, tagOID)
	switch dotted := oidString(oid); dotted {
	case "1.3.6.1.4.1.11591.4.11":
		return "scrypt"
	case "1.2.840.113549.1.5.12":
	default:
		return dotted
	}
	seq, _, _ := enter(params, tagSequence)
	for len(seq) > 0 {
		e, rest, ok := NextTLV(seq)
		if !ok {
			break
		}
		seq = rest
		if e.Tag == tagSequence { // the salt may be one only by a choice that nobody made
			oid, _, _ := enter(e.Content, tagOID)
			return "PBKDF2-" + named(prfNames, oidString(oid))
		}
	}
	return "PBKDF2-HMAC-SHA1" // the default
}

func named(names map[string]string, dotted string) string {
	if name, known := names[dotted]; known {
		return name
	}
	return dotted
}
