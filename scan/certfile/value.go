package certfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"certaudit/scan"
)

// A spot is one string inside structured text while it is searched.
type spot struct {
	container string
	alias     string // path within the document, or what the document calls it
	line      int    // of the string's first line; 0 when it is not known
	literal   bool   // the string's lines are lines of the file
	rough     bool   // text that its own decoder gave up on: never one base64 value
}

// Bounds on what is kept for strings of structured text.
const (
	maxKept  = 8 << 20 // bytes of DER in one file; beyond it names alone tell who issued whom
	maxAlias = 1024
)

// lineOf turns a line of the content at hand, from 1, into one of the file.
func (f *file) lineOf(line int) int {
	switch {
	case f.spot == nil:
		return f.lines + line
	case !f.spot.literal || f.spot.line == 0:
		return f.spot.line
	}
	return f.spot.line + line - 1
}

// locate completes the placement of a certificate that a string holds, whose
// bytes are kept because no span of the file gives them back, and tells the
// container.
func (f *file) locate(p *placed, der []byte, container string) string {
	if f.spot == nil {
		return container
	}
	p.name(f.spot.alias)
	f.keep(p, der)
	return f.spot.container
}

// keep holds on to a certificate that no span of the file gives back, within a
// bound.
func (f *file) keep(p *placed, der []byte) {
	p.flags = p.flags&^isArmoured | isKept
	if len(f.kept)+len(der) > maxKept {
		p.flags |= isLost
		return
	}
	p.at, p.size = int64(len(f.kept)), uint32(len(der))
	f.kept = append(f.kept, der...)
}

// whole is true where a string is one base64 value.
func (s *spot) whole(text []byte) bool {
	return !s.rough && onlyBase64(text) && bytes.IndexByte(bytes.TrimRight(text, "= \t\r\n"), '=') < 0
}

// base64Begin is how base64 of "-----BEGIN " begins.
const base64Begin = "LS0tLS1CRUdJTi"

// mayHold is the cheap question whether a string is worth a search.
func mayHold(text []byte) bool {
	const shortest = 20
	return len(text) >= shortest && (bytes.Contains(text, []byte("MI")) || bytes.Contains(text, beginMark) ||
		bytes.Contains(text, []byte(base64Begin)) || bytes.Contains(text, sshBase64) || onlyBase64(text))
}

// value searches one string of structured text: PEM, base64 of DER, base64 of
// PEM, or base64 of another container. It tells whether there was an object,
// damaged or not. What is no certificate and does not begin like one, such as
// a placeholder, is nothing.
func (f *file) value(text []byte, container, alias string, line int) bool {
	return f.search(text, spot{container: container, alias: alias, line: line})
}

// search is value for a string whose spot is known more closely.
func (f *file) search(text []byte, at spot) bool {
	if !mayHold(text) || !f.room() {
		return false
	}
	at.alias = shorten(at.alias)
	content, outer, found, first := f.content, f.spot, f.found(), f.placed.len()
	f.spot = &at
	defer func() { f.content, f.spot = content, outer }()
	if isUTF16(text) {
		text = fromUTF16(text)
	}
	inner := f.inner
	if at.whole(text) {
		raw, whole := decodeLoose(text)
		f.decoded(raw, whole)
	} else {
		f.searchText(text)
	}
	f.aloneFrom(first)
	return f.found() > found || f.inner > inner
}

// found counts the objects of this file so far, damaged ones too.
func (f *file) found() int {
	n := f.index
	for _, others := range f.others {
		n += others
	}
	return n
}

// aloneFrom marks the certificates from the n-th on where they are one and the
// same.
func (f *file) aloneFrom(n int) {
	for i := n; i < f.placed.len(); i++ {
		if f.placed.at(i).sum != f.placed.at(n).sum {
			return
		}
	}
	for i := n; i < f.placed.len(); i++ {
		f.placed.at(i).flags |= isAlone
	}
}

func shorten(alias string) string {
	if len(alias) <= maxAlias {
		return alias
	}
	end := maxAlias
	for end > 0 && !utf8.RuneStart(alias[end]) {
		end--
	}
	return alias[:end] + "…"
}

// searchText looks for PEM, and for base64 of certificates between the blocks.
func (f *file) searchText(text []byte) {
	f.content = unfold(text)
	if len(f.content) != len(text) {
		f.spot.literal = false
	}
	f.searchPEM(true)
}

// bareBase64 searches text outside PEM blocks for base64 of certificates. It
// returns how far the text is done with: unless nothing follows, a value at its
// end may go on.
func (f *file) bareBase64(text []byte, within span, last bool, lines *lineCounter) (done int) {
	content, outer := f.content, f.spot
	defer func() { f.content, f.spot = content, outer }()
	for run := range runs(text, within, last) {
		if run.to == within.to && !last {
			return run.from
		}
		if !f.room() {
			break
		}
		at := spot{container: "base64"}
		if outer != nil {
			at = *outer
		}
		f.spot = outer
		at.line, at.literal = f.lineOf(lines.at(run.from)), false
		raw, _ := decodeLoose(text[run.from:run.to])
		f.spot = &at
		f.decoded(raw, false)
	}
	return within.to
}

