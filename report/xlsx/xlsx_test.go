package xlsx

import (
	"os"
	"testing"

	"certaudit/report"
	"certaudit/report/reporttest"
)

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

func TestSuite(t *testing.T) {
	reporttest.Suite(t, template(t), func(tmpl *report.Template) report.Format { return newFormat(t, tmpl) })
}
