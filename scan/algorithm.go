package scan

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"strings"
)

// signingNames names the algorithms of FIPS 204 and 205, whose one OID stands
// for the key and for the signature (RFC 9881, RFC 9909).
var signingNames = map[string]string{
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"2.16.840.1.101.3.4.3.20": "SLH-DSA-SHA2-128s",
	"2.16.840.1.101.3.4.3.21": "SLH-DSA-SHA2-128f",
	"2.16.840.1.101.3.4.3.22": "SLH-DSA-SHA2-192s",
	"2.16.840.1.101.3.4.3.23": "SLH-DSA-SHA2-192f",
	"2.16.840.1.101.3.4.3.24": "SLH-DSA-SHA2-256s",
	"2.16.840.1.101.3.4.3.25": "SLH-DSA-SHA2-256f",
	"2.16.840.1.101.3.4.3.26": "SLH-DSA-SHAKE-128s",
	"2.16.840.1.101.3.4.3.27": "SLH-DSA-SHAKE-128f",
	"2.16.840.1.101.3.4.3.28": "SLH-DSA-SHAKE-192s",
	"2.16.840.1.101.3.4.3.29": "SLH-DSA-SHAKE-192f",
	"2.16.840.1.101.3.4.3.30": "SLH-DSA-SHAKE-256s",
	"2.16.840.1.101.3.4.3.31": "SLH-DSA-SHAKE-256f",
	"2.16.840.1.101.3.4.3.32": "HashML-DSA-44-with-SHA512",
	"2.16.840.1.101.3.4.3.33": "HashML-DSA-65-with-SHA512",
	"2.16.840.1.101.3.4.3.34": "HashML-DSA-87-with-SHA512",
	"2.16.840.1.101.3.4.3.35": "HashSLH-DSA-SHA2-128s",
	"2.16.840.1.101.3.4.3.36": "HashSLH-DSA-SHA2-128f",
	"2.16.840.1.101.3.4.3.37": "HashSLH-DSA-SHA2-192s",
	"2.16.840.1.101.3.4.3.38": "HashSLH-DSA-SHA2-192f",
	"2.16.840.1.101.3.4.3.39": "HashSLH-DSA-SHA2-256s",
	"2.16.840.1.101.3.4.3.40": "HashSLH-DSA-SHA2-256f",
	"2.16.840.1.101.3.4.3.41": "HashSLH-DSA-SHAKE-128s",
	"2.16.840.1.101.3.4.3.42": "HashSLH-DSA-SHAKE-128f",
	"2.16.840.1.101.3.4.3.43": "HashSLH-DSA-SHAKE-192s",
	"2.16.840.1.101.3.4.3.44": "HashSLH-DSA-SHAKE-192f",
	"2.16.840.1.101.3.4.3.45": "HashSLH-DSA-SHAKE-256s",
	"2.16.840.1.101.3.4.3.46": "HashSLH-DSA-SHAKE-256f",
}

// keyNames names key algorithms by OID, as their standards do: RFC 8017, RFC
// 3279, RFC 5480, RFC 8410, FIPS 203 to 205 (one pre-hash function belongs to
// each HashSLH-DSA identifier), RFC 9802; GOST as openssl prints it.
var keyNames = map[string]string{
	"1.2.840.113549.1.1.1":       "RSA",
	"2.5.8.1.1":                  "RSA",
	"1.2.840.113549.1.1.10":      "RSA-PSS",
	"1.2.840.113549.1.1.7":       "RSA-OAEP",
	"1.2.840.10040.4.1":          "DSA",
	"1.3.14.3.2.12":              "DSA",
	"1.2.840.113549.1.3.1":       "DH",
	"1.2.840.10046.2.1":          "DH",
	"1.2.840.10045.2.1":          "ECDSA",
	"1.3.132.1.12":               "ECDH",
	"1.3.101.110":                "X25519",
	"1.3.101.111":                "X448",
	"1.3.101.112":                "Ed25519",
	"1.3.101.113":                "Ed448",
	"1.2.643.2.2.20":             "GOST R 34.10-94",
	"1.2.643.2.2.19":             "GOST R 34.10-2001",
	"1.2.643.7.1.1.1.1":          "GOST R 34.10-2012 with 256 bit modulus",
	"1.2.643.7.1.1.1.2":          "GOST R 34.10-2012 with 512 bit modulus",
	"1.2.840.113549.1.9.16.3.17": "HSS-LMS",
	"1.3.6.1.5.5.7.6.34":         "XMSS",
	"1.3.6.1.5.5.7.6.35":         "XMSSMT",
	"2.16.840.1.101.3.4.4.1":     "ML-KEM-512",
	"2.16.840.1.101.3.4.4.2":     "ML-KEM-768",
	"2.16.840.1.101.3.4.4.3":     "ML-KEM-1024",
}

