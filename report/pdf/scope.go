package pdf

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

const (
	listedTargets = 60 // lines of lists that the report prints whole elsewhere
	listedEntries = 40
)

// scope says what was looked at, how, and that the counts reconcile.
func (d *doc) scope(context.Context) error {
	d.begin("scope", d.word("pdf.scope.title"), false, onNewPage)
	d.para(d.word("pdf.scope.method"), stBody)
	d.samples()
	d.reconciliation()
	d.vantages()
	d.objects()
	d.results()
	d.targets()
	d.exclusions()
	for i := range d.a.Run.Evidence {
		d.evidence(i)
	}
	d.rules()
	d.heading(d.word("pdf.scope.limits"), 20)
	d.para(d.word("pdf.scope.limits.text"), stBody)
	return nil
}

// sum is one line of a reconciliation: parts that add up to a whole.
type sum struct {
	label string
	whole int
	parts []int
}

// reconciliation prints the sums of files and of endpoints.
func (d *doc) reconciliation() {
	s := d.a.Scope
	d.heading(d.word("pdf.scope.reconciliation"), 40)
	figure := (d.textWidth() - 34 - 22) / 6
	columns := []column{{title: d.word("pdf.column.unit"), width: 34}}
	for _, key := range []string{d.word("pdf.column.in_scope"), d.word("pdf.column.assessed"), d.word("pdf.column.without_certificates"),
		d.word("pdf.column.not_assessed"), d.word("pdf.column.excluded"), d.word("pdf.column.own_output")} {
		columns = append(columns, column{title: key, width: figure, right: true})
	}
	columns = append(columns, column{title: d.word("pdf.column.adds_up"), width: 22})
	t := d.table(columns...)
	for _, line := range []sum{
		{d.word("pdf.unit.files"), s.Files, []int{s.FilesRead, s.FilesWithoutCertificates, s.FilesNotAssessed, s.FilesExcluded, s.OwnOutput}},
		{d.word("pdf.unit.endpoints"), s.EndpointsAsked, []int{s.EndpointsAssessed, -1, s.EndpointsNotAssessed, -1, -1}},
	} {
		cells := []cell{plain(line.label, stCellB), plain(report.FormatCount(line.whole), stCellB)}
		left := line.whole
		for _, n := range line.parts {
			if n < 0 {
				cells = append(cells, plain("–", stCell))
				continue
			}
			left -= n
			cells = append(cells, plain(report.FormatCount(n), stCell))
		}
		verdict, icon := d.word("pdf.scope.adds_up"), iconPass
		if left != 0 {
			verdict, icon = d.word("pdf.scope.differs", "count", report.FormatCount(left)), iconError
		}
		t.row(append(cells, plain(verdict, stCell).withIcon(icon))...)
	}
	d.y += 2
	d.para(d.word("pdf.scope.reconciliation.text", "other", report.FormatCount(s.OtherNotAssessed), "placements", report.FormatCount(s.Placements),
		"certificates", report.FormatCount(s.DistinctCertificates), "unparsed", report.FormatCount(d.a.Estate.Unparsed)), stNote)
}

// vantages prints what each evidence file has of the endpoints, where there are
// several.
func (d *doc) vantages() {
	if len(d.a.Scope.Vantages) < 2 {
		return
	}
	d.heading(d.word("pdf.scope.vantages"), 30)
	const number, figure = 20.0, 24.0
	t := d.table(column{title: d.word("pdf.column.evidence"), width: number}, column{title: d.word("pdf.label.vantage"), width: d.textWidth() - number - 3*figure},
		column{title: d.word("pdf.column.in_scope"), width: figure, right: true}, column{title: d.word("pdf.column.assessed"), width: figure, right: true},
		column{title: d.word("pdf.column.not_assessed"), width: figure, right: true})
	for i, v := range d.a.Scope.Vantages {
		t.row(plain(strconv.Itoa(i+1), stCellB), plain(joinSet("", v.Vantage, dash(v.Vantage)), stCell), plain(report.FormatCount(v.EndpointsAsked), stCell),
			plain(report.FormatCount(v.EndpointsAssessed), stCell), plain(report.FormatCount(v.EndpointsNotAssessed), stCell))
	}
	d.y += 2
	d.para(d.word("pdf.scope.vantages.text"), stNote)
}

