package certfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"unicode/utf16"

	"certaudit/scan"
)

// certificateLabels are the PEM labels of a certificate (RFC 7468 section 5.1
// and openssl's PEM_read_bio_X509_AUX).
var certificateLabels = map[string]bool{
	"CERTIFICATE": true, "X509 CERTIFICATE": true, "TRUSTED CERTIFICATE": true,
}

// pemContainer reads PEM: any number of blocks, with text around them, any
// line ends, indented or not, in UTF-8 or UTF-16.
func pemContainer() container {
	return container{name: "pem", title: "PEM", recognises: func(b []byte) bool {
		return bytes.Contains(b, []byte("-----BEGIN ")) || isUTF16(b) && bytes.Contains(fromUTF16(b), []byte("-----BEGIN "))
	}, read: func(f *file) {
		if isUTF16(f.content) {
			f.content = fromUTF16(f.content)
			f.whole, f.base = f.content, 0
		}
		f.searchPEM(true)
	}}
}

func isUTF16(b []byte) bool {
	return len(b) >= 2 && (b[0] == 0xff && b[1] == 0xfe || b[0] == 0xfe && b[1] == 0xff)
}

func fromUTF16(b []byte) []byte {
	little := b[0] == 0xff
	u := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) >= 2; b = b[2:] {
		if little {
			u = append(u, uint16(b[1])<<8|uint16(b[0]))
		} else {
			u = append(u, uint16(b[0])<<8|uint16(b[1]))
		}
	}
	return []byte(string(utf16.Decode(u)))
}

// searchPEM reads every PEM block of the content, and base64 of certificates and
// SSH keys between them. It returns how far the content is done with, which is all of it
// where last says that nothing follows.
func (f *file) searchPEM(last bool) (done int) {
	text := f.content
	lines, keyLines := f.counter(text), f.counter(text)
	return eachBlock(text, last, f.counter(text), func(gap span, last bool) int {
		if f.binaryGap(gap) {
			return gap.to
		}
		gap.to = f.bareBase64(text, gap, last, &lines)
		return f.searchSSH(text, gap, last, &keyLines)
	}, func(b block) bool {
		b.line = f.lineOf(b.line)
		switch {
		case certificateLabels[b.label]:
			f.pemCertificate(b)
		case pkcs7Labels[b.label]:
			f.pemCMS(b)
		default:
			f.pemObject(b)
		}
		return f.room()
	})
}

// binaryGap searches a gap that is no text as what a decoder left over, and is
// false for text. What was left over already is not left over again.
func (f *file) binaryGap(gap span) bool {
	all := gap.to-gap.from == len(f.content)
	if f.whole == nil || f.spot != nil || f.part && all || bytes.IndexByte(f.content[gap.from:gap.to], 0) < 0 {
		return false
	}
	note := noteInside
	switch {
	case gap.to == len(f.content):
		note = noteTrailing
	case gap.from == 0:
		note = noteLeading
	}
	f.leftover(gap, note)
	return true
}

func (f *file) pemCertificate(b block) {
	switch {
	case b.opened > 1:
		f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: %d BEGIN lines in a row without an END", b.line, b.opened))
		return
	case !b.closed:
		f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: BEGIN %s has no END of that name", b.line, b.label))
		return
	}
	der, err := appendBase64(f.der[:0], f.content[b.body.from:b.body.to])
	f.der = der[:0]
	if err != nil {
		f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("line %d: %v", b.line, err))
		return
	}
	cert, rest, ok := scan.NextTLV(der)
	switch {
	case len(der) == 0:
		f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("line %d: no data between BEGIN and END", b.line))
		return
	case !ok && der[0] == tagSequence:
		f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: %d bytes that end inside an element", b.line, len(der)))
		return
	case !ok || !looksLikeCertificate(cert.Full):
		f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("line %d: %d bytes that have no certificate's outline", b.line, len(der)))
		return
	}
	f.certificate(cert.Full, b.body, "pem", b.line)
	if len(rest) > 0 && b.label != "TRUSTED CERTIFICATE" { // whose trust settings follow by design
		f.note("trailing_data")
	}
}

// appendBase64 appends what a PEM body decodes to: white space anywhere, headers
// (RFC 1421 section 4.6) before the first empty line.
func appendBase64(to, body []byte) ([]byte, error) {
	out, err := base64.StdEncoding.AppendDecode(to, body)
	if err == nil {
		return out, nil
	}
	return base64.StdEncoding.AppendDecode(to, packBody(body))
}

// packBody is a PEM body without its headers and white space.
func packBody(body []byte) []byte {
	packed := make([]byte, 0, len(body))
	for line := range bytes.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if bytes.Contains(line, []byte(": ")) {
			continue
		}
		for _, c := range line {
			if c != ' ' && c != '\t' {
				packed = append(packed, c)
			}
		}
	}
	return packed
}

