// Package xlsx writes an audit as an Excel workbook. It is the only importer of
// excelize.
//
// Sheets that may be large are streamed to disk, so that memory does not grow
// with the estate. Every figure is a literal, every date a true date in UTC,
// and whatever comes from a certificate or a server is text that no edit turns
// into a formula. The same audit gives the same bytes: parts are ordered and
// dated by certaudit, not by excelize.
package xlsx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

// A Format writes workbooks with one template's words, colours and sheets.
type Format struct {
	t      *report.Template
	sheets []sheet
	limits limits
}

// limits are Excel's own; tests lower them.
type limits struct {
	rows  int // of a sheet, with its header
	bytes int // of a sheet's XML
}

const (
	maxSheetRows = 1_048_576
	// maxSheetBytes keeps a sheet's part below the 4 GiB that ZIP can say
	// without extensions that Excel insists on.
	maxSheetBytes = 3 << 30
)

// A sheet is one sheet of the workbook, or several where its rows go on in a
// further one.
type sheet struct {
	id string
	// headers gives the keys of the sheet's column headers; nil where it has none.
	headers []string
	write   func(ctx context.Context, b *book) error
}

// sheets lists every sheet that a template may ask for.
func sheets() []sheet {
	return []sheet{
		summarySheet(),
		controlsSheet(),
		findingsSheet(),
		inventorySheet(),
		endpointsSheet(),
		protocolsSheet(),
		keysSheet(),
		notAssessedSheet(),
		policySheet(),
		runSheet(),
	}
}

// New prepares the format; an error names the template's entry that Excel
// would not accept.
func New(t *report.Template) (*Format, error) {
	f := &Format{t: t, limits: limits{rows: maxSheetRows, bytes: maxSheetBytes}}
	for _, id := range t.Sheets {
		s, ok := sheetByID(id)
		if !ok {
			return nil, fmt.Errorf("template: sheets: unknown sheet %q", id)
		}
		f.sheets = append(f.sheets, s)
	}
	if len(f.sheets) == 0 {
		return nil, errors.New("template: sheets: a workbook needs at least one")
	}
	return f, f.check()
}

func sheetByID(id string) (sheet, bool) {
	for _, s := range sheets() {
		if s.id == id {
			return s, true
		}
	}
	return sheet{}, false
}

// check refuses words that Excel cannot use as names, before any audit is
// written with them.
func (f *Format) check() error {
	names := map[string]bool{}
	for _, s := range f.sheets {
		key := "xlsx.sheet." + s.id
		name := f.t.Word(key)
		if err := checkSheetName(name); err != nil {
			return fmt.Errorf("template: word %q: %w", key, err)
		}
		if names[strings.ToLower(name)] {
			return fmt.Errorf("template: word %q: %q is the name of two sheets", key, name)
		}
		names[strings.ToLower(name)] = true
		if err := f.checkHeaders(s); err != nil {
			return err
		}
	}
	return checkChoices(f.t)
}

// checkHeaders sees to what Excel's tables need: headers that are there and
// differ, whatever their case.
func (f *Format) checkHeaders(s sheet) error {
	seen := map[string]bool{}
	for _, key := range s.headers {
		word := strings.ToLower(f.t.Word(key))
		if strings.TrimSpace(word) == "" || units(word) > 255 || visible(word) != word {
			return fmt.Errorf("template: word %q: a header has 1 to 255 characters that print", key)
		}
		if seen[word] {
			return fmt.Errorf("template: word %q: %q is the header of two columns", key, word)
		}
		seen[word] = true
	}
	return nil
}

// maxSheetName leaves room for the number of a further sheet in Excel's 31.
const maxSheetName = 27

func checkSheetName(name string) error {
	switch {
	case name == "" || units(name) > maxSheetName:
		return fmt.Errorf("a sheet's name has 1 to %d characters", maxSheetName)
	case strings.ContainsAny(name, `:\/?*[]`) || visible(name) != name:
		return fmt.Errorf(`a sheet's name has none of :\/?*[] and no control characters`)
	case strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'") || strings.EqualFold(name, "history"):
		return fmt.Errorf("%q is a sheet's name that Excel refuses", name)
	}
	return nil
}

// Write writes the workbook of an audit to w. When ctx ends it returns the
// context's error; what reached w by then is of no use.
func (f *Format) Write(ctx context.Context, a *report.Audit, w io.Writer) (err error) {
	// excelize and the archive spool here; removing the folder as a whole
	// leaves nothing behind, whatever went wrong.
	dir, err := os.MkdirTemp("", "certaudit-xlsx-")
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBook(f, a, dir)
	if err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	defer b.f.Close() // of temporary files, which go with dir
	if err := b.write(ctx); err != nil {
		return err
	}
	b.f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return newArchive(ctx, dir, w) })
	if err := b.f.Write(io.Discard); err != nil {
		return fmt.Errorf("workbook: %w", err)
	}
	return nil
}
