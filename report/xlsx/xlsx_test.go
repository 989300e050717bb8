package xlsx

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"certaudit/report"
	"certaudit/report/reporttest"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

func newFormat(t testing.TB, tmpl *report.Template) *Format {
	t.Helper()
	f, err := New(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func template(t testing.TB) *report.Template {
	t.Helper()
	return reporttest.Template(t, os.DirFS("../../templates"))
}

func written(t testing.TB, f *Format, a *report.Audit) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(t.Context(), a, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opened(t testing.TB, workbook []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func rowsOf(t testing.TB, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSuite(t *testing.T) {
	reporttest.Suite(t, template(t), func(tmpl *report.Template) report.Format { return newFormat(t, tmpl) })
}

// cellsText prints a sheet's cells as a reader sees them, one row a line.
func cellsText(t *testing.T, f *excelize.File, sheet string) string {
	var b strings.Builder
	for i, row := range rowsOf(t, f, sheet) {
		if len(row) > 0 {
			fmt.Fprintf(&b, "%d\t%s\n", i+1, strings.Join(row, " | "))
		}
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	tmpl := template(t)
	for name, audit := range map[string]*report.Audit{"sample": reporttest.Sample(), "empty": reporttest.Empty()} {
		f := opened(t, written(t, newFormat(t, tmpl), audit))
		for _, sheet := range f.GetSheetList() {
			golden := filepath.Join("testdata", name+"-"+strings.ReplaceAll(strings.ToLower(sheet), " ", "-")+".txt")
			got := cellsText(t, f, sheet)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		}
	}
}

// figures reads every label of the summary with the number to its right.
func figures(t *testing.T, f *excelize.File) map[string][]string {
	found := map[string][]string{}
	for _, row := range rowsOf(t, f, "Summary") {
		label := ""
		for _, cell := range row {
			switch _, err := strconv.Atoi(strings.ReplaceAll(cell, ",", "")); {
			case cell == "":
			case err != nil:
				label = cell
			default:
				found[label] = append(found[label], cell)
				label = ""
			}
		}
	}
	return found
}

func TestTotals(t *testing.T) {
	a := reporttest.Sample()
	f := opened(t, written(t, newFormat(t, template(t)), a))
	s, r, v := a.Scope, a.Totals.ByResult, a.Totals.BySeverity
	got := figures(t, f)
	for label, want := range map[string]int{
		"critical": v.Critical, "high": v.High, "medium": v.Medium, "low": v.Low, "info": v.Info,
		"pass": r.Pass, "fail": r.Fail, "waived": r.Waived, "not applicable": r.NotApplicable, "error": r.Error,
		"read, at least one certificate": s.FilesRead, "read, no certificates": s.FilesWithoutCertificates,
		"excluded, with a reason": s.FilesExcluded, "certaudit's own output": s.OwnOutput, "files in scope": s.Files,
		"endpoints assessed": s.EndpointsAssessed, "endpoints not assessed": s.EndpointsNotAssessed, "endpoints asked for": s.EndpointsAsked,
		"placements of certificates": s.Placements, "distinct certificates": s.DistinctCertificates,
		"private keys found": s.Objects.PrivateKeys, "of them, with a password": s.Objects.PrivateKeysEncrypted, "public keys found": s.Objects.PublicKeys,
		"certificate requests found": s.Objects.Requests, "revocation lists found": s.Objects.RevocationLists,
	} {
		if !slices.Contains(got[label], report.FormatCount(want)) {
			t.Errorf("Summary: %q is %v, want %d", label, got[label], want)
		}
	}
	if n := got["not assessed"]; !slices.Equal(n, []string{strconv.Itoa(s.FilesNotAssessed), strconv.Itoa(r.NotAssessed)}) {
		t.Errorf("Summary: not assessed is %v, want files %d and results %d", n, s.FilesNotAssessed, r.NotAssessed)
	}
	if n := got["sum of these"]; !slices.Equal(n, []string{strconv.Itoa(s.EndpointsAsked), strconv.Itoa(s.Files)}) {
		t.Errorf("Summary: sums are %v, want %d and %d", n, s.EndpointsAsked, s.Files)
	}
	for sheet, want := range map[string]int{"Inventory": s.DistinctCertificates, "Endpoints": s.EndpointsAssessed,
		"Keys and lists": s.Objects.PrivateKeys + s.Objects.PublicKeys + s.Objects.Requests + s.Objects.RevocationLists} {
		if n := len(rowsOf(t, f, sheet)) - 1; n != want {
			t.Errorf("%s: %d rows, want %d", sheet, n, want)
		}
	}
	checkFindings(t, rowsOf(t, f, "Findings"), a)
	checkControls(t, rowsOf(t, f, "Controls"), a)
}

// Where private keys were not parsed no cell says that there are none.
func TestPrivateKeysNotParsed(t *testing.T) {
	for _, found := range []int{0, 3} {
		a := reporttest.Sample()
		a.Scope.Objects.PrivateKeysParsed, a.Scope.Objects.PrivateKeys, a.Scope.Objects.PrivateKeysEncrypted = false, found, 0
		f := opened(t, written(t, newFormat(t, template(t)), a))
		if n := figures(t, f)["private keys found"]; len(n) != 0 {
			t.Errorf("%d found: the summary counts %v as all", found, n)
		}
		want := fmt.Sprintf("private keys found |  |  |  | %d, not all parsed", found)
		if text := cellsText(t, f, "Summary"); !strings.Contains(text, want) || !strings.Contains(text, "with a password |  |  |  | 0 known, not all parsed") {
			t.Errorf("the summary does not say %q", want)
		}
		rows := rowsOf(t, f, "Inventory")
		column, counted := columnOf(t, rows, "Private keys in scope"), 0
		for _, row := range rows[1:] {
			if len(row) > column && row[column] != "" {
				counted++
				if row[column] == "0" {
					t.Errorf("%s has no private key in scope: nobody looked", row[0])
				}
			}
		}
		if counted != 4 {
			t.Errorf("%d certificates with a private key, the sample has 4", counted)
		}
	}
}

// TestTwoVantages: both rows of a conflict say so, the others do not; "none" is
// an answer, and an empty cell is not.
func TestTwoVantages(t *testing.T) {
	f := opened(t, written(t, newFormat(t, template(t)), reporttest.TwoVantages()))
	rows := rowsOf(t, f, "Endpoints")
	differs, alpn := columnOf(t, rows, "Differs from other vantages"), columnOf(t, rows, "ALPN protocols accepted")
	got := map[string][]string{}
	for _, row := range rows[1:] {
		if row[differs] != "" {
			got[row[0]] = append(got[row[0]], row[differs])
		}
		if want := map[string]string{"api.example.test:443": "h2; http/1.1", "mail.example.test:465": "none"}[row[0]]; row[alpn] != want && row[3] == "office network" && row[differs+1] == row[0] {
			t.Errorf("%s: ALPN protocols %q, want %q", row[0], row[alpn], want)
		}
	}
	want := map[string][]string{"api.example.test:443": {"differs from vantage cloud, eu-west (evidence 2): certificate, version",
		"differs from vantage office network (evidence 1): certificate, version"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if text := cellsText(t, f, "Run"); !strings.Contains(text, "endpoints not assessed | 3\n") || !strings.Contains(text, "endpoints not assessed | 1\n") {
		t.Error("the run sheet does not count the endpoints of each evidence file")
	}
}

// checkFindings counts distinct findings, and rows against locations.
func checkFindings(t *testing.T, rows [][]string, a *report.Audit) {
	locations := 0
	for f, err := range a.Findings() {
		if err != nil {
			t.Fatal(err)
		}
		locations += max(1, len(f.Locations))
	}
	if len(rows)-1 != locations {
		t.Errorf("Findings: %d rows, want %d", len(rows)-1, locations)
	}
	bySeverity, seen, waived := map[string]int{}, map[string]bool{}, 0
	id, severity, result := columnOf(t, rows, "Finding"), columnOf(t, rows, "Severity"), columnOf(t, rows, "Result")
	for _, row := range rows[1:] {
		if seen[row[id]] {
			continue
		}
		seen[row[id]] = true
		if row[result] == "waived" {
			waived++
			continue
		}
		bySeverity[row[severity]]++
	}
	for _, word := range report.SeverityWords() {
		if bySeverity[word] != a.Totals.BySeverity.Of(word) {
			t.Errorf("Findings: %d are %s, want %d", bySeverity[word], word, a.Totals.BySeverity.Of(word))
		}
	}
	if waived != a.Totals.ByResult.Waived {
		t.Errorf("Findings: %d are waived, want %d", waived, a.Totals.ByResult.Waived)
	}
}

func checkControls(t *testing.T, rows [][]string, a *report.Audit) {
	level, clause, result := columnOf(t, rows, "Row"), columnOf(t, rows, "Clause"), columnOf(t, rows, "Result")
	population, failed := columnOf(t, rows, "Population (tests)"), columnOf(t, rows, "Failed")
	var got, want []string
	for _, row := range rows[1:] {
		if row[level] == levelControl {
			got = append(got, strings.Join([]string{row[clause], row[result], row[population], row[failed]}, " "))
		}
	}
	for _, c := range a.Controls {
		want = append(want, fmt.Sprintf("%s %s %d %d", c.Clause, c.Status, c.Population, c.Fail))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Controls (-want +got):\n%s", diff)
	}
}

func columnOf(t *testing.T, rows [][]string, header string) int {
	t.Helper()
	i := slices.Index(rows[0], header)
	if i < 0 {
		t.Fatalf("no column %q in %v", header, rows[0])
	}
	return i
}

// Foreign text stays text: no formula anywhere, and the number format of every
// text cell is Text.
func TestHostileTextStaysText(t *testing.T) {
	a := reporttest.Hostile()
	workbook := written(t, newFormat(t, template(t)), a)
	for name, part := range parts(t, workbook) {
		if strings.HasPrefix(name, "xl/worksheets/sheet") && bytes.Contains(part, []byte("<f>")) {
			t.Errorf("%s holds a formula", name)
		}
		if i := bytes.IndexAny(part, "\x00\x07\x1b\x7f\u0085\u202e\u2067\u200b\ufeff\ufffe"); i >= 0 {
			t.Errorf("%s holds %q as it is", name, part[i:i+3])
		}
	}
	f := opened(t, workbook)
	rows := rowsOf(t, f, "Inventory")
	column := columnOf(t, rows, "Common name")
	seen := map[string]bool{}
	for i, row := range rows[1:] {
		if len(row) == 0 || row[column] == "" {
			continue
		}
		seen[row[column]] = true
		cell := cellName(column+1, i+2)
		style, err := f.GetCellStyle("Inventory", cell)
		if err != nil {
			t.Fatal(err)
		}
		st, err := f.GetStyle(style)
		if err != nil {
			t.Fatal(err)
		}
		if st.NumFmt != formatTxt {
			t.Errorf("Inventory!%s has number format %d, want Text", cell, st.NumFmt)
		}
	}
	for _, want := range []string{"=cmd|'/C calc'!A0", "+1+1", "-1+1", "@SUM(A1:A9)", `\t=1+1`} {
		if !seen[want] {
			t.Errorf("Inventory has no common name %q", want)
		}
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(seen)), func(s string) bool {
		return strings.HasSuffix(s, "… [cut: 40000 bytes in all; the evidence has them]") && units(s) == maxCellText
	}) {
		t.Error("no common name is cut where one can see it")
	}
}

func parts(t *testing.T, workbook []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	for _, p := range z.File {
		r, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		if content[p.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return content
}

// What the scan knows its own output by, and what makes two runs alike.
func TestArchive(t *testing.T) {
	a := reporttest.Sample()
	workbook := written(t, newFormat(t, template(t)), a)
	z, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	if z.Comment != "certaudit report" {
		t.Errorf("archive comment %q", z.Comment)
	}
	var names []string
	for _, p := range z.File {
		names = append(names, p.Name)
		if !p.Modified.Equal(partTime()) {
			t.Errorf("%s is dated %v", p.Name, p.Modified)
		}
	}
	if !slices.IsSorted(names) {
		t.Errorf("parts are not in order: %v", names)
	}
	f := opened(t, workbook)
	props, err := f.GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	if props.Creator != "certaudit 1.0.0" || props.Created != "2026-11-30T23:59:59Z" || props.Title != a.Document.Title {
		t.Errorf("document properties %+v", props)
	}
	app, err := f.GetAppProps()
	if err != nil {
		t.Fatal(err)
	}
	if app.Application != "certaudit" {
		t.Errorf("application %q", app.Application)
	}
	custom, err := f.GetCustomProps()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, p := range custom {
		got[p.Name] = p.Value
	}
	for name, want := range map[string]string{"run_id": a.Run.ID, "evidence_sha256": a.Run.EvidenceSHA256, "policy_soc2_sha256": a.Run.Policies[len(a.Run.Policies)-1].SHA256} {
		if got[name] != want {
			t.Errorf("property %s is %v, want %s", name, got[name], want)
		}
	}
}

// A writing process: the test binary, started again.
const outEnvironment = "CERTAUDIT_XLSX_TEST_OUT"

func TestWriteForOtherProcess(t *testing.T) {
	out := os.Getenv(outEnvironment)
	if out == "" {
		t.Skip("started by TestSameBytesInOtherProcess")
	}
	f := newFormat(t, template(t))
	all := append(written(t, f, reporttest.Sample()), written(t, f, reporttest.Large(500))...)
	if err := os.WriteFile(out, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSameBytesInOtherProcess(t *testing.T) {
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for _, zone := range []string{"UTC", "Asia/Tokyo", "America/Los_Angeles"} {
		out := filepath.Join(t.TempDir(), "out")
		c := exec.CommandContext(t.Context(), binary, "-test.run=^TestWriteForOtherProcess$")
		c.Env = append(os.Environ(), "TZ="+zone, outEnvironment+"="+out)
		if text, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if len(got) == 0 || !bytes.Equal(first, got) {
			t.Errorf("TZ=%s: other bytes (%d and %d)", zone, len(first), len(got))
		}
	}
}

// Every word is used, and every word used is there: with each word replaced by
// a mark, every mark shows somewhere and no bare key does.
func TestWords(t *testing.T) {
	tmpl := template(t)
	marks := map[string]string{}
	i := 0
	for _, key := range slices.Sorted(maps.Keys(tmpl.Words)) {
		if !strings.HasPrefix(key, "xlsx.") {
			continue
		}
		i++
		marks[key] = fmt.Sprintf("q%03dq", i)
		tmpl.Words[key] = marks[key] + " {page}{id}{glob}{name}{kind}{number}{date}{count}"
		if strings.HasPrefix(key, "xlsx.sheet.") || strings.HasPrefix(key, "xlsx.conclusion.") {
			tmpl.Words[key] = marks[key]
		}
	}
	f := newFormat(t, tmpl)
	f.limits.rows = 1000
	backdated := reporttest.Sample()
	backdated.Run.Backdated = true
	backdated.Run.Evidence[0].UnknownFields, backdated.Run.Evidence[0].UnknownKinds = 3, 2
	backdated.Reasons = slices.Repeat(backdated.Reasons, 3)
	bare := reporttest.Empty()
	bare.Estate, bare.Controls, bare.Policies, bare.Expiry = report.EstateFacts{}, nil, nil, nil
	bare.Run.FailOn = "none"
	bare.Scope.Objects.PrivateKeysParsed, bare.Rows.(*reporttest.Memory).NotAssessedRows = false, nil
	backdated.Scope.Objects.PrivateKeysParsed = false
	long := reporttest.Large(1)
	long.Scope.TargetList = slices.Repeat([]string{"a"}, 2000)
	var all strings.Builder
	for _, a := range []*report.Audit{backdated, bare, long} {
		for name, part := range parts(t, written(t, f, a)) {
			if bytes.Contains(part, []byte("{xlsx.")) {
				t.Errorf("%s shows the key of a word that is not there", name)
			}
			all.Write(part)
		}
	}
	text := all.String()
	for key, mark := range marks {
		if !strings.Contains(text, mark) {
			t.Errorf("word %s is not used", key)
		}
	}
}

// Rows beyond a sheet's limits go on in the next one, in order, none lost.
func TestFurtherSheets(t *testing.T) {
	tests := []struct {
		name   string
		limits limits
	}{
		{"rows", limits{rows: 11, bytes: maxSheetBytes}},
		{"bytes", limits{rows: maxSheetRows, bytes: 40_000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFormat(t, template(t))
			f.limits = test.limits
			book := opened(t, written(t, f, reporttest.Large(25)))
			var found []string
			sheets := book.GetSheetList()
			first := slices.Index(sheets, "Findings")
			for i, name := range sheets[first:] {
				if !strings.HasPrefix(name, "Findings") {
					break
				}
				if want := "Findings " + strconv.Itoa(i+1); i > 0 && name != want {
					t.Errorf("sheet %q, want %q", name, want)
				}
				rows := rowsOf(t, book, name)
				if rows[0][0] != "Finding" || len(rows) > test.limits.rows {
					t.Errorf("%s: header %q, %d rows", name, rows[0][0], len(rows))
				}
				for _, row := range rows[1:] {
					found = append(found, row[0])
				}
			}
			if len(found) != 25 || !slices.IsSorted(found) {
				t.Errorf("found %d findings %v, want 25 in order", len(found), found)
			}
			if !slices.Contains(sheets, "Findings 2") || sheets[len(sheets)-1] != "Run" {
				t.Errorf("sheets %v", sheets)
			}
			for _, n := range book.GetDefinedName() {
				if !strings.HasPrefix(n.RefersTo, quoteSheet(n.Scope)+"!") {
					t.Errorf("print titles of %s refer to %s", n.Scope, n.RefersTo)
				}
			}
		})
	}
}

// Nothing stays behind in the folder for temporary files.
func TestTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	f := newFormat(t, template(t))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, write := range map[string]func() error{
		"success":   func() error { return f.Write(t.Context(), reporttest.Large(3000), io.Discard) },
		"cancelled": func() error { return f.Write(cancelled, reporttest.Sample(), io.Discard) },
		"refused":   func() error { return f.Write(t.Context(), reporttest.Sample(), refuser{}) },
	} {
		if err := write(); (err == nil) != (name == "success") {
			t.Errorf("%s: error %v", name, err)
		}
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) > 0 {
			t.Errorf("%s: %v stays behind", name, left)
		}
	}
}

type refuser struct{}

func (refuser) Write([]byte) (int, error) { return 0, errors.New("refused") }

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name string
		edit func(*report.Template)
		want string
	}{
		{"unknown sheet", func(t *report.Template) { t.Sheets = []string{"summary", "sumary"} }, `unknown sheet "sumary"`},
		{"no sheet", func(t *report.Template) { t.Sheets = nil }, "at least one"},
		{"long sheet name", func(t *report.Template) { t.Words["xlsx.sheet.run"] = strings.Repeat("x", 28) }, "1 to 27"},
		{"slash", func(t *report.Template) { t.Words["xlsx.sheet.run"] = "a/b" }, `"xlsx.sheet.run"`},
		{"same name", func(t *report.Template) { t.Words["xlsx.sheet.run"] = "POLICY" }, "two sheets"},
		{"same header", func(t *report.Template) { t.Words["xlsx.policy.line"] = "text" }, "two columns"},
		{"empty header", func(t *report.Template) { t.Words["xlsx.findings.owner"] = " " }, `"xlsx.findings.owner"`},
		{"comma in a choice", func(t *report.Template) { t.Words["xlsx.conclusion.open"] = "a,b" }, `"xlsx.conclusion.open"`},
		{"long choices", func(t *report.Template) { t.Words["xlsx.conclusion.open"] = strings.Repeat("x", 255) }, "at most 255"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			tmpl := template(t)
			test.edit(tmpl)
			if _, err := New(tmpl); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

// What a reader of each data sheet relies on.
func TestDataSheets(t *testing.T) {
	a := reporttest.Sample()
	f := opened(t, written(t, newFormat(t, template(t)), a))
	for _, name := range []string{"Controls", "Findings", "Inventory", "Endpoints", "Not assessed", "Policy"} {
		tables, err := f.GetTables(name)
		if err != nil {
			t.Fatal(err)
		}
		rows := rowsOf(t, f, name)
		last := cellName(len(rows[0]), len(rows))
		if len(tables) != 1 || tables[0].Range != "A1:"+last {
			t.Errorf("%s: tables %+v, want one over A1:%s", name, tables, last)
		}
		panes, err := f.GetPanes(name)
		if err != nil {
			t.Fatal(err)
		}
		if !panes.Freeze || panes.YSplit != 1 || !strings.HasSuffix(panes.TopLeftCell, "2") {
			t.Errorf("%s: panes %+v", name, panes)
		}
		printed, err := f.GetHeaderFooter(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(printed.OddHeader, "&LConfidential&C") || !strings.HasSuffix(printed.OddFooter, "&RPage &P of &N") ||
			!strings.Contains(printed.OddFooter, a.Run.ID) || !strings.Contains(printed.OddFooter, "Incomplete") {
			t.Errorf("%s: printed header %q, footer %q", name, printed.OddHeader, printed.OddFooter)
		}
	}
	checks, err := f.GetDataValidations("Findings")
	if err != nil {
		t.Fatal(err)
	}
	if len(checks) != 2 || checks[0].Type != "list" || !strings.Contains(checks[0].Formula1, "Risk accepted") || checks[1].Type != "date" {
		t.Errorf("Findings: validations %+v", checks)
	}
	colours, err := f.GetConditionalFormats("Findings")
	if err != nil {
		t.Fatal(err)
	}
	if len(colours) != 2 {
		t.Errorf("Findings: conditional formats on %v, want severity and result", slices.Collect(maps.Keys(colours)))
	}
	checkDate(t, f, a)
}

// checkDate sees that dates are numbers that Excel shows as UTC instants.
func checkDate(t *testing.T, f *excelize.File, a *report.Audit) {
	rows := rowsOf(t, f, "Inventory")
	cell := cellName(columnOf(t, rows, "Not after (UTC)")+1, 2)
	raw, err := f.GetCellValue("Inventory", cell, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	days, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		t.Fatalf("Inventory!%s is %q, not a number", cell, raw)
	}
	for row, err := range a.Inventory() {
		if err != nil {
			t.Fatal(err)
		}
		got, err := excelize.ExcelDateToTime(days, false)
		if want := row.Certificate.NotAfter; err != nil || got.Sub(want).Abs() > time.Second {
			t.Errorf("Inventory!%s is %v, want %v", cell, got, want)
		}
		return
	}
}

func TestLibreOffice(t *testing.T) {
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) not installed")
	}
	dir := t.TempDir()
	workbook := written(t, newFormat(t, template(t)), reporttest.Hostile())
	in := filepath.Join(dir, "in.xlsx")
	if err := os.WriteFile(in, workbook, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless",
		"--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", filepath.Join(dir, "out"), in)
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("soffice: %v: %s", err, text)
	}
	converted, err := os.ReadFile(filepath.Join(dir, "out", "in.xlsx"))
	if err != nil {
		t.Fatal(err)
	}
	before, after := opened(t, workbook), opened(t, converted)
	if diff := cmp.Diff(before.GetSheetList(), after.GetSheetList()); diff != "" {
		t.Fatalf("sheets (-written +LibreOffice):\n%s", diff)
	}
	for _, sheet := range before.GetSheetList()[1:] {
		want, got := rowsOf(t, before, sheet), rowsOf(t, after, sheet)
		if len(want) != len(got) {
			t.Errorf("%s: LibreOffice has %d rows, written were %d", sheet, len(got), len(want))
			continue
		}
		for i := range want {
			if len(want[i]) > 0 && len(got[i]) > 0 && want[i][0] != got[i][0] {
				t.Errorf("%s!A%d: LibreOffice has %q, written was %q", sheet, i+1, got[i][0], want[i][0])
			}
		}
	}
}

// BenchmarkWrite reports the greatest heap beside the time.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			f := newFormat(b, template(b))
			done, peak := make(chan struct{}), make(chan uint64)
			go func() {
				var most uint64
				var m runtime.MemStats
				for {
					select {
					case <-done:
						peak <- most
						return
					case <-time.After(50 * time.Millisecond):
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapInuse)
					}
				}
			}()
			for b.Loop() {
				if err := f.Write(b.Context(), reporttest.Large(n), io.Discard); err != nil {
					b.Fatal(err)
				}
			}
			close(done)
			b.ReportMetric(float64(<-peak)/(1<<20), "peak-MB")
		})
	}
}