// draftNames names what no standard names yet: composites by
// draft-ietf-lamps-pq-composite-sigs and -kem, the rest as the makers of the
// identifiers do.
var draftNames = map[string]string{
	"1.3.6.1.5.5.7.6.37":       "id-MLDSA44-RSA2048-PSS-SHA256",
	"1.3.6.1.5.5.7.6.38":       "id-MLDSA44-RSA2048-PKCS15-SHA256",
	"1.3.6.1.5.5.7.6.39":       "id-MLDSA44-Ed25519-SHA512",
	"1.3.6.1.5.5.7.6.40":       "id-MLDSA44-ECDSA-P256-SHA256",
	"1.3.6.1.5.5.7.6.41":       "id-MLDSA65-RSA3072-PSS-SHA512",
	"1.3.6.1.5.5.7.6.42":       "id-MLDSA65-RSA3072-PKCS15-SHA512",
	"1.3.6.1.5.5.7.6.43":       "id-MLDSA65-RSA4096-PSS-SHA512",
	"1.3.6.1.5.5.7.6.44":       "id-MLDSA65-RSA4096-PKCS15-SHA512",
	"1.3.6.1.5.5.7.6.45":       "id-MLDSA65-ECDSA-P256-SHA512",
	"1.3.6.1.5.5.7.6.46":       "id-MLDSA65-ECDSA-P384-SHA512",
	"1.3.6.1.5.5.7.6.47":       "id-MLDSA65-ECDSA-brainpoolP256r1-SHA512",
	"1.3.6.1.5.5.7.6.48":       "id-MLDSA65-Ed25519-SHA512",
	"1.3.6.1.5.5.7.6.49":       "id-MLDSA87-ECDSA-P384-SHA512",
	"1.3.6.1.5.5.7.6.50":       "id-MLDSA87-ECDSA-brainpoolP384r1-SHA512",
	"1.3.6.1.5.5.7.6.51":       "id-MLDSA87-Ed448-SHAKE256",
	"1.3.6.1.5.5.7.6.52":       "id-MLDSA87-RSA3072-PSS-SHA512",
	"1.3.6.1.5.5.7.6.53":       "id-MLDSA87-RSA4096-PSS-SHA512",
	"1.3.6.1.5.5.7.6.54":       "id-MLDSA87-ECDSA-P521-SHA512",
	"1.3.6.1.5.5.7.6.55":       "id-MLKEM768-RSA2048-SHA3-256",
	"1.3.6.1.5.5.7.6.56":       "id-MLKEM768-RSA3072-SHA3-256",
	"1.3.6.1.5.5.7.6.57":       "id-MLKEM768-RSA4096-SHA3-256",
	"1.3.6.1.5.5.7.6.58":       "id-MLKEM768-X25519-SHA3-256",
	"1.3.6.1.5.5.7.6.59":       "id-MLKEM768-ECDH-P256-SHA3-256",
	"1.3.6.1.5.5.7.6.60":       "id-MLKEM768-ECDH-P384-SHA3-256",
	"1.3.6.1.5.5.7.6.61":       "id-MLKEM768-ECDH-brainpoolP256r1-SHA3-256",
	"1.3.6.1.5.5.7.6.62":       "id-MLKEM1024-RSA3072-SHA3-256",
	"1.3.6.1.5.5.7.6.63":       "id-MLKEM1024-ECDH-P384-SHA3-256",
	"1.3.6.1.5.5.7.6.64":       "id-MLKEM1024-ECDH-brainpoolP384r1-SHA3-256",
	"1.3.6.1.5.5.7.6.65":       "id-MLKEM1024-X448-SHA3-256",
	"1.3.6.1.5.5.7.6.66":       "id-MLKEM1024-ECDH-P521-SHA3-256",
	"1.3.9999.3.6":             "falcon512",
	"1.3.9999.3.9":             "falcon1024",
	"1.3.9999.3.11":            "falcon512",
	"1.3.9999.3.14":            "falcon1024",
	"1.3.6.1.4.1.22554.5.5.2":  "ntruhps2048677",
	"1.3.6.1.4.1.22554.5.5.3":  "ntruhps4096821",
	"1.3.6.1.4.1.22554.5.5.4":  "ntruhrss701",
	"2.16.840.1.114027.80.4.1": "id-composite-key",
	"1.3.6.1.4.1.18227.2.1":    "id-alg-composite",
}

