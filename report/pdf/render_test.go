package pdf

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

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

// save puts a document where pdftotext and qpdf can read it.
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

func TestRender(t *testing.T) {
	for name, a := range map[string]*report.Audit{"sample": reporttest.Sample(), "empty": reporttest.Empty(), "hostile": reporttest.Hostile(), "large": reporttest.Large(5000)} {
		save(t, name+".pdf", render(t, template(t), a))
	}
	letter := template(t)
	letter.PageSize = "Letter"
	save(t, "letter.pdf", render(t, letter, reporttest.Sample()))
}
