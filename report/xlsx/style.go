package xlsx

import (
	"fmt"

	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

// A kind says how a column's values look and what type they have.
type kind int

// The kinds of column. Whatever comes from outside is of a text kind: their
// number format is Text, so that editing a cell cannot turn it into a formula.
const (
	kindText      kind = iota // wrapped
	kindToken                 // ids, digests: on one line
	kindCode                  // commands, policy source: fixed pitch
	kindCount                 // a figure, thousands separated
	kindNumber                // a number that is not a figure: port, index, line
	kindDate                  // an instant, UTC
	kindInput                 // for the auditor to fill in
	kindInputDate             // likewise, a day
	kinds                     // how many there are
)

const (
	bodyFont  = "Arial"
	codeFont  = "Courier New"
	bodySize  = 10
	formatTxt = 49 // Excel's number format "Text"

	dateFormat  = "yyyy-mm-dd hh:mm"
	dayFormat   = "yyyy-mm-dd"
	countFormat = "#,##0"
	plainFormat = "0"
)

// isText says that a kind's cells hold text.
func (k kind) isText() bool { return k <= kindCode || k == kindInput }

// wraps says that a kind's text breaks into lines.
func (k kind) wraps() bool { return k == kindText || k == kindCode || k == kindInput }

// least is the narrowest that a column of this kind may be: figures and dates
// never turn into ###.
func (k kind) least() float64 {
	switch k {
	case kindDate:
		return 18
	case kindInputDate:
		return 14
	case kindCount:
		return 11
	}
	return minWidth
}

// styles are the workbook's cell styles, by number.
type styles struct {
	header, inputHeader int
	body                [kinds]int
	bold                [kinds]int
	column              [kinds]int // below the last row
	note                int
	fills               map[string]int // conditional formats, by colour name
}

func newStyles(f *excelize.File, t *report.Template) (*styles, error) {
	m := &styleMaker{f: f, t: t}
	s := &styles{
		header:      m.style(m.header("accent")),
		inputHeader: m.style(m.header("soft")),
		note: m.style(&excelize.Style{
			Font:      &excelize.Font{Family: bodyFont, Size: bodySize, Italic: true, Color: m.hex("soft")},
			Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top", Indent: 1},
		}),
		fills: map[string]int{},
	}
	for k := range kinds {
		s.body[k] = m.style(m.cell(k, false))
		s.bold[k] = m.style(m.cell(k, true))
		below := m.cell(k, false)
		below.Border, below.Fill = nil, excelize.Fill{}
		s.column[k] = m.style(below)
	}
	for _, name := range []string{"critical", "high", "medium", "low", "info", "pass", "waived"} {
		s.fills[name] = m.conditional(name)
	}
	return s, m.err
}

// A styleMaker registers styles and keeps the first error.
type styleMaker struct {
	f   *excelize.File
	t   *report.Template
	err error
}

func (m *styleMaker) style(st *excelize.Style) int {
	id, err := m.f.NewStyle(st)
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("cell style: %w", err)
	}
	return id
}

func (m *styleMaker) conditional(colour string) int {
	id, err := m.f.NewConditionalStyle(&excelize.Style{
		Font: &excelize.Font{Bold: true, Color: m.on(colour)},
		Fill: m.fill(colour),
	})
	if err != nil && m.err == nil {
		m.err = fmt.Errorf("conditional style %s: %w", colour, err)
	}
	return id
}

func (m *styleMaker) hex(name string) string { return hex(m.t.Colour(name)) }

// on is the colour of text on a ground of the named colour.
func (m *styleMaker) on(ground string) string {
	if luminance(m.t.Colour(ground)) > 0.3 {
		return m.hex("ink")
	}
	return "FFFFFF"
}

func (m *styleMaker) fill(name string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{m.hex(name)}}
}

func (m *styleMaker) hairline() []excelize.Border {
	return []excelize.Border{{Type: "bottom", Color: m.hex("hairline"), Style: 1}}
}

func (m *styleMaker) header(ground string) *excelize.Style {
	return &excelize.Style{
		Font:      &excelize.Font{Family: bodyFont, Size: bodySize, Bold: true, Color: m.on(ground)},
		Fill:      m.fill(ground),
		Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "center", WrapText: true, Indent: 1},
		Border:    m.hairline(),
		NumFmt:    formatTxt,
	}
}

func (m *styleMaker) cell(k kind, bold bool) *excelize.Style {
	st := &excelize.Style{
		Font:      &excelize.Font{Family: bodyFont, Size: bodySize, Bold: bold, Color: m.hex("ink")},
		Alignment: &excelize.Alignment{Vertical: "top", WrapText: k.wraps()},
		Border:    m.hairline(),
	}
	if bold {
		st.Fill = m.fill("panel")
	}
	switch k {
	case kindCode:
		st.Font.Family, st.Font.Size = codeFont, bodySize-1
	case kindInput, kindInputDate:
		st.Fill = m.fill("panel")
	}
	switch {
	case k.isText():
		st.NumFmt = formatTxt
		st.Alignment.Horizontal = "left"
	case k == kindDate:
		st.CustomNumFmt = new(dateFormat)
		st.Alignment.Horizontal = "left"
	case k == kindInputDate:
		st.CustomNumFmt = new(dayFormat)
		st.Alignment.Horizontal = "left"
	case k == kindCount:
		st.CustomNumFmt = new(countFormat)
	default:
		st.CustomNumFmt = new(plainFormat)
	}
	st.Alignment.Indent = 1 // off the text in the next column
	if k == kindCount || k == kindNumber {
		st.Alignment.Horizontal = "right"
	}
	return st
}

func hex(c report.RGB) string { return fmt.Sprintf("%02X%02X%02X", c.R, c.G, c.B) }

// luminance approximates how light a colour is, from 0 to 1 (ITU-R BT.709
// weights, gamma taken as 2).
func luminance(c report.RGB) float64 {
	square := func(v uint8) float64 { return float64(v) * float64(v) / (255 * 255) }
	return 0.2126*square(c.R) + 0.7152*square(c.G) + 0.0722*square(c.B)
}
