package pdf

import "strconv"

// contents draws the table of contents, who stands behind the document, and
// how its words and signs are meant.
func (d *doc) contents() {
	d.newPage(false)
	d.setMark("contents", d.y)
	d.bookmark(d.word("pdf.contents"), 0, d.y)
	d.draw(margin, d.y, d.fit(d.word("pdf.contents"), stSection, d.textWidth()), stSection)
	d.y += stSection.lead + 4
	for _, e := range d.known.toc {
		d.contentsLine(e)
	}
	d.documentControl()
	d.legend()
}

func (d *doc) contentsLine(e tocEntry) {
	st, x, lead := stBody, margin+9, 6.6
	if e.level == 0 {
		st.font = bold
		st.size = 10
	} else {
		st, lead = stNote, 4.9
		st.lead = 4.9
	}
	st.lead = lead
	d.need(lead)
	if e.level == 0 {
		number := stNumber
		number.lead = lead
		d.draw(margin, d.y, d.fit(e.number, number, 9), number)
	}
	ln := d.fitPiece(piece{text: e.title, link: e.mark}, st, d.textWidth()-24)
	d.draw(x, d.y, ln, st)
	page := d.fitPiece(piece{text: strconv.Itoa(e.page), link: e.mark}, st, 12)
	d.draw(d.w-margin-page.width, d.y, page, st)
	from, to := x+ln.width+2, d.w-margin-page.width-2
	if to > from {
		d.dots(from, to, d.y+lead/2+1)
	}
	d.y += lead
}

// dots leads the eye to the page number.
func (d *doc) dots(from, to, y float64) {
	for x := to - 0.3; x > from; x -= 1.6 {
		d.fill(x, y, 0.22, 0.22, "info")
	}
}

func (d *doc) documentControl() {
	doc := d.a.Document
	d.heading(d.word("pdf.control.title"), 30)
	d.pairs(42,
		pair{label: d.word("pdf.label.reference"), value: doc.Reference},
		pair{label: d.word("pdf.label.status"), value: doc.Status},
		pair{label: d.word("pdf.label.classification"), value: doc.Classification},
		pair{label: d.word("pdf.label.supersedes"), value: doc.Supersedes},
		pair{label: d.word("pdf.label.prepared_by"), value: doc.PreparedBy},
		pair{label: d.word("pdf.label.reviewed_by"), value: doc.ReviewedBy},
		pair{label: d.word("pdf.label.retain_until"), value: doc.RetainUntil},
		pair{label: d.word("pdf.label.generator"), value: d.a.Generator},
		pair{label: d.word("pdf.label.run"), value: d.a.Run.ID, mono: true},
	)
}

// legend shows every icon with its word.
func (d *doc) legend() {
	d.heading(d.word("pdf.legend.title"), 30)
	items := []struct{ icon, word string }{
		{"critical", d.severity("critical")}, {"high", d.severity("high")}, {"medium", d.severity("medium")},
		{"low", d.severity("low")}, {"info", d.severity("info")},
		{iconPass, d.word("pdf.legend.pass")}, {iconError, d.word("pdf.legend.noted")}, {iconWaived, d.word("pdf.legend.waived")},
		{iconPartly, d.word("pdf.legend.partly")}, {iconNotAssessed, d.word("pdf.legend.not_assessed")}, {iconNone, d.word("pdf.legend.empty")},
	}
	const perRow = 4
	width := d.textWidth() / perRow
	for i, item := range items {
		if i%perRow == 0 {
			d.need(5.6)
		}
		x := margin + float64(i%perRow)*width
		d.icon(item.icon, x+0.3, d.y+0.9, iconSize)
		d.draw(x+5, d.y+0.2, d.fit(item.word, stCell, width-6), stCell)
		if i%perRow == perRow-1 || i == len(items)-1 {
			d.y += 5.6
		}
	}
	d.y += 2
	d.para(d.word("pdf.legend.text"), stNote)
}
