package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"certaudit/report"
)

// How much of an audit the terminal shows: one screen of 24 lines.
const (
	summaryFindings = 6
	summaryReasons  = 4
	summaryColumn   = 46
)

// summary prints the audit on one screen. It reads no more rows than it shows.
func (a *app) summary(audit *report.Audit, out *folder) error {
	p := a.out
	p.printf("%s\n", audit.Gate.Headline)
	p.printf("Evaluated as of %s on facts collected %s to %s.\n", report.FormatTime(audit.Run.AsOf),
		report.FormatTime(audit.Run.CollectedFrom), report.FormatTime(audit.Run.CollectedTo))
	s, t := &audit.Scope, &audit.Totals
	other := ""
	if s.OtherNotAssessed > 0 {
		other = ", " + counted(s.OtherNotAssessed, "other item") + " not assessed"
	}
	p.printf("Scope: %s (%s read, %s without certificates, %s not assessed, %s excluded, %s own output), %s (%s not assessed)%s.\n",
		counted(s.Files, "file"), report.FormatCount(s.FilesRead), report.FormatCount(s.FilesWithoutCertificates), report.FormatCount(s.FilesNotAssessed),
		report.FormatCount(s.FilesExcluded), report.FormatCount(s.OwnOutput), counted(s.EndpointsAsked, "endpoint"), report.FormatCount(s.EndpointsNotAssessed), other)
	b := t.BySeverity
	p.printf("Failed tests: %d critical, %d high, %d medium, %d low, %d info; %d waived, %d not assessed of %s.\n", b.Critical, b.High, b.Medium, b.Low, b.Info,
		t.ByResult.Waived, t.ByResult.NotAssessed, report.FormatCount(t.ByResult.Pass+t.ByResult.Fail+t.ByResult.Waived+t.ByResult.NotAssessed+t.ByResult.Error))
	if err := a.worst(audit); err != nil {
		return err
	}
	a.unassessed(audit)
	if audit.Gate.Note != "" {
		p.printf("Note: %s.\n", audit.Gate.Note)
	}
	p.printf("Written to %s: %s\n", inline(out.dir), strings.Join(out.written, ", "))
	p.printf("Exit status %d: %s\n", audit.Gate.ExitStatus, exitMeaning(audit))
	return nil
}

func (a *app) worst(audit *report.Audit) error {
	total := audit.Totals.ByResult.Fail + audit.Totals.ByResult.Waived
	if total == 0 {
		return nil
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 4, 2, ' ', 0)
	n := 0
	for f, err := range audit.Findings() {
		if err != nil {
			return err
		}
		word := f.Severity
		if f.Result == "waived" {
			word = "waived"
		}
		asset := f.Asset()
		if len(audit.Run.Evidence) > 1 && len(f.Locations) > 0 && f.Locations[0].Vantage != "" {
			asset += " from " + f.Locations[0].Vantage
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", word, shorten(inline(asset), summaryColumn), shorten(inline(f.Title), summaryColumn))
		if n++; n == summaryFindings {
			break
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	a.out.printf("%s", text.String())
	if total > n {
		a.out.printf("  and %s more, in the reports\n", report.FormatCount(total-n))
	}
	return nil
}

func (a *app) unassessed(audit *report.Audit) {
	if len(audit.Reasons) == 0 {
		return
	}
	var parts []string
	for i, r := range audit.Reasons {
		if i == summaryReasons {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s/%s", report.FormatCount(r.Count), inline(r.Stage), inline(r.Reason)))
	}
	a.out.printf("Not assessed: %s.\n", strings.Join(parts, ", "))
}

// shorten cuts the middle out, where paths differ least.
func shorten(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	half := (most - 1) / 2
	return string(r[:half]) + "…" + string(r[len(r)-(most-1-half):])
}

func exitMeaning(audit *report.Audit) string {
	switch audit.Gate.ExitStatus {
	case exitViolations:
		return fmt.Sprintf("%s at or above %s", counted(audit.Estate.Violations, "violation"), audit.Run.FailOn)
	case exitIncomplete:
		return "no violation, but something in scope was not assessed"
	}
	if audit.Run.FailOn == "none" {
		return "no severity was set to fail on"
	}
	return "no violation at or above " + audit.Run.FailOn
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return report.FormatCount(n) + " " + noun + "s"
}
