package scan

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
)

// keyNames names key algorithms that the standard parser leaves unnamed.
var keyNames = map[string]string{
	"1.2.840.113549.1.1.1":    "RSA",
	"1.2.840.113549.1.1.10":   "RSA-PSS",
	"1.2.840.10040.4.1":       "DSA",
	"1.2.840.10045.2.1":       "ECDSA",
	"1.3.101.110":             "X25519",
	"1.3.101.111":             "X448",
	"1.3.101.112":             "Ed25519",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
	"2.16.840.1.101.3.4.4.1":  "ML-KEM-512",
	"2.16.840.1.101.3.4.4.2":  "ML-KEM-768",
	"2.16.840.1.101.3.4.4.3":  "ML-KEM-1024",
}

// fixedBits gives the key size of algorithms whose name fixes it, as openssl
// counts it.
var fixedBits = map[string]int{"X25519": 256, "X448": 448, "Ed25519": 256, "Ed448": 456}

// curveNames names curves by OID (SEC 2, RFC 5480, RFC 5639).
var curveNames = map[string]struct {
	name string
	bits int
}{
	"1.2.840.10045.3.1.1":   {"P-192", 192},
	"1.3.132.0.33":          {"P-224", 224},
	"1.2.840.10045.3.1.7":   {"P-256", 256},
	"1.3.132.0.34":          {"P-384", 384},
	"1.3.132.0.35":          {"P-521", 521},
	"1.3.132.0.10":          {"secp256k1", 256},
	"1.3.36.3.3.2.8.1.1.7":  {"brainpoolP256r1", 256},
	"1.3.36.3.3.2.8.1.1.11": {"brainpoolP384r1", 384},
	"1.3.36.3.3.2.8.1.1.13": {"brainpoolP512r1", 512},
}

// signatureNames names signature algorithms that the standard parser leaves
// unnamed, in its own style.
var signatureNames = map[string]string{
	"1.2.840.113549.1.1.14":   "SHA224-RSA",
	"1.2.840.10045.4.3.1":     "ECDSA-SHA224",
	"1.3.101.113":             "Ed448",
	"2.16.840.1.101.3.4.3.1":  "DSA-SHA224",
	"2.16.840.1.101.3.4.3.3":  "DSA-SHA384",
	"2.16.840.1.101.3.4.3.4":  "DSA-SHA512",
	"2.16.840.1.101.3.4.3.17": "ML-DSA-44",
	"2.16.840.1.101.3.4.3.18": "ML-DSA-65",
	"2.16.840.1.101.3.4.3.19": "ML-DSA-87",
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
		return name, 0, "explicit"
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
	alg, _, _ := enter(rest, tagSequence)
	oid, _, _ := enter(alg, tagOID)
	dotted := oidString(oid)
	if name, known := signatureNames[dotted]; known {
		return name
	}
	return dotted
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
