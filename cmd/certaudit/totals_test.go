package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"certaudit/report"
)

// TestTotalsAgree runs one audit to every format and holds the totals of the
// workbook's cells and of the PDF's text against report.json.
func TestTotalsAgree(t *testing.T) {
	pki := demoPKIOf(t, demoNow())
	estate, err := makeDemoEstate(filepath.Join(t.TempDir(), "estate"), pki)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"audit", "-p", "soc2", "--roots", estate.RootPEM, "-o", out, estate.Dir}, nil, &stdout, &stderr); code != exitViolations {
		t.Fatalf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
	var doc struct {
		Scope    report.Scope
		Totals   report.Totals
		Controls []report.Control
	}
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Totals.ByResult.Fail == 0 || doc.Totals.BySeverity.Critical == 0 {
		t.Fatalf("the estate shows nothing: %+v", doc.Totals)
	}
	r, s, f := doc.Totals.ByResult, doc.Totals.BySeverity, doc.Scope

	t.Run("workbook", func(t *testing.T) {
		cells := summaryCells(t, filepath.Join(out, "report.xlsx"))
		for label, want := range map[string]int{
			"pass": r.Pass, "fail": r.Fail, "waived": r.Waived, "not applicable": r.NotApplicable, "error": r.Error,
			"critical": s.Critical, "high": s.High, "medium": s.Medium, "low": s.Low, "info": s.Info,
			"read, at least one certificate": f.FilesRead, "read, no certificates": f.FilesWithoutCertificates, "files in scope": f.Files,
			"excluded, with a reason": f.FilesExcluded, "certaudit's own output": f.OwnOutput, "endpoints asked for": f.EndpointsAsked,
			"placements of certificates": f.Placements, "distinct certificates": f.DistinctCertificates,
			"private keys found": f.Objects.PrivateKeys, "of them, with a password": f.Objects.PrivateKeysEncrypted,
			"public keys found": f.Objects.PublicKeys, "certificate requests found": f.Objects.Requests, "revocation lists found": f.Objects.RevocationLists,
		} {
			if got := cells[label]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: the workbook has %v, report.json %d", label, got, want)
			}
		}
		if got := cells["not assessed"]; len(got) != 2 || got[0] != f.FilesNotAssessed || got[1] != r.NotAssessed {
			t.Errorf("not assessed: the workbook has %v, report.json %d files and %d results", got, f.FilesNotAssessed, r.NotAssessed)
		}
	})
	t.Run("pdf", func(t *testing.T) {
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Skip("SKIPPED: pdftotext is not installed")
		}
		page, err := exec.Command("pdftotext", "-layout", filepath.Join(out, "report.pdf"), "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		all := r.Pass + r.Fail + r.Waived + r.NotApplicable + r.NotAssessed + r.Error
		wantRow(t, string(page), `Results of all tests\s+All\s+Pass\s+Fail\s+Waived\s+Not applicable\s+Not assessed\s+Error\s+`,
			all, r.Pass, r.Fail, r.Waived, r.NotApplicable, r.NotAssessed, r.Error)
		wantRow(t, string(page), `\n\s*Files\s+`, f.Files, f.FilesRead, f.FilesWithoutCertificates, f.FilesNotAssessed, f.FilesExcluded, f.OwnOutput)
		for word, want := range map[string]int{"Critical": s.Critical, "High": s.High, "Medium": s.Medium, "Low": s.Low, "Info": s.Info} {
			wantRow(t, string(page), `\n[^\n]*\s`+word+`\s+`, want)
		}
	})
}

// summaryCells maps each label of the Summary sheet to the numbers that stand
// next to the right of it, in reading order.
func summaryCells(t *testing.T, name string) map[string][]int {
	t.Helper()
	book, err := excelize.OpenFile(name)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(book.GetSheetList()[0], excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string][]int{}
	for _, row := range rows {
		for i, label := range row {
			for _, value := range row[i+1:] {
				if value == "" {
					continue
				}
				if n, err := strconv.Atoi(value); err == nil {
					cells[label] = append(cells[label], n)
				}
				break
			}
		}
	}
	return cells
}

// wantRow wants figures to stand in this order behind the first match.
func wantRow(t *testing.T, text, before string, want ...int) {
	t.Helper()
	pattern := before
	for i, n := range want {
		if i > 0 {
			pattern += `\s+`
		}
		pattern += regexp.QuoteMeta(report.FormatCount(n))
	}
	if !regexp.MustCompile(pattern + `\b`).MatchString(text) {
		found := regexp.MustCompile(before + `[^\n]*`).FindString(text)
		t.Errorf("the PDF does not say %v; it has %q", want, strings.Join(strings.Fields(found), " "))
	}
}
