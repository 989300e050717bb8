package pdf

import (
	"bytes"
	"math"

	"github.com/go-pdf/fpdf"

	"certaudit/report"
)

// A mark is a place in the document that links, bookmarks and page references
// lead to.
type mark struct {
	page int
	y    float64 // mm from the top
}

// A tocEntry is one line of the contents.
type tocEntry struct {
	level  int
	number string
	title  string
	page   int
	mark   string
}

// A layout is what one pass over the document learned, and the next one needs:
// where everything is. Passes are repeated until it no longer changes; only
// then is anything drawn.
type layout struct {
	pages      int
	lastHeight float64 // of the last page
	marks      map[string]mark
	toc        []tocEntry
	fallback   bool // some rune needed the fallback font
}

// A doc is one pass over the document. While out is nil nothing is drawn.
type doc struct {
	t     *report.Template
	a     *report.Audit
	g     *gathered
	fonts *fontSet
	out   *fpdf.Fpdf
	known layout // of the pass before
	made  layout // of this one

	wide    bool    // landscape
	w, h    float64 // of the page, mm
	y       float64 // where the next thing goes
	body    float64 // top of the page's body
	section int     // number of the section, from 1
	links   map[string]int
}

const (
	margin = 18.0 // mm, left and right
	foot   = 17.0 // mm kept free for the footer
)

func (d *doc) pageSize() (w, h float64) {
	w, h = 210, 297
	if d.t.PageSize == "Letter" {
		w, h = 215.9, 279.4
	}
	return w, h
}

// textWidth is the room between the margins.
func (d *doc) textWidth() float64 { return d.w - 2*margin }

func (d *doc) bottom() float64 { return d.h - foot }

func (d *doc) room() float64 { return d.bottom() - d.y }

// addPage begins a page without header or footer.
func (d *doc) addPage(landscape bool) {
	d.made.pages++
	d.wide = landscape
	d.w, d.h = d.pageSize()
	orientation := "P"
	size := fpdf.SizeType{Wd: d.w, Ht: d.h}
	if landscape {
		d.w, d.h = d.h, d.w
		orientation = "L"
	}
	d.made.lastHeight = d.h
	if d.out != nil {
		d.out.AddPageFormat(orientation, size)
	}
	d.y = margin
}

// newPage begins a page with header and footer.
func (d *doc) newPage(landscape bool) {
	d.addPage(landscape)
	d.furniture()
}

// need begins a new page unless h mm are left on this one.
func (d *doc) need(h float64) {
	if d.room() < h && d.y > d.body {
		d.newPage(d.wide)
	}
}

func (d *doc) colour(name string) report.RGB {
	if name == "white" {
		return report.RGB{R: 255, G: 255, B: 255}
	}
	return d.t.Colour(name)
}

// draw puts a line with its top at y.
func (d *doc) draw(x, y float64, ln line, st style) {
	const capHeight = 0.698 // of IBM Plex, in ems
	base := y + st.lead/2 + st.size*mmPerPoint*capHeight/2
	for _, r := range ln.runs {
		if d.out != nil && r.text != "" {
			name := st.colour
			if r.colour != "" {
				name = r.colour
			}
			c := d.colour(name)
			d.out.SetFont(d.fonts[r.font].family, "", st.size)
			d.out.SetTextColor(int(c.R), int(c.G), int(c.B))
			d.out.Text(x, base, r.text)
		}
		d.link(x, y, r.width, st.lead, r.link)
		x += r.width
	}
}

// textRight draws s on one line that ends at x and is no wider than width.
func (d *doc) textRight(x, y float64, s string, st style, width float64) {
	ln := d.fit(s, st, width)
	d.draw(x-ln.width, y, ln, st)
}

// drawLines puts lines below each other and gives the y below the last.
func (d *doc) drawLines(x, y float64, lines []line, st style) float64 {
	for _, ln := range lines {
		d.draw(x, y, ln, st)
		y += st.lead
	}
	return y
}

// para draws a paragraph over the text's width, onto further pages where it
// must, and leaves d.y below it.
func (d *doc) para(s string, st style) {
	d.paraAt(margin, d.textWidth(), s, st)
}

