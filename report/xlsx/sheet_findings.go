package xlsx

import (
	"fmt"
	"iter"
	"math"
	"strings"

	"certaudit/report"

	"github.com/xuri/excelize/v2"
)

// A findingRow is one finding in one of its places.
type findingRow struct {
	*report.Finding
	at       *report.Location // nil where the finding has no place
	daysLeft any
}

// findingsSheet lists every finding, once for each of its locations, and leaves
// room for the auditor's conclusion.
func findingsSheet() sheet {
	t := &table[findingRow]{
		id:   "findings",
		keep: 1,
		rows: findingRows,
		columns: []column[findingRow]{
			{key: "id", kind: kindToken, value: func(r findingRow) any { return r.ID }},
			{key: "rank", kind: kindNumber, value: func(r findingRow) any { return report.SeverityRank(r.Severity) + 1 }},
			{key: "severity", fill: fillSeverity, width: 12, value: func(r findingRow) any { return r.Severity }},
			{key: "result", fill: fillResult, value: func(r findingRow) any { return r.Result }},
			{key: "rule", value: func(r findingRow) any { return r.Rule }},
			{key: "title", value: func(r findingRow) any { return r.Title }},
			{key: "asset", value: func(r findingRow) any { return r.Asset() }},
			{key: "observed", value: func(r findingRow) any { return r.Observed }},
			{key: "required", value: func(r findingRow) any { return r.Required }},
			{key: "message", value: func(r findingRow) any { return r.Message }},
			{key: "not_after", kind: kindDate, value: func(r findingRow) any { return r.notAfter() }},
			{key: "days_left", kind: kindCount, value: func(r findingRow) any { return r.daysLeft }},
			{key: "path", value: func(r findingRow) any { return r.place(func(l *report.Location) any { return l.Path }) }},
			{key: "endpoint", value: func(r findingRow) any { return r.endpoint() }},
			{key: "index", kind: kindNumber, value: func(r findingRow) any { return r.place(func(l *report.Location) any { return l.Index }) }},
			{key: "alias", value: func(r findingRow) any { return r.place(func(l *report.Location) any { return l.Alias }) }},
			{key: "line", kind: kindNumber, value: func(r findingRow) any {
				return r.place(func(l *report.Location) any { return positive(l.Line) })
			}},
			{key: "use", value: func(r findingRow) any { return r.place(func(l *report.Location) any { return l.Use }) }},
			{key: "vantage", value: func(r findingRow) any { return r.place(func(l *report.Location) any { return l.Vantage }) }},
			{key: "subject", value: func(r findingRow) any { return r.Subject }},
			{key: "serial", kind: kindToken, value: func(r findingRow) any { return r.Serial }},
			{key: "fingerprint", kind: kindToken, value: func(r findingRow) any { return r.Certificate }},
			{key: "controls", value: func(r findingRow) any { return listText(r.Controls) }},
			{key: "basis", value: func(r findingRow) any { return r.Basis }},
			{key: "rationale", value: func(r findingRow) any { return r.Rationale }},
			{key: "remediation", value: func(r findingRow) any { return r.Remediation }},
			{key: "reperform", kind: kindCode, value: func(r findingRow) any { return r.Reperform }},
			{key: "owner", value: func(r findingRow) any { return r.Owner }},
			{key: "waiver", value: func(r findingRow) any { return r.Waiver }},
			{key: "observed_at", kind: kindDate, value: func(r findingRow) any { return dateValue(r.ObservedAt) }},
			{key: "lineage", kind: kindToken, value: func(r findingRow) any { return r.Lineage }},
			{key: "conclusion", kind: kindInput, width: 20, value: blank},
			{key: "ticket", kind: kindInput, width: 16, value: blank},
			{key: "comment", kind: kindInput, width: 40, value: blank},
			{key: "tested_by", kind: kindInput, width: 18, value: blank},
			{key: "tested_on", kind: kindInputDate, width: 14, value: blank},
		},
	}
	columns := len(t.columns)
	t.finish = func(p *tablePage) error {
		const conclusion, testedOn = 5, 1 // from the right
		if err := p.dropDown(columns - conclusion + 1); err != nil {
			return fmt.Errorf("column conclusion: %w", err)
		}
		if err := p.days(columns - testedOn + 1); err != nil {
			return fmt.Errorf("column tested_on: %w", err)
		}
		return nil
	}
	return t.sheet()
}

// findingRows yields one row for each finding and location.
func findingRows(b *book) iter.Seq2[findingRow, error] {
	return func(yield func(findingRow, error) bool) {
		for f, err := range b.a.Findings() {
			if err != nil {
				yield(findingRow{}, err)
				return
			}
			r := findingRow{Finding: f, daysLeft: b.daysLeft(f)}
			if len(f.Locations) == 0 && !yield(r, nil) {
				return
			}
			for i := range f.Locations {
				r.at = &f.Locations[i]
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// daysLeft is the whole days from the as-of instant to the certificate's end,
// rounded down; no value where there is no certificate.
func (b *book) daysLeft(f *report.Finding) any {
	if f.NotAfter == nil {
		return nil
	}
	seconds := f.NotAfter.Unix() - b.a.Run.AsOf.Unix()
	return int(math.Floor(float64(seconds) / 86400))
}

func (r findingRow) notAfter() any {
	if r.NotAfter == nil {
		return nil
	}
	return dateValue(*r.NotAfter)
}

func (r findingRow) place(fact func(*report.Location) any) any {
	if r.at == nil {
		return nil
	}
	return fact(r.at)
}

func (r findingRow) endpoint() any {
	if r.at != nil {
		return r.at.Endpoint
	}
	return r.Finding.Endpoint
}

// positive is a number whose zero means that there is none.
func positive(n int) any {
	if n <= 0 {
		return nil
	}
	return n
}

// blank is a cell for the auditor.
func blank(findingRow) any { return nil }

// conclusions are what an auditor may conclude; the keys of their words.
func conclusions() []string {
	return []string{"confirmed", "not_an_exception", "risk_accepted", "remediated", "open"}
}

func conclusionWords(t *report.Template) []string {
	var words []string
	for _, c := range conclusions() {
		words = append(words, t.Word("xlsx.conclusion."+c))
	}
	return words
}

// checkChoices sees to what a drop-down in the cell allows: 255 characters in
// all, separated by commas.
func checkChoices(t *report.Template) error {
	words := conclusionWords(t)
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, `,"=`) {
			return fmt.Errorf(`template: word %q: a choice is not empty and has none of , " =`, "xlsx.conclusion."+conclusions()[i])
		}
	}
	if all := units(strings.Join(words, ",")); all > 255 {
		return fmt.Errorf("template: words xlsx.conclusion.*: %d characters, at most 255 in all", all)
	}
	return nil
}

// dropDown offers the conclusions in a column.
func (p *tablePage) dropDown(number int) error {
	ref, err := p.columnRange(number)
	if err != nil {
		return err
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(ref)
	if err := v.SetDropList(conclusionWords(p.b.t)); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, p.b.t.Word("xlsx.validation.title"), p.b.t.Word("xlsx.validation.conclusion"))
	return p.b.f.AddDataValidation(p.name, v)
}

// days takes dates only in a column: from 2000 to the end of 2199.
func (p *tablePage) days(number int) error {
	const from, to = 36526, 109574
	ref, err := p.columnRange(number)
	if err != nil {
		return err
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(ref)
	if err := v.SetRange(from, to, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween); err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, p.b.t.Word("xlsx.validation.title"), p.b.t.Word("xlsx.validation.date"))
	return p.b.f.AddDataValidation(p.name, v)
}