// results prints the six results of all rules.
func (d *doc) results() {
	r := d.a.Totals.ByResult
	d.heading(d.word("pdf.scope.results"), 25)
	w := d.textWidth() / 7
	t := d.table(column{title: d.word("pdf.result.all"), width: w, right: true}, column{title: d.word("pdf.result.pass"), width: w, right: true},
		column{title: d.word("pdf.result.fail"), width: w, right: true}, column{title: d.word("pdf.result.waived"), width: w, right: true},
		column{title: d.word("pdf.result.not_applicable"), width: w, right: true}, column{title: d.word("pdf.result.not_assessed"), width: w, right: true},
		column{title: d.word("pdf.result.error"), width: w, right: true})
	figures := []int{r.Pass + r.Fail + r.Waived + r.NotApplicable + r.NotAssessed + r.Error, r.Pass, r.Fail, r.Waived, r.NotApplicable, r.NotAssessed, r.Error}
	var cells []cell
	for i, n := range figures {
		st := stCell
		if i == 0 {
			st = stCellB
		}
		cells = append(cells, plain(report.FormatCount(n), st))
	}
	t.row(cells...)
	d.y += 2
	d.para(d.word("pdf.scope.results.text"), stNote)
}

// targets lists what was asked for, two to a row.
func (d *doc) targets() {
	list := d.a.Scope.TargetList
	d.heading(d.word("pdf.scope.targets", "count", report.FormatCount(d.a.Scope.Targets)), 20)
	if len(list) == 0 {
		d.para(d.word("pdf.scope.targets.none"), stNote)
		return
	}
	shown := list[:min(len(list), listedTargets)]
	st := stMono
	st.most = 300
	t := d.bareTable(d.textWidth()/2, d.textWidth()/2)
	rows := (len(shown) + 1) / 2
	for i := range rows {
		right := ""
		if i+rows < len(shown) {
			right = shown[i+rows]
		}
		t.row(plain(shown[i], st), plain(right, st))
	}
	if more := max(d.a.Scope.Targets, len(list)) - len(shown); more > 0 {
		d.y += 2
		d.para(d.word("pdf.more.targets", "count", report.FormatCount(more)), stNote)
	}
}

// exclusions lists what was left out, and why.
func (d *doc) exclusions() {
	var list []scan.Exclude
	for _, e := range d.a.Run.Evidence {
		for _, x := range e.Excludes {
			if !slices.Contains(list, x) {
				list = append(list, x)
			}
		}
	}
	d.heading(d.word("pdf.scope.exclusions"), 15)
	if len(list) == 0 {
		d.para(d.word("pdf.scope.exclusions.none"), stNote)
		return
	}
	t := d.table(column{title: d.word("pdf.column.glob"), width: d.textWidth() * 0.45}, column{title: d.word("pdf.column.reason"), width: d.textWidth() * 0.55})
	for _, x := range list[:min(len(list), listedEntries)] {
		st := stMono
		st.most = 300
		t.row(plain(x.Glob, st), plain(x.Reason, stCell))
	}
	if more := len(list) - listedEntries; more > 0 {
		d.para(d.word("pdf.more.entries", "count", report.FormatCount(more)), stNote)
	}
}

