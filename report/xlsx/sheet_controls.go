package xlsx

import (
	"iter"
	"slices"

	"certaudit/policies"
	"certaudit/report"
)

// A controlRow is a control (rule is nil), or one of the rules mapped to it.
type controlRow struct {
	control *report.Control
	rule    *report.Rule
}

// The levels of the matrix, as its first column names them.
const (
	levelControl = "control"
	levelRule    = "rule"
)

// controlsSheet is the control matrix: each control with its result and its
// counts, and below it the rules that test it with theirs.
func controlsSheet() sheet {
	t := &table[controlRow]{
		id:   "controls",
		rows: controlRows,
		bold: func(r controlRow) bool { return r.rule == nil },
		level: func(r controlRow) int {
			if r.rule == nil {
				return 0
			}
			return 1
		},
		columns: []column[controlRow]{
			{key: "level", value: func(r controlRow) any { return r.level() }},
			{key: "framework", value: func(r controlRow) any { return r.control.Framework }},
			{key: "clause", value: func(r controlRow) any { return r.control.Clause }},
			{key: "test", value: func(r controlRow) any { return r.test() }},
			{key: "rule", value: func(r controlRow) any { return r.ruleID() }},
			{key: "result", fill: fillStatus, width: 20, value: func(r controlRow) any { return r.result() }},
			{key: "population", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.Population }, func(q *report.Rule) int { return q.Population })
			}},
			{key: "pass", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.Pass }, func(q *report.Rule) int { return q.Pass })
			}},
			{key: "fail", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.Fail }, func(q *report.Rule) int { return q.Fail })
			}},
			{key: "waived", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.Waived }, func(q *report.Rule) int { return q.Waived })
			}},
			{key: "not_assessed", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.NotAssessed }, func(q *report.Rule) int { return q.NotAssessed })
			}},
			{key: "error", kind: kindCount, value: func(r controlRow) any {
				return r.count(func(c *report.Control) int { return c.Error }, func(q *report.Rule) int { return q.Error })
			}},
			{key: "severity", fill: fillSeverity, width: 12, value: func(r controlRow) any { return r.ofRule(func(q *report.Rule) string { return q.Severity }) }},
			{key: "unit", value: func(r controlRow) any { return r.ofRule(func(q *report.Rule) string { return q.Unit }) }},
			{key: "requires", value: func(r controlRow) any { return r.ofRule(func(q *report.Rule) string { return q.Requires }) }},
			{key: "scope", value: func(r controlRow) any { return r.ofRule(func(q *report.Rule) string { return q.Scope }) }},
			{key: "basis", value: func(r controlRow) any { return r.ofRule(func(q *report.Rule) string { return q.Basis }) }},
		},
	}
	return t.sheet()
}

func controlRows(b *book) iter.Seq2[controlRow, error] {
	return func(yield func(controlRow, error) bool) {
		for i := range b.a.Controls {
			c := &b.a.Controls[i]
			if !yield(controlRow{control: c}, nil) {
				return
			}
			for _, id := range c.Rules {
				j := slices.IndexFunc(b.a.Rules, func(q report.Rule) bool { return q.ID == id })
				if j < 0 {
					continue
				}
				if !yield(controlRow{control: c, rule: &b.a.Rules[j]}, nil) {
					return
				}
			}
		}
	}
}

func (r controlRow) level() string {
	if r.rule == nil {
		return levelControl
	}
	return levelRule
}

func (r controlRow) test() string {
	if r.rule == nil {
		return r.control.Title
	}
	return r.rule.Title
}

func (r controlRow) ruleID() any { return r.ofRule(func(q *report.Rule) string { return q.ID }) }

// result is the control's status, or the worst result of the rule's tests.
func (r controlRow) result() string {
	q := r.rule
	switch {
	case q == nil:
		return r.control.Status
	case q.Fail > 0:
		return policies.Fail.String()
	case q.Error > 0:
		return policies.Error.String()
	case q.NotAssessed > 0:
		return policies.NotAssessed.String()
	case q.Waived > 0:
		return policies.Waived.String()
	case q.Pass > 0:
		return policies.Pass.String()
	}
	return policies.NotApplicable.String()
}

func (r controlRow) count(control func(*report.Control) int, rule func(*report.Rule) int) int {
	if r.rule == nil {
		return control(r.control)
	}
	return rule(r.rule)
}

func (r controlRow) ofRule(text func(*report.Rule) string) any {
	if r.rule == nil {
		return nil
	}
	return text(r.rule)
}
