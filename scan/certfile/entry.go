package certfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"certaudit/scan"
)

// An entry says what a store knows of one of its certificates or other objects.
type entry struct {
	container string
	alias     string
	use       scan.Use // "" leaves it to what the members show
	basis     string
	line      int      // in a text file
	notes     []string // of what is no certificate
}

// store records a certificate that a store holds and tells whether one was
// recorded. der is copied where it stands nowhere in the file.
func (f *file) store(der []byte, e entry) bool {
	cert, rest, ok := scan.NextTLV(der)
	switch {
	case !ok && len(der) > 0 && der[0] == tagSequence:
		f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("%s: %d bytes that end inside a certificate", e.container, len(der)))
		return false
	case !ok || !looksLikeCertificate(cert.Full):
		f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("%s: %d bytes that have no certificate's outline", e.container, len(der)))
		return false
	}
	before := f.placed.len()
	f.certificate(cert.Full, span{}, e.container, e.line)
	if f.placed.len() == before {
		return false
	}
	p := f.placed.at(before)
	if e.use != "" {
		p.tell(e.use, e.basis)
	}
	switch alias := cleanAlias(e.alias); {
	case f.spot == nil:
		p.name(alias)
		if at, ok := within(f.whole, cert.Full); ok {
			p.at, p.size = int64(at), uint32(len(cert.Full))
		} else {
			f.keep(p, cert.Full)
		}
	case alias != "": // a store inside a string of structured text
		p.name(f.spot.alias + "/" + alias)
	}
	if len(rest) > 0 {
		f.note("trailing_data")
	}
	return true
}

// within tells where a part lies in the whole that it was cut out of. A copy of
// the same bytes lies nowhere.
func within(whole, part []byte) (at int, ok bool) {
	at = cap(whole) - cap(part) // both reach to the end of the same memory
	ok = len(part) > 0 && at >= 0 && at+len(part) <= len(whole) && &whole[at] == &part[0]
	return at, ok
}

// cleanAlias makes an alias valid UTF-8 of bounded length.
func cleanAlias(s string) string {
	if len(s) > maxAlias {
		s = s[:maxAlias]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// noteFrom marks every certificate that was recorded since there were n.
func (f *file) noteFrom(n int, code string) {
	for i := n; i < f.placed.len(); i++ {
		f.placed.at(i).note(code)
	}
}

// refuse records why the store, or a part of it, could not be read. given tells
// whether the user named passwords.
func (f *file) refuse(err error, given bool) {
	switch {
	case errors.Is(err, errIterations):
		f.report(-1, scan.StageLimit, scan.ReasonKDFIterations, fmt.Sprintf("the bound is %d for one file", f.opt.Limits.KDFIterations))
	case errors.Is(err, errPassword) && given:
		f.report(-1, scan.StageDecrypt, scan.ReasonWrongPassword, err.Error())
	case errors.Is(err, errPassword):
		f.report(-1, scan.StageDecrypt, scan.ReasonPasswordNeeded, err.Error())
	case errors.Is(err, errDeep):
		f.report(-1, scan.StageLimit, scan.ReasonTooDeep, err.Error())
	case errors.Is(err, errUnsupported):
		f.report(-1, scan.StageDecrypt, scan.ReasonUnsupported, err.Error())
	case errors.Is(err, errTruncated):
		f.report(-1, scan.StageDecode, scan.ReasonTruncated, err.Error())
	default:
		f.report(-1, scan.StageDecode, scan.ReasonCorrupt, err.Error())
	}
}

func isTruncated(err error) bool { return errors.Is(err, errTruncated) }

// modifiedUTF8 decodes the encoding of java.io.DataInput: NUL in two bytes,
// characters beyond U+FFFF as two surrogates of three bytes each.
func modifiedUTF8(b []byte) string {
	units := make([]uint16, 0, len(b))
	for i := 0; i < len(b); {
		switch c := b[i]; {
		case c < 0x80:
			units = append(units, uint16(c))
			i++
		case c>>5 == 0b110 && i+1 < len(b):
			units = append(units, uint16(c&0x1f)<<6|uint16(b[i+1]&0x3f))
			i += 2
		case c>>4 == 0b1110 && i+2 < len(b):
			units = append(units, uint16(c&0x0f)<<12|uint16(b[i+1]&0x3f)<<6|uint16(b[i+2]&0x3f))
			i += 3
		default:
			units = append(units, 0xfffd)
			i++
		}
	}
	return string(utf16.Decode(units))
}

// bmpString decodes a BMPString (X.690 section 8.23.7).
func bmpString(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}
