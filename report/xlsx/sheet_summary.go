package xlsx

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"certaudit/policies"
	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

const summaryID = "summary"

// The summary's grid: a margin, then twelve columns of one width. Blocks start
// at one of these columns.
const (
	leftColumn   = 2
	rightColumn  = 8
	lastColumn   = 13
	columnWidth  = 12.5
	marginWidth  = 2
	figureHeight = 30
)

// summarySheet is the first page: the result in words, the figures, two charts,
// the reconciliation, and links to the other sheets. Figures are literals.
func summarySheet() sheet { return sheet{id: summaryID, write: writeSummary} }

// A summary is the sheet in the making. The first error stays.
type summary struct {
	b    *book
	m    *styleMaker
	name string
	row  int // the next free one
	err  error
}

func writeSummary(_ context.Context, b *book) error {
	s := &summary{b: b, m: &styleMaker{f: b.f, t: b.t}, name: b.sheetName(summaryID, 1), row: 1}
	s.grid()
	s.head()
	s.tiles()
	s.charts()
	s.reconciliation()
	s.results()
	s.identity()
	s.links()
	if s.err == nil {
		s.err = s.m.err
	}
	return s.err
}

// do runs a step unless an earlier one failed.
func (s *summary) do(step func() error) {
	if s.err == nil {
		s.err = step()
	}
}

func (s *summary) word(key string, pairs ...string) string {
	return s.b.t.Word("xlsx.summary."+key, pairs...)
}

func (s *summary) grid() {
	s.do(func() error {
		return s.b.setLayout(s.name, layout{colour: "accent", onePage: true})
	})
	last, _ := excelize.ColumnNumberToName(lastColumn) // is in range
	s.do(func() error { return s.b.f.SetColWidth(s.name, "A", "A", marginWidth) })
	s.do(func() error { return s.b.f.SetColWidth(s.name, "B", last, columnWidth) })
}

func cellName(column, row int) string {
	name, _ := excelize.CoordinatesToCellName(column, row) // the summary's columns and rows are in range
	return name
}

// span merges cells of one row, styles them and sets their value.
func (s *summary) span(row, from, to, style int, value any) {
	first, last := cellName(from, row), cellName(to, row)
	s.do(func() error { return s.b.f.SetCellStyle(s.name, first, last, style) })
	if to > from {
		s.do(func() error { return s.b.f.MergeCell(s.name, first, last) })
	}
	if text, ok := value.(string); ok {
		value = clean(text)
	}
	if value != nil {
		s.do(func() error { return s.b.f.SetCellValue(s.name, first, value) })
	}
}

func (s *summary) height(row int, points float64) {
	s.do(func() error { return s.b.f.SetRowHeight(s.name, row, points) })
}

// textStyle is running text in a colour of the theme.
func (s *summary) textStyle(size float64, bold bool, colour string) int {
	return s.m.style(&excelize.Style{
		Font:      &excelize.Font{Family: bodyFont, Size: size, Bold: bold, Color: s.m.hex(colour)},
		Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top", WrapText: true, Indent: 1},
		NumFmt:    formatTxt,
	})
}

// head writes the accent band, the title and the result in words.
func (s *summary) head() {
	a, d := s.b.a, s.b.a.Document
	band := s.m.style(&excelize.Style{Fill: s.m.fill("accent")})
	s.span(s.row, 1, lastColumn, band, nil)
	s.height(s.row, 7)
	s.paragraph(s.textStyle(20, true, "ink"), 20, d.Title, 2)
	line := joinWith(" · ", d.Organisation, d.Period, d.Status, d.Classification, d.Reference)
	if line != "" {
		s.paragraph(s.textStyle(bodySize, false, "soft"), bodySize, line, 2)
	}
	s.gap(8)
	s.paragraph(s.textStyle(12, false, "ink"), 12, a.Gate.Headline, 6)
	if a.Gate.Note != "" {
		note := s.m.style(&excelize.Style{
			Font:      &excelize.Font{Family: bodyFont, Size: bodySize, Bold: true, Color: s.m.hex("ink")},
			Fill:      s.m.fill("panel"),
			Border:    []excelize.Border{{Type: "left", Color: s.m.hex("medium"), Style: 5}},
			Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "center", WrapText: true, Indent: 1},
			NumFmt:    formatTxt,
		})
		s.gap(6)
		s.paragraph(note, bodySize+1, a.Gate.Note, 4)
	}
	s.paragraph(s.textStyle(9, false, "soft"), 9, s.evaluated(), 2)
	s.gap(10)
}

