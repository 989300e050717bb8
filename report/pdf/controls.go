package pdf

import (
	"context"
	"strings"

	"certaudit/report"
)

// frameworkWords are the template's keys for frameworks whose name is not
// their id.
var frameworkWords = map[string]string{
	"SOC2":  "pdf.framework.soc2",
	"HIPAA": "pdf.framework.hipaa",
}

// control names a control for a reader: "SOC 2 CC6.1".
func (d *doc) control(id string) string {
	framework, clause, ok := strings.Cut(id, "/")
	if !ok {
		return id
	}
	if key, ok := frameworkWords[framework]; ok {
		framework = d.word(key)
	}
	return framework + " " + clause
}

// controls draws the matrix: each control with the tests that support it and
// what they found.
func (d *doc) controls(context.Context) error {
	d.begin("controls", d.word("pdf.controls.title"), false, whereRoom)
	if len(d.a.Controls) == 0 {
		d.para(d.word("pdf.controls.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.controls.text"), stBody)
	d.y += 4
	const figure, result = 12.4, 35.0
	t := d.table(column{title: d.word("pdf.column.tests"), width: d.textWidth() - 5*figure - result},
		column{title: d.word("pdf.column.population_short"), width: figure, right: true},
		column{title: d.word("pdf.column.passed"), width: figure, right: true},
		column{title: d.word("pdf.column.failed"), width: figure, right: true},
		column{title: d.word("pdf.column.waived"), width: figure, right: true},
		column{title: d.word("pdf.column.not_assessed_short"), width: figure, right: true},
		column{title: d.word("pdf.column.result"), width: result})
	for _, c := range d.a.Controls {
		failed := stCell
		if c.Fail > 0 {
			failed = stCellB
		}
		head := d.controlTests(c)
		head.mark = "control:" + c.ID
		t.row(head, plain(report.FormatCount(c.Population), stCell), plain(report.FormatCount(c.Pass), stCell),
			plain(report.FormatCount(c.Fail), failed), plain(report.FormatCount(c.Waived), stCell), plain(report.FormatCount(c.NotAssessed+c.Error), stCell),
			plain(d.status(c.Status), stCellB).withIcon(statusIcons[c.Status]))
	}
	d.y += 3
	d.para(d.word("pdf.controls.note"), stNote)
	return nil
}

// controlTests names a control, its rules and its findings, each leading there.
func (d *doc) controlTests(c report.Control) cell {
	small := stMono
	small.size, small.lead, small.colour, small.most = 7, 3.7, "soft", 120
	var rules []piece
	for i, id := range capped(c.Rules) {
		if i > 0 {
			rules = append(rules, piece{text: ", "})
		}
		rules = append(rules, piece{text: id, link: "rule:" + id})
	}
	if more := len(c.Rules) - listedEntries; more > 0 {
		rules = append(rules, piece{text: " " + d.word("pdf.more.short", "count", report.FormatCount(more))})
	}
	out := plain(d.control(c.ID), stCellB).and(stSmall, piece{text: c.Title}).and(small, rules...)
	ids := d.g.ids[c.ID]
	if len(ids) == 0 {
		return out
	}
	var found []piece
	for i, id := range ids {
		if i > 0 {
			found = append(found, piece{text: " "})
		}
		found = append(found, piece{text: report.ShortID(id), link: "finding:" + id, colour: "accent"})
	}
	if more := c.Fail + c.Waived - len(ids); more > 0 {
		found = append(found, piece{text: " " + d.word("pdf.more.short", "count", report.FormatCount(more))})
	}
	return out.and(small, found...)
}
