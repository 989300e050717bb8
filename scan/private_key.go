package scan

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/mlkem"
	"math/big"
	"strings"
)

// formEncrypted is the form of an EncryptedPrivateKeyInfo beside the formats.
const formEncrypted = "encrypted"

// DerivePrivateKey gives what anyone may know of one private key in DER: PKCS #8
// (RFC 5958), plain or encrypted, PKCS #1 (RFC 8017 section A.1.2), SEC 1 (RFC
// 5915) and the traditional form of DSA. ok is false where the bytes have none
// of these outlines. Nothing is decrypted. The private half is looked at only
// where the public half follows from it, and no part of it is kept.
func DerivePrivateKey(der []byte) (o *Object, ok bool) {
	e, rest, ok := NextTLV(der)
	if !ok || e.Tag != tagSequence {
		return nil, false
	}
	k := privateKey{o: &Object{Format: keyForm(e.Content), Encrypted: No}}
	if len(rest) > 0 {
		k.notes.add(noteTrailingData)
	}
	switch k.o.Format {
	case "":
		return nil, false
	case formEncrypted:
		k.encrypted(e.Content)
	case FormatPKCS8:
		k.pkcs8(e.Content)
	case FormatPKCS1:
		k.known(encodeAlgorithm(idRSA, null), rsaHalf(e.Full))
	case FormatSEC1:
		k.sec1(nil, e.Full, nil)
	case FormatDSA:
		k.dsa(e.Content)
	}
	k.o.ParseNotes = k.notes
	return k.o, true
}

// keyForm tells a private key's form by the content of its outermost SEQUENCE.
func keyForm(content []byte) string {
	first, rest, ok := NextTLV(content)
	if !ok {
		return ""
	}
	second, after, ok := NextTLV(rest)
	switch {
	case !ok:
	case first.Tag == tagSequence:
		oid, _, _ := enter(first.Content, tagOID)
		if second.Tag == tagOctetString && len(after) == 0 && protects(oid) {
			return formEncrypted
		}
	case first.Tag != tagInteger || len(first.Content) != 1:
	case second.Tag == tagSequence:
		secret, _, ok := NextTLV(after)
		if ok && secret.Tag == tagOctetString && bytes.HasPrefix(second.Content, []byte{tagOID}) {
			return FormatPKCS8
		}
	case second.Tag == tagOctetString:
		const most = 72 // bytes of a private key on sect571
		if first.Content[0] == 1 && len(second.Content) > 0 && len(second.Content) <= most &&
			(len(after) == 0 || after[0] == tagCurve || after[0] == tagPoint) {
			return FormatSEC1
		}
	case second.Tag == tagInteger:
		return integersForm(first.Content[0], after)
	}
	return ""
}

// integersForm tells RSA and DSA by how many INTEGERs follow the first two.
func integersForm(version byte, rest []byte) string {
	n := 0
	const most = 8
	for len(rest) > 0 && n < most {
		e, after, ok := NextTLV(rest)
		if !ok || e.Tag != tagInteger {
			break
		}
		rest = after
		n++
	}
	switch {
	case version > 1:
	case n == 7 && (len(rest) == 0 || rest[0] == tagSequence): // more primes may follow
		return FormatPKCS1
	case n == 4 && len(rest) == 0 && version == 0:
		return FormatDSA
	}
	return ""
}

// The context tags of ECPrivateKey (RFC 5915 section 3) and OneAsymmetricKey
// (RFC 5958 section 2).
const (
	tagCurve        = 0xa0
	tagPoint        = 0xa1
	tagPublicKey    = 0x81 // [1] IMPLICIT BIT STRING
	tagPublicKeyOld = 0xa1 // [1] EXPLICIT, as some makers have it
)

// A privateKey is one key being read.
type privateKey struct {
	o     *Object
	notes noteSet
}

// known completes a key whose public half is known; where it is not, the
// algorithm alone is told.
func (k *privateKey) known(algorithm, public []byte) {
	if public == nil {
		k.o.algorithm(encode(tagSequence, algorithm))
		return
	}
	k.o.key(&k.notes, encodeSPKI(algorithm, public))
}

// encrypted reads an EncryptedPrivateKeyInfo (RFC 5958 section 3).
func (k *privateKey) encrypted(content []byte) {
	algorithm, _, _ := NextTLV(content)
	k.o.Format, k.o.Encrypted, k.o.Encryption = FormatPKCS8, Yes, encryptionName(algorithm.Content)
}