// evaluated says as of when which facts were judged.
func (s *summary) evaluated() string {
	r := s.b.a.Run
	text := s.word("evaluated", "as_of", report.FormatLongTime(r.AsOf), "collected", report.FormatSpan(r.CollectedFrom, r.CollectedTo))
	if r.Backdated {
		text += " " + s.word("backdated")
	}
	return text
}

// paragraph writes text over the whole width, on as many lines as it takes up
// to most.
func (s *summary) paragraph(style int, size float64, text string, most int) {
	s.row++
	s.span(s.row, leftColumn, lastColumn, style, text)
	width := columnWidth * (lastColumn - leftColumn + 1) * 11 / size
	lines := min(max(1, lineCount(clean(text), width)), most)
	s.height(s.row, float64(lines)*size*1.4+4)
}

// gap leaves room.
func (s *summary) gap(points float64) {
	s.row++
	s.height(s.row, points)
}

// A tile is a figure with its label and a line of context.
type tile struct {
	colour, label, context string
	figure                 any
}

func (s *summary) tiles() {
	a := s.b.a
	missed, asked := coverage(a.Scope)
	next := s.word("tile.no_expiry")
	if !a.Estate.NextExpiry.IsZero() {
		next = s.word("tile.next_expiry", "date", report.FormatDate(a.Estate.NextExpiry))
	}
	violations, assessed, expiring := "pass", "pass", "pass"
	if a.Totals.ByResult.Pass == 0 { // nothing was found to be right
		violations = "info"
	}
	if a.Estate.Violations > 0 {
		violations = "critical"
	}
	if missed > 0 || asked == 0 {
		assessed = "medium"
	}
	switch {
	case a.Estate.ExpireIn30Days > 0:
		expiring = "medium"
	case a.Estate.IdentityCertificates == 0:
		expiring = "info"
	}
	list := []tile{
		{violations, s.violations(), s.severities(), a.Estate.Violations},
		{"accent", s.word("tile.certificates"), s.word("tile.placements", "count", report.FormatCount(a.Scope.Placements)), a.Scope.DistinctCertificates},
		{assessed, s.word("tile.coverage"), s.word("tile.missed", "missed", report.FormatCount(missed), "asked", report.FormatCount(asked)),
			report.FormatPercent(asked-missed, asked)},
		{expiring, s.word("tile.expiring"), next, a.Estate.ExpireIn30Days},
	}
	const columns = 3
	for i, t := range list {
		from := leftColumn + columns*i
		s.tileRow(1, from, from+columns-1, t.colour, &excelize.Font{Family: bodyFont, Size: 22, Bold: true, Color: s.m.hex("ink")}, t.figure)
		s.tileRow(2, from, from+columns-1, t.colour, &excelize.Font{Family: bodyFont, Size: bodySize, Bold: true, Color: s.m.hex("ink")}, t.label)
		s.tileRow(3, from, from+columns-1, t.colour, &excelize.Font{Family: bodyFont, Size: 9, Color: s.m.hex("soft")}, t.context)
	}
	s.height(s.row+1, figureHeight)
	s.height(s.row+2, 16)
	s.height(s.row+3, 18)
	s.row += 3
	s.gap(12)
}

// violations says what counts as one.
func (s *summary) violations() string {
	if _, err := policies.ParseSeverity(s.b.a.Run.FailOn); err != nil {
		return s.word("tile.violations_none")
	}
	return s.word("tile.violations", "severity", s.b.a.Run.FailOn)
}

