package scan

import "bytes"

// Extensions of a revocation list, as encoded object identifiers.
const extCRLNumber = "\x55\x1d\x14"

// A listOutline is a revocation list taken apart into the fields of RFC 5280
// section 5.1.
type listOutline struct {
	version    []byte // content of the INTEGER; nil where the field is absent
	inner      TLV    // the signature algorithm that is signed
	issuer     TLV
	thisUpdate TLV
	tail       []byte // next update, entries and extensions
	algorithm  TLV
	signature  []byte // content of the BIT STRING, with the byte of unused bits
	trailing   bool
}

// readList is false where the bytes do not have a revocation list's outline.
func readList(der []byte) (l listOutline, ok bool) {
	file := taker{der, true}
	list := taker{file.take(tagSequence).Content, file.ok}
	tbs := taker{list.take(tagSequence).Content, list.ok}
	l.algorithm = list.take(tagSequence)
	l.signature = list.take(tagBitString).Content
	if bytes.HasPrefix(tbs.rest, []byte{tagInteger}) {
		l.version = tbs.take(tagInteger).Content
	}
	l.inner = tbs.take(tagSequence)
	l.issuer = tbs.take(tagSequence)
	e, rest, isTime := NextTLV(tbs.rest)
	l.thisUpdate, l.tail = e, rest
	l.trailing = len(list.rest) > 0
	return l, tbs.ok && list.ok && isTime && isDate(e) && bytes.HasPrefix(l.inner.Content, []byte{tagOID}) &&
		(len(rest) == 0 || isDate(TLV{Tag: rest[0]}) || rest[0] == tagSequence || rest[0] == tagCRLExtensions)
}

const tagCRLExtensions = 0xa0

func isDate(e TLV) bool { return e.Tag == tagUTCTime || e.Tag == tagGeneralizedTime }

// DeriveRevocationList gives the facts of one revocation list (RFC 5280 section
// 5) in DER; ok is false where the bytes do not have its outline. Entries are
// counted one after the other and never kept. What is odd is noted, not
// refused.
func DeriveRevocationList(der []byte) (o *Object, ok bool) {
	l, ok := readList(der)
	if !ok {
		return nil, false
	}
	var notes noteSet
	whole, rest, _ := NextTLV(der)
	o = &Object{SHA256: digest(whole.Full), Revoked: new(int)}
	if l.trailing || len(rest) > 0 {
		notes.add(noteTrailingData)
	}
	if l.version != nil && versionNumber(l.version) != 2 {
		notes.add(noteVersion) // a field that is there says 2 (RFC 5280 section 5.1.2.1)
	}
	if !bytes.Equal(l.inner.Full, l.algorithm.Full) {
		notes.add(noteAlgorithms)
	}
	if len(l.signature) == 0 || l.signature[0] != 0 {
		notes.add(noteBadSignatureBits)
	}
	issuer := formatName(l.issuer.Full)
	o.Issuer, o.IssuerCN = issuer.rfc4514, issuer.cn
	noteName(&notes, l.issuer.Content)
	o.signature(l.algorithm)
	o.ThisUpdate = readDate(&notes, l.thisUpdate)
	o.readListTail(&notes, l)
	o.ParseNotes = notes
	return o, true
}

// readListTail reads what follows the first date: the next update, the entries
// and the extensions, each of them optional.
func (o *Object) readListTail(notes *noteSet, l listOutline) {
	e, rest, ok := NextTLV(l.tail)
	if ok && isDate(e) {
		o.NextUpdate = readDate(notes, e)
		l.tail = rest
		e, rest, ok = NextTLV(l.tail)
	}
	if ok && e.Tag == tagSequence {
		o.countEntries(notes, e)
		l.tail = rest
		e, rest, ok = NextTLV(l.tail)
	}
	if ok && e.Tag == tagCRLExtensions {
		if l.version == nil {
			notes.add(noteExtensionsIn)
		}
		o.readListExtensions(notes, e.Content)
		l.tail = rest
	}
	if len(l.tail) > 0 {
		notes.add(noteTrailingData)
	}
}

// countEntries goes over the entries, which are what a hostile list has most
// of: each costs its own few bytes and nothing is kept of it.
func (o *Object) countEntries(notes *noteSet, entries TLV) {
	if len(entries.Full)-len(entries.Content) != headSize(entries) {
		notes.add(noteBER)
	}
	for b := entries.Content; len(b) > 0; *o.Revoked++ {
		e, rest, ok := NextTLV(b)
		if !ok || e.Tag != tagSequence {
			notes.add(noteBadEntry)
			return
		}
		serial, date, ok := NextTLV(e.Content)
		when, _, isTime := NextTLV(date)
		if !ok || serial.Tag != tagInteger || !isTime || !isDate(when) {
			notes.add(noteBadEntry)
		}
		if len(e.Full)-len(e.Content) != headSize(e) {
			notes.add(noteBER)
		}
		b = rest
	}
}

func (o *Object) readListExtensions(notes *noteSet, explicit []byte) {
	eachExtension(notes, explicit, func(e extension) {
		if !strictDER(e.value, maxDepth) {
			notes.add(noteBER)
		}
		if e.oid != extCRLNumber {
			return
		}
		number, after, ok := enter(e.value, tagInteger)
		if !ok || len(after) > 0 || len(number) > maxSerialBytes {
			notes.add(noteBadExtension)
		}
		if e.critical {
			notes.add(noteWrongCritical)
		}
		if ok && len(number) <= maxDigits {
			o.CRLNumber = signedInteger(number).Text(16)
		}
	})
}

// maxDigits bounds a number that is written out, in bytes.
const maxDigits = 64