// fixedBits gives the key size of algorithms whose name fixes it, as openssl
// counts it.
var fixedBits = map[string]int{
	"X25519": 256, "X448": 448, "Ed25519": 256, "Ed448": 456, "GOST R 34.10-2001": 256,
	"GOST R 34.10-2012 with 256 bit modulus": 256, "GOST R 34.10-2012 with 512 bit modulus": 512,
}

// A namedCurve is an elliptic curve with the size of its field.
type namedCurve struct {
	name string
	bits int
}

// curveNames names curves by OID (SEC 2, X9.62, RFC 5480, RFC 5639, GB/T 32918).
var curveNames = map[string]namedCurve{
	"1.2.840.10045.3.1.1":   {"P-192", 192},
	"1.3.132.0.33":          {"P-224", 224},
	"1.2.840.10045.3.1.7":   {"P-256", 256},
	"1.3.132.0.34":          {"P-384", 384},
	"1.3.132.0.35":          {"P-521", 521},
	"1.2.840.10045.3.1.2":   {"prime192v2", 192},
	"1.2.840.10045.3.1.3":   {"prime192v3", 192},
	"1.2.840.10045.3.1.4":   {"prime239v1", 239},
	"1.2.840.10045.3.1.5":   {"prime239v2", 239},
	"1.2.840.10045.3.1.6":   {"prime239v3", 239},
	"1.3.132.0.1":           {"sect163k1", 163},
	"1.3.132.0.2":           {"sect163r1", 163},
	"1.3.132.0.3":           {"sect239k1", 239},
	"1.3.132.0.4":           {"sect113r1", 113},
	"1.3.132.0.5":           {"sect113r2", 113},
	"1.3.132.0.6":           {"secp112r1", 112},
	"1.3.132.0.7":           {"secp112r2", 112},
	"1.3.132.0.8":           {"secp160r1", 160},
	"1.3.132.0.9":           {"secp160k1", 160},
	"1.3.132.0.10":          {"secp256k1", 256},
	"1.3.132.0.15":          {"sect163r2", 163},
	"1.3.132.0.16":          {"sect283k1", 283},
	"1.3.132.0.17":          {"sect283r1", 283},
	"1.3.132.0.22":          {"sect131r1", 131},
	"1.3.132.0.23":          {"sect131r2", 131},
	"1.3.132.0.24":          {"sect193r1", 193},
	"1.3.132.0.25":          {"sect193r2", 193},
	"1.3.132.0.26":          {"sect233k1", 233},
	"1.3.132.0.27":          {"sect233r1", 233},
	"1.3.132.0.28":          {"secp128r1", 128},
	"1.3.132.0.29":          {"secp128r2", 128},
	"1.3.132.0.30":          {"secp160r2", 160},
	"1.3.132.0.31":          {"secp192k1", 192},
	"1.3.132.0.32":          {"secp224k1", 224},
	"1.3.132.0.36":          {"sect409k1", 409},
	"1.3.132.0.37":          {"sect409r1", 409},
	"1.3.132.0.38":          {"sect571k1", 571},
	"1.3.132.0.39":          {"sect571r1", 571},
	"1.3.36.3.3.2.8.1.1.1":  {"brainpoolP160r1", 160},
	"1.3.36.3.3.2.8.1.1.2":  {"brainpoolP160t1", 160},
	"1.3.36.3.3.2.8.1.1.3":  {"brainpoolP192r1", 192},
	"1.3.36.3.3.2.8.1.1.4":  {"brainpoolP192t1", 192},
	"1.3.36.3.3.2.8.1.1.5":  {"brainpoolP224r1", 224},
	"1.3.36.3.3.2.8.1.1.6":  {"brainpoolP224t1", 224},
	"1.3.36.3.3.2.8.1.1.7":  {"brainpoolP256r1", 256},
	"1.3.36.3.3.2.8.1.1.8":  {"brainpoolP256t1", 256},
	"1.3.36.3.3.2.8.1.1.9":  {"brainpoolP320r1", 320},
	"1.3.36.3.3.2.8.1.1.10": {"brainpoolP320t1", 320},
	"1.3.36.3.3.2.8.1.1.11": {"brainpoolP384r1", 384},
	"1.3.36.3.3.2.8.1.1.12": {"brainpoolP384t1", 384},
	"1.3.36.3.3.2.8.1.1.13": {"brainpoolP512r1", 512},
	"1.3.36.3.3.2.8.1.1.14": {"brainpoolP512t1", 512},
	"1.2.156.10197.1.301":   {"SM2", 256},
}

