package xlsx

import (
	"iter"

	"certaudit/report"
)

// notAssessedSheet lists everything in scope that could not be judged.
func notAssessedSheet() sheet {
	type row = *report.NotAssessed
	t := &table[row]{
		id:   "not_assessed",
		rows: func(b *book) iter.Seq2[row, error] { return b.a.NotAssessed() },
		columns: []column[row]{
			{key: "target", value: func(r row) any { return r.Target }},
			{key: "path", value: func(r row) any { return r.Path }},
			{key: "endpoint", value: func(r row) any { return r.Asset() }},
			{key: "index", kind: kindNumber, value: func(r row) any { return index(r.Index) }},
			{key: "object", value: func(r row) any { return objectWord(r.Object) }},
			{key: "stage", value: func(r row) any { return r.Stage }},
			{key: "reason", value: func(r row) any { return r.Reason }},
			{key: "allowed", value: func(r row) any { return yesNo(r.Allowed) }},
			{key: "rules", value: func(r row) any { return listText(r.Rules) }},
			{key: "detail", value: func(r row) any { return r.Detail }},
			{key: "attempts", kind: kindCount, value: func(r row) any { return positive(r.Attempts) }},
			{key: "fingerprint", kind: kindToken, value: func(r row) any { return r.Certificate }},
			{key: "observed_at", kind: kindDate, value: func(r row) any { return dateValue(r.ObservedAt) }},
		},
	}
	return t.sheet()
}

// index is a position from 0; there is none where the whole is meant.
func index(n int) any {
	if n < 0 {
		return nil
	}
	return n
}
