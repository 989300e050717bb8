package pdf

import (
	"context"
	"strconv"
	"strings"

	"certaudit/policies"
	"certaudit/report"
)

// policy prints every policy verbatim, with its digest: the criteria that the
// results were measured against.
func (d *doc) policy(ctx context.Context) error {
	d.begin("policy", d.word("pdf.policy.title"), false, whereRoom)
	if len(d.a.Policies) == 0 {
		d.para(d.word("pdf.policy.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.policy.text", "count", report.FormatCount(len(d.a.Policies))), stBody)
	for _, p := range d.a.Policies {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.onePolicy(p)
	}
	return nil
}

func (d *doc) onePolicy(p *policies.Policy) {
	d.heading(d.word("pdf.policy.heading", "id", p.ID, "version", p.Version, "title", p.Title), 60)
	mark := "policy:" + p.ID
	d.setMark(mark, d.y-8)
	title := d.word("pdf.policy.entry", "id", p.ID, "version", p.Version)
	d.entry(title, mark)
	d.bookmark(title, 1, d.y-8)
	d.pairs(42,
		pair{label: d.word("pdf.label.digest"), value: p.SHA256, mono: true},
		pair{label: d.word("pdf.label.origin"), value: p.Origin},
		pair{label: d.word("pdf.label.extends"), value: strings.Join(p.Extends, ", ")},
		pair{label: d.word("pdf.label.size"), value: d.word("pdf.policy.size", "bytes", report.FormatCount(len(p.Source)))},
	)
	d.y += 3
	d.source(string(p.Source))
}

var (
	stSource     = style{font: mono, size: 7.4, lead: 3.75, colour: "ink", most: 4000}
	stLineNumber = style{font: mono, size: 6.4, lead: 3.75, colour: "info"}
)

// source prints a text line by line with line numbers; a line that is too long
// goes on below without a number.
func (d *doc) source(text string) {
	const gutter = 9.0
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, s := range lines {
		s = strings.ReplaceAll(strings.TrimSuffix(s, "\r"), "\t", "    ")
		for n, ln := range d.wrapSource(s, d.textWidth()-gutter) {
			d.need(stSource.lead)
			if n == 0 {
				d.textRight(margin+gutter-3, d.y, strconv.Itoa(i+1), stLineNumber, gutter)
			}
			d.draw(margin+gutter, d.y, ln, stSource)
			d.y += stSource.lead
		}
	}
}

// wrapSource keeps a line's indentation, which wrapping for text would lose.
func (d *doc) wrapSource(s string, width float64) []line {
	trimmed := strings.TrimLeft(s, " ")
	indent := float64(min(len(s)-len(trimmed), 60)) * d.fonts[mono].width(' ', stSource.size)
	lines := d.wrap(trimmed, stSource, width-indent)
	for i := range lines {
		lines[i].runs = append([]run{{font: mono, text: "", width: indent}}, lines[i].runs...)
		lines[i].width += indent
	}
	return lines
}
