package pdf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"image"
	"image/png"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"certaudit/report"
	"certaudit/report/reporttest"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	keep   = flag.String("keep", "", "directory to keep the documents in, to look at them")
)

func template(t testing.TB) *report.Template {
	return reporttest.Template(t, os.DirFS("../../templates"))
}

// render writes an audit and gives the document.
func render(t testing.TB, tmpl *report.Template, a *report.Audit) []byte {
	t.Helper()
	f, err := New(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(t.Context(), a, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// save puts a document where programs can read it.
func save(t testing.TB, name string, doc []byte) string {
	t.Helper()
	dir := *keep
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, doc, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// documents are rendered once for the tests that read them.
func documents(t testing.TB) map[string][]byte {
	letter := template(t)
	letter.PageSize = "Letter"
	return map[string][]byte{
		"sample":   render(t, template(t), reporttest.Sample()),
		"empty":    render(t, template(t), reporttest.Empty()),
		"hostile":  render(t, template(t), reporttest.Hostile()),
		"vantages": render(t, template(t), reporttest.TwoVantages()),
		"large":    render(t, template(t), reporttest.Large(120)),
		"letter":   render(t, letter, reporttest.Sample()),
	}
}

func TestSuite(t *testing.T) {
	reporttest.Suite(t, template(t), func(tmpl *report.Template) report.Format {
		f, err := New(tmpl)
		if err != nil {
			t.Fatal(err)
		}
		return f
	})
}

// TestDocuments checks what holds for every document: valid, each page says
// which of how many it is, nothing stands outside the margins, and no word of
// the template is missing.
func TestDocuments(t *testing.T) {
	for name, doc := range documents(t) {
		t.Run(name, func(t *testing.T) {
			path := save(t, name+".pdf", doc)
			if _, err := exec.LookPath("qpdf"); err != nil {
				t.Log("qpdf not installed: the document is not validated")
			} else if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
				t.Errorf("qpdf: %v\n%s", err, out)
			}
			nothingOverlaps(t, path)
			sheets := extract(t, doc)
			outlineLeads(t, sheets, outline(doc), name == "hostile")
			for i, s := range sheets {
				all := s.String()
				if want := "Page " + strconv.Itoa(i+1) + " of " + strconv.Itoa(len(sheets)); i > 0 && !strings.Contains(all, want) {
					t.Errorf("page %d does not say %q", i+1, want)
				}
				if strings.Contains(all, "{pdf.") && name != "hostile" {
					t.Errorf("page %d shows a word that the template lacks", i+1)
				}
				if len(s.texts) < 8 {
					t.Errorf("page %d is nearly empty", i+1)
				}
				for _, tx := range s.texts {
					if tx.x < (margin-0.1)/mmPerPoint || tx.x > s.w-(margin-0.1)/mmPerPoint || tx.y < 7/mmPerPoint || tx.y > s.h-9/mmPerPoint {
						t.Errorf("page %d: %q at %.0f, %.0f lies outside the margins", i+1, tx.s, tx.x, tx.y)
					}
				}
			}
		})
	}
}

// TestTotals checks that every figure of the audit is in print.
func TestTotals(t *testing.T) {
	a := reporttest.Sample()
	text := ""
	for _, s := range extract(t, render(t, template(t), a)) {
		text += s.String() + "\n"
	}
	r, s := a.Totals.ByResult, a.Scope
	n := report.FormatCount
	for _, want := range []string{
		// results of all tests, in one row
		strings.Join([]string{n(r.Pass + r.Fail + r.Waived + r.NotApplicable + r.NotAssessed + r.Error), n(r.Pass), n(r.Fail), n(r.Waived), n(r.NotApplicable), n(r.NotAssessed), n(r.Error)}, " | "),
		// reconciliation
		strings.Join([]string{"Files", n(s.Files), n(s.FilesRead), n(s.FilesWithoutCertificates), n(s.FilesNotAssessed), n(s.FilesExcluded), n(s.OwnOutput), "adds up"}, " | "),
		strings.Join([]string{"Endpoints", n(s.EndpointsAsked), n(s.EndpointsAssessed), "–", n(s.EndpointsNotAssessed), "–", "–", "adds up"}, " | "),
		// keys, requests and revocation lists
		"\n" + strings.Join([]string{n(s.Objects.PrivateKeys), n(s.Objects.PrivateKeysEncrypted), n(s.Objects.PublicKeys), n(s.Objects.Requests), n(s.Objects.RevocationLists)}, " | ") + "\n",
		n(a.Estate.Violations) + " violations at or above high",
		"Critical | " + n(a.Totals.BySeverity.Critical), "High | " + n(a.Totals.BySeverity.High), "Medium | " + n(a.Totals.BySeverity.Medium),
		"Low | " + n(a.Totals.BySeverity.Low), "Info | " + n(a.Totals.BySeverity.Info),
		a.Run.ID, a.Run.EvidenceSHA256, a.Run.BinarySHA256, a.Gate.Note, a.Policies[0].SHA256, a.Policies[1].SHA256, a.Policies[2].SHA256,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	flat := strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", " ")), " ")
	if want := n(s.DistinctCertificates) + " distinct certificates in " + n(s.Placements) + " placements"; !strings.Contains(flat, want) {
		t.Errorf("the document does not say %q", want)
	}
	for _, b := range a.Expiry {
		if !strings.Contains(flat, b.Label) {
			t.Errorf("the outlook lacks %q", b.Label)
		}
	}
	for f := range a.Findings() {
		if !strings.Contains(text, f.ID) {
			t.Errorf("finding %s is not printed", f.ID)
		}
	}
	for row := range a.Inventory() {
		if !strings.Contains(text, report.ShortDigest(row.Certificate.SHA256)) {
			t.Errorf("certificate %s is not printed", row.Certificate.SHA256)
		}
	}
	for row := range a.Endpoints() {
		if !strings.Contains(text, row.Endpoint.CipherSuite[:12]) {
			t.Errorf("endpoint %s is not printed", row.Endpoint.Endpoint)
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(string(a.Policies[0].Source)), "\n") {
		if want := strings.TrimSpace(line); !strings.Contains(text, want) {
			t.Errorf("the policy's line %q is not printed", want)
		}
	}
}

// TestPdftotext checks with a program of others that what is drawn reads back:
// the fonts' tables lead from glyphs to runes.
func TestPdftotext(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("pdftotext not installed")
	}
	a := reporttest.Sample()
	path := save(t, "sample.pdf", render(t, template(t), a))
	out, err := exec.Command("pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{a.Run.EvidenceSHA256, a.Document.Organisation, "HIPAA 164.312(e)(2)(ii)", "Certificate names the host it is served for",
		"openssl s_client -connect vpn.example.test:443 -servername vpn.example.test", "params: {RSA: 2048, ECDSA: 256, DSA: 2048}"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("pdftotext does not find %q", want)
		}
	}
}

type bboxWord struct {
	x1, y1, x2, y2 float64
	s              string
}

var (
	reBoxPage = regexp.MustCompile(`<page width="([\d.]+)" height="([\d.]+)">`)
	reBox     = regexp.MustCompile(`<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="(-?[\d.]+)" yMax="(-?[\d.]+)">(.*?)</word>`)
)

// nothingOverlaps has Poppler measure every word: none reaches over the right
// margin or into another.
func nothingOverlaps(t *testing.T, path string) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Log("pdftotext not installed: words are not measured")
		return
	}
	out, err := exec.Command("pdftotext", "-bbox", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, page := range strings.Split(string(out), "<page ")[1:] {
		width := number(reBoxPage.FindStringSubmatch("<page " + page)[1])
		words := map[int][]bboxWord{} // by band of the page, of so many points
		const band = 12
		for _, m := range reBox.FindAllStringSubmatch(page, -1) {
			w := bboxWord{number(m[1]), number(m[2]), number(m[3]), number(m[4]), m[5]}
			if w.x2 > width-(margin-0.5)/mmPerPoint {
				t.Errorf("page %d: %q ends %.1f mm right of the margin", i+1, w.s, (w.x2-width)*mmPerPoint+margin)
			}
			// What is inked is the middle of a word's box.
			tall := w.y2 - w.y1
			w.y1, w.y2, w.x1, w.x2 = w.y1+tall*0.22, w.y2-tall*0.22, w.x1+0.4, w.x2-0.4
			for at := int(w.y1) / band; at <= int(w.y2)/band; at++ {
				for _, o := range words[at] {
					if w.x1 < o.x2 && o.x1 < w.x2 && w.y1 < o.y2 && o.y1 < w.y2 {
						t.Errorf("page %d: %q lies over %q", i+1, w.s, o.s)
					}
				}
				words[at] = append(words[at], w)
			}
		}
	}
}

// outlineLeads checks that every bookmark leads to the page and height of what
// it names.
func outlineLeads(t *testing.T, sheets []sheet, marks []bookmarked, hostile bool) {
	if len(marks) < 8 {
		t.Fatalf("%d bookmarks", len(marks))
	}
	for _, b := range marks {
		if b.page < 1 || b.page > len(sheets) {
			t.Errorf("bookmark %q leads to page %d of %d", b.title, b.page, len(sheets))
			continue
		}
		fields := strings.Split(b.title, "  ")
		want := fields[min(len(fields)-1, 1)] // number, title; or the finding's id, asset, headline
		if strings.HasPrefix(fields[0], "F1-") {
			want = fields[0]
		}
		met := false
		for _, tx := range sheets[b.page-1].texts {
			below := b.y - tx.y // points; a bookmark leads a little above its text
			met = met || strings.HasPrefix(strings.ToLower(tx.s), strings.ToLower(want)) && below > 0 && below < 60
		}
		if !met && !hostile {
			t.Errorf("page %d, where bookmark %q leads, does not show %q at height %.0f", b.page, b.title, want, b.y)
		}
	}
}

// TestContents checks that every line of the contents names the page that has
// the section.
func TestContents(t *testing.T) {
	sheets := extract(t, render(t, template(t), reporttest.Sample()))
	line := regexp.MustCompile(`^(\d) \| (.+) \| (\d+)$`)
	found := 0
	for _, l := range sheets[1].lines() {
		m := line.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		found++
		page, _ := strconv.Atoi(m[3])
		if !strings.Contains(sheets[page-1].String(), "\n"+m[2]+"\n") {
			t.Errorf("contents: page %d does not show section %q", page, m[2])
		}
	}
	if want := len(template(t).Sections); found != want {
		t.Errorf("contents: %d sections, want %d", found, want)
	}
}

// TestLinks checks that every finding that is printed is led to.
func TestLinks(t *testing.T) {
	a := reporttest.Sample()
	tmpl := template(t)
	f, err := New(tmpl)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gather(t.Context(), tmpl, a)
	if err != nil {
		t.Fatal(err)
	}
	known := layout{}
	for range 4 {
		if known, err = f.pass(t.Context(), a, g, known, nil); err != nil {
			t.Fatal(err)
		}
	}
	for row := range a.Findings() {
		if known.marks["finding:"+row.ID].page == 0 {
			t.Errorf("finding %s has no place", row.ID)
		}
	}
	for _, c := range a.Controls {
		if known.marks["control:"+c.ID].page == 0 {
			t.Errorf("control %s has no place", c.ID)
		}
	}
	doc := render(t, tmpl, a)
	if links := bytes.Count(doc, []byte("/Subtype /Link")); links < 3*len(a.Controls) {
		t.Errorf("%d links in the document", links)
	}
}

// TestSummaryPage checks that the summary is one page, whatever the audit.
func TestSummaryPage(t *testing.T) {
	for name, a := range map[string]*report.Audit{"sample": reporttest.Sample(), "empty": reporttest.Empty(), "hostile": reporttest.Hostile(), "large": reporttest.Large(50)} {
		tmpl := template(t)
		tmpl.Sections = []string{"summary", "controls"}
		pages := map[string]int{}
		for _, b := range outline(render(t, tmpl, a)) {
			pages[b.title] = b.page
		}
		if got := pages["2  Control matrix"] - pages["1  Summary"]; got != 1 {
			t.Errorf("%s: the summary takes %d pages", name, got)
		}
	}
}

// TestGolden compares the text of the sample with what was read and approved.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for i, s := range extract(t, render(t, template(t), reporttest.Sample())) {
		b.WriteString("=== " + strconv.Itoa(i+1) + "\n" + s.String() + "\n")
	}
	const path = "testdata/sample.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("text of the sample changed (-want +got); look at it, then go test -update:\n%s", diff)
	}
}

