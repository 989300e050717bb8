package scan

import (
	"bytes"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Extensions whose facts or form are looked at, by encoded OID.
const (
	extSubjectKeyID           = "\x55\x1d\x0e"
	extKeyUsage               = "\x55\x1d\x0f"
	extSubjectAltName         = "\x55\x1d\x11"
	extBasicConstraints       = "\x55\x1d\x13"
	extNameConstraints        = "\x55\x1d\x1e"
	extCRLPoints              = "\x55\x1d\x1f"
	extPolicies               = "\x55\x1d\x20"
	extAuthorityKeyID         = "\x55\x1d\x23"
	extExtKeyUsage            = "\x55\x1d\x25"
	extAuthorityInfo          = "\x2b\x06\x01\x05\x05\x07\x01\x01"         // 1.3.6.1.5.5.7.1.1
	extTLSFeature             = "\x2b\x06\x01\x05\x05\x07\x01\x18"         // 1.3.6.1.5.5.7.1.24
	extSCTList                = "\x2b\x06\x01\x04\x01\xd6\x79\x02\x04\x02" // 1.3.6.1.4.1.11129.2.4.2
	accessOCSP                = "\x2b\x06\x01\x05\x05\x07\x30\x01"         // 1.3.6.1.5.5.7.48.1
	accessIssuers             = "\x2b\x06\x01\x05\x05\x07\x30\x02"         // 1.3.6.1.5.5.7.48.2
	featureStatusRequest      = 5                                          // RFC 7633 section 3, RFC 6066 section 8
	tagExtensions        byte = 0xa3
)

// An extension as it stands in the certificate.
type extension struct {
	oid      string // encoded
	critical bool
	value    []byte
}

// extensionReaders read the facts of one extension each; they say false where
// it is malformed, after having taken what can be read.
var extensionReaders = map[string]func(c *Certificate, value []byte) bool{
	extBasicConstraints: (*Certificate).readBasicConstraints,
	extKeyUsage:         (*Certificate).readKeyUsage,
	extExtKeyUsage:      (*Certificate).readExtKeyUsage,
	extPolicies:         (*Certificate).readPolicies,
	extAuthorityInfo:    (*Certificate).readAuthorityInfo,
	extCRLPoints:        (*Certificate).readCRLPoints,
	extTLSFeature:       (*Certificate).readTLSFeature,
	extSCTList:          (*Certificate).readSCTs,
	extNameConstraints:  (*Certificate).readNameConstraints,
	extSubjectKeyID:     (*Certificate).readSubjectKeyID,
	extAuthorityKeyID:   (*Certificate).readAuthorityKeyID,
}

// readTail reads what follows the key in TBSCertificate: unique identifiers
// and extensions, whatever the version says.
func (c *Certificate) readTail(notes *noteSet, tail []byte) {
	found := false
	for len(tail) > 0 {
		e, rest, ok := NextTLV(tail)
		if !ok {
			notes.add(noteTrailingData)
			return
		}
		tail = rest
		switch {
		case e.Tag == tagExtensions && !found:
			found = true
			if c.Version < 3 {
				notes.add(noteExtensionsIn)
			}
			c.readExtensions(notes, e.Content)
		case !found && (e.Tag&^0x20 == 0x81 || e.Tag&^0x20 == 0x82):
			if c.Version == 1 {
				notes.add(noteUniqueID)
			}
		default:
			notes.add(noteTrailingData)
		}
	}
}

// readExtensions reads each extension's first occurrence.
func (c *Certificate) readExtensions(notes *noteSet, explicit []byte) {
	eachExtension(notes, explicit, func(e extension) { c.readExtension(notes, e) })
}

// eachExtension visits each extension's first occurrence.
func eachExtension(notes *noteSet, explicit []byte, visit func(extension)) {
	seq, after, ok := enter(explicit, tagSequence)
	if !ok {
		notes.add(noteBadExtension)
		return
	}
	if len(after) > 0 {
		notes.add(noteTrailingData)
	}
	if len(seq) == 0 {
		notes.add(noteEmptyExtensions)
	}
	seen := map[string]bool{}
	for len(seq) > 0 {
		var one []byte
		if one, seq, ok = enter(seq, tagSequence); !ok {
			notes.add(noteBadExtension)
			return
		}
		e, ok := splitExtension(one)
		if !ok {
			notes.add(noteBadExtension)
			continue
		}
		if seen[e.oid] {
			notes.add(noteDuplicate)
			continue
		}
		seen[e.oid] = true
		visit(e)
	}
}

// splitExtension is the Extension of RFC 5280 section 4.1; a critical flag may
// be any BER BOOLEAN.
func splitExtension(b []byte) (e extension, ok bool) {
	oid, rest, ok := enter(b, tagOID)
	if !ok {
		return e, false
	}
	if flag, after, isFlag := enter(rest, tagBoolean); isFlag {
		e.critical, rest = isTrue(flag), after
	}
	e.oid = string(oid)
	e.value, rest, ok = enter(rest, tagOctetString)
	return e, ok && len(rest) == 0
}

// isTrue reads a BOOLEAN as BER does: anything but zero is true.
func isTrue(content []byte) bool { return len(bytes.Trim(content, "\x00")) > 0 }

func (c *Certificate) readExtension(notes *noteSet, e extension) {
	if !shortOID([]byte(e.oid)) {
		notes.add(noteLongOID)
	}
	switch e.oid {
	case extSubjectKeyID, extAuthorityKeyID, extAuthorityInfo:
		if e.critical {
			notes.add(noteWrongCritical)
		}
	case extSubjectAltName:
		if !c.readSAN(e.value) {
			notes.add(noteBadSAN)
		}
		return
	}
	if read := extensionReaders[e.oid]; read != nil {
		if !strictDER(e.value, maxDepth) {
			notes.add(noteBER)
		}
		if !read(c, e.value) {
			notes.add(noteBadExtension)
		}
	}
	if e.oid == extPolicies && len(slices.Compact(slices.Sorted(slices.Values(c.Policies)))) < len(c.Policies) {
		notes.add(noteDuplicatePolicy)
	}
}

// readBasicConstraints is RFC 5280 section 4.2.1.9. The flag may be any BER
// BOOLEAN, and stand there although it is the default.
func (c *Certificate) readBasicConstraints(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	if !ok {
		return false
	}
	if flag, rest, isFlag := enter(seq, tagBoolean); isFlag {
		c.IsCA, seq = isTrue(flag), rest
	}
	if n, rest, isNumber := enter(seq, tagInteger); isNumber {
		length := signedInteger(n)
		if !length.IsInt64() || length.Sign() < 0 || length.Int64() > maxPathLength {
			return false
		}
		limit := int(length.Int64())
		c.PathLength, seq = &limit, rest
	}
	return len(seq) == 0 && len(after) == 0
}

// maxPathLength is more than any chain is long, and fits everywhere.
const maxPathLength = 1<<31 - 1

// keyUsageNames are the bits of RFC 5280 section 4.2.1.3 in order.
var keyUsageNames = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment",
	"keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

func (c *Certificate) readKeyUsage(value []byte) bool {
	bits, after, ok := enter(value, tagBitString)
	if !ok || len(bits) == 0 {
		return false
	}
	for i, name := range keyUsageNames {
		if at := 1 + i/8; at < len(bits) && bits[at]&(0x80>>(i%8)) != 0 {
			c.KeyUsage = append(c.KeyUsage, name)
		}
	}
	return len(after) == 0 && bits[0] < 8
}

// readExtKeyUsage lists usages that have a name before those that have none,
// as the standard parser does.
func (c *Certificate) readExtKeyUsage(value []byte) bool {
	var unnamed []string
	ok := eachOID(value, func(dotted string) {
		if name, known := extKeyUsageOIDs[dotted]; known {
			c.ExtKeyUsage = append(c.ExtKeyUsage, name)
		} else {
			unnamed = append(unnamed, dotted)
		}
	})
	c.ExtKeyUsage = append(c.ExtKeyUsage, unnamed...)
	return ok
}

// eachOID visits the members of a SEQUENCE OF OBJECT IDENTIFIER.
func eachOID(value []byte, visit func(string)) bool {
	seq, after, ok := enter(value, tagSequence)
	for ok && len(seq) > 0 {
		var oid []byte
		if oid, seq, ok = enter(seq, tagOID); ok {
			visit(oidString(oid))
		}
	}
	return ok && len(after) == 0
}

func (c *Certificate) readPolicies(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	for ok && len(seq) > 0 {
		var one, oid []byte
		if one, seq, ok = enter(seq, tagSequence); !ok {
			return false
		}
		if oid, _, ok = enter(one, tagOID); ok {
			c.Policies = append(c.Policies, oidString(oid))
		}
	}
	return ok && len(after) == 0
}

// The context tags of GeneralName (RFC 5280 section 4.2.1.6).
const (
	nameOther = 0xa0
	nameEmail = 0x81
	nameDNS   = 0x82
	nameURI   = 0x86
	nameIP    = 0x87
)

// readAuthorityInfo is RFC 5280 section 4.2.2.1.
func (c *Certificate) readAuthorityInfo(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	for ok && len(seq) > 0 {
		var one []byte
		if one, seq, ok = enter(seq, tagSequence); !ok {
			return false
		}
		method, location, isOID := enter(one, tagOID)
		name, _, isName := NextTLV(location)
		if !isOID || !isName {
			return false
		}
		if name.Tag != nameURI {
			continue
		}
		switch string(method) {
		case accessOCSP:
			c.OCSPURLs = append(c.OCSPURLs, latinOrUTF8(name.Content))
		case accessIssuers:
			c.IssuerURLs = append(c.IssuerURLs, latinOrUTF8(name.Content))
		}
	}
	return ok && len(after) == 0
}

// readCRLPoints takes the URIs of the full names (RFC 5280 section 4.2.1.13).
func (c *Certificate) readCRLPoints(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	for ok && len(seq) > 0 {
		var point []byte
		if point, seq, ok = enter(seq, tagSequence); !ok {
			return false
		}
		place, _, _ := enter(point, 0xa0) // distributionPoint [0]
		names, _, _ := enter(place, 0xa0) // fullName [0]
		for len(names) > 0 {
			name, rest, isName := NextTLV(names)
			if !isName {
				return false
			}
			if names = rest; name.Tag == nameURI {
				c.CRLURLs = append(c.CRLURLs, latinOrUTF8(name.Content))
			}
		}
	}
	return ok && len(after) == 0
}

// readTLSFeature is RFC 7633 section 4.1.
func (c *Certificate) readTLSFeature(value []byte) bool {
	seq, _, ok := enter(value, tagSequence)
	for ok && len(seq) > 0 {
		var n []byte
		if n, seq, ok = enter(seq, tagInteger); ok && bytes.Equal(n, []byte{featureStatusRequest}) {
			c.MustStaple = true
		}
	}
	return ok
}

// readSCTs counts the entries of a SignedCertificateTimestampList (RFC 6962
// section 3.3).
func (c *Certificate) readSCTs(value []byte) bool {
	list, _, ok := enter(value, tagOctetString)
	if !ok || len(list) < 2 || len(list)-2 != int(list[0])<<8|int(list[1]) {
		return false
	}
	for list = list[2:]; len(list) >= 2; c.SCTCount++ {
		size := int(list[0])<<8 | int(list[1])
		if size > len(list)-2 {
			return false
		}
		list = list[2+size:]
	}
	return len(list) == 0
}

// readNameConstraints has no fact to read: it checks the form (RFC 5280 section
// 4.2.1.10).
func (c *Certificate) readNameConstraints(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	if !ok || len(after) > 0 || len(seq) == 0 {
		return false
	}
	for len(seq) > 0 {
		trees, rest, ok := NextTLV(seq)
		if !ok || trees.Tag != 0xa0 && trees.Tag != 0xa1 {
			return false
		}
		seq = rest
		for b := trees.Content; len(b) > 0; {
			var base []byte
			if base, b, ok = enter(b, tagSequence); !ok {
				return false
			}
			name, _, ok := NextTLV(base)
			if !ok || !plainConstraint(name) {
				return false
			}
		}
	}
	return true
}

// plainConstraint tells whether the base of a subtree has the form of its kind.
func plainConstraint(name TLV) bool {
	switch name.Tag {
	case nameIP:
		half := len(name.Content) / 2
		if half != net.IPv4len && half != net.IPv6len || len(name.Content)%2 != 0 {
			return false
		}
		ones, bits := net.IPMask(name.Content[half:]).Size()
		return ones > 0 || bits > 0
	case nameDNS, nameURI:
		return plainHost(strings.TrimPrefix(string(name.Content), "."), true) && (name.Tag != nameURI || net.ParseIP(string(name.Content)) == nil)
	case nameEmail:
		at := bytes.LastIndexByte(name.Content, '@')
		return at != 0 && plainHost(strings.TrimPrefix(string(name.Content[at+1:]), "."), at < 0)
	}
	return true
}

func (c *Certificate) readSubjectKeyID(value []byte) bool {
	_, after, ok := enter(value, tagOctetString)
	return ok && len(after) == 0
}

func (c *Certificate) readAuthorityKeyID(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	return ok && len(after) == 0 && strictOutline(seq)
}

// strictOutline tells whether b is whole elements.
func strictOutline(b []byte) bool {
	for ok := true; len(b) > 0; {
		if _, b, ok = NextTLV(b); !ok {
			return false
		}
	}
	return true
}

// readSAN takes the names as they are written. It says false where the list or
// one of the names is malformed.
func (c *Certificate) readSAN(value []byte) bool {
	seq, after, ok := enter(value, tagSequence)
	plain := ok && len(after) == 0
	for len(seq) > 0 {
		name, rest, ok := NextTLV(seq)
		if !ok {
			return false
		}
		seq = rest
		plain = c.readGeneralName(name) && plain
	}
	return plain
}

func (c *Certificate) readGeneralName(name TLV) bool {
	text := latinOrUTF8(name.Content)
	switch name.Tag {
	case nameDNS:
		c.DNSNames = append(c.DNSNames, text)
	case nameEmail:
		c.EmailAddresses = append(c.EmailAddresses, text)
	case nameURI:
		c.URIs = append(c.URIs, text)
		u, err := url.Parse(text)
		return err == nil && (u.Host == "" || plainHost(u.Host, false)) && all(name.Content, isASCII)
	case nameIP:
		if len(name.Content) != net.IPv4len && len(name.Content) != net.IPv6len {
			return false
		}
		c.IPAddresses = append(c.IPAddresses, net.IP(name.Content).String())
		return true
	case nameOther:
		return c.readOtherName(name)
	}
	return name.Tag&0xe0 != 0x80 || all(name.Content, isASCII)
}

func (c *Certificate) readOtherName(name TLV) bool {
	oid, _, ok := enter(name.Content, tagOID)
	if dotted := oidString(oid); ok && !slices.Contains(c.OtherNames, dotted) {
		c.OtherNames = append(c.OtherNames, dotted)
	}
	return ok
}

// plainHost tells whether labels and whole have a length that DNS allows and
// no character that no host could have.
func plainHost(host string, emptyToo bool) bool {
	if host == "" {
		return emptyToo
	}
	if len(host) > 253 || !utf8.ValidString(host) {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			if label[i] <= ' ' || label[i] > '~' {
				return false
			}
		}
	}
	return true
}