// pkcs8 reads a OneAsymmetricKey (RFC 5958 section 2). The algorithm is taken
// as it is written, so that the key and its certificates agree also where the
// parameters say more than the name.
func (k *privateKey) pkcs8(content []byte) {
	t := taker{content, true}
	version, algorithm, secret := t.take(tagInteger).Content, t.take(tagSequence), t.take(tagOctetString).Content
	if n := versionNumber(version); n != 1 && n != 2 {
		k.notes.add(noteVersion)
	}
	stored := k.storedHalf(t.rest)
	oid, params, _ := enter(algorithm.Content, tagOID)
	switch spkiName(algorithm.Full) {
	case "ECDSA", "ECDH":
		k.sec1(&algorithm, secret, stored)
		return
	case "RSA":
		if string(oid) == idRSA && len(params) == 0 { // left out by some makers; certificates have it
			algorithm.Full = encodeAlgorithm(idRSA, null)
		}
	}
	k.known(algorithm.Full, k.settle(k.public(algorithm, secret), stored))
}

// storedHalf is the public key behind a private one, without the byte of unused
// bits; nil where there is none.
func (k *privateKey) storedHalf(rest []byte) []byte {
	for len(rest) > 0 {
		e, after, ok := NextTLV(rest)
		if !ok {
			k.notes.add(noteTrailingData)
			return nil
		}
		bits := e.Content
		if e.Tag == tagPublicKeyOld {
			bits, _, ok = enter(e.Content, tagBitString)
		}
		if ok && (e.Tag == tagPublicKey || e.Tag == tagPublicKeyOld) && len(bits) > 1 {
			return bits[1:]
		}
		rest = after
	}
	return nil
}

// public derives the public half of a PKCS #8 key; nil where it cannot.
func (k *privateKey) public(algorithm TLV, secret []byte) []byte {
	_, params, _ := enter(algorithm.Content, tagOID)
	switch name := spkiName(algorithm.Full); {
	case name == "RSA" || name == "RSA-PSS" || name == "RSA-OAEP":
		half := rsaHalf(secret)
		if half == nil {
			k.notes.add(noteBadKey)
		}
		return half
	case name == "Ed25519" || name == "X25519" || name == "Ed448" || name == "X448":
		raw, after, ok := enter(secret, tagOctetString)
		if !ok || len(after) > 0 || 8*len(raw) != fixedBits[name] {
			k.notes.add(noteBadKey)
			return nil
		}
		return edwardsHalf(name, raw)
	case name == "DSA":
		return dsaHalf(params, secret)
	case strings.HasPrefix(name, "ML-KEM-"):
		return kemHalf(name, secret)
	case strings.HasPrefix(name, "SLH-DSA-") || strings.HasPrefix(name, "HashSLH-DSA-"):
		return hashHalf(secret)
	}
	return nil
}

// settle prefers what was derived over what is stored, and notes where they
// differ.
func (k *privateKey) settle(derived, stored []byte) []byte {
	switch {
	case derived == nil:
		return stored
	case stored != nil && !bytes.Equal(derived, stored):
		k.notes.add(noteKeyMismatch)
	}
	return derived
}

// spkiName names the algorithm of an AlgorithmIdentifier.
func spkiName(algorithm []byte) string {
	name, _, _ := spkiFacts(encode(tagSequence, algorithm))
	return name
}

// rsaHalf takes modulus and exponent off an RSAPrivateKey, as they are written;
// it does not look at the rest.
func rsaHalf(der []byte) []byte {
	key, _, ok := enter(der, tagSequence)
	t := taker{key, ok}
	t.take(tagInteger)
	n, e := t.take(tagInteger), t.take(tagInteger)
	if !t.ok {
		return nil
	}
	return encode(tagSequence, n.Full, e.Full)
}

// sec1 reads an ECPrivateKey. Inside PKCS #8 the curve stands in the algorithm;
// alone, algorithm is nil and the key names it.
func (k *privateKey) sec1(algorithm *TLV, der, stored []byte) {
	key, _, ok := enter(der, tagSequence)
	t := taker{key, ok}
	t.take(tagInteger)
	secret := t.take(tagOctetString).Content
	if !t.ok {
		k.notes.add(noteBadKey)
	}
	var curve []byte
	rest := t.rest
	if e, after, ok := NextTLV(rest); t.ok && ok && e.Tag == tagCurve {
		curve, rest = e.Content, after
	}
	if half := k.storedHalf(rest); t.ok && half != nil {
		stored = half
	}
	written := encodeAlgorithm(idEC, curve)
	if algorithm != nil {
		if oid, params, _ := enter(algorithm.Content, tagOID); len(params) > 0 && !bytes.Equal(params, null) {
			written, curve = algorithm.Full, params
		} else {
			written = encodeAlgorithm(string(oid), curve)
		}
	}
	public := stored
	if derived := pointHalf(curve, secret); derived != nil && !samePoint(derived, stored) {
		public = k.settle(derived, stored)
	}
	k.known(written, public)
}

