package scan

import (
	"bytes"
	"math/big"
	"time"
	"unicode/utf8"
)

// An outline is a certificate taken apart into the fields of RFC 5280 section
// 4.1, with nothing asked of what is inside them.
type outline struct {
	version   []byte // content of the INTEGER; nil where the field is absent
	serial    []byte
	tbs       TLV
	inner     TLV // the signature algorithm that is signed
	issuer    TLV
	validity  TLV
	subject   TLV
	spki      TLV
	tail      []byte // of TBSCertificate: unique identifiers and extensions
	algorithm TLV    // the signature algorithm outside
	signature []byte // content of the BIT STRING, with the byte of unused bits
	trailing  bool   // something follows inside the certificate's own elements
}

// A taker takes elements off a sequence; it is not ok from the first one that
// is missing or has another tag.
type taker struct {
	rest []byte
	ok   bool
}

func (t *taker) take(tag byte) TLV {
	e, rest, ok := NextTLV(t.rest)
	if !ok || e.Tag != tag || !t.ok {
		t.ok = false
		return TLV{}
	}
	t.rest = rest
	return e
}

// readOutline is false where the bytes do not have a certificate's outline.
func readOutline(der []byte) (o outline, ok bool) {
	file := taker{der, true}
	cert := taker{file.take(tagSequence).Content, file.ok}
	o.tbs = cert.take(tagSequence)
	o.algorithm = cert.take(tagSequence)
	o.signature = cert.take(tagBitString).Content
	t := taker{o.tbs.Content, cert.ok}
	if bytes.HasPrefix(t.rest, []byte{tagVersion}) {
		v := taker{t.take(tagVersion).Content, t.ok}
		o.version = v.take(tagInteger).Content
		t.ok = t.ok && v.ok
		o.trailing = len(v.rest) > 0
	}
	o.serial = t.take(tagInteger).Content
	o.inner = t.take(tagSequence)
	o.issuer = t.take(tagSequence)
	o.validity = t.take(tagSequence)
	o.subject = t.take(tagSequence)
	o.spki = t.take(tagSequence)
	o.tail = t.rest
	o.trailing = o.trailing || len(file.rest) > 0 || len(cert.rest) > 0
	return o, t.ok
}

// Names gives the encoded issuer and subject of a certificate, for comparing;
// ok is false where it has no certificate's outline.
func Names(der []byte) (issuer, subject []byte, ok bool) {
	o, ok := readOutline(der)
	return o.issuer.Full, o.subject.Full, ok
}

// lenient fills in every fact that the outline gives, and notes what a strict
// parser objects to. It asks for the outline and nothing else: what cannot be
// read stays absent.
func (c *Certificate) lenient(o outline) {
	notes := noteSet(nil)
	c.Parsed = true
	c.Version = versionNumber(o.version)
	c.Serial = signedInteger(o.serial).Text(16)
	noteHead(&notes, c, o)
	c.names(formatName(o.subject.Full), formatName(o.issuer.Full))
	c.SelfIssued = bytes.Equal(o.subject.Full, o.issuer.Full)
	noteName(&notes, o.issuer.Content)
	noteName(&notes, o.subject.Content)
	c.NotBefore, c.NotAfter = readValidity(&notes, o.validity.Content)
	c.KeyAlgorithm, c.KeyBits, c.KeyCurve = spkiFacts(o.spki.Full)
	noteKey(&notes, c, o.spki)
	c.SignatureAlgorithm = signatureNameOf(o.algorithm)
	c.readTail(&notes, o.tail)
	c.keyExtras(o.spki.Full)
	c.SelfSigned = No
	if c.SelfIssued {
		c.SelfSigned = verify(o, o.spki.Full)
	}
	c.ParseNotes = notes
}

// versionNumber is 1 for the default and the encoded number plus one else; 0
// for a number that no version could be.
func versionNumber(content []byte) int {
	switch {
	case content == nil:
		return 1
	case len(content) == 0 || len(content) > 4:
		return 0
	}
	return int(signedInteger(content).Int64()) + 1
}

// signedInteger reads an INTEGER's content as X.690 section 8.3 means it.
func signedInteger(content []byte) *big.Int {
	n := new(big.Int).SetBytes(content)
	if len(content) > 0 && content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))))
	}
	return n
}

// maxSerialBytes is the bound of RFC 5280 section 4.1.2.2.
const maxSerialBytes = 20

// noteHead notes what is odd about the certificate as a whole, its version,
// its serial number and its signature.
func noteHead(notes *noteSet, c *Certificate, o outline) {
	if o.trailing {
		notes.add(noteTrailingData)
	}
	if !strictDER(o.tbs.Full, maxDepth) || !strictDER(o.algorithm.Full, maxDepth) || !minimalInteger(o.serial) ||
		o.version != nil && !minimalInteger(o.version) {
		notes.add(noteBER)
	}
	if c.Version < 1 || c.Version > 3 {
		notes.add(noteVersion)
	}
	noteSerial(notes, o.serial)
	if !bytes.Equal(o.inner.Full, o.algorithm.Full) {
		notes.add(noteAlgorithms)
	}
	for _, alg := range []TLV{o.algorithm, o.inner} {
		if oid, _, _ := enter(alg.Content, tagOID); !shortOID(oid) {
			notes.add(noteLongOID)
		}
	}
	if len(o.signature) == 0 || o.signature[0] != 0 {
		notes.add(noteBadSignatureBits)
	}
}

