package pdf

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"certaudit/report"
)

// A style is how a piece of text looks.
type style struct {
	font   fontID
	size   float64 // points
	lead   float64 // mm from line to line
	colour string  // name in the theme
	most   int     // runes shown of one text; the rest is counted. 0 means mostRunes
}

// mostRunes bounds one text on paper. A certificate may carry names of any
// length; report.json or the evidence has them whole.
const mostRunes = 1000

// A piece is text with one link and, where it differs from the style around
// it, its own font and colour.
type piece struct {
	text   string
	link   string // mark that it leads to; "" for none
	font   *fontID
	colour string
}

// A run is text in one font, ready to draw: every rune of it has a glyph.
type run struct {
	font   fontID
	text   string
	width  float64 // mm
	link   string
	colour string
}

// A line is what stands on one line.
type line struct {
	runs  []run
	width float64
}

func (ln line) text() string {
	var b strings.Builder
	for _, r := range ln.runs {
		b.WriteString(r.text)
	}
	return b.String()
}

// A glyph is one rune with what drawing it takes.
type glyph struct {
	r     rune
	font  fontID
	piece int
	width float64
}

// visible gives r as the reports show it: itself, or an escape <U+XXXX> for
// what has no glyph of its own or would change how its neighbours read:
// controls, format and bidirectional characters, line separators, private use,
// what lies beyond the basic multilingual plane, and right-to-left scripts,
// which nothing here can set in their order. ok is false for an escape.
func visible(r rune) bool {
	switch {
	case r == ' ':
		return true
	case r == utf8.RuneError, r > 0xFFFF, !unicode.IsPrint(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return false
	case r >= 0x0590 && r <= 0x08FF, r >= 0xFB1D && r <= 0xFDFF, r >= 0xFE70 && r <= 0xFEFF:
		return false
	}
	return true
}

// filter is the one way by which text comes onto a page. It yields runes that
// are safe to draw in font, with escapes for the others, and stops after most
// runes with a note of how many it left out.
func (d *doc) filter(s string, font fontID, most int, emit func(r rune, font fontID)) {
	plain := func(text string) {
		for _, r := range text {
			if id, ok := d.fonts.choose(r, font); ok {
				emit(r, id)
			}
		}
	}
	n := 0
	for i := 0; i < len(s); {
		if n == most {
			plain(" " + d.word("pdf.cut", "count", report.FormatCount(utf8.RuneCountInString(s[i:]))))
			return
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		id, ok := d.fonts.choose(r, font)
		switch {
		case r == utf8.RuneError && size == 1:
			plain(fmt.Sprintf("<0x%02X>", s[i]))
		case !visible(r) || !ok:
			plain(fmt.Sprintf("<U+%04X>", r))
		default:
			emit(r, id)
		}
		i += size
		n++
	}
}

// set turns pieces into glyphs.
func (d *doc) set(pieces []piece, st style) []glyph {
	most := st.most
	if most == 0 {
		most = mostRunes
	}
	var glyphs []glyph
	for i, p := range pieces {
		font := st.font
		if p.font != nil {
			font = *p.font
		}
		d.filter(p.text, font, most, func(r rune, id fontID) {
			if id == fallback {
				d.made.fallback = true
			}
			glyphs = append(glyphs, glyph{r, id, i, d.fonts[id].width(r, st.size)})
		})
	}
	return glyphs
}

// wrap breaks one text into lines no wider than width.
func (d *doc) wrap(s string, st style, width float64) []line {
	return d.wrapPieces([]piece{{text: s}}, st, width)
}

// wrapPieces breaks at spaces; a word wider than a line after punctuation, or
// anywhere. It gives at least one line.
func (d *doc) wrapPieces(pieces []piece, st style, width float64) []line {
	glyphs := d.set(pieces, st)
	var lines []line
	for len(glyphs) > 0 {
		end, next := breakAt(glyphs, width)
		lines = append(lines, compose(glyphs[:end], pieces))
		glyphs = glyphs[next:]
	}
	if len(lines) == 0 {
		lines = []line{{}}
	}
	return lines
}

// breakAt finds where the first line ends and where the next one begins.
func breakAt(glyphs []glyph, width float64) (end, next int) {
	const slack = 1e-6 // a text as wide as its column fits
	total, space, soft, softAt := 0.0, -1, -1, 0.0
	for i, g := range glyphs {
		total += g.width
		if g.r == ' ' {
			if i > 0 {
				space = i
			}
			continue // a space may hang over the edge
		}
		if total > width+slack && i > 0 {
			switch {
			case space > 0:
				return space, space + 1
			case soft > 0 && softAt > width*0.4:
				return soft, soft
			}
			return i, i
		}
		if strings.ContainsRune("/-_.,:;=@|&?+)", g.r) {
			soft, softAt = i+1, total
		}
	}
	return len(glyphs), len(glyphs)
}

func compose(glyphs []glyph, pieces []piece) line {
	for len(glyphs) > 0 && glyphs[len(glyphs)-1].r == ' ' {
		glyphs = glyphs[:len(glyphs)-1]
	}
	var ln line
	for i := 0; i < len(glyphs); {
		first := glyphs[i]
		var b strings.Builder
		width := 0.0
		for ; i < len(glyphs) && glyphs[i].font == first.font && glyphs[i].piece == first.piece; i++ {
			b.WriteRune(glyphs[i].r)
			width += glyphs[i].width
		}
		p := pieces[first.piece]
		ln.runs = append(ln.runs, run{first.font, b.String(), width, p.link, p.colour})
		ln.width += width
	}
	return ln
}

// fit sets s on one line no wider than width, cut with an ellipsis where it
// does not fit.
func (d *doc) fit(s string, st style, width float64) line {
	return d.fitPiece(piece{text: s}, st, width)
}

func (d *doc) fitPiece(p piece, st style, width float64) line {
	glyphs := d.set([]piece{p}, st)
	total, keep := 0.0, -1
	dots := d.fonts[st.font].width('…', st.size)
	for i, g := range glyphs {
		if keep < 0 && total+g.width > width-dots {
			keep = i
		}
		total += g.width
	}
	if total > width+1e-6 && keep >= 0 {
		glyphs = append(glyphs[:keep:keep], glyph{'…', st.font, 0, dots})
	}
	return compose(glyphs, []piece{p})
}

// ellipsis ends a line with an ellipsis to show that more followed.
func (d *doc) ellipsis(ln line, st style, width float64) line {
	text := ln.text()
	for {
		cut := d.fit(text+"…", st, width)
		if n := len(cut.runs); n > 0 && strings.HasSuffix(cut.runs[n-1].text, "…") {
			return cut
		}
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
}

// word gives a fixed word of the template.
func (d *doc) word(key string, pairs ...string) string { return d.t.Word(key, pairs...) }
