package pdf

import (
	"strconv"
	"strings"

	"certaudit/report"
)

// The type scale.
var (
	stBody    = style{font: sans, size: 10.5, lead: 5.2, colour: "ink"}
	stLead    = style{font: sans, size: 12, lead: 6.1, colour: "ink", most: 420}
	stNote    = style{font: sans, size: 8.4, lead: 4.3, colour: "soft"}
	stTiny    = style{font: sans, size: 7.5, lead: 4, colour: "soft"}
	stTinyB   = style{font: bold, size: 7.5, lead: 4, colour: "soft"}
	stLabel   = style{font: bold, size: 7.6, lead: 4.3, colour: "soft"}
	stBlock   = style{font: bold, size: 12, lead: 6, colour: "ink", most: 200}
	stHead    = style{font: bold, size: 10.5, lead: 5.2, colour: "ink", most: 200}
	stSection = style{font: bold, size: 17, lead: 8, colour: "ink"}
	stNumber  = style{font: bold, size: 10, lead: 8, colour: "accent"}
	stCell    = style{font: sans, size: 8.4, lead: 4.1, colour: "ink", most: 300}
	stCellB   = style{font: bold, size: 8.4, lead: 4.1, colour: "ink", most: 300}
	stMono    = style{font: mono, size: 7.6, lead: 4.1, colour: "ink"}
)

// furniture draws the band, header and footer of a page and sets d.y to the
// top of its body.
func (d *doc) furniture() {
	a := d.a
	d.fill(0, 0, d.w, 2.2, "accent")
	class := d.fit(strings.ToUpper(a.Document.Classification), stTinyB, d.textWidth()/3)
	d.draw(margin, 9.2, class, stTinyB)
	d.textRight(d.w-margin, 9.2, joinSet(" · ", a.Document.Organisation, a.Document.Title, a.Document.Period), stTiny, d.textWidth()-class.width-8)
	d.hairline(15)

	d.hairline(d.h - 12)
	left := d.word("pdf.footer", "run", a.Run.ID, "digest", report.ShortDigest(a.Run.EvidenceSHA256), "generator", a.Generator)
	d.draw(margin, d.h-10, d.fit(left, stTiny, d.textWidth()-34), stTiny)
	d.textRight(d.w-margin, d.h-10, d.word("pdf.page", "page", strconv.Itoa(d.made.pages), "pages", strconv.Itoa(d.known.pages)), stTiny, 34)

	d.y = 21
	if a.Gate.Note != "" {
		st := stTinyB
		st.colour = "ink"
		d.fill(margin, 17, d.textWidth(), 5.4, "panel")
		d.fill(margin, 17, 1, 5.4, "medium")
		d.draw(margin+3, 17.7, d.fit(a.Gate.Note, st, d.textWidth()-6), st)
		d.y = 27
	}
	d.body = d.y
}

// A placing says where a section begins.
type placing uint8

const (
	onNewPage placing = iota
	whereRoom         // on the page at hand when a good part of it is free
	sentence          // on the page at hand: the section is a sentence
)

// placed is where a section with so many rows begins.
func placed(rows int) placing {
	if rows == 0 {
		return sentence
	}
	return whereRoom
}

// begin starts a section: its heading, bookmark, mark and line of contents.
func (d *doc) begin(key, title string, landscape bool, where placing) {
	const roomy, short = 95, 35 // mm that make starting here better than a new page
	if where == sentence {
		landscape = d.wide
	}
	if landscape == d.wide && d.y > d.body && (where == whereRoom && d.room() >= roomy || where == sentence && d.room() >= short) {
		d.y += 12
		d.hairline(d.y - 6)
	} else {
		d.newPage(landscape)
	}
	d.section++
	number := strconv.Itoa(d.section)
	d.made.toc = append(d.made.toc, tocEntry{level: 0, number: number, title: title, page: d.made.pages, mark: "section:" + key})
	d.setMark("section:"+key, d.y)
	d.bookmark(number+"  "+title, 0, d.y)
	d.draw(margin, d.y+0.4, d.fit(number, stNumber, 9), stNumber)
	d.draw(margin+9, d.y, d.fit(title, stSection, d.textWidth()-9), stSection)
	d.y += stSection.lead + 4
}

// entry adds a line to the contents below the section's.
func (d *doc) entry(title, mark string) {
	d.made.toc = append(d.made.toc, tocEntry{level: 1, title: title, page: d.made.pages, mark: mark})
}

// heading draws a heading inside a section, together with at least so much of
// what follows.
func (d *doc) heading(s string, follows float64) {
	d.need(stHead.lead + 7 + follows)
	if d.y > d.body+1 {
		d.y += 5
	}
	d.y = d.drawLines(margin, d.y, d.wrap(s, stHead, d.textWidth()), stHead) + 1.8
}

// joinSet joins what is not empty.
func joinSet(sep string, parts ...string) string {
	var set []string
	for _, p := range parts {
		if p != "" {
			set = append(set, p)
		}
	}
	return strings.Join(set, sep)
}
