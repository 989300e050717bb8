package scan

import "bytes"

// tagKeyIdentifier is keyIdentifier of AuthorityKeyIdentifier (RFC 5280
// section 4.2.1.1).
const tagKeyIdentifier = 0x80

// KeyIdentifiers gives the subject key identifier of a certificate and that of
// its authority (RFC 5280 sections 4.2.1.2 and 4.2.1.1), which say which of
// several keys of one name is meant. One that is not there, or cannot be read,
// is empty. They are claims: only a signature proves who issued what.
func KeyIdentifiers(der []byte) (subject, authority []byte) {
	o, ok := readOutline(der)
	if !ok {
		return nil, nil
	}
	for tail := o.tail; len(tail) > 0; {
		e, rest, ok := NextTLV(tail)
		if !ok {
			return nil, nil
		}
		if tail = rest; e.Tag == tagExtensions {
			return keyIdentifiersOf(e.Content)
		}
	}
	return nil, nil
}

// keyIdentifiersOf takes each extension's first occurrence.
func keyIdentifiersOf(explicit []byte) (subject, authority []byte) {
	seq, _, _ := enter(explicit, tagSequence)
	for len(seq) > 0 {
		one, rest, ok := enter(seq, tagSequence)
		if !ok {
			break
		}
		seq = rest
		oid, _, _ := enter(one, tagOID)
		// A prefix of what the OIDs have in common spares most extensions.
		if len(oid) != len(extSubjectKeyID) || !bytes.HasPrefix(oid, []byte(extSubjectKeyID[:2])) {
			continue
		}
		e, ok := splitExtension(one)
		if !ok {
			continue
		}
		switch e.oid {
		case extSubjectKeyID:
			if id, _, ok := enter(e.value, tagOctetString); ok && subject == nil {
				subject = id
			}
		case extAuthorityKeyID:
			inner, _, _ := enter(e.value, tagSequence)
			if id, _, ok := enter(inner, tagKeyIdentifier); ok && authority == nil {
				authority = id
			}
		}
	}
	return subject, authority
}
