package xlsx

import (
	"bytes"
	"iter"
)

// A policyLine is one line of one policy's source.
type policyLine struct {
	id, version, digest string
	number              int
	text                string
}

// policySheet prints every policy verbatim, line by line.
func policySheet() sheet {
	t := &table[policyLine]{
		id:   "policy",
		rows: policyLines,
		columns: []column[policyLine]{
			{key: "policy", value: func(l policyLine) any { return l.id }},
			{key: "version", value: func(l policyLine) any { return l.version }},
			{key: "line", kind: kindNumber, value: func(l policyLine) any { return l.number }},
			{key: "text", kind: kindCode, width: maxWidth, value: func(l policyLine) any { return l.text }},
			{key: "digest", kind: kindToken, value: func(l policyLine) any { return l.digest }},
		},
	}
	return t.sheet()
}

func policyLines(b *book) iter.Seq2[policyLine, error] {
	return func(yield func(policyLine, error) bool) {
		for _, p := range b.a.Policies {
			number := 0
			for line := range bytes.Lines(p.Source) {
				number++
				text := string(bytes.TrimRight(line, "\r\n"))
				if !yield(policyLine{p.ID, p.Version, p.SHA256, number, text}, nil) {
					return
				}
			}
		}
	}
}
