package pdf

import (
	"strings"

	"certaudit/report"
)

// tile draws one figure of the summary with its label and a line of context.
func (d *doc) tile(x, y, w float64, edge, figure, label, context string) {
	const h = 21.0
	d.fill(x, y, w, h, "panel")
	d.fill(x, y, 1, h, edge)
	big := style{font: bold, size: 18, lead: 8, colour: "ink"}
	d.draw(x+4, y+3, d.fit(figure, big, w-6), big)
	name := style{font: bold, size: 8, lead: 4, colour: "ink"}
	d.draw(x+4, y+11.4, d.fit(label, name, w-6), name)
	st := stTiny
	st.size = 7.1
	d.draw(x+4, y+15.6, d.fit(context, st, w-5), st)
}

const tileHeight = 21.0

// donut draws unwaived failures by severity around their total, and the list
// that is its legend.
func (d *doc) donut(x, y float64) {
	a := d.a
	const outer, inner = 18.0, 10.6
	cx, cy := x+2+outer, y+outer
	total := a.Totals.BySeverity.Total()
	if total == 0 {
		d.polygon("hairline", 0, sector(cx, cy, inner, outer, 0, 1)...)
	}
	from := 0.0
	var cuts []float64
	for _, word := range report.SeverityWords() {
		n := a.Totals.BySeverity.Of(word)
		if n == 0 {
			continue
		}
		to := from + float64(n)/float64(total)
		d.polygon(word, 0, sector(cx, cy, inner, outer, from, to)...)
		cuts = append(cuts, from)
		from = to
	}
	if len(cuts) > 1 {
		for _, cut := range cuts {
			p := sector(cx, cy, inner-0.4, outer+0.4, cut, cut+0.001)
			d.rule(p[0].X, p[0].Y, p[len(p)-1].X, p[len(p)-1].Y, 0.5, "white")
		}
	}
	big := style{font: bold, size: 14, lead: 7, colour: "ink"}
	for figure := report.FormatCount(total); ; big.size-- {
		if ln := d.fit(figure, big, 100); ln.width < 2*inner-3 || big.size < 7 {
			d.draw(cx-ln.width/2, cy-big.lead/2, ln, big)
			break
		}
	}
	d.donutLegend(x+46, y+0.6)
}

func (d *doc) donutLegend(x, y float64) {
	t := d.a.Totals
	row := func(icon, word string, n int) {
		d.icon(icon, x, y+0.7, iconSize)
		d.draw(x+5.6, y, d.fit(word, stCell, 26), stCell)
		figure := stCellB
		d.textRight(x+37, y, report.FormatCount(n), figure, 16)
		y += 5.1
	}
	for _, word := range report.SeverityWords() {
		row(word, d.severity(word), t.BySeverity.Of(word))
	}
	row(iconWaived, d.word("pdf.result.waived"), t.ByResult.Waived)
	row(iconNotAssessed, d.word("pdf.result.not_assessed"), t.ByResult.NotAssessed)
}

// expiry draws the outlook as bars on a linear scale from zero.
func (d *doc) expiry(x, y, w float64) {
	most := 1
	for _, b := range d.a.Expiry {
		most = max(most, b.Count)
	}
	const label, figure = 15.0, 14.0
	step := 5.35
	if n := len(d.a.Expiry); n > 7 {
		step = 37.45 / float64(n)
	}
	for _, b := range d.a.Expiry {
		d.draw(x, y, d.fit(b.Label, stCell, label-1), stCell)
		bar := (w - label - figure) * float64(b.Count) / float64(most)
		if b.Count > 0 {
			bar = max(bar, 0.7)
			d.fill(x+label, y+0.5, bar, 3.2, bucketColour(b))
		} else {
			d.rule(x+label, y+0.5, x+label, y+3.7, hair, "hairline")
		}
		st := stCellB
		st.size = 8
		d.draw(x+label+bar+1.8, y, d.fit(report.FormatCount(b.Count), st, figure), st)
		y += step
	}
	if len(d.a.Expiry) == 0 {
		d.draw(x, y, d.fit(d.word("pdf.summary.no_expiry"), stNote, w), stNote)
	}
}

// bucketColour colours a bucket by how soon its certificates expire.
func bucketColour(b report.Bucket) string {
	switch {
	case b.UpToDays < 0:
		return "info"
	case b.UpToDays == 0 || strings.EqualFold(b.Label, "expired"):
		return "critical"
	case b.UpToDays <= 30:
		return "high"
	case b.UpToDays <= 60:
		return "medium"
	case b.UpToDays <= 90:
		return "low"
	}
	return "info"
}