// pointHalf multiplies the generator of a curve that the standard library has;
// nil for any other curve and for a number that is no key.
func pointHalf(params, secret []byte) []byte {
	oid, _, _ := enter(params, tagOID)
	curves := map[string]elliptic.Curve{"P-224": elliptic.P224(), "P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}
	curve, known := curves[curveNames[oidString(oid)].name]
	if !known {
		return nil
	}
	size := (curve.Params().BitSize + 7) / 8
	digits := bytes.TrimLeft(secret, "\x00")
	if len(digits) > size || len(digits) == 0 {
		return nil
	}
	padded := make([]byte, size) // some makers leave zeros out
	defer clear(padded)
	copy(padded[size-len(digits):], digits)
	key, err := ecdsa.ParseRawPrivateKey(curve, padded)
	if err != nil {
		return nil
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		return nil
	}
	return point
}

// samePoint tells whether a stored point is the derived one, compressed or not
// (SEC 1 section 2.3.3).
func samePoint(derived, stored []byte) bool {
	if bytes.Equal(derived, stored) {
		return true
	}
	half := 1 + len(derived)/2
	return len(stored) == half && stored[0] == 2+derived[len(derived)-1]&1 && bytes.Equal(stored[1:], derived[1:half])
}

// edwardsHalf is RFC 8032 section 5.1.5 and RFC 7748 section 5.
func edwardsHalf(name string, raw []byte) []byte {
	switch name {
	case "Ed25519":
		key := ed25519.NewKeyFromSeed(raw)
		defer clear(key)
		return bytes.Clone(key[ed25519.SeedSize:])
	case "X25519":
		if key, err := ecdh.X25519().NewPrivateKey(raw); err == nil {
			return key.PublicKey().Bytes()
		}
	}
	return nil
}

// dsaHalf computes y from the group and x (FIPS 186-4 section 4.1).
func dsaHalf(params, secret []byte) []byte {
	group, _, ok := enter(params, tagSequence)
	t := taker{group, ok}
	p, q, g := t.take(tagInteger).Content, t.take(tagInteger).Content, t.take(tagInteger).Content
	x, _, isNumber := enter(secret, tagInteger)
	modulus := new(big.Int).SetBytes(p)
	const most = 8 * 64 // bits of q; real groups have up to 256
	if !t.ok || !isNumber || modulus.BitLen() > maxRSABits || modulus.BitLen() < 2 || modulus.Bit(0) == 0 ||
		new(big.Int).SetBytes(q).BitLen() > most || len(x) > most/8+1 {
		return nil
	}
	exponent := new(big.Int).SetBytes(x)
	defer clear(exponent.Bits())
	y := new(big.Int).Exp(new(big.Int).SetBytes(g), exponent, modulus)
	return encodeUnsigned(y.Bytes())
}

// dsa reads the traditional form, which stores y: version, p, q, g, y, x.
func (k *privateKey) dsa(content []byte) {
	t := taker{content, true}
	t.take(tagInteger)
	p, q, g, y := t.take(tagInteger).Full, t.take(tagInteger).Full, t.take(tagInteger).Full, t.take(tagInteger).Full
	k.known(encodeAlgorithm(idDSA, encode(tagSequence, p, q, g)), y)
}

// kemHalf takes the encapsulation key out of an expanded ML-KEM key, where it
// stands in the clear (FIPS 203 algorithm 16), or derives it from the seed. The
// key is one of the choices of RFC 9935: seed [0], expanded, or both.
func kemHalf(name string, secret []byte) []byte {
	e, _, ok := NextTLV(secret)
	if !ok {
		return nil
	}
	seed, expanded := []byte(nil), []byte(nil)
	switch e.Tag {
	case 0x80:
		seed = e.Content
	case tagOctetString:
		expanded = e.Content
	case tagSequence:
		t := taker{e.Content, true}
		seed, expanded = t.take(tagOctetString).Content, t.take(tagOctetString).Content
	}
	rank := map[string]int{"ML-KEM-512": 2, "ML-KEM-768": 3, "ML-KEM-1024": 4}[name]
	if vector := 384 * rank; rank > 0 && len(expanded) == 2*vector+96 {
		return expanded[vector : 2*vector+32]
	}
	switch name {
	case "ML-KEM-768":
		if key, err := mlkem.NewDecapsulationKey768(seed); err == nil {
			return key.EncapsulationKey().Bytes()
		}
	case "ML-KEM-1024":
		if key, err := mlkem.NewDecapsulationKey1024(seed); err == nil {
			return key.EncapsulationKey().Bytes()
		}
	}
	return nil
}

// hashHalf is the second half of an SLH-DSA key, which is the public key (FIPS
// 205 section 9.1); RFC 9909 section 6 has the key bare in its OCTET STRING.
func hashHalf(secret []byte) []byte {
	switch len(secret) {
	case 64, 96, 128:
		return secret[len(secret)/2:]
	}
	return nil
}