// signatureNames names signature algorithms by OID in the style of the
// standard parser; RSASSA-PSS has its hash in the parameters.
var signatureNames = map[string]string{
	"1.2.840.113549.1.1.2":       "MD2-RSA",
	"1.2.840.113549.1.1.3":       "MD4-RSA",
	"1.2.840.113549.1.1.4":       "MD5-RSA",
	"1.3.14.3.2.3":               "MD5-RSA",
	"1.2.840.113549.1.1.5":       "SHA1-RSA",
	"1.3.14.3.2.29":              "SHA1-RSA",
	"1.2.840.113549.1.1.14":      "SHA224-RSA",
	"1.2.840.113549.1.1.11":      "SHA256-RSA",
	"1.2.840.113549.1.1.12":      "SHA384-RSA",
	"1.2.840.113549.1.1.13":      "SHA512-RSA",
	"1.2.840.113549.1.1.15":      "SHA512/224-RSA",
	"1.2.840.113549.1.1.16":      "SHA512/256-RSA",
	"1.3.36.3.3.1.2":             "RIPEMD160-RSA",
	"1.2.840.10045.4.1":          "ECDSA-SHA1",
	"1.2.840.10045.4.3.1":        "ECDSA-SHA224",
	"1.2.840.10045.4.3.2":        "ECDSA-SHA256",
	"1.2.840.10045.4.3.3":        "ECDSA-SHA384",
	"1.2.840.10045.4.3.4":        "ECDSA-SHA512",
	"1.2.840.10040.4.3":          "DSA-SHA1",
	"1.3.14.3.2.27":              "DSA-SHA1",
	"1.3.14.3.2.13":              "DSA-SHA1",
	"1.3.6.1.5.5.7.6.30":         "SHAKE128-RSAPSS",
	"1.3.6.1.5.5.7.6.31":         "SHAKE256-RSAPSS",
	"1.3.6.1.5.5.7.6.32":         "ECDSA-SHAKE128",
	"1.3.6.1.5.5.7.6.33":         "ECDSA-SHAKE256",
	"1.3.101.112":                "Ed25519",
	"1.3.101.113":                "Ed448",
	"1.2.643.2.2.4":              "GOST R 34.11-94 with GOST R 34.10-94",
	"1.2.643.2.2.3":              "GOST R 34.11-94 with GOST R 34.10-2001",
	"1.2.643.7.1.1.3.2":          "GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)",
	"1.2.643.7.1.1.3.3":          "GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)",
	"1.2.156.10197.1.501":        "SM2-SM3",
	"1.2.840.113549.1.9.16.3.17": "HSS-LMS",
	"1.3.6.1.5.5.7.6.34":         "XMSS",
	"1.3.6.1.5.5.7.6.35":         "XMSSMT",
	"2.16.840.1.101.3.4.3.1":     "DSA-SHA224",
	"2.16.840.1.101.3.4.3.5":     "DSA-SHA3-224",
	"2.16.840.1.101.3.4.3.9":     "ECDSA-SHA3-224",
	"2.16.840.1.101.3.4.3.13":    "SHA3-224-RSA",
	"2.16.840.1.101.3.4.3.2":     "DSA-SHA256",
	"2.16.840.1.101.3.4.3.6":     "DSA-SHA3-256",
	"2.16.840.1.101.3.4.3.10":    "ECDSA-SHA3-256",
	"2.16.840.1.101.3.4.3.14":    "SHA3-256-RSA",
	"2.16.840.1.101.3.4.3.3":     "DSA-SHA384",
	"2.16.840.1.101.3.4.3.7":     "DSA-SHA3-384",
	"2.16.840.1.101.3.4.3.11":    "ECDSA-SHA3-384",
	"2.16.840.1.101.3.4.3.15":    "SHA3-384-RSA",
	"2.16.840.1.101.3.4.3.4":     "DSA-SHA512",
	"2.16.840.1.101.3.4.3.8":     "DSA-SHA3-512",
	"2.16.840.1.101.3.4.3.12":    "ECDSA-SHA3-512",
	"2.16.840.1.101.3.4.3.16":    "SHA3-512-RSA",
}

