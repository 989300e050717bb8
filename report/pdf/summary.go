package pdf

import (
	"context"
	"slices"
	"strconv"

	"certaudit/report"
)

// summary draws the one page that is read when no other is.
func (d *doc) summary(context.Context) error {
	d.begin("summary", d.word("pdf.summary.title"), false, onNewPage)
	d.y = d.drawLines(margin, d.y, d.wrap(d.a.Gate.Headline, stLead, d.textWidth()), stLead) + 4.5
	d.tiles()
	d.charts()
	d.riskiest()
	d.controlSummary()
	note := d.wrap(d.word("pdf.summary.note"), stTiny, d.textWidth())
	d.drawLines(margin, d.bottom()-float64(len(note))*stTiny.lead+2, note, stTiny)
	return nil
}

// coverage counts what is in scope for assessment, and what of it was not
// assessed: files that were not left out, endpoints, and what else has a
// record of its own.
func coverage(s report.Scope) (missing, whole int) {
	missing = s.FilesNotAssessed + s.EndpointsNotAssessed + s.OtherNotAssessed
	whole = s.Files - s.FilesExcluded - s.OwnOutput + s.EndpointsAsked + s.OtherNotAssessed
	return missing, whole
}

func (d *doc) tiles() {
	a := d.a
	const gap = 3.0
	w := (d.textWidth() - 3*gap) / 4
	at := func(i int) float64 { return margin + float64(i)*(w+gap) }

	edge := "pass"
	if len(d.g.top) > 0 && a.Estate.Violations > 0 {
		edge = d.g.top[0].Severity
	}
	worst := d.word("pdf.tile.violations.context", "critical", report.FormatCount(a.Totals.BySeverity.Critical), "high", report.FormatCount(a.Totals.BySeverity.High))
	d.tile(at(0), d.y, w, edge, report.FormatCount(a.Estate.Violations), d.word("pdf.tile.violations", "severity", d.failOn()), worst)

	d.tile(at(1), d.y, w, "accent", report.FormatCount(a.Scope.DistinctCertificates), d.word("pdf.tile.certificates"),
		d.word("pdf.tile.certificates.context", "placements", report.FormatCount(a.Scope.Placements), "endpoints", report.FormatCount(a.Scope.EndpointsAssessed)))

	missing, whole := coverage(a.Scope)
	edge = "pass"
	if missing > 0 {
		edge = "medium"
	}
	d.tile(at(2), d.y, w, edge, report.FormatPercent(whole-missing, whole), d.word("pdf.tile.coverage"),
		d.word("pdf.tile.coverage.context", "missing", report.FormatCount(missing), "whole", report.FormatCount(whole)))

	edge = "pass"
	if a.Estate.ExpireIn30Days > 0 {
		edge = "medium"
	}
	next := d.word("pdf.tile.expire.none")
	if !a.Estate.NextExpiry.IsZero() {
		next = d.word("pdf.tile.expire.context", "date", report.FormatLongDate(a.Estate.NextExpiry))
	}
	d.tile(at(3), d.y, w, edge, report.FormatCount(a.Estate.ExpireIn30Days), d.word("pdf.tile.expire"), next)
	d.y += tileHeight + 6
}

func (d *doc) charts() {
	half := margin + d.textWidth()*0.54
	d.draw(margin, d.y, d.fit(d.word("pdf.summary.severity"), stHead, 90), stHead)
	d.draw(half, d.y, d.fit(d.word("pdf.summary.expiry"), stHead, d.w-margin-half), stHead)
	d.y += 8
	d.donut(margin, d.y)
	d.expiry(half, d.y, d.w-margin-half)
	d.y += 38 + 5
}

// riskiest lists the worst findings, each on one line.
func (d *doc) riskiest() {
	d.draw(margin, d.y, d.fit(d.word("pdf.summary.riskiest"), stHead, d.textWidth()), stHead)
	d.y += 6.6
	if len(d.g.top) == 0 {
		d.y = d.drawLines(margin, d.y, d.wrap(d.word("pdf.findings.none"), stNote, d.textWidth()), stNote) + 4
		return
	}
	const id = 22.0
	rest := d.textWidth() - id
	t := d.table(column{title: d.word("pdf.column.asset"), width: rest * 0.32}, column{title: d.word("pdf.column.observed"), width: rest * 0.34},
		column{title: d.word("pdf.column.required"), width: rest * 0.34}, column{title: d.word("pdf.column.finding"), width: id})
	for _, f := range d.g.top {
		to := "finding:" + f.ID
		text, soft := stSmall, stSmall
		soft.colour = "soft"
		asset := t.short(0, 1, f.Asset(), stCellB, "", findingIcon(f))
		asset.mark = "top:" + f.ID
		t.row(asset, t.short(1, 2, f.Observed, text, "", ""), t.short(2, 2, f.Required, soft, "", ""), t.short(3, 1, report.ShortID(f.ID), stLink, to, ""))
	}
	d.y += 6
}

