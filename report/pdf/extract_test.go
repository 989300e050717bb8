package pdf

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// A text is one drawn string with its place in points from the lower left.
type text struct {
	x, y float64
	s    string
}

// A sheet is one page as it was written.
type sheet struct {
	w, h  float64
	texts []text
}

var (
	reMedia   = regexp.MustCompile(`/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]`)
	reLength  = regexp.MustCompile(`/Length (\d+)>>\nstream\n`)
	reOutline = regexp.MustCompile(`(?s)/Title \((.*?)\)\n/Parent .*?/Dest \[(\d+) 0 R /XYZ 0 (-?[\d.]+) null\]`)
)

// extract reads the pages of a document that fpdf wrote: which strings are
// drawn where. Fonts are embedded so that a string's bytes are UTF-16.
func extract(t testing.TB, doc []byte) []sheet {
	t.Helper()
	media := reMedia.FindAllSubmatch(doc, -1)
	if len(media) == 0 {
		t.Fatal("no MediaBox")
	}
	whole := media[len(media)-1] // of the page tree: pages without their own
	var sheets []sheet
	for _, part := range bytes.Split(doc, []byte("<</Type /Page\n"))[1:] {
		box := whole
		dict, _, _ := bytes.Cut(part, []byte("endobj"))
		if own := reMedia.FindSubmatch(dict); own != nil {
			box = own
		}
		at := reLength.FindSubmatchIndex(part)
		if at == nil {
			t.Fatal("page without content")
		}
		n, _ := strconv.Atoi(string(part[at[2]:at[3]]))
		sheets = append(sheets, sheet{w: number(string(box[1])), h: number(string(box[2])), texts: texts(t, part[at[1]:at[1]+n])})
	}
	return sheets
}

func number(s string) float64 {
	f, _ := strconv.ParseFloat(s, 64)
	return f
}

var reText = regexp.MustCompile(`BT (-?[\d.]+) (-?[\d.]+) Td \(`)

func texts(t testing.TB, stream []byte) []text {
	z, err := zlib.NewReader(bytes.NewReader(stream))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var list []text
	for {
		m := reText.FindSubmatchIndex(content)
		if m == nil {
			return list
		}
		end := m[1]
		for content[end] != ')' {
			if content[end] == '\\' {
				end++
			}
			end++
		}
		list = append(list, text{number(string(content[m[2]:m[3]])), number(string(content[m[4]:m[5]])), decode(content[m[1]:end])})
		content = content[end:]
	}
}

// decode undoes the escapes of a PDF string and its UTF-16.
func decode(raw []byte) string {
	var plain []byte
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			i++
			if raw[i] == 'r' {
				plain = append(plain, '\r')
				continue
			}
		}
		plain = append(plain, raw[i])
	}
	var units []uint16
	for i := 0; i+1 < len(plain); i += 2 {
		units = append(units, uint16(plain[i])<<8|uint16(plain[i+1]))
	}
	if len(units) > 0 && units[0] == 0xFEFF {
		units = units[1:]
	}
	return string(utf16.Decode(units))
}

// lines joins what stands on one height, from top to bottom.
func (s sheet) lines() []string {
	sorted := slices.Clone(s.texts)
	slices.SortStableFunc(sorted, func(a, b text) int {
		if a.y != b.y {
			return -cmpFloat(a.y, b.y)
		}
		return cmpFloat(a.x, b.x)
	})
	var out []string
	for i, tx := range sorted {
		if tx.s == "" {
			continue
		}
		if i > 0 && sorted[i-1].y == tx.y && len(out) > 0 {
			out[len(out)-1] += " | " + tx.s
			continue
		}
		out = append(out, tx.s)
	}
	return out
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s sheet) String() string { return strings.Join(s.lines(), "\n") }

// A bookmarked is one line of the outline.
type bookmarked struct {
	title string
	page  int
	y     float64 // points from the bottom
}

func outline(doc []byte) []bookmarked {
	var list []bookmarked
	for _, m := range reOutline.FindAllSubmatch(doc, -1) {
		object, _ := strconv.Atoi(string(m[2]))
		list = append(list, bookmarked{decode(m[1]), (object - 1) / 2, number(string(m[3]))})
	}
	return list
}
