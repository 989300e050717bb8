package scan

import (
	"encoding/hex"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A TLV is one DER element (X.690 section 8.1).
type TLV struct {
	Tag     byte
	Content []byte
	Full    []byte // with tag and length
}

// ASN.1 tags that certificates need (X.680).
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagOID             = 0x06
	tagUTF8            = 0x0c
	tagNumeric         = 0x12
	tagPrintable       = 0x13
	tagT61             = 0x14
	tagIA5             = 0x16
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagVisible         = 0x1a
	tagUniversal       = 0x1c
	tagBMP             = 0x1e
	tagSequence        = 0x30
	tagSet             = 0x31
	tagVersion         = 0xa0 // [0] EXPLICIT of TBSCertificate
	maxLengthSize      = 4
	maxTagSize         = 6
)

// NextTLV takes one element with a definite length off b; ok is false where
// there is none or b ends inside it. Of a tag number above 30 (X.690 section
// 8.1.2.4) only the first byte is given: certificates name nothing with one.
func NextTLV(b []byte) (e TLV, rest []byte, ok bool) {
	tag := 1
	if len(b) > 0 && b[0]&0x1f == 0x1f {
		for tag < len(b) && tag < maxTagSize && b[tag]&0x80 != 0 {
			tag++
		}
		tag++
	}
	if len(b) < tag+1 {
		return TLV{}, nil, false
	}
	size, head := int(b[tag]), tag+1
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > maxLengthSize || len(b) < head+n {
			return TLV{}, nil, false
		}
		size = 0
		for _, c := range b[head : head+n] {
			size = size<<8 | int(c)
		}
		head += n
	}
	if size < 0 || size > len(b)-head {
		return TLV{}, nil, false
	}
	return TLV{b[0], b[head : head+size], b[:head+size]}, b[head+size:], true
}

// enter reads one element of the wanted tag and returns its content and what
// follows it.
func enter(b []byte, tag byte) (content, rest []byte, ok bool) {
	e, rest, ok := NextTLV(b)
	if !ok || e.Tag != tag {
		return nil, nil, false
	}
	return e.Content, rest, true
}

// oidString is the dotted form of an encoded OBJECT IDENTIFIER, or "" when it
// is malformed.
func oidString(b []byte) string {
	var s []byte
	var v uint64
	started := false
	for i, c := range b {
		if !started && c == 0x80 {
			return ""
		}
		if v > 1<<56 {
			return longOID(b)
		}
		v, started = v<<7|uint64(c&0x7f), true
		if c&0x80 != 0 {
			if i == len(b)-1 {
				return ""
			}
			continue
		}
		if s == nil {
			first := min(v/40, 2)
			s = strconv.AppendUint(s, first, 10)
			v -= first * 40
		}
		s = append(s, '.')
		s = strconv.AppendUint(s, v, 10)
		v, started = 0, false
	}
	return string(s)
}

// longOID is oidString for arcs of more than 56 bits, such as
// UUIDs.
func longOID(b []byte) string {
	if len(b) > maxOIDBytes || b[len(b)-1]&0x80 != 0 {
		return ""
	}
	var s []byte
	v, started := new(big.Int), false
	for _, c := range b {
		if !started && c == 0x80 {
			return ""
		}
		v.Lsh(v, 7).Or(v, big.NewInt(int64(c&0x7f)))
		if started = c&0x80 != 0; started {
			continue
		}
		if s == nil {
			first := int64(2)
			if v.IsInt64() {
				first = min(v.Int64()/40, 2)
			}
			s = strconv.AppendInt(s, first, 10)
			v.Sub(v, big.NewInt(first*40))
		}
		s = v.Append(append(s, '.'), 10)
		v.SetInt64(0)
	}
	return string(s)
}

// maxOIDBytes bounds an identifier with long arcs; UUIDs (X.667) take 19 bytes.
const maxOIDBytes = 256