// TestWords checks that the template's words and those that the code names are
// the same.
func TestWords(t *testing.T) {
	data, err := os.ReadFile("../../templates/pdf.words.json")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(data, &words); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if s, _ := strconv.Unquote(lit.Value); strings.HasPrefix(s, "pdf.") {
					used[s] = true
				}
			}
			return true
		})
	}
	for key := range used {
		if _, ok := words[key]; !ok {
			t.Errorf("the code uses %q, which the template lacks", key)
		}
	}
	for key := range words {
		if !used[key] {
			t.Errorf("the template has %q, which no code uses", key)
		}
	}
}

// TestExposedKeys: the table is there when there is something in it, names no
// key that needs a password, and counts what it leaves out.
func TestExposedKeys(t *testing.T) {
	const heading = "Private keys that others than the owner may read"
	text := func(a *report.Audit) string {
		tmpl := template(t)
		tmpl.Sections = []string{"scope"}
		all := ""
		for _, s := range extract(t, render(t, tmpl, a)) {
			all += s.String() + "\n"
		}
		return all
	}
	sample := text(reporttest.Sample())
	if !strings.Contains(sample, heading+": 1\n") || !strings.Contains(sample, "certs/db-primary.key | RSA 2048 | no | 0644 | 2") {
		t.Errorf("the sample's key is not listed")
	}
	for _, name := range []string{"partner-mtls.jks", "id_ed25519", "payroll.pem"} {
		if strings.Contains(sample, name) {
			t.Errorf("%s is listed: it needs a password, or only its owner may read it", name)
		}
	}
	if strings.Contains(text(reporttest.Empty()), heading) {
		t.Error("a heading for no keys")
	}
	many := text(reporttest.Large(1230))
	if !strings.Contains(many, heading+": 123\n") || !strings.Contains(many, "83 more are in report.xlsx") || strings.Contains(many, "certs/40.key") {
		t.Error("what is left out of 123 keys is not counted")
	}
}