// decoded looks at what base64 gave: certificates one after the other, PEM, or
// another binary container, which is then a member. whole tells that nothing
// but this stood in the string.
func (f *file) decoded(raw []byte, whole bool) {
	switch {
	case len(raw) > 1 && raw[0] == tagSequence && looksLikeCertificate(raw):
		rest := raw
		for len(rest) > 0 && looksLikeCertificate(rest) && f.room() {
			cert, after, _ := scan.NextTLV(rest)
			f.certificate(cert.Full, span{}, "", f.spot.line)
			rest = after
		}
		if whole && len(bytes.TrimSpace(rest)) > 0 {
			f.note("trailing_data")
		}
	case bytes.Contains(raw, beginMark):
		f.spot.literal = false
		f.content = unfold(raw)
		f.searchPEM(true)
	case truncatedCertificate(raw):
		if _, _, complete := scan.NextTLV(raw); !complete {
			f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: base64 of a certificate: %d bytes that end inside an element", f.spot.line, len(raw)))
			return
		}
		f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("line %d: base64 of %d bytes that begin like a certificate and have not its outline", f.spot.line, len(raw)))
	case scan.ObjectKind(raw) != "":
		f.derObject(scan.ObjectKind(raw), raw, "", entry{})
		clear(raw)
	case findStore(f.opt.containers, raw) != nil:
		f.member(f.spot.alias, raw)
	}
}

// findStore finds the keystore or PKCS #7 container that raw is. DER of a
// certificate is no business of it, nor are archives: base64 of those is no way
// to keep a certificate.
func findStore(all []container, raw []byte) *container {
	switch c := findBinary(all, raw); {
	case c == nil || c.name == "der" || c.name == "zip" || c.name == "gzip" || c.name == "tar":
		return nil
	default:
		return c
	}
}

// oneLine is a PEM block whose line ends were lost.
var oneLine = regexp.MustCompile(`-----BEGIN ([A-Z0-9 #]{1,64})-----[ \t]*([A-Za-z0-9+/=][A-Za-z0-9+/= \t\r\n]*)-----END ([A-Z0-9 #]{1,64})-----`)

// unfold gives PEM its lines back where they were written as escapes, or lost.
func unfold(text []byte) []byte {
	if !bytes.Contains(text, beginMark) {
		return text
	}
	if bytes.Contains(text, []byte(`-----\n`)) || bytes.Contains(text, []byte(`-----\r`)) {
		text = bytes.ReplaceAll(text, []byte(`\r`), []byte("\n"))
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))
	}
	if !oneLineMark(text) {
		return text
	}
	return oneLine.ReplaceAll(text, []byte("\n-----BEGIN $1-----\n$2\n-----END $3-----\n"))
}

// oneLineMark is true where an END mark does not begin its line.
func oneLineMark(text []byte) bool {
	for at := 0; ; {
		i := bytes.Index(text[at:], endMark)
		if i < 0 {
			return false
		}
		if !startsLine(text, at+i) {
			return true
		}
		at += i + len(endMark)
	}
}

// runs yields the runs of base64 in a span of text that begin as a DER
// SEQUENCE or as PEM would. One at the end is yielded whatever its length where
// it may go on in what follows.
func runs(text []byte, within span, last bool) func(yield func(span) bool) {
	const shortest = 36
	return func(yield func(span) bool) {
		from := within.from
		for from < within.to {
			at := nextRun(text[from:within.to])
			if at < 0 {
				return
			}
			at += from
			end := at
			for end < within.to && (isBase64(text[end]) || isSpace(text[end])) {
				if text[end] == '=' && (end+1 == within.to || text[end+1] != '=') {
					end++
					break
				}
				end++
			}
			from = end
			if at > within.from && isBase64(text[at-1]) || end-at < shortest && (last || end < within.to) {
				continue
			}
			if !yield(span{at, end}) {
				return
			}
		}
	}
}

func nextRun(text []byte) int {
	der, pem := bytes.Index(text, []byte("MII")), bytes.Index(text, []byte(base64Begin))
	if der < 0 || pem >= 0 && pem < der {
		return pem
	}
	return der
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// decodeLoose decodes base64 with white space anywhere, with or without its
// padding. whole is false where only the beginning could be decoded.
func decodeLoose(text []byte) (raw []byte, whole bool) {
	packed := make([]byte, 0, len(text))
	for _, c := range text {
		if !isSpace(c) {
			packed = append(packed, c)
		}
	}
	packed = bytes.TrimRight(packed, "=")
	n, err := base64.RawStdEncoding.Decode(packed, packed) // in place: output never overtakes input
	return packed[:n], err == nil
}

// fallback searches text that its own decoder gave up on, from offset on, so
// that nothing in it is lost. The document's damage is recorded where something
// like a certificate is at stake.
func (f *file) fallback(text []byte, container string, stage scan.Stage, reason scan.Reason, why string) {
	plain := slices.Clone(text)
	for i, c := range plain {
		if c == '"' || c == '\'' || c == '<' || c == '>' || c == '`' {
			plain[i] = '\n'
		}
	}
	f.search(plain, spot{container: container, rough: true})
	if f.index+f.inner > 0 || certificateLike(text) {
		f.report(-1, stage, reason, container+": "+why)
	}
}

// certificateLike is true where text has the mark of a certificate.
func certificateLike(text []byte) bool {
	return bytes.Contains(text, []byte(base64PEM)) || bytes.Contains(text, []byte("-----BEGIN CERTIFICATE")) ||
		bytes.Contains(text, []byte("-----BEGIN TRUSTED CERTIFICATE")) || bytes.Contains(text, []byte("-----BEGIN X509 CERTIFICATE")) ||
		holdsBase64Certificate(text)
}
