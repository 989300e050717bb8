package pdf

import (
	"strconv"
	"strings"

	"github.com/go-pdf/fpdf"

	"certaudit/report"
)

// cover draws the first page: what this is, of whom, of when, and how it is
// checked.
func (d *doc) cover(logo bool) {
	d.addPage(false)
	a := d.a
	const band = 104.0
	d.fill(0, 0, d.w, band, "accent")
	pale := "hairline"
	small := style{font: bold, size: 8, lead: 4, colour: pale}
	d.draw(margin, 20.8, d.fit(strings.ToUpper(joinSet("  ·  ", a.Document.Classification, a.Document.Status)), small, 100), small)
	if logo {
		d.logo()
	}
	d.coverTitle(band)

	when := style{font: sans, size: 9.6, lead: 5, colour: pale}
	d.draw(margin, band-16, d.fit(joinSet("   ·   ",
		d.word("pdf.cover.as_of", "time", report.FormatLongTime(a.Run.AsOf)),
		d.word("pdf.cover.collected", "span", report.FormatSpan(a.Run.CollectedFrom, a.Run.CollectedTo))), when, d.textWidth()), when)

	d.y, d.body = band+13, band+13
	d.coverFacts()
	d.coverFoot()
}

// coverTitle sets title and organisation into the band.
func (d *doc) coverTitle(band float64) {
	a := d.a
	title := style{font: bold, size: 30, lead: 12.5, colour: "white", most: 120}
	name := a.Document.Title
	if name == "" {
		name = d.word("pdf.title")
	}
	lines := d.wrap(name, title, d.textWidth())
	if len(lines) > 2 { // a long title is set smaller
		title.size, title.lead = 17, 7.5
		if lines = d.wrap(name, title, d.textWidth()); len(lines) > 4 {
			lines = lines[:4]
		}
	}
	y := d.drawLines(margin, 46, lines, title) + 2.4
	sub := style{font: sans, size: 14.5, lead: 7, colour: "hairline", most: 160}
	for _, ln := range d.wrap(joinSet(" — ", a.Document.Organisation, a.Document.Period), sub, d.textWidth()) {
		if y+sub.lead > band-17 {
			break
		}
		d.draw(margin, y, ln, sub)
		y += sub.lead
	}
}

// logo draws the template's logo into the band's upper right corner, as large
// as 60 by 20 mm allow.
func (d *doc) logo() {
	if d.out == nil {
		return
	}
	info := d.out.GetImageInfo("logo")
	if info == nil || info.Width() <= 0 || info.Height() <= 0 {
		return
	}
	scale := min(60/info.Width(), 20/info.Height())
	w, h := info.Width()*scale, info.Height()*scale
	d.out.ImageOptions("logo", d.w-margin-w, 14, w, h, false, fpdf.ImageOptions{}, 0, "")
}

func (d *doc) coverFacts() {
	a := d.a
	s := a.Scope
	var names []string
	for _, p := range a.Run.Policies {
		names = append(names, d.word("pdf.cover.policy", "id", p.ID, "version", p.Version))
	}
	scope := joinSet(", ", d.number(s.Targets, "pdf.count.target", "pdf.count.targets"), d.number(s.Files, "pdf.count.file", "pdf.count.files"),
		d.number(s.EndpointsAsked, "pdf.count.endpoint", "pdf.count.endpoints"))
	if page := d.pageOf("section:scope"); page > 0 {
		scope += " " + d.word("pdf.see_page", "page", strconv.Itoa(page))
	}
	reference := a.Document.Reference
	if a.Document.Supersedes != "" {
		reference = joinSet(", ", reference, d.word("pdf.cover.supersedes", "reference", a.Document.Supersedes))
	}
	d.coverRow(d.word("pdf.label.policies"), strings.Join(names, " · "))
	d.coverRow(d.word("pdf.label.scope"), scope)
	d.coverRow(d.word("pdf.label.result"), d.resultSentence())
	d.coverRow(d.word("pdf.label.gate"), d.gateSentence())
	d.coverRow(d.word("pdf.label.note"), a.Gate.Note)
	d.coverRow(d.word("pdf.label.reference"), reference)
	d.coverRow(d.word("pdf.label.prepared_by"), a.Document.PreparedBy)
	d.coverRow(d.word("pdf.label.reviewed_by"), a.Document.ReviewedBy)
	d.coverRow(d.word("pdf.label.retain_until"), a.Document.RetainUntil)
	d.coverRow(d.word("pdf.label.run"), a.Run.ID)
}

// coverRow draws one label and value; the value takes at most two lines.
func (d *doc) coverRow(label, value string) {
	st := style{font: sans, size: 9.6, lead: 4.6, colour: "ink", most: 400}
	if value == "" || d.y > d.h-62 {
		return
	}
	const labels = 42.0
	lines := d.wrap(value, st, d.textWidth()-labels)
	if len(lines) > 2 {
		lines = []line{lines[0], d.ellipsis(lines[1], st, d.textWidth()-labels)}
	}
	d.draw(margin, d.y+0.3, d.fit(label, stLabel, labels-2), stLabel)
	d.y = d.drawLines(margin+labels, d.y, lines, st) + 1.8
	d.hairline(d.y)
	d.y += 1.8
}

// resultSentence states the violations with their unit and population.
func (d *doc) resultSentence() string {
	a := d.a
	return d.word("pdf.cover.result", "violations", report.FormatCount(a.Estate.Violations), "severity", d.failOn(),
		"failing_certificates", report.FormatCount(a.Estate.FailingCertificates), "certificates", report.FormatCount(a.Scope.DistinctCertificates),
		"failing_endpoints", report.FormatCount(a.Estate.FailingEndpoints), "endpoints", report.FormatCount(a.Scope.EndpointsAssessed))
}

// gateSentence states how the exit status came about.
func (d *doc) gateSentence() string {
	a := d.a
	allowed := d.word("pdf.gate.none_allowed")
	if len(a.Run.AllowIncomplete) > 0 {
		allowed = d.word("pdf.gate.allowed", "stages", strings.Join(a.Run.AllowIncomplete, ", "))
	}
	return d.word("pdf.gate", "fail_on", d.failOn(), "baseline", a.Run.Baseline, "allowed", allowed,
		"status", strconv.Itoa(a.Gate.ExitStatus))
}

// failOn is the gate's severity as it stands in a sentence.
func (d *doc) failOn() string { return strings.ToLower(d.severity(d.a.Run.FailOn)) }

// coverFoot draws the digest and how to verify the report.
func (d *doc) coverFoot() {
	a := d.a
	y := d.h - 54
	d.draw(margin, y, d.fit(d.word("pdf.cover.digest"), stLabel, d.textWidth()), stLabel)
	st := stMono
	st.size, st.lead = 9, 5.4
	d.draw(margin, y+4.6, d.fit(a.Run.EvidenceSHA256, st, d.textWidth()), st)
	verify := d.word("pdf.cover.verify", "generator", a.Generator, "as_of", report.FormatRFC3339(a.Run.AsOf))
	lines := d.wrap(verify, stNote, d.textWidth())
	d.drawLines(margin, y+14, lines[:min(len(lines), 4)], stNote)
}
