package scan

import (
	"bytes"
	"crypto"
	"crypto/dsa" //lint:ignore SA1019 old certificates are signed with DSA; verifying one is a fact, not an endorsement
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strings"

	_ "crypto/md5"  // crypto.Hash.New finds the hashes that are linked in
	_ "crypto/sha1" // as above
	_ "crypto/sha3"
	_ "crypto/sha512"
)

// Signed is [SignedBy] for certificates as bytes, also those that the standard
// parser refuses.
func Signed(child, parent []byte) Answer {
	c, errChild := x509.ParseCertificate(child)
	p, errParent := x509.ParseCertificate(parent)
	if errChild == nil && errParent == nil {
		return SignedBy(c, p)
	}
	return signedOutline(child, parent)
}

// signedOutline verifies by the outlines alone.
func signedOutline(child, parent []byte) Answer {
	c, ok := readOutline(child)
	p, okParent := readOutline(parent)
	if !ok || !okParent {
		return Unasked
	}
	return verify(c, p.spki.Full)
}

// hashes are those that signatures name and that can be computed here.
var hashes = map[string]crypto.Hash{
	"MD5": crypto.MD5, "SHA1": crypto.SHA1, "SHA224": crypto.SHA224, "SHA256": crypto.SHA256, "SHA384": crypto.SHA384, "SHA512": crypto.SHA512,
	"SHA512/224": crypto.SHA512_224, "SHA512/256": crypto.SHA512_256,
	"SHA3-224": crypto.SHA3_224, "SHA3-256": crypto.SHA3_256, "SHA3-384": crypto.SHA3_384, "SHA3-512": crypto.SHA3_512,
}

// verify says whether the certificate's signature verifies under a key;
// Unasked where the algorithm cannot be computed here.
func verify(o outline, spki []byte) Answer {
	if len(o.signature) == 0 {
		return Unasked
	}
	sig, name := o.signature[1:], signatureNameOf(o.algorithm)
	algorithm, bits, curve := spkiFacts(spki)
	if name == "Ed25519" {
		return verifyEd25519(spki, o.tbs.Full, sig)
	}
	family, hash := schemeOf(name)
	if !hash.Available() {
		return Unasked
	}
	h := hash.New()
	h.Write(o.tbs.Full)
	digest := h.Sum(nil)
	isRSA := algorithm == "RSA" || algorithm == "RSA-PSS"
	switch {
	case isRSA != strings.HasPrefix(family, "RSA") || (family == "DSA") != (algorithm == "DSA") || (family == "ECDSA") != (algorithm == "ECDSA"):
		return No // a signature of another kind than the key makes
	case isRSA && bits > maxRSABits:
		return Unasked
	case family == "RSA":
		return verifyRSA(spki, hash, digest, sig)
	case family == "RSAPSS":
		return verifyPSS(o.algorithm, spki, hash, digest, sig)
	case family == "DSA":
		return verifyDSA(spki, digest, sig)
	}
	return verifyECDSA(spki, curve, digest, sig)
}

// schemeOf takes the name of a signature algorithm apart: RSA, RSAPSS, DSA or
// ECDSA, and the hash, which is 0 where it cannot be computed.
func schemeOf(name string) (family string, hash crypto.Hash) {
	for _, f := range []string{"RSAPSS", "RSA"} {
		if h, ok := strings.CutSuffix(name, "-"+f); ok {
			return f, hashes[h]
		}
	}
	for _, f := range []string{"DSA", "ECDSA"} {
		if h, ok := strings.CutPrefix(name, f+"-"); ok {
			return f, hashes[h]
		}
	}
	return "", 0
}

func verifyEd25519(spki, signed, sig []byte) Answer {
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return Unasked
	}
	public, ok := key.(ed25519.PublicKey)
	if !ok {
		return Unasked
	}
	return Answered(ed25519.Verify(public, signed, sig))
}

func verifyRSA(spki []byte, hash crypto.Hash, digest, sig []byte) Answer {
	n, e, ok := rsaKey(spki)
	if !ok || n.Sign() <= 0 || digestInfo[hash] == "" {
		return Unasked
	}
	return Answered(verifyPKCS1v15(n, e, hash, digest, sig))
}

