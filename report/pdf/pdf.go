// Package pdf writes an audit as a PDF report. It is the only importer of
// fpdf.
//
// [New] checks fonts and logo once; [Format.Write] may then be called for any
// number of audits. The document is laid out again and again until page
// numbers no longer change, and only then drawn, so that every "page x of y"
// and every line of the contents is a literal. Nothing reads the clock:
// the same audit and template give the same bytes.
//
// What the template's limits leave out is counted on the page and stands in
// report.xlsx, and in report.json or the evidence; nothing is cut without saying so.
package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"

	"certaudit/report"
	"certaudit/scan"
)

// A Format writes report.pdf. It is safe for concurrent use.
type Format struct {
	t     *report.Template
	fonts *fontSet
	logo  []byte // PNG that fpdf can embed; nil for none
}

var _ report.Format = (*Format)(nil)

// New prepares the format for a template. It returns an error when the
// template's logo cannot be drawn or a section is unknown.
func New(t *report.Template) (*Format, error) {
	fonts, err := loadFonts()
	if err != nil {
		return nil, err
	}
	f := &Format{t: t, fonts: fonts}
	for _, key := range t.Sections {
		if _, ok := sections()[key]; !ok {
			return nil, fmt.Errorf("template: unknown section %q of the PDF", key)
		}
	}
	if len(t.LogoBytes) > 0 {
		if f.logo, err = embeddable(t.LogoBytes); err != nil {
			return nil, fmt.Errorf("template: logo %s: %w", t.Logo, err)
		}
	}
	return f, nil
}

// A drawSection draws one section of the report.
type drawSection func(d *doc, ctx context.Context) error

// sections lists the sections that a template may name. Cover and contents
// always come first.
func sections() map[string]drawSection {
	return map[string]drawSection{
		"summary":      (*doc).summary,
		"scope":        (*doc).scope,
		"controls":     (*doc).controls,
		"findings":     (*doc).findings,
		"inventory":    (*doc).inventory,
		"endpoints":    (*doc).endpoints,
		"not_assessed": (*doc).notAssessed,
		"policy":       (*doc).policy,
		"run":          (*doc).run,
	}
}

// maxPasses bounds how often the document is laid out. Two passes settle page
// numbers, a third the length of the contents.
const maxPasses = 6

// Write lays the audit out until it settles, then draws it to w.
func (f *Format) Write(ctx context.Context, a *report.Audit, w io.Writer) error {
	g, err := gather(ctx, f.t, a)
	if err != nil {
		return fmt.Errorf("pdf: read the audit: %w", err)
	}
	var known layout
	for pass := 0; ; pass++ {
		made, err := f.pass(ctx, a, g, known, nil)
		if err != nil {
			return fmt.Errorf("pdf: lay out: %w", err)
		}
		settled := reflect.DeepEqual(made, known)
		known = made
		if settled {
			break
		}
		if pass == maxPasses {
			return errors.New("pdf: the layout does not settle")
		}
	}
	out := f.open(a, known)
	made, err := f.pass(ctx, a, g, known, out)
	switch {
	case err != nil:
		return fmt.Errorf("pdf: draw: %w", err)
	case out.Error() != nil:
		return fmt.Errorf("pdf: draw: %w", out.Error())
	case !reflect.DeepEqual(made, known):
		return errors.New("pdf: the audit changed while it was drawn")
	}
	if err := out.Output(w); err != nil {
		return fmt.Errorf("pdf: write: %w", err)
	}
	return nil
}

// open begins the document: everything about it that could vary is pinned.
func (f *Format) open(a *report.Audit, known layout) *fpdf.Fpdf {
	out := fpdf.New("P", "mm", f.t.PageSize, "")
	at := a.Run.AsOf.UTC()
	if at.IsZero() { // fpdf would take the clock
		at = time.Unix(0, 0).UTC()
	}
	out.SetCreationDate(at)
	out.SetModificationDate(at)
	out.SetCatalogSort(true)
	// Plain bytes, not UTF-16: certaudit knows its own reports by this name.
	maker := asciiOnly(a.Generator)
	if !strings.Contains(maker, scan.Tool) {
		maker = joinSet(" ", scan.Tool, maker)
	}
	out.SetProducer(maker, false)
	out.SetCreator(maker, false)
	out.SetTitle(printable(joinSet(" · ", a.Document.Title, a.Document.Organisation, a.Document.Period)), true)
	out.SetSubject(printable(a.Run.ID), true)
	out.SetLang("en")
	out.SetAutoPageBreak(false, 0)
	out.SetMargins(0, 0, 0)
	for id, face := range f.fonts {
		if fontID(id) != fallback || known.fallback {
			out.AddUTF8FontFromBytes(face.family, "", face.data)
		}
	}
	if f.logo != nil {
		out.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: "PNG"}, bytes.NewReader(f.logo))
	}
	return out
}

// pass goes over the whole document once; it draws when out is not nil.
func (f *Format) pass(ctx context.Context, a *report.Audit, g *gathered, known layout, out *fpdf.Fpdf) (layout, error) {
	d := &doc{t: f.t, a: a, g: g, fonts: f.fonts, out: out, known: known,
		made: layout{marks: map[string]mark{}}, links: map[string]int{}}
	d.cover(f.logo != nil)
	d.contents()
	all := sections()
	for _, key := range f.t.Sections {
		if err := ctx.Err(); err != nil {
			return layout{}, err
		}
		if err := all[key](d, ctx); err != nil {
			return layout{}, err
		}
		if out != nil && out.Error() != nil {
			return layout{}, fmt.Errorf("section %s: %w", key, out.Error())
		}
	}
	return d.made, nil
}

// printable makes a text safe for the document's properties: of the basic
// multilingual plane, without controls, of bounded length.
func printable(s string) string {
	const most = 200
	var out []rune
	for _, r := range s {
		if len(out) == most {
			break
		}
		if !visible(r) {
			r = '?'
		}
		out = append(out, r)
	}
	return string(out)
}

// asciiOnly is printable for properties that are compared as bytes.
func asciiOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, printable(s))
}
