package scan

import (
	"context"
	"iter"
	"time"
)

// BadTargets records the lines of target lists that name nothing: one record
// each, and the run goes on. It satisfies Source.
type BadTargets struct {
	Now func() time.Time
}

// Units yields the one unit that records the line.
func (b BadTargets) Units(_ context.Context, t Target) iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		yield(Unit{Target: t.Arg, Path: t.Arg, Observe: func(_ context.Context, emit func(Record)) {
			emit(&NotAssessed{Target: t.Arg, Path: t.Arg, Index: -1, Stage: StageRead, Reason: ReasonBadTarget, Detail: t.Problem,
				ObservedAt: b.Now().UTC().Truncate(time.Second)})
		}})
	}
}