// verifyPSS leaves the padding to the standard library, which asks for one
// hash throughout and a key of the usual size.
func verifyPSS(alg TLV, spki []byte, hash crypto.Hash, digest, sig []byte) Answer {
	_, params, _ := enter(alg.Content, tagOID)
	p, ok := readPSS(params)
	n, e, okKey := rsaKey(spki)
	if !ok || !okKey || p.mask != p.hash || p.salt < 0 || n.BitLen() < minRSABits || !e.IsInt64() || e.BitLen() > 31 || e.Sign() <= 0 {
		return Unasked
	}
	if !allowedBy(spki, p) {
		return No
	}
	key := &rsa.PublicKey{N: n, E: int(e.Int64())}
	return Answered(rsa.VerifyPSS(key, hash, digest, sig, &rsa.PSSOptions{SaltLength: p.salt}) == nil)
}

// allowedBy tells whether the key allows signatures with these parameters: an
// RSA-PSS key with parameters of its own takes no others (RFC 4055 section 3.3).
func allowedBy(spki []byte, p pssParameters) bool {
	seq, _, _ := enter(spki, tagSequence)
	alg, _, _ := NextTLV(seq)
	oid, params, _ := enter(alg.Content, tagOID)
	if oidString(oid) != oidPSS || len(params) == 0 {
		return true
	}
	own, ok := readPSS(params)
	return ok && own.hash == p.hash && own.mask == p.mask && own.salt <= p.salt
}

// A pair is the ECDSA-Sig-Value and the Dss-Sig-Value of RFC 3279 section 2.2.
type pair struct{ R, S *big.Int }

func verifyDSA(spki, digest, sig []byte) Answer {
	key, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return Unasked
	}
	public, ok := key.(*dsa.PublicKey)
	if !ok || public.P.BitLen() > maxRSABits || public.Q.BitLen() > 8*64 {
		return Unasked
	}
	var p pair
	if rest, err := asn1.Unmarshal(sig, &p); err != nil || len(rest) > 0 {
		return No
	}
	// FIPS 186-4 section 4.6 takes the leftmost bits of the digest.
	return Answered(dsa.Verify(public, digest[:min(len(digest), (public.Q.BitLen()+7)/8)], p.R, p.S))
}

func verifyECDSA(spki []byte, curve string, digest, sig []byte) Answer {
	if key, err := x509.ParsePKIXPublicKey(spki); err == nil {
		if public, ok := key.(*ecdsa.PublicKey); ok {
			return Answered(ecdsa.VerifyASN1(public, digest, sig))
		}
	}
	c, ok := primeCurves[curve]
	w := weierstrassOf(c)
	if curve == "explicit" {
		w, ok = explicitCurve(spki)
	}
	var p pair
	if rest, err := asn1.Unmarshal(sig, &p); !ok || err != nil || len(rest) > 0 {
		return Unasked
	}
	point := keyBits(spki)
	if !w.plain() || len(point) == 0 || len(point)%2 == 0 || point[0] != 4 {
		return Unasked
	}
	half := len(point) / 2
	return Answered(w.verify(new(big.Int).SetBytes(point[1:1+half]), new(big.Int).SetBytes(point[1+half:]), digest, p.R, p.S))
}

// explicitCurve reads ECParameters over a prime field (SEC 1 section C.2), with
// an uncompressed generator.
func explicitCurve(spki []byte) (w weierstrass, ok bool) {
	seq, _, _ := enter(spki, tagSequence)
	alg, _, _ := enter(seq, tagSequence)
	_, params, _ := enter(alg, tagOID)
	t := taker{params, true}
	t = taker{t.take(tagSequence).Content, t.ok}
	t.take(tagInteger)
	field := taker{t.take(tagSequence).Content, t.ok}
	kind := field.take(tagOID)
	prime := field.take(tagInteger)
	coefficients := taker{t.take(tagSequence).Content, field.ok}
	a, b := coefficients.take(tagOctetString), coefficients.take(tagOctetString)
	g := t.take(tagOctetString).Content
	n := t.take(tagInteger)
	if !t.ok || !coefficients.ok || oidString(kind.Content) != "1.2.840.10045.1.1" || len(g)%2 == 0 || !bytes.HasPrefix(g, []byte{4}) {
		return w, false
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	half := len(g) / 2
	return weierstrass{number(prime.Content), number(a.Content), number(b.Content), number(g[1 : 1+half]), number(g[1+half:]), number(n.Content)}, true
}
