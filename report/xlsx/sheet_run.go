package xlsx

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"certaudit/report"
	"certaudit/scan"

	"github.com/xuri/excelize/v2"
)

const runID = "run"

// runSheet records the run: who, what, when, with which inputs and digests, and
// what each rule found.
func runSheet() sheet { return sheet{id: runID, write: writeRun} }

// A runPage is the run sheet in the making: headings, pairs of item and value,
// and the table of the rules. The first error stays.
type runPage struct {
	b   *book
	sw  *excelize.StreamWriter
	row int
	err error
}

func writeRun(ctx context.Context, b *book) error {
	name := b.sheetName(runID, 1)
	sw, err := b.stream(name, []float64{34, maxWidth, 11, 12, 11, 9, 9, 10, 12, 12, 9}, 0)
	if err != nil {
		return err
	}
	p := &runPage{b: b, sw: sw}
	p.header("item", "value", "", "", "", "", "", "", "", "", "")
	p.identity()
	p.document()
	p.policies()
	for i := range b.a.Run.Evidence {
		p.evidence(i, &b.a.Run.Evidence[i])
		p.endpoints(i)
	}
	first := p.row + 3 // below the heading and the header
	p.rules()
	if p.err == nil && len(b.a.Rules) > 0 {
		p.err = b.f.SetConditionalFormat(name, "C"+strconv.Itoa(first)+":C"+strconv.Itoa(p.row), b.conditional(fillSeverity))
	}
	p.targets(ctx)
	if p.err != nil {
		return p.err
	}
	b.rows[runID] = p.row - 1
	return sw.Flush()
}

func (p *runPage) word(key string, pairs ...string) string {
	return p.b.t.Word("xlsx.run."+key, pairs...)
}

// add writes one row, unless an earlier one failed.
func (p *runPage) add(height float64, cells ...any) {
	if p.err != nil {
		return
	}
	p.row++
	p.err = p.sw.SetRow("A"+strconv.Itoa(p.row), cells, excelize.RowOpts{Height: height})
}

// header writes a row of column headers; an empty key leaves one empty.
func (p *runPage) header(keys ...string) {
	cells := make([]any, len(keys))
	for i, key := range keys {
		c := excelize.Cell{StyleID: p.b.st.header}
		if key != "" {
			c.Value = p.word(key)
		}
		cells[i] = c
	}
	p.add(headerHeight, cells...)
}

// heading starts a block.
func (p *runPage) heading(text string) {
	bold := p.b.st.bold[kindText]
	p.add(0, excelize.Cell{StyleID: bold, Value: clean(text)}, excelize.Cell{StyleID: bold})
}

// pair writes an item and its value; one without value is left out.
func (p *runPage) pair(item string, k kind, v any) {
	height := 0.0
	switch text, isText := v.(string); {
	case v == nil, isText && text == "":
		return
	case isText:
		text = clean(text)
		if k.wraps() {
			height = rowHeight(lineCount(text, maxWidth))
		}
		v = text
	}
	st := p.b.st.body
	p.add(height, excelize.Cell{StyleID: st[kindText], Value: clean(item)}, excelize.Cell{StyleID: st[k], Value: v})
}

func (p *runPage) text(key, value string)  { p.pair(p.word(key), kindText, value) }
func (p *runPage) token(key, value string) { p.pair(p.word(key), kindToken, value) }

func (p *runPage) identity() {
	r, g := p.b.a.Run, p.b.a.Gate
	p.heading(p.word("identity"))
	p.token("id", r.ID)
	p.text("headline", g.Headline)
	p.text("note", g.Note)
	p.pair(p.word("exit_status"), kindToken, strconv.Itoa(g.ExitStatus))
	p.text("as_of", report.FormatTime(r.AsOf))
	p.text("collected_from", report.FormatTime(r.CollectedFrom))
	p.text("collected_to", report.FormatTime(r.CollectedTo))
	p.text("backdated", yesNo(r.Backdated))
	p.text("complete", yesNo(r.Complete))
	p.text("tool", joinWith(" ", r.Tool, r.Version))
	p.text("generator", p.b.a.Generator)
	p.token("binary", r.BinarySHA256)
	p.text("selftest", r.Selftest)
	p.token("evidence_digest", r.EvidenceSHA256)
	p.text("fail_on", r.FailOn)
	p.text("baseline", r.Baseline)
	p.text("allow_incomplete", listText(r.AllowIncomplete))
	p.text("operator", r.Operator)
	p.text("host", r.Host)
	p.text("ci_url", r.CIURL)
}

