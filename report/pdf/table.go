package pdf

// A column of a table.
type column struct {
	title string
	width float64 // mm; the widths add up to the text's
	right bool    // figures stand to the right
}

// A cell holds paragraphs; each begins on a line of its own.
type cell struct {
	paras []para
	icon  string // drawn left of the first paragraph
	mark  string // the row's place, for links
}

// A para is one paragraph of a cell.
type para struct {
	pieces []piece
	st     style
}

// plain is a cell of one text.
func plain(s string, st style) cell { return linked(s, st, "") }

// linked is a cell of one text that leads to a mark.
func linked(s string, st style, to string) cell {
	return cell{paras: []para{{[]piece{{text: s, link: to}}, st}}}
}

// and adds a paragraph to a cell.
func (c cell) and(st style, pieces ...piece) cell {
	c.paras = append(c.paras, para{pieces, st})
	return c
}

// withIcon puts an icon before a cell's text.
func (c cell) withIcon(kind string) cell {
	c.icon = kind
	return c
}

// A table draws rows one at a time: nothing of it is kept. Its header is
// repeated on each page; a row is split only when it is taller than a page.
type table struct {
	d       *doc
	columns []column
	bare    bool // without a header
	started bool
}

const (
	padX     = 1.6 // mm left and right of a cell's text
	padY     = 1.3 // mm above and below
	iconRoom = iconSize + 1.6
)

func (d *doc) table(columns ...column) *table { return &table{d: d, columns: columns} }

// bareTable is a table without a header; a hairline stands on top.
func (d *doc) bareTable(widths ...float64) *table {
	t := &table{d: d, bare: true}
	for _, w := range widths {
		t.columns = append(t.columns, column{width: w})
	}
	return t
}

// setLine is one line of a cell with its style.
type setLine struct {
	line
	st style
}

func (t *table) header() {
	d := t.d
	t.started = true
	if t.bare {
		d.hairline(d.y)
		return
	}
	heads := make([][]line, len(t.columns))
	tallest := 1
	for i, c := range t.columns {
		heads[i] = d.wrap(c.title, stTinyB, c.width-padX-0.2)
		tallest = max(tallest, len(heads[i]))
	}
	h := float64(tallest)*3.6 + 2.4
	d.fill(margin, d.y, d.textWidth(), h, "panel")
	x := margin
	st := stTinyB
	st.lead = 3.6
	for i, c := range t.columns {
		y := d.y + 1.2 + float64(tallest-len(heads[i]))*st.lead // on the bottom line
		for _, ln := range heads[i] {
			left := x + padX
			if c.right {
				left = x + c.width - padX - ln.width
			}
			d.draw(left, y, ln, st)
			y += st.lead
		}
		x += c.width
	}
	d.y += h
}

func (t *table) headerHeight() float64 {
	if t.bare {
		return 0
	}
	tallest := 1
	for _, c := range t.columns {
		tallest = max(tallest, len(t.d.wrap(c.title, stTinyB, c.width-padX-0.2)))
	}
	return float64(tallest)*3.6 + 2.4
}

// row draws one row.
func (t *table) row(cells ...cell) {
	d := t.d
	set := make([][]setLine, len(cells))
	tall := 0.0
	for i, c := range cells {
		width := t.columns[i].width - 2*padX
		for n, p := range c.paras {
			room := width
			if c.icon != "" && n == 0 {
				room -= iconRoom
			}
			for _, ln := range d.wrapPieces(p.pieces, p.st, room) {
				set[i] = append(set[i], setLine{ln, p.st})
			}
		}
		tall = max(tall, height(set[i]))
	}
	tall += 2 * padY
	if !t.started {
		head := t.headerHeight()
		if d.room() < head+tall && d.y > d.body && head+tall <= d.bottom()-d.body {
			d.newPage(d.wide)
		} else {
			d.need(head + 12)
		}
		t.header()
	}
	if d.room() < tall {
		t.breakPage(tall)
	}
	for _, c := range cells {
		if c.mark != "" {
			d.setMark(c.mark, d.y)
		}
	}
	t.draw(cells, set)
}

// breakPage moves a row that does not fit to a new page, unless it would not
// fit there either.
func (t *table) breakPage(tall float64) {
	d := t.d
	whole := d.bottom() - d.body - t.headerHeight()
	if tall <= whole || d.room() < 20 {
		d.newPage(d.wide)
		t.header()
	}
}

// draw draws a row's lines, on as many pages as they take.
func (t *table) draw(cells []cell, set [][]setLine) {
	d := t.d
	for first := true; ; first = false {
		room := d.room() - 2*padY
		parts := make([][]setLine, len(set))
		tall, left := 0.0, false
		for i := range set {
			n := fitting(set[i], room)
			parts[i], set[i] = set[i][:n], set[i][n:]
			tall = max(tall, height(parts[i]))
			left = left || len(set[i]) > 0
		}
		x := margin
		for i, lines := range parts {
			t.drawCell(cells[i], t.columns[i], x, lines, first)
			x += t.columns[i].width
		}
		d.y += tall + 2*padY
		d.hairline(d.y)
		if !left {
			return
		}
		d.newPage(d.wide)
		t.header()
	}
}

func (t *table) drawCell(c cell, col column, x float64, lines []setLine, first bool) {
	d := t.d
	y := d.y + padY
	shift := 0.0
	if c.icon != "" {
		shift = iconRoom
		if first && len(lines) > 0 {
			d.icon(c.icon, x+padX, y+(lines[0].st.lead-iconSize)/2, iconSize)
		}
	}
	for _, ln := range lines {
		left := x + padX + shift
		if col.right {
			left = x + col.width - padX - ln.width
		}
		d.draw(left, y, ln.line, ln.st)
		y += ln.st.lead
	}
}

// height of lines, in mm.
func height(lines []setLine) float64 {
	h := 0.0
	for _, ln := range lines {
		h += ln.st.lead
	}
	return h
}

// fitting counts the lines that fit into room; at least one, so that drawing
// always gets on.
func fitting(lines []setLine, room float64) int {
	h := 0.0
	for i, ln := range lines {
		if h += ln.st.lead; h > room+1e-6 && i > 0 {
			return i
		}
	}
	return len(lines)
}

// pairs draws labels and values as a table without header.
func (d *doc) pairs(labelWidth float64, rows ...pair) {
	t := d.bareTable(labelWidth, d.textWidth()-labelWidth)
	for _, r := range rows {
		if r.value == "" {
			continue
		}
		st := stCell
		if r.mono {
			st = stMono
		}
		st.most = 600
		value := plain(r.value, st)
		if r.digest != "" {
			value = value.and(stMono, piece{text: r.digest})
		}
		t.row(plain(r.label, stLabelCell), value)
	}
}

var stLabelCell = style{font: bold, size: 7.6, lead: 4.1, colour: "soft"}

// A pair is a label with a value; one with an empty value is left out.
type pair struct {
	label, value string
	mono         bool
	digest       string // below the value
}