// hashNames names hashes by OID, for the parameters of RSASSA-PSS.
var hashNames = map[string]string{
	"1.2.840.113549.2.2":      "MD2",
	"1.2.840.113549.2.5":      "MD5",
	"1.3.14.3.2.26":           "SHA1",
	"1.3.36.3.2.1":            "RIPEMD160",
	"2.16.840.1.101.3.4.2.1":  "SHA256",
	"2.16.840.1.101.3.4.2.2":  "SHA384",
	"2.16.840.1.101.3.4.2.3":  "SHA512",
	"2.16.840.1.101.3.4.2.4":  "SHA224",
	"2.16.840.1.101.3.4.2.5":  "SHA512/224",
	"2.16.840.1.101.3.4.2.6":  "SHA512/256",
	"2.16.840.1.101.3.4.2.7":  "SHA3-224",
	"2.16.840.1.101.3.4.2.8":  "SHA3-256",
	"2.16.840.1.101.3.4.2.9":  "SHA3-384",
	"2.16.840.1.101.3.4.2.10": "SHA3-512",
	"2.16.840.1.101.3.4.2.11": "SHAKE128",
	"2.16.840.1.101.3.4.2.12": "SHAKE256",
}

// keyFacts gives algorithm, size in bits and curve of the certificate's key.
func keyFacts(c *x509.Certificate) (algorithm string, bits int, curve string) {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return "RSA", k.N.BitLen(), ""
	case *ecdsa.PublicKey:
		p := k.Curve.Params()
		return "ECDSA", p.BitSize, p.Name
	case ed25519.PublicKey:
		return "Ed25519", 256, ""
	case *ecdh.PublicKey:
		return "X25519", 256, ""
	}
	return spkiFacts(c.RawSubjectPublicKeyInfo)
}