// TestPrivateKeysNotParsed: the coverage statement says so, and no figure says
// that there are none.
func TestPrivateKeysNotParsed(t *testing.T) {
	a := reporttest.Empty()
	text := func() string {
		all := ""
		for _, s := range extract(t, render(t, template(t), a)) {
			all += " " + s.String()
		}
		return strings.Join(strings.Fields(all), " ")
	}
	const statement, figures = "Private keys were not parsed (evidence 1): the scan was run with --no-private-keys", "0, not all parsed | 0 known | 0 | 0 | 0"
	if got := text(); strings.Contains(got, "were not parsed") || !strings.Contains(got, " 0 | 0 | 0 | 0 | 0 ") {
		t.Error("private keys were parsed, and the document says otherwise")
	}
	a.Scope.Objects.PrivateKeysParsed, a.Run.Evidence[0].Options = false, map[string]string{"no-private-keys": "true"}
	if got := text(); !strings.Contains(got, statement) || !strings.Contains(got, figures) {
		t.Errorf("the document does not say %q and %q", statement, figures)
	}
}

// TestTwoVantages: counts of each, and both entries of a conflict.
func TestTwoVantages(t *testing.T) {
	all := ""
	for _, s := range extract(t, render(t, template(t), reporttest.TwoVantages())) {
		all += " " + s.String()
	}
	flat := strings.Join(strings.Fields(all), " ")
	for _, want := range []string{"1 | office network | 12 | 9 | 3", "2 | cloud, eu-west | 3 | 2 | 1",
		"differs from vantage cloud, eu-west (evidence 2): certificate, version", "3 handshakes were made and their chains compared (evidence 1)"} {
		if !strings.Contains(flat, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
	if first, second := strings.Count(flat, "(evidence 2)"), strings.Count(flat, "(evidence 1)"); first < 2 || second < 2 { // table and block; samples and table
		t.Errorf("the entries name each other %d and %d times", first, second)
	}
}

// TestLimits checks that what is left out is counted in print.
func TestLimits(t *testing.T) {
	tmpl := template(t)
	tmpl.Limits = report.Limits{Findings: 3, Locations: 1, Inventory: 5, Endpoints: 2, Probed: 1, NotAssessed: 4}
	a := reporttest.Sample()
	text := ""
	for _, s := range extract(t, render(t, tmpl, a)) {
		text += s.String() + "\n"
	}
	rows := func(n, limit int) string { return strconv.Itoa(n-limit) + " more are in report.xlsx" }
	for _, want := range []string{
		"The worst 3 are printed here; " + rows(a.Totals.ByResult.Fail+a.Totals.ByResult.Waived, 3),
		"The first 5 are printed here; " + rows(a.Scope.DistinctCertificates, 5),
		"The first 2 are printed here; " + rows(a.Scope.EndpointsAssessed, 2),
		"The first 1 are printed here; 1 more are in report.xlsx and the evidence",
		"The first 4 are printed here; ",
		"and 2 more places",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document does not say %q", want)
		}
	}
}

func TestLogo(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 120, 40))); err != nil {
		t.Fatal(err)
	}
	tmpl := template(t)
	tmpl.Logo, tmpl.LogoBytes = "logo.png", b.Bytes()
	if doc := render(t, tmpl, reporttest.Empty()); !bytes.Contains(doc, []byte("/Subtype /Image")) {
		t.Error("the logo is not in the document")
	}
	for name, data := range map[string][]byte{"not an image": []byte("GIF89a"), "cut short": b.Bytes()[:30]} {
		tmpl.LogoBytes = data
		if _, err := New(tmpl); err == nil {
			t.Errorf("%s: accepted as a logo", name)
		}
	}
}

