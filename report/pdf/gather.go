package pdf

import (
	"context"
	"slices"

	"certaudit/report"
	"certaudit/scan"
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
	ids         map[string][]string // ids of printed findings by control, the first few
	findings    int
	notAssessed int
	allowed     int // of them
	inventory   int
	endpoints   int
	probed      int                 // of them, those that were asked for every suite
	exposed     int                 // private keys that others may read
	openKeys    []*report.ObjectRow // the first of them
}

// gather looks at the rows once: at findings and inventory only as far as they
// are printed, for their number is among the totals.
func gather(ctx context.Context, t *report.Template, a *report.Audit) (*gathered, error) {
	g := &gathered{ids: map[string][]string{}}
	if err := each(ctx, a.Findings(), func(f *report.Finding) bool {
		g.findings++
		if g.findings > t.Limits.Findings {
			return false
		}
		if len(g.top) < riskiest && f.Result != "waived" {
			g.top = append(g.top, f)
		}
		for _, id := range capped(f.Controls) {
			if len(g.ids[id]) < idsPerControl && !slices.Contains(g.ids[id], f.ID) {
				g.ids[id] = append(g.ids[id], f.ID)
			}
		}
		return true
	}); err != nil {
		return nil, err
	}
	g.findings = max(g.findings, a.Totals.ByResult.Fail+a.Totals.ByResult.Waived)
	if err := each(ctx, a.NotAssessed(), func(n *report.NotAssessed) bool {
		g.notAssessed++
		if n.Allowed {
			g.allowed++
		}
		return true
	}); err != nil {
		return nil, err
	}
	if err := each(ctx, a.Endpoints(), func(r *report.EndpointRow) bool {
		g.endpoints++
		if report.SuitesProbed(r.Endpoint) {
			g.probed++
		}
		return true
	}); err != nil {
		return nil, err
	}
	if err := each(ctx, a.Inventory(), func(*report.InventoryRow) bool {
		g.inventory++
		return g.inventory <= t.Limits.Inventory
	}); err != nil {
		return nil, err
	}
	g.inventory = max(g.inventory, a.Scope.DistinctCertificates)
	if err := each(ctx, a.Objects(scan.ObjectPrivateKey), func(r *report.ObjectRow) bool {
		if r.Exposed() {
			if g.exposed++; len(g.openKeys) < listedEntries {
				g.openKeys = append(g.openKeys, r)
			}
		}
		return true
	}); err != nil {
		return nil, err
	}
	return g, nil
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