// spkiFacts reads what the standard parser does not: the algorithm by OID, and
// size or curve where the encoding shows them.
func spkiFacts(spki []byte) (algorithm string, bits int, curve string) {
	seq, _, _ := enter(spki, tagSequence)
	alg, keyBits, _ := enter(seq, tagSequence)
	oid, params, ok := enter(alg, tagOID)
	if !ok {
		return "", 0, ""
	}
	dotted := oidString(oid)
	name, known := keyNames[dotted]
	if !known {
		name, known = signingNames[dotted]
	}
	if !known {
		return dotted, 0, ""
	}
	switch name {
	case "RSA", "RSA-PSS":
		return name, rsaBits(keyBits), ""
	case "DSA":
		group, _, _ := enter(params, tagSequence) // absent where the issuer's parameters are inherited
		return name, firstInteger(group), ""
	case "ECDSA":
		if id, _, ok := enter(params, tagOID); ok {
			if c, known := curveNames[oidString(id)]; known {
				return name, c.bits, c.name
			}
			return name, 0, oidString(id)
		}
		return name, explicitBits(params), "explicit"
	}
	return name, fixedBits[name], ""
}

func rsaBits(bitString []byte) int {
	content, _, ok := enter(bitString, tagBitString)
	if !ok || len(content) < 1 {
		return 0
	}
	seq, _, _ := enter(content[1:], tagSequence)
	return firstInteger(seq)
}

// firstInteger is the size in bits of the INTEGER that b begins with.
func firstInteger(b []byte) int {
	n, _, ok := enter(b, tagInteger)
	if !ok {
		return 0
	}
	return new(big.Int).SetBytes(n).BitLen()
}

// signatureName names the signature algorithm, or gives its OID.
func signatureName(c *x509.Certificate) string {
	if c.SignatureAlgorithm != x509.UnknownSignatureAlgorithm {
		return c.SignatureAlgorithm.String()
	}
	cert, _, _ := enter(c.Raw, tagSequence)
	_, rest, _ := NextTLV(cert)
	alg, _, _ := NextTLV(rest)
	return signatureNameOf(alg)
}

const oidPSS = "1.2.840.113549.1.1.10"

// signatureNameOf names an AlgorithmIdentifier, or gives its OID.
func signatureNameOf(alg TLV) string {
	oid, params, _ := enter(alg.Content, tagOID)
	dotted := oidString(oid)
	if dotted == oidPSS {
		if p, ok := readPSS(params); ok {
			return p.hash + "-RSAPSS"
		}
		return dotted
	}
	if name, known := signingNames[dotted]; known {
		return name
	}
	if name, known := signatureNames[dotted]; known {
		return name
	}
	return dotted
}

// pssParameters are those of RFC 8017 section A.2.3.
type pssParameters struct {
	hash, mask string // names; the mask generation function is MGF1 with mask
	salt       int
}

// readPSS reads the parameters with their defaults; ok is false for a hash
// that has no name here.
func readPSS(params []byte) (p pssParameters, ok bool) {
	p = pssParameters{"SHA1", "SHA1", 20}
	seq, _, isSeq := enter(params, tagSequence)
	if !isSeq {
		return p, false
	}
	for len(seq) > 0 {
		e, rest, ok := NextTLV(seq)
		if !ok {
			return p, false
		}
		seq = rest
		switch e.Tag {
		case 0xa0:
			p.hash = hashNames[firstOID(e.Content)]
		case 0xa1:
			mgf, _, _ := enter(e.Content, tagSequence)
			_, hash, _ := enter(mgf, tagOID)
			p.mask = hashNames[firstOID(hash)]
		case 0xa2:
			n, _, _ := enter(e.Content, tagInteger)
			if len(n) == 0 || len(n) > 2 {
				return p, false
			}
			p.salt = int(signedInteger(n).Int64())
		}
	}
	return p, p.hash != ""
}