func TestUnknownSection(t *testing.T) {
	tmpl := template(t)
	tmpl.Sections = append(tmpl.Sections, "sumary")
	if _, err := New(tmpl); err == nil || !strings.Contains(err.Error(), "sumary") {
		t.Errorf("error %v does not name the section", err)
	}
}

// TestSections checks that any choice and order of sections makes a document.
func TestSections(t *testing.T) {
	all := template(t).Sections
	for i := range all {
		tmpl := template(t)
		tmpl.Sections = []string{all[i], all[(i+3)%len(all)]}
		doc := render(t, tmpl, reporttest.Sample())
		pages := bytes.Count(doc, []byte("<</Type /Page\n"))
		for _, b := range outline(doc) {
			if b.page < 1 || b.page > pages {
				t.Errorf("%v: bookmark %q leads nowhere", tmpl.Sections, b.title)
			}
		}
	}
	tmpl := template(t)
	tmpl.Sections = nil
	if n := len(extract(t, render(t, tmpl, reporttest.Sample()))); n != 2 {
		t.Errorf("without sections: %d pages, want cover and contents", n)
	}
}

// TestOwnOutput checks the name by which certaudit knows its own reports.
func TestOwnOutput(t *testing.T) {
	for _, generator := range []string{"certaudit 1.0.0", "", "someone else ☃"} {
		a := reporttest.Empty()
		a.Generator = generator
		if doc := render(t, template(t), a); !regexp.MustCompile(`/Producer \(certaudit`).Match(doc) {
			t.Errorf("generator %q: the document does not name certaudit as its producer", generator)
		}
	}
}