// A span is a range of bytes in the file's content.
type span struct{ from, to int }

// A block is one PEM block, well formed or not.
type block struct {
	label  string
	line   int  // of the BEGIN line, from 1
	closed bool // an END of the same label follows before the next BEGIN
	opened int  // BEGIN lines in a row with nothing between them, when not closed
	body   span
}

var (
	beginMark = []byte("-----BEGIN ")
	endMark   = []byte("-----END ")
	dashes    = []byte("-----")
)

// maxLabel bounds a label; real ones have up to 30 letters.
const maxLabel = 64

// eachBlock visits the blocks of text in order, and the gaps before, between and
// behind them, until visit says no. A BEGIN counts where only white space stands
// before it on its line. Unless this is the last text, a block or a gap at its
// end may go on in what follows; the offset of what was not done is returned.
func eachBlock(text []byte, last bool, lines lineCounter, gap func(within span, last bool) (done int), visit func(block) bool) (done int) {
	for at := 0; ; {
		begin, label, bodyStart := nextMark(text, at, beginMark)
		if begin < 0 {
			return gap(span{at, wholeLines(text, at, last)}, last)
		}
		gap(span{at, begin}, true)
		b := block{label: label, line: lines.at(begin), opened: 1}
		next := bodyStart
		for {
			b.body, b.closed, next = closeBlock(text, label, bodyStart)
			if !b.closed && next == len(text) && !last {
				return begin
			}
			again, sameLabel, start := nextMark(text, next, beginMark)
			if b.closed || again != next || sameLabel != label {
				break
			}
			b.opened++ // another BEGIN right behind: one damaged record, not thousands
			bodyStart, next = start, start
		}
		if !visit(b) {
			return next
		}
		at = next
	}
}

// wholeLines is where the last line of text begins, which may go on in what
// follows; the end of text where nothing does.
func wholeLines(text []byte, from int, last bool) int {
	if last {
		return len(text)
	}
	return from + bytes.LastIndexAny(text[from:], "\r\n") + 1
}

// closeBlock finds where the block whose body starts at from ends: at its own
// END, at an END of another label, at the next BEGIN, or at the end of text.
func closeBlock(text []byte, label string, from int) (body span, closed bool, next int) {
	limit := len(text)
	if begin, _, _ := nextMark(text, from, beginMark); begin >= 0 {
		limit = begin // looked for first: a file of BEGIN lines alone must not be searched for an END from each
	}
	end, endLabel, after := nextMark(text[:limit], from, endMark)
	if end < 0 {
		return span{from, limit}, false, limit
	}
	return span{from, end}, endLabel == label, after
}

// nextMark finds the next line that is white space, mark, a label and five
// dashes. It returns where the mark stands (the line's first byte that is no
// white space), its label, and where the text behind the dashes begins.
func nextMark(text []byte, from int, mark []byte) (at int, label string, after int) {
	for from <= len(text) {
		i := bytes.Index(text[from:], mark)
		if i < 0 {
			return -1, "", len(text)
		}
		at = from + i
		from = at + len(mark)
		if !startsLine(text, at) {
			continue
		}
		window := text[from:min(len(text), from+maxLabel+len(dashes))]
		n := bytes.Index(window, dashes)
		if n < 0 || bytes.ContainsAny(window[:n], "\r\n") {
			continue
		}
		return at, string(window[:n]), from + n + len(dashes)
	}
	return -1, "", len(text)
}

func startsLine(text []byte, at int) bool {
	for at > 0 {
		switch text[at-1] {
		case ' ', '\t':
			at--
		case '\n', '\r':
			return true
		case 0xbf: // the last byte of a UTF-8 byte-order mark
			return at == 3 && text[0] == 0xef && text[1] == 0xbb
		default:
			return false
		}
	}
	return true
}

// counter counts the lines of what is being read; those of a stream end as those
// of its beginning do.
func (f *file) counter(text []byte) lineCounter {
	l := lineCounter{text: text}
	switch {
	case f.whole != nil || f.spot != nil:
	case f.crOnly:
		l.end = []byte{'\r'}
	default:
		l.end = []byte{'\n'}
	}
	return l
}

// A lineCounter gives line numbers for ascending offsets.
type lineCounter struct {
	text []byte
	done int
	line int
	end  []byte
}

func (l *lineCounter) at(offset int) int {
	if l.end == nil {
		l.end = []byte{'\n'}
		if bytes.IndexByte(l.text, '\n') < 0 {
			l.end = []byte{'\r'}
		}
	}
	l.line += bytes.Count(l.text[l.done:offset], l.end)
	l.done = offset
	return l.line + 1
}