// firstOID is the OID of the AlgorithmIdentifier that b begins with.
func firstOID(b []byte) string {
	alg, _, _ := enter(b, tagSequence)
	oid, _, _ := enter(alg, tagOID)
	return oidString(oid)
}

// explicitBits is the size of the field that ECParameters (SEC 1 section C.2)
// write out.
func explicitBits(params []byte) int {
	t := taker{params, true}
	t = taker{t.take(tagSequence).Content, t.ok}
	t.take(tagInteger)
	field := taker{t.take(tagSequence).Content, t.ok}
	kind := oidString(field.take(tagOID).Content)
	if !field.ok {
		return 0
	}
	if kind == "1.2.840.10045.1.1" { // prime-field
		return firstInteger(field.rest)
	}
	binary, _, _ := enter(field.rest, tagSequence)
	degree, _, _ := enter(binary, tagInteger)
	if len(degree) == 0 || len(degree) > 2 {
		return 0
	}
	return int(signedInteger(degree).Int64())
}

// keyExtras fills in what is told about the key beyond its size: names in
// drafts, RSA exponent and strength.
func (c *Certificate) keyExtras(spki []byte) {
	c.KeyAlgorithmDraft, c.SignatureAlgorithmDraft = draftNames[c.KeyAlgorithm], draftNames[c.SignatureAlgorithm]
	subgroup := 0
	switch c.KeyAlgorithm {
	case "RSA", "RSA-PSS":
		if n, e, ok := rsaKey(spki); ok && n.Sign() > 0 && e.BitLen() <= maxRSABits {
			c.RSAExponent = e.String()
		}
	case "DSA":
		subgroup = dsaSubgroupBits(spki)
	}
	c.SecurityBits = securityBits(c, subgroup)
}

// rsaKey reads an RSAPublicKey (RFC 8017 section A.1.1), the modulus as
// unsigned whatever its first bit.
func rsaKey(spki []byte) (n, e *big.Int, ok bool) {
	key := taker{keyBits(spki), true}
	key = taker{key.take(tagSequence).Content, key.ok}
	modulus, exponent := key.take(tagInteger).Content, key.take(tagInteger).Content
	return new(big.Int).SetBytes(modulus), signedInteger(exponent), key.ok
}

// keyBits is the content of subjectPublicKey without the byte of unused bits.
func keyBits(spki []byte) []byte {
	seq, _, _ := enter(spki, tagSequence)
	_, rest, _ := NextTLV(seq)
	bits, _, ok := enter(rest, tagBitString)
	if !ok || len(bits) == 0 {
		return nil
	}
	return bits[1:]
}

func dsaSubgroupBits(spki []byte) int {
	seq, _, _ := enter(spki, tagSequence)
	alg, _, _ := enter(seq, tagSequence)
	_, params, _ := enter(alg, tagOID)
	group, _, _ := enter(params, tagSequence)
	_, q, _ := enter(group, tagInteger)
	return firstInteger(q)
}

// setStrengths are the strengths of parameter sets: FIPS 203 to 205 by
// category, where 1 and 2 count as 128, 3 as 192 and 5 as 256 bits.
var setStrengths = []struct {
	part string
	bits int
}{
	{"ML-DSA-44", 128}, {"ML-DSA-65", 192}, {"ML-DSA-87", 256},
	{"ML-KEM-512", 128}, {"ML-KEM-768", 192}, {"ML-KEM-1024", 256},
	{"-128s", 128}, {"-128f", 128}, {"-192s", 192}, {"-192f", 192}, {"-256s", 256}, {"-256f", 256},
}