// evidence says how one evidence file came about.
func (d *doc) evidence(i int) {
	e := d.a.Run.Evidence[i]
	d.heading(d.word("pdf.scope.evidence", "number", strconv.Itoa(i+1), "total", strconv.Itoa(len(d.a.Run.Evidence))), 30)
	complete := d.word("pdf.evidence.complete")
	if !e.Complete {
		complete = d.word("pdf.evidence.incomplete")
	}
	rows := []pair{
		{label: d.word("pdf.label.digest"), value: e.SHA256, mono: true},
		{label: d.word("pdf.label.collected"), value: report.FormatSpan(e.Started, e.Finished) + " · " + complete},
		{label: d.word("pdf.label.vantage"), value: e.Vantage},
		{label: d.word("pdf.label.operator"), value: joinSet(" · ", e.Operator, e.Host)},
	}
	for _, r := range capped(e.Roots) {
		rows = append(rows, pair{label: d.word("pdf.label.roots"), value: d.input(r), digest: r.SHA256})
	}
	for _, l := range capped(e.TargetLists) {
		rows = append(rows, pair{label: d.word("pdf.label.target_list"), value: d.input(l), digest: l.SHA256})
	}
	rows = append(rows,
		pair{label: d.word("pdf.label.probes"), value: joined(e.Probes, ", ", d.word("pdf.evidence.no_probes"))},
		pair{label: d.word("pdf.label.options"), value: options(e.Options)},
	)
	d.pairs(42, rows...)
}

func capped[T any](list []T) []T { return list[:min(len(list), listedEntries)] }

// input names an input of the run with its date and size.
func (d *doc) input(x scan.Digest) string {
	entries := ""
	if x.Count > 0 {
		entries = d.word("pdf.evidence.entries", "count", report.FormatCount(x.Count))
	}
	dated := ""
	if x.Dated != "" {
		dated = d.word("pdf.evidence.dated", "date", x.Dated)
	}
	return joinSet(" · ", x.Name, dated, entries)
}

func joined(list []string, sep, none string) string {
	if len(list) == 0 {
		return none
	}
	return strings.Join(list, sep)
}

func options(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return strings.Join(parts, ", ")
}

// rules lists the tests that were performed, with the counts of each.
func (d *doc) rules() {
	d.heading(d.word("pdf.scope.rules"), 40)
	if len(d.a.Rules) == 0 {
		d.para(d.word("pdf.scope.rules.none"), stNote)
		return
	}
	d.para(d.word("pdf.scope.rules.text"), stNote)
	d.y += 2
	const severity, figure = 25.0, 11.4
	columns := []column{{title: d.word("pdf.column.test"), width: d.textWidth() - severity - 7*figure}, {title: d.word("pdf.column.severity_unit"), width: severity}}
	for _, title := range []string{d.word("pdf.column.population_short"), d.word("pdf.column.passed"), d.word("pdf.column.failed"), d.word("pdf.column.waived"),
		d.word("pdf.column.not_assessed_short"), d.word("pdf.column.not_applicable_short"), d.word("pdf.column.error")} {
		columns = append(columns, column{title: title, width: figure, right: true})
	}
	t := d.table(columns...)
	for _, r := range d.a.Rules {
		soft := stSmallSoft
		soft.most = 300
		what := plain(r.Title, stCellB).and(soft, piece{text: r.Requires})
		if r.Scope != "" {
			what = what.and(soft, piece{text: d.word("pdf.rule.scope", "scope", r.Scope)})
		}
		if r.Basis != "" {
			what = what.and(soft, piece{text: d.word("pdf.rule.basis", "basis", r.Basis)})
		}
		what = what.and(stSmallMono, piece{text: r.ID})
		what.mark = "rule:" + r.ID
		cells := []cell{what, plain(d.severity(r.Severity), stCell).withIcon(r.Severity).and(soft, piece{text: d.unit(r.Unit)})}
		for i, n := range []int{r.Population, r.Pass, r.Fail, r.Waived, r.NotAssessed, r.NotApplicable, r.Error} {
			st := stCell
			if i == 0 || (i == 2 && n > 0) {
				st = stCellB
			}
			cells = append(cells, plain(report.FormatCount(n), st))
		}
		t.row(cells...)
	}
}

// unitWords are the template's keys for the units of rules.
var unitWords = map[string]string{
	"certificate": "pdf.unit.certificate",
	"placement":   "pdf.unit.placement",
	"endpoint":    "pdf.unit.endpoint",
}

func (d *doc) unit(u string) string {
	if key, ok := unitWords[u]; ok {
		return d.word(key)
	}
	return u
}
