package scan

import "bytes"

// The attributes in which a request asks for extensions, as encoded object
// identifiers: RFC 2985 section 5.4.2, and Microsoft's own.
const (
	attributeExtensions    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"     // 1.2.840.113549.1.9.14
	attributeExtensionsOld = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0e" // 1.3.6.1.4.1.311.2.1.14
)

// DeriveRequest gives the facts of one certificate request (RFC 2986 section 4)
// in DER; ok is false where the bytes do not have its outline. What is odd
// about it is noted, not refused.
func DeriveRequest(der []byte) (o *Object, ok bool) {
	r, ok := readRequest(der)
	if !ok {
		return nil, false
	}
	var notes noteSet
	whole, rest, _ := NextTLV(der)
	o = &Object{SHA256: digest(whole.Full)}
	if r.trailing || len(rest) > 0 {
		notes.add(noteTrailingData)
	}
	if !strictDER(whole.Full, maxDepth) || !minimalInteger(r.version) {
		notes.add(noteBER)
	}
	if versionNumber(r.version) != 1 {
		notes.add(noteVersion)
	}
	if len(r.signature) == 0 || r.signature[0] != 0 {
		notes.add(noteBadSignatureBits)
	}
	subject := formatName(r.subject.Full)
	o.Subject, o.SubjectCN = subject.rfc4514, subject.cn
	noteName(&notes, r.subject.Content)
	o.key(&notes, r.spki.Full)
	o.signature(r.algorithm)
	o.SignatureValid = verify(r, r.spki.Full)
	o.readAttributes(&notes, r.tail)
	o.ParseNotes = notes
	return o, true
}

// readRequest takes a request apart; the outline's tail is its attributes.
func readRequest(der []byte) (r outline, ok bool) {
	file := taker{der, true}
	request := taker{file.take(tagSequence).Content, file.ok}
	r.tbs = request.take(tagSequence)
	r.algorithm = request.take(tagSequence)
	r.signature = request.take(tagBitString).Content
	info := taker{r.tbs.Content, request.ok}
	r.version = info.take(tagInteger).Content
	r.subject = info.take(tagSequence)
	r.spki = info.take(tagSequence)
	r.tail = info.rest
	r.trailing = len(request.rest) > 0
	const tagAttributes = 0xa0
	return r, info.ok && isSPKI(r.spki.Content) && (len(r.tail) == 0 || r.tail[0] == tagAttributes)
}

// readAttributes takes the names that a request asks for out of its attributes.
func (o *Object) readAttributes(notes *noteSet, tail []byte) {
	if len(tail) == 0 {
		return // left out by some makers, although it is not optional
	}
	set, after, ok := NextTLV(tail)
	if !ok || len(after) > 0 {
		notes.add(noteTrailingData)
	}
	var c Certificate // reads extensions
	for b := set.Content; len(b) > 0; {
		var attribute []byte
		if attribute, b, ok = enter(b, tagSequence); !ok {
			notes.add(noteBadAttribute)
			break
		}
		kind, values, isOID := enter(attribute, tagOID)
		value, after, isSet := enter(values, tagSet)
		if !isOID || !isSet || len(after) > 0 {
			notes.add(noteBadAttribute)
			continue
		}
		if oid := string(kind); oid == attributeExtensions || oid == attributeExtensionsOld {
			c.readExtensions(notes, value)
		}
	}
	o.DNSNames, o.IPAddresses, o.EmailAddresses, o.URIs = c.DNSNames, c.IPAddresses, c.EmailAddresses, c.URIs
}

// isSPKI tells whether the content of a SEQUENCE is that of a
// subjectPublicKeyInfo: an algorithm, a BIT STRING, and nothing else.
func isSPKI(content []byte) bool {
	t := taker{content, true}
	algorithm := t.take(tagSequence).Content
	t.take(tagBitString)
	return t.ok && len(t.rest) == 0 && bytes.HasPrefix(algorithm, []byte{tagOID})
}
