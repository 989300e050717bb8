package certfile

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
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
		}
		searchPEM(f, 0)
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

// searchPEM reads every PEM block from offset on and tells whether there was
// one that could hold a certificate.
func searchPEM(f *file, offset int) bool {
	found := false
	eachBlock(f.content, offset, func(b block) bool {
		b.line = f.lineOf(b.line)
		switch {
		case certificateLabels[b.label]:
			found = true
			f.pemCertificate(b)
		case pkcs7Labels[b.label]:
			found = true
			f.pemCMS(b)
		case strings.HasSuffix(b.label, "PRIVATE KEY"):
			f.privateKey(b)
		}
		return f.room()
	})
	return found
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
	der, err := decodeBase64(f.content[b.body.from:b.body.to])
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

// privateKey remembers which public key is held with its private half here. The
// key itself is dropped at once; an encrypted one only marks that a key is here.
func (f *file) privateKey(b block) {
	f.hasKey = true
	if !b.closed {
		return
	}
	der, err := decodeBase64(f.content[b.body.from:b.body.to])
	if err != nil {
		return
	}
	defer clear(der)
	if spki, ok := publicHalf(der); ok {
		f.keys = append(f.keys, sha256.Sum256(spki))
	}
}

// publicHalf derives the subjectPublicKeyInfo of an unencrypted private key.
func publicHalf(der []byte) ([]byte, bool) {
	var key any
	if k, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		key = k
	} else if k, err := x509.ParseECPrivateKey(der); err == nil {
		key = k
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, false
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	return spki, err == nil
}

// decodeBase64 decodes a PEM body: white space anywhere, headers (RFC 1421
// section 4.6) before the first empty line.
func decodeBase64(body []byte) ([]byte, error) {
	out := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Decode(out, body)
	if err == nil {
		return out[:n], nil
	}
	stripped := make([]byte, 0, len(body))
	for line := range bytes.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if bytes.Contains(line, []byte(": ")) {
			continue
		}
		for _, c := range line {
			if c != ' ' && c != '\t' {
				stripped = append(stripped, c)
			}
		}
	}
	n, err = base64.StdEncoding.Decode(out, stripped)
	return out[:n], err
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

// eachBlock visits the blocks of text from offset on, in order, until visit
// says no. A BEGIN counts where only white space stands before it on its line.
func eachBlock(text []byte, offset int, visit func(block) bool) {
	lines := lineCounter{text: text}
	for at := offset; ; {
		begin, label, bodyStart := nextMark(text, at, beginMark)
		if begin < 0 {
			return
		}
		b := block{label: label, line: lines.at(begin), opened: 1}
		next := bodyStart
		for {
			b.body, b.closed, next = closeBlock(text, label, bodyStart)
			again, sameLabel, start := nextMark(text, next, beginMark)
			if b.closed || again != next || sameLabel != label {
				break
			}
			b.opened++ // another BEGIN right behind: one damaged record, not thousands
			bodyStart, next = start, start
		}
		if !visit(b) {
			return
		}
		at = next
	}
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