// attributeNames gives, by encoded OID, the short names of RFC 4519 and, for
// what certificates carry beyond it, the names that openssl prints.
var attributeNames = map[string]string{
	"\x55\x04\x03": "CN", "\x55\x04\x04": "SN", "\x55\x04\x05": "serialNumber", "\x55\x04\x06": "C", "\x55\x04\x07": "L",
	"\x55\x04\x08": "ST", "\x55\x04\x09": "STREET", "\x55\x04\x0a": "O", "\x55\x04\x0b": "OU", "\x55\x04\x0c": "title",
	"\x55\x04\x0d": "description", "\x55\x04\x0f": "businessCategory", "\x55\x04\x11": "postalCode", "\x55\x04\x29": "name",
	"\x55\x04\x2a": "GN", "\x55\x04\x2b": "initials", "\x55\x04\x2c": "generationQualifier", "\x55\x04\x2e": "dnQualifier",
	"\x55\x04\x41": "pseudonym", "\x55\x04\x61": "organizationIdentifier",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":     "UID",            // 0.9.2342.19200300.100.1.1
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":     "DC",             // 0.9.2342.19200300.100.1.25
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01":         "emailAddress",   // 1.2.840.113549.1.9.1
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "jurisdictionL",  // 1.3.6.1.4.1.311.60.2.1.1
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "jurisdictionST", // 1.3.6.1.4.1.311.60.2.1.2
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "jurisdictionC",  // 1.3.6.1.4.1.311.60.2.1.3
}

const oidCommonName = "\x55\x04\x03" // 2.5.4.3

// A nameText is an encoded Name in words.
type nameText struct {
	rfc4514    string   // last RDN first; "#" and the bytes of a name that is no well-formed DER
	cn         string   // the last common name as encoded
	attributes []string // in the order of the encoding, type=value, unescaped; a value that is no text is "#" and its bytes
}

// An attributeSpan is one attribute in the text of all of them.
type attributeSpan struct {
	value, end int
	first      bool // of its relative name
	plain      bool // RFC 4514 escapes nothing in it
}

// formatName renders an encoded Name as RFC 4514 does, and by attribute. Of a
// damaged one it lists the attributes before the damage.
func formatName(raw []byte) (n nameText) {
	var room [16]attributeSpan // of most names
	text, spans, commonName, ok := splitName(raw, make([]byte, 0, len(raw)+32), room[:0])
	all := string(text) // one string, of which the attributes are parts
	if len(spans) > 0 {
		n.attributes = make([]string, len(spans))
		from := 0
		for i, s := range spans {
			n.attributes[i], from = all[from:s.end], s.end
		}
	}
	if commonName >= 0 {
		n.cn = all[spans[commonName].value:spans[commonName].end]
	}
	if !ok {
		n.rfc4514 = "#" + hex.EncodeToString(raw)
		return n
	}
	n.rfc4514 = string(appendReversed(make([]byte, 0, len(all)+len(spans)), n.attributes, spans))
	return n
}

// appendReversed joins the attributes, the last relative name first.
func appendReversed(b []byte, attributes []string, spans []attributeSpan) []byte {
	for end := len(spans); end > 0; {
		start := end - 1
		for !spans[start].first {
			start--
		}
		if end < len(spans) {
			b = append(b, ',')
		}
		for i := start; i < end; i++ {
			if i > start {
				b = append(b, '+')
			}
			if spans[i].plain {
				b = append(b, attributes[i]...)
				continue
			}
			kind := len(attributes[i]) - (spans[i].end - spans[i].value)
			b = append(b, attributes[i][:kind]...)
			b = append(b, escapeRFC4514(attributes[i][kind:])...)
		}
		end = start
	}
	return b
}

