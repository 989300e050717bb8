package scan

// The ways in which a key is written, as in Object.Format.
const (
	FormatPKCS1   = "pkcs1"
	FormatPKCS8   = "pkcs8"
	FormatSEC1    = "sec1"
	FormatDSA     = "dsa"
	FormatOpenSSH = "openssh"
	FormatPuTTY   = "putty"
	FormatJWK     = "jwk"
	FormatSPKI    = "spki"
	FormatSSH2    = "ssh2"
)

// DerivePublicKey gives the facts of one public key in DER: a
// subjectPublicKeyInfo (RFC 5280 section 4.1.2.7) or an RSAPublicKey (RFC 8017
// section A.1.1); ok is false where the bytes have neither outline.
func DerivePublicKey(der []byte) (o *Object, ok bool) {
	e, rest, ok := NextTLV(der)
	if !ok || e.Tag != tagSequence {
		return nil, false
	}
	var notes noteSet
	spki := e.Full
	o = &Object{Format: FormatSPKI}
	switch {
	case isSPKI(e.Content):
	case twoIntegers(e.Content):
		o.Format, spki = FormatPKCS1, encodeSPKI(encodeAlgorithm(idRSA, null), e.Full)
	default:
		return nil, false
	}
	if len(rest) > 0 {
		notes.add(noteTrailingData)
	}
	if !strictDER(e.Full, maxDepth) {
		notes.add(noteBER)
	}
	o.key(&notes, spki)
	o.ParseNotes = notes
	return o, true
}

func twoIntegers(content []byte) bool {
	t := taker{content, true}
	t.take(tagInteger)
	t.take(tagInteger)
	return t.ok && len(t.rest) == 0
}

// plainRSA tells an RSAPublicKey from what else two INTEGERs could be: the
// values of an ECDSA signature, which are of one size, and the parameters of a
// Diffie-Hellman group, whose generator is 2 or 5.
func plainRSA(content []byte) bool {
	if !twoIntegers(content) {
		return false
	}
	const least, most = 512 / 8, 16 // bytes of the modulus, of the exponent
	n, rest, _ := enter(content, tagInteger)
	e, _, _ := enter(rest, tagInteger)
	return len(n) >= least && len(e) <= most && len(e) > 0 && e[len(e)-1]&1 == 1 && string(e) != "\x05"
}
