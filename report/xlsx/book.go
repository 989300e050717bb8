package xlsx

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

// A book is one workbook in the making.
type book struct {
	f      *excelize.File
	t      *report.Template
	a      *report.Audit
	st     *styles
	limits limits
	defs   []sheet
	order  []string       // of the sheets' names in the finished workbook
	titles map[string]int // columns repeated in print, for each sheet whose header row is
	rows   map[string]int // rows of data that a sheet's parts hold together, by sheet id
}

func newBook(f *Format, a *report.Audit, dir string) (*book, error) {
	b := &book{
		f:      excelize.NewFile(excelize.Options{TmpDir: dir}),
		t:      f.t,
		a:      a,
		limits: f.limits,
		defs:   f.sheets,
		titles: map[string]int{},
		rows:   map[string]int{},
	}
	if err := b.prepare(); err != nil {
		b.f.Close()
		return nil, err
	}
	return b, nil
}

func (b *book) prepare() error {
	if err := b.f.SetDefaultFont(bodyFont); err != nil {
		return err
	}
	var err error
	if b.st, err = newStyles(b.f, b.t); err != nil {
		return err
	}
	for i, s := range b.defs {
		name := b.sheetName(s.id, 1)
		if i == 0 {
			err = b.f.SetSheetName(b.f.GetSheetName(0), name)
		} else {
			_, err = b.f.NewSheet(name)
		}
		if err != nil {
			return fmt.Errorf("sheet %s: %w", name, err)
		}
		b.order = append(b.order, name)
	}
	return b.setProperties()
}

// sheetName is the name of a sheet, or of the part'th sheet that goes on with
// its rows.
func (b *book) sheetName(id string, part int) string {
	name := b.t.Word("xlsx.sheet." + id)
	if part > 1 {
		name += " " + strconv.Itoa(part)
	}
	return name
}

// addPart adds the sheet in which a sheet's rows go on, right after the one
// before.
func (b *book) addPart(id string, part int) (string, error) {
	name := b.sheetName(id, part)
	if _, err := b.f.NewSheet(name); err != nil {
		return "", fmt.Errorf("sheet %s: %w", name, err)
	}
	before := slices.Index(b.order, b.sheetName(id, part-1))
	b.order = slices.Insert(b.order, before+1, name)
	return name, nil
}

// write fills the sheets; the summary last, for it counts the others' rows.
func (b *book) write(ctx context.Context) error {
	for _, summary := range []bool{false, true} {
		for _, s := range b.defs {
			if (s.id == summaryID) != summary {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.write(ctx, b); err != nil {
				return fmt.Errorf("workbook sheet %s: %w", s.id, err)
			}
		}
	}
	return b.finish()
}

// finish orders the sheets and sets the names that go by their position.
func (b *book) finish() error {
	list := b.f.WorkBook.Sheets.Sheet
	at := make(map[string]int, len(b.order))
	for i, name := range b.order {
		at[name] = i
	}
	for i := range list { // insertion sort: the element type is not exported
		for j := i; j > 0 && at[list[j].Name] < at[list[j-1].Name]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
	for _, name := range b.order {
		columns, ok := b.titles[name]
		if !ok {
			continue
		}
		if err := b.setPrintTitles(name, columns); err != nil {
			return fmt.Errorf("print titles of %s: %w", name, err)
		}
	}
	return nil
}

// setPrintTitles repeats the header row, and the given number of first columns,
// on every page.
func (b *book) setPrintTitles(name string, columns int) error {
	ref := quoteSheet(name) + "!$1:$1"
	if columns > 0 {
		last, err := excelize.ColumnNumberToName(columns)
		if err != nil {
			return err
		}
		ref = quoteSheet(name) + "!$A:$" + last + "," + ref
	}
	return b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: ref, Scope: name})
}