// TestLicences checks that the fonts' licences stay beside them.
func TestLicences(t *testing.T) {
	for _, name := range []string{"fonts/OFL.txt", "fonts/LICENSE-DejaVu.txt"} {
		if info, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < 1000 {
			t.Errorf("%s is missing", name)
		}
	}
}

// TestFlat checks that memory does not grow with the estate.
func TestFlat(t *testing.T) {
	f, err := New(template(t))
	if err != nil {
		t.Fatal(err)
	}
	peak := func(n int) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		g, err := gather(t.Context(), f.t, reporttest.Large(n))
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(g)
		return after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)
	}
	if small, big := peak(1000), peak(50_000); big > small+1<<20 {
		t.Errorf("1,000 certificates keep %d bytes, 50,000 keep %d", small, big)
	}
	f.t.Limits = report.Limits{Findings: 20, Locations: 2, Inventory: 60, Endpoints: 20, Probed: 20, NotAssessed: 20}
	few, many := extract(t, render(t, f.t, reporttest.Large(4000))), extract(t, render(t, f.t, reporttest.Large(50_000)))
	if len(few) != len(many) {
		t.Errorf("4,000 certificates take %d pages, 50,000 take %d", len(few), len(many))
	}
}

func BenchmarkWriteSample(b *testing.B) {
	f, err := New(template(b))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := f.Write(context.Background(), reporttest.Sample(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteLarge(b *testing.B) {
	f, err := New(template(b))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := f.Write(context.Background(), reporttest.Large(100_000), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
