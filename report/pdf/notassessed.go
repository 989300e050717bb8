package pdf

import (
	"context"
	"strconv"
	"strings"

	"certaudit/report"
)

// notAssessed lists what was in scope and could not be judged.
func (d *doc) notAssessed(ctx context.Context) error {
	d.begin("not_assessed", d.word("pdf.missing.title"), false, placed(d.g.notAssessed))
	if d.g.notAssessed == 0 {
		d.para(d.word("pdf.missing.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.missing.text", "count", report.FormatCount(d.g.notAssessed), "allowed", report.FormatCount(d.g.allowed)), stBody)
	if more := d.g.notAssessed - d.t.Limits.NotAssessed; more > 0 {
		d.para(d.word("pdf.more.missing", "count", report.FormatCount(more), "printed", report.FormatCount(d.t.Limits.NotAssessed)), stBody)
	}
	d.reasons()
	d.heading(d.word("pdf.missing.list"), 30)
	const stage, reason, tries, at = 19.0, 27.0, 14.0, 26.0
	rest := d.textWidth() - stage - reason - tries - at
	t := d.table(column{title: d.word("pdf.column.what"), width: rest * 0.54}, column{title: d.word("pdf.column.stage"), width: stage},
		column{title: d.word("pdf.column.reason"), width: reason}, column{title: d.word("pdf.column.detail"), width: rest * 0.46},
		column{title: d.word("pdf.column.attempts"), width: tries, right: true}, column{title: d.word("pdf.column.time"), width: at})
	return limited(ctx, d.a.NotAssessed(), d.t.Limits.NotAssessed, func(n *report.NotAssessed) { t.row(d.missingRow(n)...) })
}

// reasons counts what was not assessed by stage and reason.
func (d *doc) reasons() {
	if len(d.a.Reasons) == 0 {
		return
	}
	d.heading(d.word("pdf.missing.reasons"), 20)
	third := d.textWidth() / 2
	t := d.table(column{title: d.word("pdf.column.stage"), width: third * 0.4}, column{title: d.word("pdf.column.reason"), width: third * 0.6},
		column{title: d.word("pdf.column.count"), width: 20, right: true}, column{width: third - 20})
	for _, r := range capped(d.a.Reasons) {
		t.row(plain(r.Stage, stSmall), plain(d.reason(r.Reason), stSmall), plain(report.FormatCount(r.Count), stSmallB), plain("", stSmall))
	}
	if more := len(d.a.Reasons) - listedEntries; more > 0 {
		d.para(d.word("pdf.more.entries", "count", report.FormatCount(more)), stNote)
	}
}

// reason prints a stable code as words: not_found → not found.
func (d *doc) reason(code string) string { return strings.ReplaceAll(code, "_", " ") }

func (d *doc) missingRow(n *report.NotAssessed) []cell {
	what := joinSet("", n.Asset(), n.Path)
	if what == "" {
		what = n.Target
	}
	if n.Index >= 0 {
		what = joinSet(" ", what, d.object(n.Object), "#"+strconv.Itoa(n.Index))
	}
	name := plain(what, stSmallB)
	rules, allowed := "", ""
	if len(n.Rules) > 0 {
		rules = d.word("pdf.missing.rules", "rules", strings.Join(capped(n.Rules), ", "))
	}
	if n.Allowed {
		allowed = d.word("pdf.missing.allowed")
	}
	if notes := joinSet(" · ", allowed, rules); notes != "" {
		name = name.and(stSmallSoft, piece{text: notes})
	}
	tries := "–"
	if n.Attempts > 0 {
		tries = report.FormatCount(n.Attempts)
	}
	return []cell{name, plain(n.Stage, stSmall), plain(d.reason(n.Reason), stSmall), plain(joinSet("", n.Detail, dash(n.Detail)), stSmall),
		plain(tries, stSmall), plain(report.FormatTime(n.ObservedAt), stSmall)}
}