// securityBits is table 2 of NIST SP 800-57 part 1 revision 5; 0 below its
// first row and for what it does not list.
func securityBits(c *Certificate, subgroup int) int {
	switch c.KeyAlgorithm {
	case "RSA", "RSA-PSS":
		return factoringStrength(c.KeyBits)
	case "DSA":
		return min(factoringStrength(c.KeyBits), curveStrength(subgroup))
	case "ECDSA", "ECDH":
		return curveStrength(c.KeyBits)
	case "Ed25519", "X25519":
		return 128
	case "Ed448", "X448":
		return 224 // SP 800-186 section 3.1
	}
	if !strings.Contains(c.KeyAlgorithm, "ML-") && !strings.Contains(c.KeyAlgorithm, "SLH-") {
		return 0
	}
	for _, s := range setStrengths {
		if strings.Contains(c.KeyAlgorithm, s.part) {
			return s.bits
		}
	}
	return 0
}

func factoringStrength(bits int) int {
	switch {
	case bits >= 15360:
		return 256
	case bits >= 7680:
		return 192
	case bits >= 3072:
		return 128
	case bits >= 2048:
		return 112
	case bits >= 1024:
		return 80
	}
	return 0
}

func curveStrength(bits int) int {
	switch {
	case bits >= 512:
		return 256
	case bits >= 384:
		return 192
	case bits >= 256:
		return 128
	case bits >= 224:
		return 112
	case bits >= 160:
		return 80
	}
	return 0
}

// extKeyUsageNames are the names of RFC 5280 section 4.2.1.12 and of openssl.
var extKeyUsageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny:                            "anyExtendedKeyUsage",
	x509.ExtKeyUsageServerAuth:                     "serverAuth",
	x509.ExtKeyUsageClientAuth:                     "clientAuth",
	x509.ExtKeyUsageCodeSigning:                    "codeSigning",
	x509.ExtKeyUsageEmailProtection:                "emailProtection",
	x509.ExtKeyUsageIPSECEndSystem:                 "ipsecEndSystem",
	x509.ExtKeyUsageIPSECTunnel:                    "ipsecTunnel",
	x509.ExtKeyUsageIPSECUser:                      "ipsecUser",
	x509.ExtKeyUsageTimeStamping:                   "timeStamping",
	x509.ExtKeyUsageOCSPSigning:                    "OCSPSigning",
	x509.ExtKeyUsageMicrosoftServerGatedCrypto:     "msSGC",
	x509.ExtKeyUsageNetscapeServerGatedCrypto:      "nsSGC",
	x509.ExtKeyUsageMicrosoftCommercialCodeSigning: "msCodeCom",
	x509.ExtKeyUsageMicrosoftKernelCodeSigning:     "msKernelCode",
}

// extKeyUsageOIDs gives the same names by OID.
var extKeyUsageOIDs = map[string]string{
	"2.5.29.37.0":            "anyExtendedKeyUsage",
	"1.3.6.1.5.5.7.3.1":      "serverAuth",
	"1.3.6.1.5.5.7.3.2":      "clientAuth",
	"1.3.6.1.5.5.7.3.3":      "codeSigning",
	"1.3.6.1.5.5.7.3.4":      "emailProtection",
	"1.3.6.1.5.5.7.3.5":      "ipsecEndSystem",
	"1.3.6.1.5.5.7.3.6":      "ipsecTunnel",
	"1.3.6.1.5.5.7.3.7":      "ipsecUser",
	"1.3.6.1.5.5.7.3.8":      "timeStamping",
	"1.3.6.1.5.5.7.3.9":      "OCSPSigning",
	"1.3.6.1.4.1.311.10.3.3": "msSGC",
	"2.16.840.1.113730.4.1":  "nsSGC",
	"1.3.6.1.4.1.311.2.1.22": "msCodeCom",
	"1.3.6.1.4.1.311.61.1.1": "msKernelCode",
}

func extKeyUsages(c *x509.Certificate) []string {
	names := make([]string, 0, len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage))
	for _, u := range c.ExtKeyUsage {
		names = append(names, extKeyUsageNames[u])
	}
	for _, oid := range c.UnknownExtKeyUsage {
		names = append(names, oid.String())
	}
	return names
}
