package pdf

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"certaudit/report"
)

// run prints the record of the run and what the words mean.
func (d *doc) run(context.Context) error {
	a, r := d.a, d.a.Run
	d.begin("run", d.word("pdf.run.title"), false, whereRoom)
	d.para(d.word("pdf.run.text"), stBody)
	d.y += 2
	backdated := d.word("pdf.answer.no")
	if r.Backdated {
		backdated = d.word("pdf.answer.yes")
	}
	complete := d.word("pdf.evidence.complete")
	if !r.Complete {
		complete = d.word("pdf.evidence.incomplete")
	}
	d.heading(d.word("pdf.run.identity"), 40)
	d.pairs(42,
		pair{label: d.word("pdf.label.run"), value: r.ID, mono: true},
		pair{label: d.word("pdf.label.as_of"), value: report.FormatTime(r.AsOf)},
		pair{label: d.word("pdf.label.collected"), value: joinSet(" · ", report.FormatSpan(r.CollectedFrom, r.CollectedTo), complete)},
		pair{label: d.word("pdf.label.backdated"), value: backdated},
		pair{label: d.word("pdf.label.digest"), value: r.EvidenceSHA256, mono: true},
		pair{label: d.word("pdf.label.tool"), value: joinSet(" ", r.Tool, r.Version)},
		pair{label: d.word("pdf.label.binary"), value: r.BinarySHA256, mono: true},
		pair{label: d.word("pdf.label.selftest"), value: r.Selftest},
		pair{label: d.word("pdf.label.generator"), value: a.Generator},
		pair{label: d.word("pdf.label.operator"), value: joinSet(" · ", r.Operator, r.Host)},
		pair{label: d.word("pdf.label.ci"), value: r.CIURL},
		pair{label: d.word("pdf.label.gate"), value: d.gateSentence()},
		pair{label: d.word("pdf.label.note"), value: a.Gate.Note},
	)
	d.runPolicies()
	for i, e := range r.Evidence {
		d.runEvidence(i, e)
	}
	d.glossary()
	return nil
}

func (d *doc) runPolicies() {
	d.heading(d.word("pdf.run.policies"), 20)
	if len(d.a.Run.Policies) == 0 {
		d.para(d.word("pdf.policy.none"), stNote)
		return
	}
	t := d.table(column{title: d.word("pdf.column.policy"), width: 30}, column{title: d.word("pdf.column.edition"), width: 17},
		column{title: d.word("pdf.column.origin"), width: 26}, column{title: d.word("pdf.column.sha256"), width: d.textWidth() - 73})
	small := stMono
	small.size = 7
	for _, p := range d.a.Run.Policies {
		t.row(linked(p.ID, stSmallB, "policy:"+p.ID), plain(p.Version, stSmall), plain(p.Origin, stSmall), plain(p.SHA256, small))
	}
}

// runEvidence prints how an evidence file was made and what is in it.
func (d *doc) runEvidence(i int, e report.Evidence) {
	d.heading(d.word("pdf.run.evidence", "number", strconv.Itoa(i+1), "total", strconv.Itoa(len(d.a.Run.Evidence))), 30)
	var command []string
	for _, arg := range e.Command {
		command = append(command, quoted(arg))
	}
	var kinds []string
	for _, k := range slices.Sorted(maps.Keys(e.Lines)) {
		kinds = append(kinds, strings.ReplaceAll(k, "_", " ")+" "+report.FormatCount(e.Lines[k]))
	}
	unknown := ""
	if e.UnknownKinds+e.UnknownFields > 0 {
		unknown = d.word("pdf.run.unknown.text", "kinds", report.FormatCount(e.UnknownKinds), "fields", report.FormatCount(e.UnknownFields))
	}
	d.pairs(42,
		pair{label: d.word("pdf.label.digest"), value: e.SHA256, mono: true},
		pair{label: d.word("pdf.label.command"), value: strings.Join(command, " "), mono: true},
		pair{label: d.word("pdf.label.lines"), value: strings.Join(kinds, ", ")},
		pair{label: d.word("pdf.label.unknown"), value: unknown},
	)
}

// quoted writes an argument so that a reader sees where it ends.
func quoted(arg string) string {
	if arg != "" && !strings.ContainsAny(arg, " \t\n'\"\\$`*?;&|<>()#") {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// glossary defines severities, results, statuses and the words of the report.
func (d *doc) glossary() {
	d.definitions(d.word("pdf.glossary.severities"), [][3]string{
		{"critical", d.word("pdf.severity.critical"), d.word("pdf.define.critical")},
		{"high", d.word("pdf.severity.high"), d.word("pdf.define.high")},
		{"medium", d.word("pdf.severity.medium"), d.word("pdf.define.medium")},
		{"low", d.word("pdf.severity.low"), d.word("pdf.define.low")},
		{"info", d.word("pdf.severity.info"), d.word("pdf.define.info")},
	})
	d.definitions(d.word("pdf.glossary.results"), [][3]string{
		{iconPass, d.word("pdf.result.pass"), d.word("pdf.define.pass")},
		{iconError, d.word("pdf.result.fail"), d.word("pdf.define.fail")},
		{iconWaived, d.word("pdf.result.waived"), d.word("pdf.define.waived")},
		{"", d.word("pdf.result.not_applicable"), d.word("pdf.define.not_applicable")},
		{iconNotAssessed, d.word("pdf.result.not_assessed"), d.word("pdf.define.not_assessed")},
		{"", d.word("pdf.result.error"), d.word("pdf.define.error")},
	})
	d.definitions(d.word("pdf.glossary.statuses"), [][3]string{
		{iconError, d.word("pdf.status.noted"), d.word("pdf.define.noted")},
		{iconWaived, d.word("pdf.status.accepted"), d.word("pdf.define.accepted")},
		{iconPass, d.word("pdf.status.none"), d.word("pdf.define.none")},
		{iconPartly, d.word("pdf.status.partly"), d.word("pdf.define.partly")},
		{iconNotAssessed, d.word("pdf.status.untested"), d.word("pdf.define.untested")},
		{iconNone, d.word("pdf.status.empty"), d.word("pdf.define.empty")},
	})
	d.definitions(d.word("pdf.glossary.words"), [][3]string{
		{"", d.word("pdf.word.target"), d.word("pdf.define.target")},
		{"", d.word("pdf.word.certificate"), d.word("pdf.define.certificate")},
		{"", d.word("pdf.word.placement"), d.word("pdf.define.placement")},
		{"", d.word("pdf.word.use"), d.word("pdf.define.use")},
		{"", d.word("pdf.word.endpoint"), d.word("pdf.define.endpoint")},
		{"", d.word("pdf.word.rule"), d.word("pdf.define.rule")},
		{"", d.word("pdf.word.finding"), d.word("pdf.define.finding")},
		{"", d.word("pdf.word.as_of"), d.word("pdf.define.as_of")},
		{"", d.word("pdf.word.days_left"), d.word("pdf.define.days_left")},
	})
}

// definitions draws words with icon and meaning.
func (d *doc) definitions(title string, rows [][3]string) {
	st := stCell
	widths := []float64{42, d.textWidth() - 42}
	tall := 0.0
	for _, r := range rows {
		tall += float64(len(d.wrap(r[2], st, widths[1]-2*padX)))*st.lead + 2*padY
	}
	d.heading(title, min(tall, 120)) // in one piece where it can be
	t := d.bareTable(widths...)
	for _, r := range rows {
		word := plain(r[1], stCellB)
		if r[0] != "" {
			word = word.withIcon(r[0])
		}
		t.row(word, plain(r[2], stCell))
	}
}
