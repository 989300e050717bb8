package scan

import (
	"context"
	"iter"
	"time"
)

// BadTargets records the lines of target lists that name nothing: one record
// each, and the run goes on. What stands before an @ is left out: it may be a
// password. It satisfies Source.
type BadTargets struct {
	Now func() time.Time
}

// Units yields the one unit that records the line.
func (b BadTargets) Units(_ context.Context, t Target) iter.Seq[Unit] {
	line := hideUser(t.Arg)
	return func(yield func(Unit) bool) {
		yield(Unit{Target: line, Path: line, Observe: func(_ context.Context, emit func(Record)) {
			emit(&NotAssessed{Target: line, Path: line, Index: -1, Stage: StageRead, Reason: ReasonBadTarget, Detail: t.Problem,
				ObservedAt: b.Now().UTC().Truncate(time.Second)})
		}})
	}
}