// coverage counts what was in scope to be assessed (files that were not left
// out, endpoints, and what else has a record of its own), and what of it was
// not.
func coverage(c report.Scope) (missed, asked int) {
	missed = c.FilesNotAssessed + c.EndpointsNotAssessed + c.OtherNotAssessed
	asked = c.Files - c.FilesExcluded - c.OwnOutput + c.EndpointsAsked + c.OtherNotAssessed
	return missed, asked
}

// severities words the failures by severity: "2 critical · 12 high".
func (s *summary) severities() string {
	var list []string
	for _, word := range report.SeverityWords() {
		if n := s.b.a.Totals.BySeverity.Of(word); n > 0 {
			list = append(list, report.FormatCount(n)+" "+word)
		}
	}
	if len(list) == 0 {
		return s.word("tile.no_failures")
	}
	return strings.Join(list, " · ")
}

// tileRow writes one line of a tile, the colour along its left edge.
func (s *summary) tileRow(line, from, to int, colour string, font *excelize.Font, value any) {
	row := s.row + line
	st := &excelize.Style{
		Font: font, Fill: s.m.fill("panel"),
		Alignment:    &excelize.Alignment{Horizontal: "left", Vertical: "center", Indent: 1, ShrinkToFit: true},
		CustomNumFmt: new(countFormat),
	}
	plain := s.m.style(st)
	st.Border = []excelize.Border{{Type: "left", Color: s.m.hex(colour), Style: 5}}
	s.span(row, from, to, plain, value)
	s.do(func() error {
		return s.b.f.SetCellStyle(s.name, cellName(from, row), cellName(from, row), s.m.style(st))
	})
}

// heading writes a block's title.
func (s *summary) heading(row, column int, key string) {
	to := lastColumn
	if column == leftColumn {
		to = rightColumn - 2
	}
	st := s.m.style(&excelize.Style{
		Font:      &excelize.Font{Family: bodyFont, Size: 11, Bold: true, Color: s.m.hex("accent")},
		Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "center", Indent: 1},
		NumFmt:    formatTxt,
	})
	s.span(row, column, to, st, s.word(key))
	s.height(row, 20)
}

// An entry is a line of a small table: what is counted, and the count.
type entry struct {
	label  string
	value  any
	colour string // of the label's ground; empty for none
	bold   bool
	link   string // a sheet
}

// list writes entries downwards from a row: labels over so many columns, values
// over the next.
func (s *summary) list(row, column, labels, values int, entries []entry) {
	for _, e := range entries {
		s.height(row, 16.5)
		s.span(row, column, column+labels-1, s.label(e), e.label)
		s.span(row, column+labels, column+labels+values-1, s.value(e), e.value)
		if e.link != "" {
			s.do(func() error {
				return s.b.f.SetCellHyperLink(s.name, cellName(column, row), quoteSheet(e.link)+"!A1", "Location")
			})
		}
		row++
	}
}

func (s *summary) label(e entry) int {
	st := s.m.cell(kindToken, false)
	st.Alignment.Vertical = "center"
	st.Font.Bold = e.bold
	switch {
	case e.colour != "":
		st.Fill, st.Font.Bold = s.m.fill(e.colour), true
		st.Font.Color = s.m.on(e.colour)
	case e.link != "":
		st.Font.Color, st.Font.Underline = s.m.hex("accent"), "single"
	}
	return s.m.style(st)
}

func (s *summary) value(e entry) int {
	k := kindCount
	if _, ok := e.value.(string); ok {
		k = kindText
	}
	st := s.m.cell(k, false)
	st.Alignment.Vertical = "center"
	st.Font.Bold = e.bold
	return s.m.style(st)
}

