package pdf

import (
	"context"
	"slices"

	"certaudit/report"
)

const (
	riskiest       = 5  // items on the summary
	idsPerControl  = 12 // findings named with a control
	cancelInterval = 64 // rows between looks at the context
)

// gathered is what pages need to know of the rows before they are drawn: a
// few lines and counts, never the rows.
type gathered struct {
	top         []*report.Finding   // the worst
	ids         map[string][]string // finding ids by control, as far as they are printed
	idCount     map[string]int      // all findings by control
	printed     map[string]bool     // ids of the findings that have a block
	findings    int
	bySeverity  map[string]int // findings by severity, waived ones too
	waived      int
	notAssessed int
	notAllowed  int
	inventory   int
	endpoints   int
}

// gather ranges over every row once.
func gather(ctx context.Context, t *report.Template, a *report.Audit) (*gathered, error) {
	g := &gathered{ids: map[string][]string{}, idCount: map[string]int{}, printed: map[string]bool{}, bySeverity: map[string]int{}}
	known := map[string]bool{} // a finding may name a control that no policy has
	for _, c := range a.Controls {
		known[c.ID] = true
	}
	err := each(ctx, a.Findings(), func(f *report.Finding) bool {
		if len(g.top) < riskiest && f.Result != "waived" {
			g.top = append(g.top, f)
		}
		if g.findings < t.Limits.Findings {
			g.printed[f.ID] = true
		}
		for _, id := range f.Controls {
			if !known[id] {
				continue
			}
			g.idCount[id]++
			if g.printed[f.ID] && len(g.ids[id]) < idsPerControl && !slices.Contains(g.ids[id], f.ID) {
				g.ids[id] = append(g.ids[id], f.ID)
			}
		}
		if f.Result == "waived" {
			g.waived++
		} else {
			g.bySeverity[f.Severity]++
		}
		g.findings++
		return true
	})
	if err != nil {
		return nil, err
	}
	if err := each(ctx, a.NotAssessed(), func(n *report.NotAssessed) bool {
		g.notAssessed++
		if !n.Allowed {
			g.notAllowed++
		}
		return true
	}); err != nil {
		return nil, err
	}
	if err := each(ctx, a.Endpoints(), func(*report.EndpointRow) bool { g.endpoints++; return true }); err != nil {
		return nil, err
	}
	return g, each(ctx, a.Inventory(), func(*report.InventoryRow) bool { g.inventory++; return true })
}

// each ranges over rows until use says stop. It returns the sequence's error,
// or the context's.
func each[T any](ctx context.Context, rows func(func(*T, error) bool), use func(*T) bool) error {
	var failed error
	n := 0
	rows(func(row *T, err error) bool {
		if err == nil && n%cancelInterval == 0 {
			err = ctx.Err()
		}
		n++
		if err != nil {
			failed = err
			return false
		}
		return use(row)
	})
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// limited ranges over the first most rows.
func limited[T any](ctx context.Context, rows func(func(*T, error) bool), most int, use func(*T)) error {
	n := 0
	return each(ctx, rows, func(row *T) bool {
		if n == most {
			return false
		}
		n++
		use(row)
		return true
	})
}