var stLink = style{font: mono, size: 7.4, lead: 4.1, colour: "accent"}

// short is a cell whose text is cut to so many lines of its column.
func (t *table) short(column, lines int, s string, st style, link, icon string) cell {
	width := t.columns[column].width - 2*padX
	if icon != "" {
		width -= iconRoom
	}
	if lines == 1 {
		s = t.d.fit(s, st, width).text()
	}
	set := t.d.wrap(s, st, width)
	var paras []para
	for i, ln := range set[:min(len(set), lines)] {
		if i == lines-1 && len(set) > lines {
			ln = t.d.ellipsis(ln, st, width)
		}
		paras = append(paras, para{[]piece{{text: ln.text(), link: link}}, st})
	}
	return cell{paras: paras, icon: icon}
}

// statusOrder is the order in which a summary that has no room for all
// controls names them.
var statusOrder = []string{report.ExceptionNoted, report.NotTested, report.PartlyAssessed, report.ExceptionAccepted, report.NoException, report.NoPopulation}

// controlSummary lists as many controls as fit below, the worst when not all do.
func (d *doc) controlSummary() {
	d.draw(margin, d.y, d.fit(d.word("pdf.summary.controls"), stHead, d.textWidth()), stHead)
	d.y += 6.6
	if len(d.a.Controls) == 0 {
		d.drawLines(margin, d.y, d.wrap(d.word("pdf.controls.none"), stNote, d.textWidth()), stNote)
		return
	}
	rowHeight := stCell.lead + 2*padY
	room := d.room() - 6.5 - 7 // the header, and the note at the foot
	fits := max(0, int(room/rowHeight))
	shown := d.a.Controls
	if len(shown) > fits {
		fits = max(0, int((room-5)/rowHeight)) // and the pointer
		shown = slices.SortedStableFunc(slices.Values(shown), func(a, b report.Control) int {
			return slices.Index(statusOrder, a.Status) - slices.Index(statusOrder, b.Status)
		})[:fits]
	}
	if len(shown) > 0 {
		d.controlLines(shown)
	}
	if more := len(d.a.Controls) - len(shown); more > 0 {
		text := d.word("pdf.summary.more_controls", "count", report.FormatCount(more))
		if page := d.pageOf("section:controls"); page > 0 {
			text += " " + d.word("pdf.see_page", "page", strconv.Itoa(page))
		}
		d.y += 1
		d.draw(margin+padX, d.y, d.fitPiece(piece{text: text, link: "section:controls"}, stNote, d.textWidth()), stNote)
	}
}

func (d *doc) controlLines(shown []report.Control) {
	const name, population, figure, result = 37.0, 16.0, 12.5, 34.0
	t := d.table(column{title: d.word("pdf.column.control"), width: name},
		column{title: d.word("pdf.column.title"), width: d.textWidth() - name - population - 3*figure - result},
		column{title: d.word("pdf.column.population"), width: population, right: true}, column{title: d.word("pdf.column.failed"), width: figure, right: true},
		column{title: d.word("pdf.column.waived"), width: figure, right: true}, column{title: d.word("pdf.column.not_assessed_short"), width: figure, right: true},
		column{title: d.word("pdf.column.result"), width: result})
	for _, c := range shown {
		t.row(t.short(0, 1, d.control(c.ID), stCellB, "control:"+c.ID, ""), t.short(1, 1, c.Title, stSmall, "", ""),
			plain(report.FormatCount(c.Population), stCell), plain(report.FormatCount(c.Fail), stCellB), plain(report.FormatCount(c.Waived), stCell),
			plain(report.FormatCount(c.NotAssessed), stCell), t.short(6, 1, d.status(c.Status), stCell, "", statusIcons[c.Status]))
	}
}