// charts shows failures by severity and the expiry outlook, each beside its
// figures.
func (s *summary) charts() {
	top := s.row + 1
	s.heading(top, leftColumn, "failures")
	s.heading(top, rightColumn, "expiry")
	first := top + 1
	var severities []entry
	for _, word := range report.SeverityWords() {
		severities = append(severities, entry{label: word, value: s.b.a.Totals.BySeverity.Of(word), colour: word})
	}
	severities = append(severities, entry{label: s.word("total"), value: s.b.a.Totals.BySeverity.Total(), bold: true})
	s.list(first, leftColumn, 1, 1, severities)
	var buckets []entry
	for _, e := range s.b.a.Expiry {
		buckets = append(buckets, entry{label: e.Label, value: e.Count})
	}
	buckets = append(buckets, entry{label: s.word("total"), value: s.b.a.Estate.IdentityCertificates, bold: true})
	s.list(first, rightColumn, 1, 1, buckets)
	rows := max(len(severities), len(buckets), 8) + 1 // and room below
	if s.b.a.Totals.BySeverity.Total() > 0 {
		s.chart(first, leftColumn+2, 3, rows-1, s.severityChart(first))
	} else {
		s.span(first, leftColumn+2, leftColumn+4, s.textStyle(bodySize, false, "soft"), s.word("no_failures"))
	}
	if s.b.a.Estate.IdentityCertificates > 0 && len(s.b.a.Expiry) > 0 {
		s.chart(first, rightColumn+2, 4, len(s.b.a.Expiry), s.expiryChart(first))
	}
	for r := first; r < first+rows; r++ {
		s.height(r, 16.5)
	}
	s.row = first + rows - 1
}

// Pixels of a column of the summary and of a row of its lists, as Excel draws
// them at 100 %.
const (
	columnPixels = 105
	rowPixels    = 22
)

// chart draws over so many columns and rows.
func (s *summary) chart(row, column, columns, rows int, c *excelize.Chart) {
	c.Dimension = excelize.ChartDimension{Width: uint(columns*columnPixels - 12), Height: uint(rows * rowPixels)}
	c.Format.OffsetX, c.Format.OffsetY = 10, 2
	c.Legend = excelize.ChartLegend{Position: "none"}
	c.Border = excelize.LineOptions{Type: excelize.LineNone}
	s.do(func() error { return s.b.f.AddChart(s.name, cellName(column, row), c) })
}

// ref is a range of one column.
func (s *summary) ref(column, from, to int) string {
	col, _ := excelize.ColumnNumberToName(column) // is in range
	return quoteSheet(s.name) + "!$" + col + "$" + strconv.Itoa(from) + ":$" + col + "$" + strconv.Itoa(to)
}

// severityChart is a ring in the colours of the labels beside it.
func (s *summary) severityChart(first int) *excelize.Chart {
	words := report.SeverityWords()
	series := excelize.ChartSeries{
		Name:       s.word("failures"),
		Categories: s.ref(leftColumn, first, first+len(words)-1),
		Values:     s.ref(leftColumn+1, first, first+len(words)-1),
	}
	for i, word := range words {
		series.DataPoint = append(series.DataPoint, excelize.ChartDataPoint{Index: i, Fill: s.m.fill(word)})
	}
	return &excelize.Chart{
		Type: excelize.Doughnut, Series: []excelize.ChartSeries{series}, HoleSize: 60,
		Format: excelize.GraphicOptions{AltText: s.word("failures"), Name: "severity"},
	}
}

// expiryChart is a bar for each span of time left. Excelize colours whole
// series only, so each colour is a series over the first spans, drawn on top of
// the longer ones.
func (s *summary) expiryChart(first int) *excelize.Chart {
	n := len(s.b.a.Expiry)
	c := &excelize.Chart{
		Type: excelize.Bar, Overlap: new(100), GapWidth: new(uint(35)),
		XAxis:  excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 9, Family: bodyFont, Color: s.m.hex("soft")}},
		YAxis:  excelize.ChartAxis{None: true, Minimum: new(0.0)},
		Format: excelize.GraphicOptions{AltText: s.word("expiry"), Name: "expiry"},
	}
	for _, layer := range s.layers() {
		c.Series = append(c.Series, excelize.ChartSeries{
			Name:       s.word("expiry"),
			Categories: s.ref(rightColumn, first, first+n-1),
			Values:     s.ref(rightColumn+1, first, first+layer.spans-1),
			Fill:       s.m.fill(layer.colour),
		})
	}
	return c
}

