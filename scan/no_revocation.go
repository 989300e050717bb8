package scan

// Extensions by which an issuer says that a certificate's status is published
// nowhere, as encoded object identifiers.
const (
	extNoRevAvail  = "\x55\x1d\x38"                         // RFC 9608
	extOCSPNoCheck = "\x2b\x06\x01\x05\x05\x07\x30\x01\x05" // RFC 6960 section 4.2.2.2.1
)

// NoRevocation tells that the issuer of a certificate has no revocation
// information about it and says so: it is short-lived (RFC 9608), or an OCSP
// responder's own (RFC 6960 section 4.2.2.2.1).
func NoRevocation(der []byte) bool {
	_, short := ExtensionValue(der, extNoRevAvail)
	_, responder := ExtensionValue(der, extOCSPNoCheck)
	return short || responder
}

// ExtensionValue gives the value of a certificate's extension, by its encoded
// object identifier: the first where there are several.
func ExtensionValue(der []byte, oid string) (value []byte, ok bool) {
	o, ok := readOutline(der)
	for tail := o.tail; ok && len(tail) > 0; {
		var e TLV
		if e, tail, ok = NextTLV(tail); !ok || e.Tag != tagExtensions {
			continue
		}
		seq, _, _ := enter(e.Content, tagSequence)
		for len(seq) > 0 {
			one, rest, ok := enter(seq, tagSequence)
			if !ok {
				return nil, false
			}
			if x, ok := splitExtension(one); ok && x.oid == oid {
				return x.value, true
			}
			seq = rest
		}
	}
	return nil, false
}