// splitName appends every attribute to text. commonName is the number of the
// last one that is a common name, or -1; ok is false where the name is damaged.
func splitName(raw, text []byte, spans []attributeSpan) (_ []byte, _ []attributeSpan, commonName int, ok bool) {
	commonName = -1
	sets, _, ok := enter(raw, tagSequence)
	for ok && len(sets) > 0 {
		var set, attribute []byte
		set, sets, ok = enter(sets, tagSet)
		for first := true; ok && len(set) > 0; first = false {
			if attribute, set, ok = enter(set, tagSequence); !ok {
				break
			}
			oid, value, okOID := enter(attribute, tagOID)
			v, _, okValue := NextTLV(value)
			if ok = okOID && okValue; !ok {
				break
			}
			s := attributeSpan{first: first, plain: plainText(v)}
			text = append(appendAttribute(text, oid), '=')
			s.value = len(text)
			isText := true
			if s.plain {
				text = append(text, v.Content...)
			} else {
				var decoded string
				if decoded, isText = stringValue(v); isText {
					text = append(text, decoded...)
				} else {
					text, s.plain = hex.AppendEncode(append(text, '#'), v.Full), true
				}
			}
			s.end = len(text)
			if isText && string(oid) == oidCommonName {
				commonName = len(spans)
			}
			spans = append(spans, s)
		}
	}
	return text, spans, commonName, ok
}

// appendAttribute writes the name of an attribute's type, or its OID.
func appendAttribute(b, oid []byte) []byte {
	if name, known := attributeNames[string(oid)]; known {
		return append(b, name...)
	}
	return append(b, oidString(oid)...)
}

// plainText is true for a text that stands in RFC 4514 as it is encoded.
func plainText(v TLV) bool {
	switch v.Tag {
	case tagUTF8, tagNumeric, tagPrintable, tagIA5, tagVisible, tagT61:
	default:
		return false
	}
	for i, c := range v.Content {
		switch c {
		case '"', '+', ',', ';', '<', '>', '\\', 0:
			return false
		case ' ', '#':
			if i == 0 || c == ' ' && i == len(v.Content)-1 {
				return false
			}
		}
		if c >= utf8.RuneSelf {
			return utf8.Valid(v.Content) && escapeRFC4514(string(v.Content)) == string(v.Content)
		}
	}
	return true
}

// escapeRFC4514 escapes an attribute value (RFC 4514 section 2.4).
func escapeRFC4514(s string) string {
	if !strings.ContainsAny(s, "\"+,;<>\\\x00") && !strings.HasPrefix(s, " ") && !strings.HasPrefix(s, "#") && !strings.HasSuffix(s, " ") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == 0:
			b.WriteString(`\00`)
		case strings.IndexByte("\"+,;<>\\", c) >= 0,
			i == 0 && (c == ' ' || c == '#'),
			i == len(s)-1 && c == ' ':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// stringValue decodes an ASN.1 string type; ok is false for any other type.
func stringValue(v TLV) (s string, ok bool) {
	switch v.Tag {
	case tagUTF8, tagNumeric, tagPrintable, tagIA5, tagVisible, tagT61:
		return latinOrUTF8(v.Content), true
	case tagBMP:
		if len(v.Content)%2 != 0 {
			return "", false
		}
		u := make([]uint16, len(v.Content)/2)
		for i := range u {
			u[i] = uint16(v.Content[2*i])<<8 | uint16(v.Content[2*i+1])
		}
		return string(utf16.Decode(u)), true
	case tagUniversal:
		if len(v.Content)%4 != 0 {
			return "", false
		}
		var b strings.Builder
		for c := v.Content; len(c) > 0; c = c[4:] {
			b.WriteRune(rune(uint32(c[0])<<24 | uint32(c[1])<<16 | uint32(c[2])<<8 | uint32(c[3])))
		}
		return b.String(), true
	}
	return "", false
}

// latinOrUTF8 reads bytes as UTF-8 where they are, and else as Latin-1, which
// is what makers of such certificates meant.
func latinOrUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}