// A layer colours the first spans of the outlook.
type layer struct {
	colour string
	spans  int
}

// layers grades the outlook: all in the last colour first, then shorter and
// shorter beginnings on top.
func (s *summary) layers() []layer {
	grades := []struct {
		colour string
		days   int // spans that end by then
	}{{"low", 90}, {"medium", 60}, {"high", 30}, {"critical", 0}}
	list := []layer{{"info", len(s.b.a.Expiry)}}
	for _, g := range grades {
		spans := 0
		for _, e := range s.b.a.Expiry {
			if e.UpToDays >= 0 && e.UpToDays <= g.days {
				spans++
			}
		}
		if spans > 0 {
			list = append(list, layer{g.colour, spans})
		}
	}
	return list
}

// reconciliation shows that everything asked for is accounted for.
func (s *summary) reconciliation() {
	c := s.b.a.Scope
	files := []entry{
		{label: s.word("files.read"), value: c.FilesRead},
		{label: s.word("files.without"), value: c.FilesWithoutCertificates},
		{label: s.word("files.not_assessed"), value: c.FilesNotAssessed},
		{label: s.word("files.excluded"), value: c.FilesExcluded},
		{label: s.word("files.own"), value: c.OwnOutput},
		{label: s.word("files.sum"), value: c.FilesRead + c.FilesWithoutCertificates + c.FilesNotAssessed + c.FilesExcluded + c.OwnOutput, bold: true},
		{label: s.word("files.scope"), value: c.Files, bold: true},
	}
	endpoints := []entry{
		{label: s.word("endpoints.assessed"), value: c.EndpointsAssessed},
		{label: s.word("endpoints.not_assessed"), value: c.EndpointsNotAssessed},
		{label: s.word("endpoints.sum"), value: c.EndpointsAssessed + c.EndpointsNotAssessed, bold: true},
		{label: s.word("endpoints.scope"), value: c.EndpointsAsked, bold: true},
		{label: s.word("placements"), value: c.Placements},
		{label: s.word("distinct"), value: c.DistinctCertificates},
		{label: s.word("other"), value: c.OtherNotAssessed},
	}
	s.pair("files", files, "endpoints", endpoints, 4)
}

// results shows the totals by result, and what was not assessed by reason.
func (s *summary) results() {
	r := s.b.a.Totals.ByResult
	total := r.Pass + r.Fail + r.Waived + r.NotApplicable + r.NotAssessed + r.Error
	results := []entry{
		{label: s.word("result.pass"), value: r.Pass},
		{label: s.word("result.fail"), value: r.Fail},
		{label: s.word("result.waived"), value: r.Waived},
		{label: s.word("result.not_applicable"), value: r.NotApplicable},
		{label: s.word("result.not_assessed"), value: r.NotAssessed},
		{label: s.word("result.error"), value: r.Error},
		{label: s.word("result.total"), value: total, bold: true},
	}
	s.pair("results", results, "controls", s.controls(), 2)
	reasons := s.reasons()
	if len(reasons) == 0 {
		reasons = []entry{{label: s.word("no_reasons"), value: 0}}
	}
	s.pair("reasons", reasons, "objects", s.objects(), 4)
}

// objects counts what was found besides certificates. Where private keys were
// not parsed a bare count would be taken for all that there is.
func (s *summary) objects() []entry {
	o := s.b.a.Scope.Objects
	private, encrypted := any(o.PrivateKeys), any(o.PrivateKeysEncrypted)
	if !o.PrivateKeysParsed {
		private = s.word("objects.not_parsed", "count", report.FormatCount(o.PrivateKeys))
		encrypted = s.word("objects.known", "count", report.FormatCount(o.PrivateKeysEncrypted))
	}
	return []entry{
		{label: s.word("objects.private_keys"), value: private},
		{label: s.word("objects.encrypted"), value: encrypted},
		{label: s.word("objects.public_keys"), value: o.PublicKeys},
		{label: s.word("objects.requests"), value: o.Requests},
		{label: s.word("objects.revocation_lists"), value: o.RevocationLists},
	}
}