func (p *runPage) document() {
	d := p.b.a.Document
	p.heading(p.word("document"))
	p.text("title", d.Title)
	p.text("organisation", d.Organisation)
	p.text("classification", d.Classification)
	p.text("status", d.Status)
	p.text("period", d.Period)
	p.text("reference", d.Reference)
	p.text("supersedes", d.Supersedes)
	p.text("prepared_by", d.PreparedBy)
	p.text("reviewed_by", d.ReviewedBy)
	p.text("retain_until", d.RetainUntil)
}

func (p *runPage) policies() {
	for _, q := range p.b.a.Run.Policies {
		p.heading(p.word("policy", "id", q.ID))
		p.text("policy_title", q.Title)
		p.text("policy_version", q.Version)
		p.text("policy_origin", q.Origin)
		p.token("policy_digest", q.SHA256)
	}
}

func (p *runPage) evidence(i int, e *report.Evidence) {
	p.heading(p.word("evidence", "number", strconv.Itoa(i+1)))
	p.token("file_digest", e.SHA256)
	p.text("started", report.FormatTime(e.Started))
	p.text("finished", report.FormatTime(e.Finished))
	p.text("complete", yesNo(e.Complete))
	p.text("vantage", e.Vantage)
	p.text("operator", e.Operator)
	p.text("host", e.Host)
	p.pair(p.word("command"), kindCode, commandText(e.Command))
	for _, d := range e.Roots {
		p.text("roots", digestText(d))
	}
	for _, d := range e.TargetLists {
		p.text("target_list", digestText(d))
	}
	for _, x := range e.Excludes {
		p.pair(p.word("exclude", "glob", x.Glob), kindText, x.Reason)
	}
	for _, key := range slices.Sorted(maps.Keys(e.Options)) {
		p.pair(p.word("option", "name", key), kindText, e.Options[key])
	}
	for _, probe := range e.Probes {
		p.text("probe", probe)
	}
	for _, k := range slices.Sorted(maps.Keys(e.Lines)) {
		p.pair(p.word("lines", "kind", k), kindNumber, e.Lines[k])
	}
	p.pair(p.word("unknown_fields"), kindNumber, positive(e.UnknownFields))
	p.pair(p.word("unknown_kinds"), kindNumber, positive(e.UnknownKinds))
}

// endpoints writes what became of the endpoints of one evidence file.
func (p *runPage) endpoints(i int) {
	if i >= len(p.b.a.Scope.Vantages) {
		return
	}
	v := p.b.a.Scope.Vantages[i]
	p.pair(p.word("endpoints_asked"), kindCount, v.EndpointsAsked)
	p.pair(p.word("endpoints_assessed"), kindCount, v.EndpointsAssessed)
	p.pair(p.word("endpoints_not_assessed"), kindCount, v.EndpointsNotAssessed)
}

// rules writes what each rule found.
func (p *runPage) rules() {
	p.heading(p.word("rules"))
	p.header("rule", "requires", "severity", "unit", "population", "pass", "fail", "waived", "not_assessed", "not_applicable", "error")
	st := p.b.st.body
	for i := range p.b.a.Rules {
		q := &p.b.a.Rules[i]
		test := clean(joinWith(": ", q.Title, q.Requires))
		cells := []any{
			excelize.Cell{StyleID: st[kindText], Value: clean(q.ID)},
			excelize.Cell{StyleID: st[kindText], Value: test},
			excelize.Cell{StyleID: st[kindText], Value: clean(q.Severity)},
			excelize.Cell{StyleID: st[kindText], Value: clean(q.Unit)},
		}
		for _, n := range []int{q.Population, q.Pass, q.Fail, q.Waived, q.NotAssessed, q.NotApplicable, q.Error} {
			cells = append(cells, excelize.Cell{StyleID: st[kindCount], Value: n})
		}
		p.add(rowHeight(lineCount(test, maxWidth)), cells...)
	}
}

// targets lists what was asked for, at the end because it may be long.
func (p *runPage) targets(ctx context.Context) {
	p.heading(p.word("targets", "count", report.FormatCount(p.b.a.Scope.Targets)))
	for i, target := range p.b.a.Scope.TargetList {
		if i%checkEvery == 0 && p.err == nil {
			p.err = ctx.Err()
		}
		if p.row >= p.b.limits.rows-1 {
			p.text("more_targets", report.FormatCount(len(p.b.a.Scope.TargetList)-i))
			return
		}
		p.pair(p.word("target", "number", strconv.Itoa(i+1)), kindText, target)
	}
}

// commandText is a command as a shell would take it back, arguments with
// anything but plain characters in single quotes.
func commandText(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = shellQuote(a)
	}
	return joinWith(" ", quoted...)
}

// digestText names an input with its digest, date and number of entries.
func digestText(d scan.Digest) string {
	text := joinWith(" · ", d.Name, d.Dated)
	if d.Count > 0 {
		text = joinWith(" · ", text, report.FormatCount(d.Count))
	}
	return joinWith(" · ", text, d.SHA256)
}