func (d *doc) paraAt(x, width float64, s string, st style) {
	for _, ln := range d.wrap(s, st, width) {
		d.need(st.lead)
		d.draw(x, d.y, ln, st)
		d.y += st.lead
	}
}

func (d *doc) fill(x, y, w, h float64, colour string) {
	if d.out == nil || w <= 0 || h <= 0 {
		return
	}
	c := d.colour(colour)
	d.out.SetFillColor(int(c.R), int(c.G), int(c.B))
	d.out.Rect(x, y, w, h, "F")
}

func (d *doc) rule(x1, y1, x2, y2, width float64, colour string) {
	if d.out == nil {
		return
	}
	c := d.colour(colour)
	d.out.SetDrawColor(int(c.R), int(c.G), int(c.B))
	d.out.SetLineWidth(width)
	d.out.Line(x1, y1, x2, y2)
}

const hair = 0.18 // mm

// hairline draws a rule over the text's width.
func (d *doc) hairline(y float64) { d.rule(margin, y, d.w-margin, y, hair, "hairline") }

// polygon fills a shape, or strokes it with the given width.
func (d *doc) polygon(colour string, stroke float64, points ...fpdf.PointType) {
	if d.out == nil {
		return
	}
	c := d.colour(colour)
	if stroke > 0 {
		d.out.SetDrawColor(int(c.R), int(c.G), int(c.B))
		d.out.SetLineWidth(stroke)
		d.out.Polygon(points, "D")
		return
	}
	d.out.SetFillColor(int(c.R), int(c.G), int(c.B))
	d.out.Polygon(points, "F")
}

func (d *doc) circle(x, y, r, stroke float64, colour string) {
	if d.out == nil {
		return
	}
	c := d.colour(colour)
	if stroke > 0 {
		d.out.SetDrawColor(int(c.R), int(c.G), int(c.B))
		d.out.SetLineWidth(stroke)
		d.out.Circle(x, y, r, "D")
		return
	}
	d.out.SetFillColor(int(c.R), int(c.G), int(c.B))
	d.out.Circle(x, y, r, "F")
}

func pt(x, y float64) fpdf.PointType { return fpdf.PointType{X: x, Y: y} }

// sector gives the outline of a ring's part, angles in turns clockwise from
// twelve o'clock.
func sector(cx, cy, inner, outer, from, to float64) []fpdf.PointType {
	steps := max(2, int(math.Ceil((to-from)*180)))
	var points []fpdf.PointType
	at := func(r, turn float64) {
		points = append(points, pt(cx+r*math.Sin(2*math.Pi*turn), cy-r*math.Cos(2*math.Pi*turn)))
	}
	for i := 0; i <= steps; i++ {
		at(outer, from+(to-from)*float64(i)/float64(steps))
	}
	for i := steps; i >= 0; i-- {
		at(inner, from+(to-from)*float64(i)/float64(steps))
	}
	return points
}

// setMark names the place at y on this page.
func (d *doc) setMark(name string, y float64) {
	d.made.marks[name] = mark{page: d.made.pages, y: y}
}

// pageOf gives the page of a mark, as the pass before found it; 0 when there
// is no such mark.
func (d *doc) pageOf(name string) int { return d.known.marks[name].page }

// link makes an area lead to a mark; nothing happens where there is no such
// mark, as when a section is left out.
func (d *doc) link(x, y, w, h float64, name string) {
	m, ok := d.known.marks[name]
	if d.out == nil || name == "" || !ok {
		return
	}
	id, ok := d.links[name]
	if !ok {
		id = d.out.AddLink()
		d.out.SetLink(id, max(0, m.y-4), m.page)
		d.links[name] = id
	}
	d.out.Link(x, y, w, h, id)
}

// bookmark adds a line to the outline that viewers show beside the pages.
func (d *doc) bookmark(title string, level int, y float64) {
	if d.out == nil {
		return
	}
	st := style{font: sans, size: 8, most: 120}
	var b bytes.Buffer
	for _, g := range d.set([]piece{{text: title}}, st) {
		b.WriteRune(g.r)
	}
	// fpdf encodes the title as Unicode only while a Unicode font is set, and
	// places every target by the height of the last page.
	d.out.SetFont(d.fonts[sans].family, "", st.size)
	d.out.Bookmark(b.String(), level, max(0, y-4)+d.known.lastHeight-d.h)
}