// controls counts the controls by status.
func (s *summary) controls() []entry {
	colours := map[string]string{}
	for _, c := range fillStatus.colours() {
		colours[c.value] = c.colour
	}
	var list []entry
	for _, status := range []string{report.ExceptionNoted, report.ExceptionAccepted, report.NoException, report.PartlyAssessed, report.NotTested, report.NoPopulation} {
		n := 0
		for _, c := range s.b.a.Controls {
			if c.Status == status {
				n++
			}
		}
		list = append(list, entry{label: status, value: n, colour: colours[status]})
	}
	return append(list, entry{label: s.word("total"), value: len(s.b.a.Controls), bold: true})
}

// maxReasons bounds the reasons on the summary; the sheet "Not assessed" has
// every row.
const maxReasons = 12

func (s *summary) reasons() []entry {
	list := slices.Clone(s.b.a.Reasons)
	slices.SortStableFunc(list, func(x, y report.ReasonCount) int { return y.Count - x.Count })
	rest := 0
	for _, r := range list[min(len(list), maxReasons):] {
		rest += r.Count
	}
	var entries []entry
	for _, r := range list[:min(len(list), maxReasons)] {
		entries = append(entries, entry{label: joinWith(" · ", r.Stage, r.Reason), value: r.Count})
	}
	if len(list) > maxReasons {
		entries = append(entries, entry{label: s.word("more_reasons", "count", report.FormatCount(len(list)-maxReasons)), value: rest})
	}
	return entries
}

// pair writes two lists side by side; the right one's labels take so many
// columns.
func (s *summary) pair(leftKey string, left []entry, rightKey string, right []entry, labels int) {
	top := s.row + 1
	s.heading(top, leftColumn, leftKey)
	s.heading(top, rightColumn, rightKey)
	s.list(top+1, leftColumn, 4, 1, left)
	s.list(top+1, rightColumn, labels, 2, right)
	s.row = top + max(len(left), len(right))
	s.gap(12)
}

// identity names the run and its inputs, with digests in full.
func (s *summary) identity() {
	r := s.b.a.Run
	entries := []entry{
		{label: s.word("run.id"), value: r.ID},
		{label: s.word("run.tool"), value: joinWith(" ", r.Tool, r.Version)},
		{label: s.word("run.evidence"), value: r.EvidenceSHA256},
	}
	for _, p := range r.Policies {
		entries = append(entries, entry{label: s.word("run.policy", "id", p.ID, "version", p.Version), value: p.SHA256})
	}
	entries = append(entries,
		entry{label: s.word("run.fail_on"), value: r.FailOn},
		entry{label: s.word("run.exit_status"), value: strconv.Itoa(s.b.a.Gate.ExitStatus)},
		entry{label: s.word("run.operator"), value: joinWith(" @ ", r.Operator, r.Host)},
	)
	for i, e := range entries {
		entries[i].value = clean(e.value.(string))
	}
	s.heading(s.row+1, leftColumn, "run")
	s.list(s.row+2, leftColumn, 3, lastColumn-leftColumn-2, entries)
	s.row += 1 + len(entries)
	s.gap(12)
}

// links leads to the other sheets and says what they hold.
func (s *summary) links() {
	s.heading(s.row+1, leftColumn, "sheets")
	s.row += 2
	for _, d := range s.b.defs {
		if d.id == summaryID {
			continue
		}
		s.height(s.row, 16.5)
		name := s.b.sheetName(d.id, 1)
		s.list(s.row, leftColumn, 2, 1, []entry{{label: name, value: s.b.rows[d.id], link: name}})
		s.span(s.row, leftColumn+3, lastColumn, s.value(entry{value: ""}), s.word("about."+d.id))
		s.row++
	}
}