func noteSerial(notes *noteSet, serial []byte) {
	switch {
	case len(serial) > 0 && serial[0]&0x80 != 0:
		notes.add(noteNegativeSerial)
	case len(bytes.TrimLeft(serial, "\x00")) == 0:
		notes.add(noteZeroSerial)
	}
	if len(serial) > maxSerialBytes {
		notes.add(noteLongSerial)
	}
}

// minimalInteger is the rule of X.690 section 8.3.2.
func minimalInteger(content []byte) bool {
	if len(content) < 2 {
		return len(content) == 1
	}
	return !(content[0] == 0 && content[1]&0x80 == 0 || content[0] == 0xff && content[1]&0x80 != 0)
}

// maxDepth bounds how deep elements may nest before they are no longer looked
// into.
const maxDepth = 32

// strictDER tells whether every length is as short as it can be and every
// BOOLEAN is 00 or FF, as X.690 sections 10.1 and 11.1 ask.
func strictDER(b []byte, depth int) bool {
	for len(b) > 0 {
		e, rest, ok := NextTLV(b)
		if !ok {
			return false
		}
		if len(e.Full)-len(e.Content) != headSize(e) {
			return false
		}
		if e.Tag == tagBoolean && (len(e.Content) != 1 || e.Content[0] != 0 && e.Content[0] != 0xff) {
			return false
		}
		if e.Tag&0x20 != 0 && depth > 0 && !strictDER(e.Content, depth-1) {
			return false
		}
		b = rest
	}
	return true
}

// headSize is how many bytes the shortest tag and length of e take.
func headSize(e TLV) int {
	size := 2
	if e.Tag&0x1f == 0x1f {
		for i := 1; i < len(e.Full) && e.Full[i]&0x80 != 0; i++ {
			size++
		}
		size++
	}
	if n := len(e.Content); n >= 0x80 {
		for ; n > 0; n >>= 8 {
			size++
		}
	}
	return size
}

// noteName notes what is odd about a Name: its outline and its strings.
func noteName(notes *noteSet, seq []byte) {
	for len(seq) > 0 {
		set, rest, ok := enter(seq, tagSet)
		if !ok || len(set) == 0 {
			notes.add(noteBadName)
			return
		}
		for seq = rest; len(set) > 0; {
			attr := taker{nil, true}
			if attr.rest, set, ok = enter(set, tagSequence); !ok {
				notes.add(noteBadName)
				return
			}
			if oid := attr.take(tagOID); attr.ok && !shortOID(oid.Content) {
				notes.add(noteLongOID)
			}
			v, after, ok := NextTLV(attr.rest)
			if !ok || !attr.ok || len(after) > 0 {
				notes.add(noteBadName)
				continue
			}
			noteString(notes, v)
		}
	}
}

// shortOID tells whether every arc fits 31 bits, which is what most parsers can
// hold, and is written with as few bytes as can be.
func shortOID(content []byte) bool {
	arc, started := uint64(0), false
	for _, c := range content {
		if !started && c == 0x80 {
			return false
		}
		arc, started = arc<<7|uint64(c&0x7f), c&0x80 != 0
		if arc > 1<<31-1 {
			return false
		}
		if !started {
			arc = 0
		}
	}
	return !started && len(content) > 0
}

// noteString notes a string whose bytes are not what its type allows (X.680
// section 41).
func noteString(notes *noteSet, v TLV) {
	switch v.Tag {
	case tagUTF8:
		if !utf8.Valid(v.Content) {
			notes.add(noteUTF8)
		}
	case tagPrintable:
		if !all(v.Content, isPrintableString) {
			notes.add(notePrintable)
		}
	case tagIA5:
		if !all(v.Content, isASCII) {
			notes.add(noteIA5)
		}
	case tagNumeric:
		if !all(v.Content, func(c byte) bool { return c == ' ' || c >= '0' && c <= '9' }) {
			notes.add(noteOtherString)
		}
	case tagVisible:
		if !all(v.Content, func(c byte) bool { return c >= ' ' && c < 0x7f }) {
			notes.add(noteOtherString)
		}
	case tagBMP:
		if !plainBMP(v.Content) {
			notes.add(noteOtherString)
		}
	case tagUniversal:
		if len(v.Content)%4 != 0 {
			notes.add(noteOtherString)
		}
	case tagT61:
	default:
		notes.add(noteNotText)
	}
}

// plainBMP asks for whole UCS-2 characters: surrogates are none.
func plainBMP(b []byte) bool {
	if len(b)%2 != 0 {
		return false
	}
	for i := 0; i < len(b); i += 2 {
		if b[i]&0xf8 == 0xd8 {
			return false
		}
	}
	return true
}

func all(b []byte, is func(byte) bool) bool {
	for _, c := range b {
		if !is(c) {
			return false
		}
	}
	return true
}

func isASCII(c byte) bool { return c < 0x80 }

func isPrintableString(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || bytes.IndexByte([]byte(" '()+,-./:=?"), c) >= 0
}

// readValidity reads the two dates. One that cannot be read is the zero time.
func readValidity(notes *noteSet, seq []byte) (notBefore, notAfter time.Time) {
	first, rest, ok := NextTLV(seq)
	if !ok {
		notes.add(noteBadDate)
		return notBefore, notAfter
	}
	notBefore = readDate(notes, first)
	second, rest, ok := NextTLV(rest)
	if !ok {
		notes.add(noteBadDate)
		return notBefore, notAfter
	}
	if len(rest) > 0 {
		notes.add(noteTrailingData)
	}
	return notBefore, readDate(notes, second)
}
