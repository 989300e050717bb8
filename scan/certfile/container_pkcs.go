package certfile

import (
	"bytes"

	"certaudit/scan"
)

// oidPKCS7 is the arc of the CMS content types, 1.2.840.113549.1.7.
const oidPKCS7 = "\x2a\x86\x48\x86\xf7\x0d\x01\x07"

const (
	tagInteger   = 0x02
	tagBitString = 0x03
	tagOID       = 0x06
	tagUTCTime   = 0x17
	tagTime      = 0x18
	tagSequence  = 0x30
	tagExplicit0 = 0xa0
)

// startsWithCMS is true where an OID of the CMS arc stands first.
func startsWithCMS(b []byte) bool {
	return len(b) > 2 && b[0] == tagOID && bytes.HasPrefix(b[2:], []byte(oidPKCS7))
}

// insideSequence steps over a SEQUENCE's tag and length and returns what
// follows, complete or not.
func insideSequence(b []byte) ([]byte, bool) {
	if len(b) < 2 || b[0] != tagSequence {
		return nil, false
	}
	if b[1] <= 0x80 {
		return b[2:], true
	}
	n := int(b[1] & 0x7f)
	if n > 8 || len(b) < 2+n {
		return nil, false
	}
	return b[2+n:], true
}

// looksLikeCertificate checks the outline of RFC 5280 section 4.1, so that a
// certificate that the parser refuses is told from other DER.
func looksLikeCertificate(der []byte) bool {
	cert, _, ok := scan.NextTLV(der)
	if !ok || cert.Tag != tagSequence {
		return false
	}
	tbs, rest, ok := scan.NextTLV(cert.Content)
	if !ok || tbs.Tag != tagSequence {
		return false
	}
	alg, rest, ok := scan.NextTLV(rest)
	if !ok || alg.Tag != tagSequence {
		return false
	}
	sig, _, ok := scan.NextTLV(rest)
	return ok && sig.Tag == tagBitString && looksLikeTBS(tbs.Content)
}

// looksLikeTBS wants version?, serial, algorithm, issuer, validity with two
// times, subject.
func looksLikeTBS(b []byte) bool {
	e, rest, ok := scan.NextTLV(b)
	if ok && e.Tag == tagExplicit0 {
		e, rest, ok = scan.NextTLV(rest)
	}
	if !ok || e.Tag != tagInteger {
		return false
	}
	var fields [4]scan.TLV
	for i := range fields {
		if fields[i], rest, ok = scan.NextTLV(rest); !ok || fields[i].Tag != tagSequence {
			return false
		}
	}
	from, rest, ok := scan.NextTLV(fields[2].Content)
	if !ok || (from.Tag != tagUTCTime && from.Tag != tagTime) {
		return false
	}
	to, _, ok := scan.NextTLV(rest)
	return ok && (to.Tag == tagUTCTime || to.Tag == tagTime)
}

// nests checks that every constructed element is filled by whole elements, to a
// depth, and gives the reason where it is not so.
func nests(b []byte, depth int) scan.Reason {
	for len(b) > 0 {
		e, rest, ok := scan.NextTLV(b)
		switch {
		case !ok:
			return scan.ReasonCorrupt
		case depth == 0:
			return scan.ReasonTooDeep
		}
		const constructed = 0x20
		if e.Tag&constructed != 0 {
			if reason := nests(e.Content, depth-1); reason != "" {
				return reason
			}
		}
		b = rest
	}
	return ""
}
