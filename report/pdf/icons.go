package pdf

import (
	"github.com/go-pdf/fpdf"

	"certaudit/report"
)

// The kinds of icon. A severity is its own kind.
const (
	iconPass        = "pass"
	iconWaived      = "waived"
	iconNotAssessed = "not_assessed"
	iconPartly      = "partly"
	iconNone        = "none"
	iconError       = "error"
)

const iconSize = 2.7 // mm

// icon draws a shape whose box has its top left at x, y and the given size.
// Every kind has a shape of its own, so that it reads without colour; an
// unknown kind draws nothing.
func (d *doc) icon(kind string, x, y, size float64) {
	r := size / 2
	cx, cy := x+r, y+r
	const stroke = 0.42
	switch kind {
	case "critical":
		d.fill(x, y, size, size, "critical")
	case "high":
		d.polygon("high", 0, pt(cx, y-0.1), pt(x+size+0.1, y+size), pt(x-0.1, y+size))
	case "medium":
		d.polygon("medium", 0, pt(cx, y-0.2), pt(x+size+0.2, cy), pt(cx, y+size+0.2), pt(x-0.2, cy))
	case "low":
		d.circle(cx, cy, r, 0, "low")
	case "info":
		d.fill(x, cy-size*0.19, size, size*0.38, "info")
	case iconPass:
		d.stroke(x, y, size, "pass", pt(0.04, 0.55), pt(0.36, 0.88), pt(1, 0.12))
	case iconError:
		d.stroke(x, y, size, "critical", pt(0.1, 0.1), pt(0.9, 0.9))
		d.stroke(x, y, size, "critical", pt(0.9, 0.1), pt(0.1, 0.9))
	case iconWaived:
		d.polygon("waived", stroke, pt(x+0.2, y+0.2), pt(x+size-0.2, y+0.2), pt(x+size-0.2, y+size-0.2), pt(x+0.2, y+size-0.2))
		d.rule(x+0.2, y+size-0.2, x+size-0.2, y+0.2, stroke, "waived")
	case iconNotAssessed:
		d.circle(cx, cy, r-0.2, stroke, "info")
	case iconPartly:
		d.circle(cx, cy, r-0.2, stroke, "info")
		d.polygon("info", 0, sector(cx, cy, 0, r-0.2, 0.5, 1)...)
	case iconNone:
		d.polygon("info", stroke, pt(cx, y), pt(x+size, cy), pt(cx, y+size), pt(x, cy))
	}
}

// stroke draws a thick line through points given as parts of the icon's box.
func (d *doc) stroke(x, y, size float64, colour string, points ...fpdf.PointType) {
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		d.rule(x+a.X*size, y+a.Y*size, x+b.X*size, y+b.Y*size, 0.62, colour)
	}
}

// findingIcon is the icon of a finding: its severity's, unless it is waived.
func findingIcon(f *report.Finding) string {
	if f.Result == "waived" {
		return iconWaived
	}
	return f.Severity
}

// severityWords are the template's keys for the severities.
var severityWords = map[string]string{
	"critical": "pdf.severity.critical",
	"high":     "pdf.severity.high",
	"medium":   "pdf.severity.medium",
	"low":      "pdf.severity.low",
	"info":     "pdf.severity.info",
}

// severity gives a severity's printed word.
func (d *doc) severity(word string) string {
	if key, ok := severityWords[word]; ok {
		return d.word(key)
	}
	return word
}

// statusWords are the template's keys for the statuses of a control.
var statusWords = map[string]string{
	report.ExceptionNoted:    "pdf.status.noted",
	report.ExceptionAccepted: "pdf.status.accepted",
	report.NoException:       "pdf.status.none",
	report.PartlyAssessed:    "pdf.status.partly",
	report.NotTested:         "pdf.status.untested",
	report.NoPopulation:      "pdf.status.empty",
}

// statusIcons are the icons of the statuses of a control.
var statusIcons = map[string]string{
	report.ExceptionNoted:    iconError,
	report.ExceptionAccepted: iconWaived,
	report.NoException:       iconPass,
	report.PartlyAssessed:    iconPartly,
	report.NotTested:         iconNotAssessed,
	report.NoPopulation:      iconNone,
}

// status gives the printed word of a control's status.
func (d *doc) status(s string) string {
	if key, ok := statusWords[s]; ok {
		return d.word(key)
	}
	return s
}
