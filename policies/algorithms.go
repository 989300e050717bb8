package policies

import "strings"

// A keyKind is a public key algorithm that evidence can name.
type keyKind struct {
	name string
	bits int  // the size that the name fixes (RFC 8032, RFC 7748); 0 where it fixes none
	set  bool // the name fixes a parameter set, which has no size to compare
}

// keyKinds are the algorithms by name, as evidence spells them. FIPS 203 to
// 205 fix the parameter sets.
var keyKinds = []keyKind{
	{name: "RSA"},
	{name: "RSA-PSS"},
	{name: "DSA"},
	{name: "ECDSA"},
	{name: "Ed25519", bits: 256},
	{name: "Ed448", bits: 448},
	{name: "X25519", bits: 256},
	{name: "X448", bits: 448},
	{name: "ML-DSA-44", set: true},
	{name: "ML-DSA-65", set: true},
	{name: "ML-DSA-87", set: true},
	{name: "ML-KEM-512", set: true},
	{name: "ML-KEM-768", set: true},
	{name: "ML-KEM-1024", set: true},
	{name: "SLH-DSA-SHA2-128s", set: true},
	{name: "SLH-DSA-SHA2-128f", set: true},
	{name: "SLH-DSA-SHA2-192s", set: true},
	{name: "SLH-DSA-SHA2-192f", set: true},
	{name: "SLH-DSA-SHA2-256s", set: true},
	{name: "SLH-DSA-SHA2-256f", set: true},
	{name: "SLH-DSA-SHAKE-128s", set: true},
	{name: "SLH-DSA-SHAKE-128f", set: true},
	{name: "SLH-DSA-SHAKE-192s", set: true},
	{name: "SLH-DSA-SHAKE-192f", set: true},
	{name: "SLH-DSA-SHAKE-256s", set: true},
	{name: "SLH-DSA-SHAKE-256f", set: true},
	{name: "HashML-DSA-44-with-SHA512", set: true},
	{name: "HashML-DSA-65-with-SHA512", set: true},
	{name: "HashML-DSA-87-with-SHA512", set: true},
	{name: "HashSLH-DSA-SHA2-128s", set: true},
	{name: "HashSLH-DSA-SHA2-128f", set: true},
	{name: "HashSLH-DSA-SHA2-192s", set: true},
	{name: "HashSLH-DSA-SHA2-192f", set: true},
	{name: "HashSLH-DSA-SHA2-256s", set: true},
	{name: "HashSLH-DSA-SHA2-256f", set: true},
	{name: "HashSLH-DSA-SHAKE-128s", set: true},
	{name: "HashSLH-DSA-SHAKE-128f", set: true},
	{name: "HashSLH-DSA-SHAKE-192s", set: true},
	{name: "HashSLH-DSA-SHAKE-192f", set: true},
	{name: "HashSLH-DSA-SHAKE-256s", set: true},
	{name: "HashSLH-DSA-SHAKE-256f", set: true},
	// Of those below neither size nor strength goes without saying: they are not
	// assessed unless a policy names them.
	{name: "HSS-LMS"},
	{name: "XMSS"},
	{name: "XMSSMT"},
	{name: "GOST R 34.10-94"},
	{name: "GOST R 34.10-2001"},
	{name: "GOST R 34.10-2012 with 256 bit modulus"},
	{name: "GOST R 34.10-2012 with 512 bit modulus"},
	{name: "DH"},
	{name: "ECDH"},
}

func keyAlgorithmNames() []string {
	out := make([]string, len(keyKinds))
	for i, k := range keyKinds {
		out[i] = k.name
	}
	return out
}

// Parts of signature algorithm names, as evidence spells them.
var (
	signatureHashes = []string{"MD2", "MD4", "MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512",
		"SHA512/224", "SHA512/256", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512", "SHAKE128", "SHAKE256", "RIPEMD160"}
	signatureFamilies = []string{"RSA", "RSAPSS", "DSA", "ECDSA"}
)

// A signature is a signature algorithm taken apart.
type signature struct{ name, hash, family string }

// signatures are those that evidence can name: each hash with each family, and
// those whose name says all (RFC 8032, FIPS 204, FIPS 205).
func signatures() []signature {
	var out []signature
	for _, h := range signatureHashes {
		for _, f := range signatureFamilies {
			name := h + "-" + f
			if strings.HasSuffix(f, "DSA") {
				name = f + "-" + h
			}
			out = append(out, signature{name, h, f})
		}
	}
	for _, k := range keyKinds {
		if strings.HasPrefix(k.name, "Ed") || k.set && !strings.HasPrefix(k.name, "ML-KEM") {
			out = append(out, signature{name: k.name, family: k.name})
		}
	}
	return out
}

// signatureTerms are what a policy may call a signature algorithm by: a hash,
// a family or the whole name.
func signatureTerms() []string {
	terms := append(append([]string{}, signatureHashes...), signatureFamilies...)
	for _, s := range signatures() {
		terms = append(terms, s.name)
	}
	return terms
}
