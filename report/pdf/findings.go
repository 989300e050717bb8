package pdf

import (
	"context"
	"strconv"
	"strings"

	"certaudit/report"
)

// findings draws one block for each finding, worst first, up to the limit.
func (d *doc) findings(ctx context.Context) error {
	d.begin("findings", d.word("pdf.findings.title"), false, placed(d.g.findings))
	if d.g.findings == 0 {
		d.para(d.word("pdf.findings.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.findings.text", "failures", report.FormatCount(d.a.Totals.ByResult.Fail), "waived", report.FormatCount(d.a.Totals.ByResult.Waived)), stBody)
	if more := d.g.findings - d.t.Limits.Findings; more > 0 {
		d.y += 1
		d.para(d.word("pdf.more.findings", "count", report.FormatCount(more), "printed", report.FormatCount(d.t.Limits.Findings)), stBody)
	}
	d.y += 4
	severity := ""
	return limited(ctx, d.a.Findings(), d.t.Limits.Findings, func(f *report.Finding) {
		b := d.findingBlock(f)
		b.finish(func(y float64) {
			d.setMark("finding:"+f.ID, y)
			if f.Severity != severity {
				severity = f.Severity
				group := d.word("pdf.findings.group", "severity", d.severity(f.Severity))
				d.setMark("severity:"+severity, y)
				d.entry(group, "severity:"+severity)
				d.bookmark(group, 1, y)
			}
			d.bookmark(joinSet("  ", report.ShortID(f.ID), f.Asset(), d.headline(f)), 2, y)
		})
	})
}

// headline is what is the matter, in a few words.
func (d *doc) headline(f *report.Finding) string {
	if f.Title == "" {
		return f.Message
	}
	return f.Title
}

func (d *doc) findingBlock(f *report.Finding) *block {
	edge := f.Severity
	if f.Result == "waived" {
		edge = "waived"
	}
	if _, ok := d.t.Colours[edge]; !ok {
		edge = "info"
	}
	b := d.block(edge)
	d.findingHead(b, f)
	d.panels(b, f)
	d.findingBody(b, f)
	d.provenance(b, f)
	return b
}

// findingHead adds headline and asset with id and severity at their right.
func (d *doc) findingHead(b *block, f *report.Finding) {
	x, right := margin+blockPad, d.w-margin-4
	const idRoom = 34.0
	const shift = 5.0
	width := right - x - shift - idRoom
	lines := d.wrap(d.headline(f), stBlock, width)
	asset := stHead
	asset.size, asset.colour, asset.lead, asset.most = 9.6, "accent", 5, 300
	assets := d.wrap(f.Asset(), asset, right-x-shift-idRoom)
	word := strings.ToUpper(d.severity(f.Severity))
	colour := b.edge
	if f.Result == "waived" {
		word = strings.ToUpper(d.word("pdf.findings.waived", "severity", d.severity(f.Severity)))
	}
	b.add(stBlock.lead, func(y float64) {
		d.icon(findingIcon(f), x, y+(stBlock.lead-iconSize)/2, iconSize)
		d.draw(x+shift, y, lines[0], stBlock)
		id := stLink
		id.size, id.lead = 8.2, stBlock.lead
		id.colour = "soft"
		ln := d.fitPiece(piece{text: report.ShortID(f.ID), link: d.back(f)}, id, idRoom-2)
		d.draw(right-ln.width, y, ln, id)
	})
	b.lines(x+shift, lines[1:], stBlock)
	for i, ln := range assets {
		b.add(asset.lead, func(y float64) {
			d.draw(x+shift, y, ln, asset)
			if i == 0 {
				st := stLabel
				st.colour, st.lead, st.size = colour, asset.lead, 7.8
				d.textRight(right, y, word, st, idRoom+6)
			}
		})
	}
	b.space(2.4)
}

// back is where a finding's id leads: to the summary's line for it, or to the
// first of its controls.
func (d *doc) back(f *report.Finding) string {
	if _, ok := d.known.marks["top:"+f.ID]; ok {
		return "top:" + f.ID
	}
	for _, id := range f.Controls {
		if _, ok := d.known.marks["control:"+id]; ok {
			return "control:" + id
		}
	}
	return "contents"
}

// panels adds what was observed and what is required, side by side.
func (d *doc) panels(b *block, f *report.Finding) {
	const gap, pad = 4.0, 2.8
	x := margin + blockPad
	w := (d.textWidth() - blockPad - 4 - gap) / 2
	text := stCell
	text.size, text.lead, text.most = 8.8, 4.2, 500
	left, right := d.wrap(f.Observed, text, w-2*pad), d.wrap(f.Required, text, w-2*pad)
	h := float64(max(len(left), len(right)))*text.lead + 3.6 + 2*1.6
	label := stLabel
	label.size = 6.8
	b.add(h, func(y float64) {
		for i, side := range []struct {
			label string
			lines []line
		}{{d.word("pdf.finding.observed"), left}, {d.word("pdf.finding.required"), right}} {
			at := x + float64(i)*(w+gap)
			d.fill(at, y, w, h, "panel")
			d.draw(at+pad, y+1.3, d.fit(strings.ToUpper(side.label), label, w-2*pad), label)
			d.drawLines(at+pad, y+5.0, side.lines, text)
		}
	})
	b.space(2.6)
}

func (d *doc) findingBody(b *block, f *report.Finding) {
	text := stCell
	text.size, text.lead, text.most = 8.8, 4.2, mostRunes
	add := func(label, value string) {
		if value != "" {
			b.labelled(label, text, []piece{{text: value}})
		}
	}
	remedy := f.Remediation
	if f.Owner != "" {
		remedy = joinSet(" ", remedy, d.word("pdf.finding.owner", "owner", f.Owner))
	}
	if f.Message != d.headline(f) {
		add(d.word("pdf.finding.found"), f.Message)
	}
	add(d.word("pdf.finding.impact"), f.Rationale)
	add(d.word("pdf.finding.remedy"), remedy)
	if f.Waiver != "" {
		add(d.word("pdf.finding.waiver"), d.word("pdf.finding.waiver.text", "waiver", f.Waiver))
	}
	places := text
	places.most = 300
	b.labelled(d.word("pdf.finding.where"), places, d.where(f)...)
	test := []piece{{text: f.Rule, link: "rule:" + f.Rule, colour: "accent"}}
	if f.Basis != "" {
		test = append(test, piece{text: " · " + d.word("pdf.finding.basis", "basis", f.Basis)})
	}
	b.labelled(d.word("pdf.finding.test"), text, test)
	if len(f.Controls) > 0 {
		var list []piece
		for i, id := range capped(f.Controls) {
			if i > 0 {
				list = append(list, piece{text: " · "})
			}
			list = append(list, piece{text: d.control(id), link: "control:" + id, colour: "accent"})
		}
		b.labelled(d.word("pdf.finding.controls"), text, list)
	}
	if f.Reperform != "" {
		command := stMono
		command.size, command.lead = 8, 4.2
		var paras [][]piece
		for _, part := range strings.Split(f.Reperform, "\n") {
			paras = append(paras, []piece{{text: part}})
		}
		b.labelled(d.word("pdf.finding.prove"), command, paras...)
	}
}

// where says in how many places a finding is, and names them up to the limit.
func (d *doc) where(f *report.Finding) [][]piece {
	files, endpoints := 0, 0
	for _, l := range f.Locations {
		if l.Endpoint != "" {
			endpoints++
		} else {
			files++
		}
	}
	var counts []string
	if endpoints > 0 {
		counts = append(counts, d.number(endpoints, "pdf.count.endpoint", "pdf.count.endpoints"))
	}
	if files > 0 {
		counts = append(counts, d.number(files, "pdf.count.file", "pdf.count.files"))
	}
	if len(counts) == 0 {
		return [][]piece{{{text: f.Asset()}}}
	}
	shown := f.Locations[:min(len(f.Locations), d.t.Limits.Locations)]
	summary := strings.Join(counts, ", ")
	var names []string
	for _, l := range shown {
		names = append(names, l.String())
	}
	const short = 160 // bytes that read well in a row
	if row := strings.Join(names, " · "); len(shown) == len(f.Locations) && len(row) <= short {
		return [][]piece{{{text: summary + ": " + row}}}
	}
	paras := [][]piece{{{text: summary}}}
	for _, name := range names {
		paras = append(paras, []piece{{text: name}})
	}
	if more := len(f.Locations) - len(shown); more > 0 {
		paras = append(paras, []piece{{text: d.word("pdf.more.locations", "count", report.FormatCount(more))}})
	}
	return paras
}

// number prints a count with its noun.
func (d *doc) number(n int, one, many string) string {
	if n == 1 {
		return d.word(one)
	}
	return d.word(many, "count", report.FormatCount(n))
}

// provenance adds the grey lines that tie a finding to its evidence.
func (d *doc) provenance(b *block, f *report.Finding) {
	st := stTiny
	st.size, st.lead, st.most = 6.9, 3.5, 400
	parts := []string{d.word("pdf.provenance.finding", "id", f.ID)}
	if !f.ObservedAt.IsZero() {
		parts = append(parts, d.word("pdf.provenance.observed", "time", report.FormatTime(f.ObservedAt)))
	}
	if len(f.Locations) > 0 && f.Locations[0].Endpoint != "" {
		parts = append(parts, d.word("pdf.provenance.chain", "position", strconv.Itoa(f.Locations[0].Index)))
	}
	if f.Serial != "" {
		parts = append(parts, d.word("pdf.provenance.serial", "serial", report.FormatSerial(f.Serial)))
	}
	b.space(0.6)
	width := d.textWidth() - blockPad - 4
	b.lines(margin+blockPad, d.wrap(strings.Join(parts, " · "), st, width), st)
	parts = nil
	if f.Certificate != "" {
		parts = append(parts, d.word("pdf.provenance.certificate", "sha256", f.Certificate))
	}
	if f.Subject != "" {
		parts = append(parts, d.word("pdf.provenance.subject", "subject", f.Subject))
	}
	if len(parts) > 0 {
		b.lines(margin+blockPad, d.wrap(strings.Join(parts, " · "), st, width), st)
	}
}
