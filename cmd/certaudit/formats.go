package main

import (
	"fmt"
	"slices"
	"strings"

	"certaudit/report"
	"certaudit/report/pdf"
	"certaudit/report/xlsx"
)

// A formatEntry is one report format.
type formatEntry struct {
	name string
	file string // in the output folder
	make func(*report.Template) (report.Format, error)
}

// formats lists the report formats in the order in which they are written. A
// new one is its package and a line here.
func formats() []formatEntry {
	return []formatEntry{
		{"pdf", "report.pdf", func(t *report.Template) (report.Format, error) { return pdf.New(t) }},
		{"xlsx", "report.xlsx", func(t *report.Template) (report.Format, error) { return xlsx.New(t) }},
		{"json", "report.json", func(*report.Template) (report.Format, error) { return report.JSON{}, nil }},
	}
}

// laterFormats are names of the contract that this version does not write.
var laterFormats = []string{"html", "md", "csv", "sarif", "junit", "gitlab", "github", "cbom", "ics", "prom"}

// pickFormats reads a list of format names; the result is in the order of
// formats, each once.
func pickFormats(names []string) ([]formatEntry, error) {
	known := formats()
	want := map[string]bool{}
	for _, n := range names {
		switch {
		case slices.ContainsFunc(known, func(f formatEntry) bool { return f.name == n }):
			want[n] = true
		case slices.Contains(laterFormats, n):
			return nil, fmt.Errorf("--format %s: this version writes %s", n, formatNames(known))
		default:
			return nil, fmt.Errorf("--format %q: not a format; this version writes %s", n, formatNames(known))
		}
	}
	if len(want) == 0 {
		return nil, fmt.Errorf("--format: no format named; this version writes %s", formatNames(known))
	}
	return slices.DeleteFunc(known, func(f formatEntry) bool { return !want[f.name] }), nil
}

func formatNames(all []formatEntry) string {
	var names []string
	for _, f := range all {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}
