// Package reporttest gives formats audits to write and one suite that every
// format passes.
package reporttest

import (
	"iter"
	"slices"

	"certaudit/report"
)

// Memory holds an audit's rows in memory.
type Memory struct {
	FindingRows     []*report.Finding
	NotAssessedRows []*report.NotAssessed
	InventoryRows   []*report.InventoryRow
	EndpointRows    []*report.EndpointRow
	ObjectRows      []*report.ObjectRow
}

func all[T any](rows []*T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func (m *Memory) Findings() iter.Seq2[*report.Finding, error]        { return all(m.FindingRows) }
func (m *Memory) NotAssessed() iter.Seq2[*report.NotAssessed, error] { return all(m.NotAssessedRows) }
func (m *Memory) Inventory() iter.Seq2[*report.InventoryRow, error]  { return all(m.InventoryRows) }
func (m *Memory) Endpoints() iter.Seq2[*report.EndpointRow, error]   { return all(m.EndpointRows) }

// Objects yields the rows of the kinds named, or all.
func (m *Memory) Objects(kinds ...string) iter.Seq2[*report.ObjectRow, error] {
	return func(yield func(*report.ObjectRow, error) bool) {
		for _, r := range m.ObjectRows {
			if (len(kinds) == 0 || slices.Contains(kinds, r.Observation.Object)) && !yield(r, nil) {
				return
			}
		}
	}
}
