package scan

import "strings"

// VerifySigned says whether a signature over some bytes verifies under the key
// of an issuer's certificate, by the AlgorithmIdentifier that came with it;
// Unasked where that cannot be computed here. signature is the content of the
// BIT STRING, with its byte of unused bits. weak is true for hashes under which
// others can make two contents with one signature: MD5 and older.
func VerifySigned(issuer, algorithm, signed, signature []byte) (answer Answer, weak bool) {
	o, ok := readOutline(issuer)
	alg, _, okAlg := NextTLV(algorithm)
	if !ok || !okAlg || len(signature) == 0 {
		return Unasked, false
	}
	name := signatureNameOf(alg)
	answer = verify(outline{tbs: TLV{Full: signed}, algorithm: alg, signature: signature}, o.spki.Full)
	return answer, strings.Contains(name, "MD5") || strings.Contains(name, "MD2") || strings.Contains(name, "MD4")
}

// A CertificateOutline is what names a certificate to its issuer.
type CertificateOutline struct {
	Serial          []byte // content of the INTEGER
	Issuer, Subject []byte // encoded names
	PublicKey       []byte // content of the BIT STRING, without its byte of unused bits
}

// OutlineOf takes a certificate apart, also one that the standard parser
// refuses; ok is false where it has no certificate's outline.
func OutlineOf(der []byte) (c CertificateOutline, ok bool) {
	o, ok := readOutline(der)
	if !ok {
		return c, false
	}
	return CertificateOutline{o.serial, o.issuer.Full, o.subject.Full, keyBits(o.spki.Full)}, true
}
