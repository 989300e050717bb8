package xlsx

import (
	"math"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Paper sizes, as Excel numbers them.
const (
	paperLetter = 1
	paperA4     = 9
)

// pageColumns is how many digits' widths of columns go on one printed page; a
// wider sheet takes several pages side by side, for shrinking it to one would
// leave nothing to read.
const pageColumns = 200

// layout says how one sheet prints and shows. It is set before the sheet is
// streamed; excelize forgets what comes later.
type layout struct {
	width     float64 // of all columns together
	gridLines bool
	colour    string // of the tab; a name of the theme
	onePage   bool   // the sheet fits one page, upright
}

func (b *book) setLayout(name string, l layout) error {
	pages := max(1, int(math.Ceil(l.width/pageColumns)))
	tall, orientation := 0, "landscape" // as many pages as it takes
	if l.onePage {
		tall, orientation = 1, "portrait"
	}
	size := paperA4
	if b.t.PageSize == "Letter" {
		size = paperLetter
	}
	err := b.f.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: new(size), Orientation: new(orientation), FitToWidth: new(pages), FitToHeight: new(tall), PageOrder: new("overThenDown"),
	})
	if err != nil {
		return err
	}
	err = b.f.SetSheetProps(name, &excelize.SheetPropsOptions{
		FitToPage: new(true), TabColorRGB: new(hex(b.t.Colour(l.colour))), OutlineSummaryBelow: new(false),
	})
	if err != nil {
		return err
	}
	err = b.f.SetPageMargins(name, &excelize.PageLayoutMarginsOptions{
		Left: new(0.5), Right: new(0.5), Top: new(0.8), Bottom: new(0.7), Header: new(0.35), Footer: new(0.35),
	})
	if err != nil {
		return err
	}
	err = b.f.SetSheetView(name, 0, &excelize.ViewOptions{ShowGridLines: new(l.gridLines)})
	if err != nil {
		return err
	}
	return b.f.SetHeaderFooter(name, b.headerFooter())
}

// The room of each part of a printed header or footer: Excel takes 255
// characters for the three of them, codes included.
const (
	roomSide  = 45
	roomTitle = 60
	roomNote  = 110
)

// headerFooter is the printed header and footer: what the document is above;
// below the run, what limits its result, and the page.
func (b *book) headerFooter() *excelize.HeaderFooterOptions {
	d := b.a.Document
	page := b.t.Word("xlsx.print.page")
	page = escapePrint(page, roomSide)
	page = strings.NewReplacer("{page}", "&P", "{pages}", "&N").Replace(page)
	centre := b.a.Gate.Note
	if centre == "" {
		centre = b.a.Generator
	}
	return &excelize.HeaderFooterOptions{
		AlignWithMargins: new(true),
		ScaleWithDoc:     new(false),
		OddHeader: "&L" + escapePrint(d.Classification, roomSide) +
			"&C" + escapePrint(d.Title, roomTitle) +
			"&R" + escapePrint(joinWith(" · ", d.Organisation, d.Period), roomSide),
		OddFooter: "&L" + escapePrint(b.t.Word("xlsx.print.run", "id", b.a.Run.ID), roomSide) +
			"&C" + escapePrint(centre, roomNote) +
			"&R" + page,
	}
}

// escapePrint makes text fit for a printed header: an ampersand starts a code
// there, and what has no room is cut with an ellipsis.
func escapePrint(s string, room int) string {
	var b strings.Builder
	for _, r := range visible(s) {
		piece := string(r)
		if r == '&' {
			piece = "&&"
		}
		if room -= units(piece); room < 1 {
			b.WriteString("…")
			break
		}
		b.WriteString(piece)
	}
	return b.String()
}

// joinWith joins what is not empty.
func joinWith(separator string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, separator)
}

// quoteSheet is a sheet's name as references to it write it.
func quoteSheet(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }
