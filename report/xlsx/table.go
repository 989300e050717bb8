package xlsx

import (
	"context"
	"fmt"
	"iter"
	"math"
	"strconv"
	"strings"

	"certaudit/policies"
	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

// Widths of columns, in digits.
const (
	minWidth = 8
	maxWidth = 60
)

const (
	sampleRows   = 500  // rows that the widths are measured on
	headerHeight = 31.5 // two lines
	lineHeight   = 13.5
	maxLines     = 12  // of one row on the screen; the cell holds the rest
	cellOverhead = 64  // bytes of XML around a cell's text, at most
	checkEvery   = 128 // rows between two looks at the context
)

// A fill says which of a column's values stand on a colour.
type fill int

// The fills. The value is always there as a word too.
const (
	fillNone fill = iota
	fillSeverity
	fillResult // of a rule
	fillStatus // of a control; with the results of its rules
)

// A column of a table of T.
type column[T any] struct {
	key   string // the header is the word xlsx.SHEET.KEY
	kind  kind
	fill  fill
	width float64     // at least; 0 leaves it to the kind and the content
	value func(T) any // string, int, float64 of a date, or nil where there is no fact
}

// A table is a data sheet: one header row, one row for each T.
type table[T any] struct {
	id      string
	columns []column[T]
	keep    int // columns kept in view, and repeated in print
	rows    func(b *book) iter.Seq2[T, error]
	bold    func(T) bool             // nil: none
	level   func(T) int              // of the outline; nil: none
	finish  func(p *tablePage) error // further settings of a filled sheet; nil: none
}

// sheet makes the table a sheet of the workbook.
func (t *table[T]) sheet() sheet {
	s := sheet{id: t.id, write: t.write}
	for _, c := range t.columns {
		s.headers = append(s.headers, t.headerKey(c))
	}
	return s
}

func (t *table[T]) headerKey(c column[T]) string { return "xlsx." + t.id + "." + c.key }

// A tablePage is one sheet of a table in the making.
type tablePage struct {
	b      *book
	name   string
	part   int
	sw     *excelize.StreamWriter
	widths []float64
	row    int // the last one written
	bytes  int // of XML, estimated

	cells  []excelize.Cell // of the row in the making; used again for the next
	values []any           // pointers to them
}

// write streams the table's rows, and goes on in a further sheet where Excel's
// limits would be passed.
func (t *table[T]) write(ctx context.Context, b *book) error {
	widths, err := t.measure(b)
	if err != nil {
		return err
	}
	p, err := t.open(b, 1, widths)
	if err != nil {
		return err
	}
	for row, err := range t.rows(b) {
		if err != nil {
			return err
		}
		if b.rows[t.id]%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if p.full() {
			if p, err = t.next(p); err != nil {
				return err
			}
		}
		if err := t.add(p, row); err != nil {
			return err
		}
		b.rows[t.id]++
	}
	return t.close(p)
}

// full says that another row may not fit.
func (p *tablePage) full() bool {
	return p.row >= p.b.limits.rows || p.bytes >= p.b.limits.bytes
}

func (t *table[T]) next(p *tablePage) (*tablePage, error) {
	if err := t.close(p); err != nil {
		return nil, err
	}
	return t.open(p.b, p.part+1, p.widths)
}

// measure sets each column's width from its header and its first values.
func (t *table[T]) measure(b *book) ([]float64, error) {
	widths := make([]float64, len(t.columns))
	for i, c := range t.columns {
		widths[i] = max(c.kind.least(), c.width, headerWidth(b.t.Word(t.headerKey(c))))
	}
	n := 0
	for row, err := range t.rows(b) {
		if err != nil {
			return nil, err
		}
		for i, c := range t.columns {
			widths[i] = max(widths[i], float64(valueWidth(c.kind, c.value(row))+3))
		}
		if n++; n == sampleRows {
			break
		}
	}
	for i := range widths {
		widths[i] = min(widths[i], maxWidth)
	}
	return widths, nil
}

// headerWidth is room for a header on two lines beside the filter's button.
func headerWidth(header string) float64 {
	const button = 5
	widest := 0
	for word := range strings.FieldsSeq(header) {
		widest = max(widest, textWidth(word))
	}
	return float64(max(widest, (textWidth(header)+1)/2+1) + button)
}

func valueWidth(k kind, v any) int {
	switch v := v.(type) {
	case string:
		if len(v) > 2*maxWidth { // no rune is narrower than half its bytes
			return maxWidth
		}
		return textWidth(v)
	case int:
		if k == kindCount {
			return len(report.FormatCount(v))
		}
		return len(strconv.Itoa(v))
	}
	return 0
}

// open starts a sheet and writes its header row.
func (t *table[T]) open(b *book, part int, widths []float64) (*tablePage, error) {
	name := b.sheetName(t.id, 1)
	if part > 1 {
		var err error
		if name, err = b.addPart(t.id, part); err != nil {
			return nil, err
		}
	}
	sw, err := b.stream(name, widths, t.keep)
	if err != nil {
		return nil, err
	}
	for i, c := range t.columns {
		if err := sw.SetColStyle(i+1, i+1, b.st.column[c.kind]); err != nil {
			return nil, err
		}
	}
	p := newTablePage(b, name, part, sw, widths)
	header := make([]any, len(t.columns))
	for i, c := range t.columns {
		style := b.st.header
		if c.kind == kindInput || c.kind == kindInputDate {
			style = b.st.inputHeader
		}
		header[i] = excelize.Cell{StyleID: style, Value: b.t.Word(t.headerKey(c))}
	}
	return p, sw.SetRow("A1", header, excelize.RowOpts{Height: headerHeight})
}

func newTablePage(b *book, name string, part int, sw *excelize.StreamWriter, widths []float64) *tablePage {
	p := &tablePage{b: b, name: name, part: part, sw: sw, widths: widths, row: 1}
	p.cells = make([]excelize.Cell, len(widths))
	p.values = make([]any, len(widths))
	for i := range p.cells {
		p.values[i] = &p.cells[i]
	}
	return p
}

// stream starts a sheet with its layout, widths, and a header row that stays.
func (b *book) stream(name string, widths []float64, keep int) (*excelize.StreamWriter, error) {
	total := 0.0
	for _, w := range widths {
		total += w
	}
	if err := b.setLayout(name, layout{width: total, gridLines: true, colour: "hairline"}); err != nil {
		return nil, err
	}
	sw, err := b.f.NewStreamWriter(name)
	if err != nil {
		return nil, err
	}
	for i, w := range widths {
		if err := sw.SetColWidth(i+1, i+1, w); err != nil {
			return nil, err
		}
	}
	b.titles[name] = keep
	return sw, sw.SetPanes(frozen(keep))
}

// frozen keeps the header row, and so many columns, in view; the cursor is at
// A1 and the first row of data shows.
func frozen(columns int) *excelize.Panes {
	corner, _ := excelize.CoordinatesToCellName(columns+1, 2) // both are positive
	p := &excelize.Panes{Freeze: true, XSplit: columns, YSplit: 1, TopLeftCell: corner, ActivePane: "bottomLeft"}
	if columns > 0 {
		p.ActivePane = "bottomRight"
	}
	p.Selection = []excelize.Selection{{SQRef: "A1", ActiveCell: "A1", Pane: p.ActivePane}}
	return p
}

// add writes one row.
func (t *table[T]) add(p *tablePage, row T) error {
	styles := &p.b.st.body
	if t.bold != nil && t.bold(row) {
		styles = &p.b.st.bold
	}
	lines := 1
	for i, c := range t.columns {
		v := c.value(row)
		if s, ok := v.(string); ok {
			v = nil
			if s = clean(s); s != "" {
				v = s
			}
			p.bytes += xmlBytes(s)
			if c.kind.wraps() {
				lines = max(lines, lineCount(s, p.widths[i]))
			}
		}
		p.bytes += cellOverhead
		p.cells[i] = excelize.Cell{StyleID: styles[c.kind], Value: v}
	}
	opts := excelize.RowOpts{Height: rowHeight(lines)}
	if t.level != nil {
		opts.OutlineLevel = t.level(row)
	}
	p.row++
	return p.sw.SetRow("A"+strconv.Itoa(p.row), p.values, opts)
}

// xmlBytes is at least what s takes in XML.
func xmlBytes(s string) int {
	const widest = len("&#34;")
	if strings.ContainsAny(s, `&<>"'`) {
		return len(s) * widest
	}
	return len(s)
}

// lineCount estimates the lines of wrapped text; words leave some of each line
// empty.
func lineCount(s string, width float64) int {
	const filled, indent = 0.92, 2
	width -= indent
	if float64(len(s)) <= width { // no rune is wider than its bytes
		return 1
	}
	if float64(len(s)) > 2*width*maxLines { // nor narrower than half of them
		return maxLines
	}
	n := float64(textWidth(s))
	if n <= width {
		return 1
	}
	return int(math.Ceil(n / (width * filled)))
}

// rowHeight is the height of so many lines; 0, the usual, for one. It is said
// outright because not every program measures rows when it opens a file.
func rowHeight(lines int) float64 {
	if lines <= 1 {
		return 0
	}
	return float64(min(lines, maxLines)) * lineHeight
}

// close ends a sheet: its table, its colours, and what its columns expect.
func (t *table[T]) close(p *tablePage) error {
	if p.row == 1 {
		return p.closeEmpty(t.id)
	}
	last, err := excelize.ColumnNumberToName(len(t.columns))
	if err != nil {
		return err
	}
	name := "certaudit_" + t.id
	if p.part > 1 {
		name += "_" + strconv.Itoa(p.part)
	}
	err = p.sw.AddTable(&excelize.Table{Range: "A1:" + last + strconv.Itoa(p.row), Name: name, ShowRowStripes: new(false)})
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	for i, c := range t.columns {
		if err := p.dress(i+1, c.kind, c.fill); err != nil {
			return fmt.Errorf("column %s: %w", c.key, err)
		}
	}
	if t.finish != nil {
		if err := t.finish(p); err != nil {
			return err
		}
	}
	return p.sw.Flush()
}

// closeEmpty says that there is nothing, instead of showing a bare header.
func (p *tablePage) closeEmpty(id string) error {
	note := excelize.Cell{StyleID: p.b.st.note, Value: p.b.t.Word("xlsx.empty." + id)}
	if err := p.sw.SetRow("A2", []any{note}); err != nil {
		return err
	}
	return p.sw.Flush()
}

// columnRange is the data of a column, by its number from 1.
func (p *tablePage) columnRange(number int) (string, error) {
	col, err := excelize.ColumnNumberToName(number)
	return col + "2:" + col + strconv.Itoa(p.row), err
}

// dress colours a column and keeps Excel from calling its digits mistakes.
func (p *tablePage) dress(number int, k kind, f fill) error {
	ref, err := p.columnRange(number)
	if err != nil {
		return err
	}
	if k.isText() && k != kindInput {
		if err := p.b.f.AddIgnoredErrors(p.name, ref, excelize.IgnoredErrorsNumberStoredAsText); err != nil {
			return err
		}
	}
	if rules := p.b.conditional(f); len(rules) > 0 {
		return p.b.f.SetConditionalFormat(p.name, ref, rules)
	}
	return nil
}

// A colouring is the theme's colour for a value.
type colouring struct{ value, colour string }

// colours lists a fill's values, as the audit words them.
func (f fill) colours() []colouring {
	switch f {
	case fillSeverity:
		var list []colouring
		for _, word := range report.SeverityWords() {
			list = append(list, colouring{word, word})
		}
		return list
	case fillResult:
		return []colouring{
			{policies.Fail.String(), "high"}, {policies.Waived.String(), "waived"}, {policies.Error.String(), "medium"},
			{policies.NotAssessed.String(), "medium"}, {policies.Pass.String(), "pass"},
		}
	case fillStatus:
		return append([]colouring{
			{report.ExceptionNoted, "high"}, {report.ExceptionAccepted, "waived"}, {report.NoException, "pass"},
			{report.PartlyAssessed, "medium"}, {report.NotTested, "info"},
		}, fillResult.colours()...)
	}
	return nil
}

// conditional gives the rules that put a fill's values on their colours.
func (b *book) conditional(f fill) []excelize.ConditionalFormatOptions {
	var rules []excelize.ConditionalFormatOptions
	for _, c := range f.colours() {
		style := b.st.fills[c.colour]
		rules = append(rules, excelize.ConditionalFormatOptions{Type: "cell", Criteria: "==", Value: `"` + c.value + `"`, Format: &style})
	}
	return rules
}
