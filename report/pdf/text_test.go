package pdf

import (
	"math"
	"strings"
	"testing"
	"unicode"

	"github.com/go-pdf/fpdf"

	"certaudit/report"
	"certaudit/report/reporttest"
)

// blank is a pass on which nothing was drawn yet.
func blank(t testing.TB) *doc {
	fonts, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	return &doc{t: template(t), a: &report.Audit{}, g: &gathered{}, fonts: fonts, made: layout{marks: map[string]mark{}}}
}

func TestFilter(t *testing.T) {
	d := blank(t)
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "abc äöü ß €", "abc äöü ß €"},
		{"newline", "a\nb", "a<U+000A>b"},
		{"nul and escape", "\x00\x1b[31m", "<U+0000><U+001B>[31m"},
		{"delete and next line", "\x7f\u0085", "<U+007F><U+0085>"},
		{"bidi override", "a\u202Eb", "a<U+202E>b"},
		{"isolate", "\u2067a\u2069", "<U+2067>a<U+2069>"},
		{"zero width", "a\u200Bb\uFEFF", "a<U+200B>b<U+FEFF>"},
		{"soft hyphen", "a\u00ADb", "a<U+00AD>b"},
		{"no-break space", "a\u00A0b", "a<U+00A0>b"},
		{"line separator", "a\u2028b", "a<U+2028>b"},
		{"Hebrew", "שלום", "<U+05E9><U+05DC><U+05D5><U+05DD>"},
		{"Arabic form", "\uFEFB", "<U+FEFB>"},
		{"last of the plane before", "\u0587", "\u0587"},
		{"beyond the plane", "😀\U0010FFFF", "<U+1F600><U+10FFFF>"},
		{"private use", "\uE000", "<U+E000>"},
		{"in no font", "日", "<U+65E5>"},
		{"in the fallback", "✔ ≥ ●", "✔ ≥ ●"},
		{"Greek", "λόγος", "λόγος"},
		{"invalid", "a\xffb\xc3(", "a<0xFF>b<0xC3>("},
		{"replacement character", "\uFFFD", "<U+FFFD>"},
		{"markup and placeholders", "<b>{count}%s\\)", "<b>{count}%s\\)"},
	} {
		if got := d.wrap(tt.in, stCell, 1e6)[0].text(); got != tt.want {
			t.Errorf("%s: %q is shown as %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
}

func TestFilterCut(t *testing.T) {
	d := blank(t)
	st := stCell
	st.most = 5
	for in, want := range map[string]string{
		"abcd": "abcd", "abcde": "abcde",
		"abcdef":  "abcde … and 1 more characters, in report.json or the evidence",
		"äöüäöüä": "äöüäö … and 2 more characters, in report.json or the evidence",
	} {
		if got := d.wrap(in, st, 1e6)[0].text(); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	d := blank(t)
	st := stMono
	em := d.fonts[mono].width('x', st.size)
	for _, tt := range []struct {
		name, in string
		width    float64 // in characters
		want     string  // lines joined with |
	}{
		{"fits", "one two", 7, "one two"},
		{"one short", "one two", 6, "one|two"},
		{"nothing", "", 5, ""},
		{"space hangs over", "one two", 3, "one|two"},
		{"long word by character", "abcdefgh", 3, "abc|def|gh"},
		{"long word after a slash", "abc/defgh", 6, "abc/|defgh"},
		{"slash too early", "a/bcdefgh", 6, "a/bcde|fgh"},
		{"narrower than a character", "abc", 0.5, "a|b|c"},
	} {
		var lines []string
		for _, ln := range d.wrap(tt.in, st, tt.width*em) {
			lines = append(lines, ln.text())
		}
		if got := strings.Join(lines, "|"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	d := blank(t)
	st := stMono
	em := d.fonts[mono].width('x', st.size)
	for in, want := range map[string]string{"abcde": "abcde", "abcdef": "abcd…", "": ""} {
		if got := d.fit(in, st, 5*em).text(); got != want {
			t.Errorf("%q in five characters: got %q, want %q", in, got, want)
		}
	}
}

// TestWidths compares what we read of the fonts with what fpdf reads: text is
// placed by the former and drawn by the latter.
func TestWidths(t *testing.T) {
	fonts, err := loadFonts()
	if err != nil {
		t.Fatal(err)
	}
	out := fpdf.New("P", "mm", "A4", "")
	out.AddPage()
	for _, f := range fonts {
		out.AddUTF8FontFromBytes(f.family, "", f.data)
		out.SetFont(f.family, "", 10)
		compared := 0
		for r := rune(0x20); r < 0x2700; r++ {
			if !f.has(r) || !visible(r) || unicode.Is(unicode.M, r) {
				continue
			}
			compared++
			if got, want := f.width(r, 10), out.GetStringWidth(string(r)); math.Abs(got-want) > 10*mmPerPoint/1000*1.01 {
				t.Errorf("%s U+%04X: %.4f mm, fpdf says %.4f", f.family, r, got, want)
			}
		}
		if compared < 500 {
			t.Errorf("%s: only %d runes compared", f.family, compared)
		}
	}
	if err := out.Error(); err != nil {
		t.Fatal(err)
	}
}

// FuzzText checks that any text comes out as runes that have a glyph, on lines
// that are not too wide, with nothing lost but spaces.
func FuzzText(f *testing.F) {
	for _, s := range reporttest.HostileStrings() {
		f.Add(s, 40.0)
	}
	d := blank(f)
	f.Fuzz(func(t *testing.T, s string, width float64) {
		if !(width > 0 && width < 1000) {
			return
		}
		lines := d.wrap(s, stCell, width)
		if len(lines) == 0 {
			t.Fatal("no line")
		}
		n := 0
		for _, ln := range lines {
			for _, r := range ln.runs {
				for _, c := range r.text {
					n++
					if !d.fonts[r.font].has(c) || !visible(c) {
						t.Fatalf("U+%04X has no glyph or must not be seen", c)
					}
				}
			}
			if ln.width > width+1e-3 && len([]rune(ln.text())) > 1 {
				t.Fatalf("a line of %.2f mm in %.2f mm: %q", ln.width, width, ln.text())
			}
		}
		whole := d.wrap(s, stCell, 1e9)[0].text()
		if strings.ReplaceAll(whole, " ", "") != strings.ReplaceAll(joinLines(lines), " ", "") {
			t.Fatalf("wrapping lost text of %q", s)
		}
		if n > 20*mostRunes {
			t.Fatalf("%d runes drawn", n)
		}
		d.fit(s, stCell, width)
	})
}

func joinLines(lines []line) string {
	var b strings.Builder
	for _, ln := range lines {
		b.WriteString(ln.text())
	}
	return b.String()
}

func FuzzParseFace(f *testing.F) {
	f.Add(plexMono[:400])
	f.Add(plexMono[:3000])
	f.Fuzz(func(t *testing.T, data []byte) {
		if face, err := parseFace("fuzz", data); err == nil && len(face.advMil) != 1<<16 {
			t.Fatal("a face without widths")
		}
	})
}
