package report

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"unicode"
	"unicode/utf16"

	"certaudit/scan"
)

// JSON writes report.json: one object, its lists one element a line, in the
// order of the audit. Lists that grow with the estate are streamed.
type JSON struct{}

// Write satisfies Format.
func (JSON) Write(ctx context.Context, a *Audit, w io.Writer) error {
	j := &jsonWriter{ctx: ctx, w: bufio.NewWriterSize(w, 1<<16)}
	j.text("{\n")
	j.member("schema", a.Schema)
	j.member("tool", a.Run.Tool)
	j.member("generator", a.Generator)
	j.member("document", a.Document)
	j.member("run", a.Run)
	j.member("scope", a.Scope)
	j.member("estate", a.Estate)
	j.member("expiry", a.Expiry)
	j.member("totals", a.Totals)
	j.member("reasons", a.Reasons)
	list(j, "controls", slice(a.Controls))
	list(j, "rules", slice(a.Rules))
	if r, ok := a.Rows.(*diskRows); ok { // encoded already
		rawList(j, "findings", r.findings.raw())
		rawList(j, "not_assessed", r.notAssessed.raw())
		rawList(j, "certificates", r.certificates())
	} else {
		list(j, "findings", a.Findings())
		list(j, "not_assessed", a.NotAssessed())
		list(j, "certificates", mapped(a.Inventory(), entryOf))
	}
	list(j, "keys", mapped(a.Objects(scan.ObjectPrivateKey), keyOf))
	list(j, "public_keys", mapped(a.Objects(scan.ObjectPublicKey), keyOf))
	list(j, "requests", mapped(a.Objects(scan.ObjectCSR), requestOf))
	list(j, "revocation_lists", mapped(a.Objects(scan.ObjectCRL), revocationListOf))
	j.member("headline", a.Gate.Headline)
	j.member("note", a.Gate.Note)
	j.member("incomplete", a.Gate.Incomplete)
	j.text(fmt.Sprintf("  \"exit_status\": %d\n}\n", a.Gate.ExitStatus))
	if j.err != nil {
		return fmt.Errorf("report.json: %w", j.err)
	}
	if err := j.w.Flush(); err != nil {
		return fmt.Errorf("report.json: %w", err)
	}
	return nil
}

// mapped turns rows into lines.
func mapped[R, L any](rows iter.Seq2[*R, error], line func(*R) *L) iter.Seq2[*L, error] {
	return func(yield func(*L, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(line(row), nil) {
				return
			}
		}
	}
}

// jsonWriter keeps the first error; later calls do nothing.
type jsonWriter struct {
	ctx context.Context
	w   *bufio.Writer
	err error
}

func (j *jsonWriter) text(s string) {
	if j.err == nil {
		_, j.err = j.w.WriteString(s)
	}
}

func (j *jsonWriter) member(name string, v any) {
	text, err := marshal(v)
	if j.err == nil {
		j.err = err
	}
	var b bytes.Buffer
	if j.err == nil {
		j.err = json.Indent(&b, text, "  ", "  ")
	}
	j.text("  \"" + name + "\": " + string(escaped(b.Bytes())) + ",\n")
}

func list[T any](j *jsonWriter, name string, rows iter.Seq2[*T, error]) {
	var b bytes.Buffer // one for all rows
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	rawList(j, name, func(yield func([]byte, error) bool) {
		for row, err := range rows {
			b.Reset()
			if err == nil {
				err = e.Encode(row)
			}
			if !yield(bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err) {
				return
			}
		}
	})
}

// rawList writes a list one element a line.
func rawList(j *jsonWriter, name string, rows iter.Seq2[[]byte, error]) {
	j.text("  \"" + name + "\": [")
	sep := "\n    "
	for row, err := range rows {
		if err == nil {
			err = j.ctx.Err()
		}
		if j.err == nil {
			j.err = err
		}
		if j.err != nil {
			return
		}
		j.text(sep)
		if j.err == nil {
			_, j.err = j.w.Write(escaped(row))
		}
		sep = ",\n    "
	}
	if sep != "\n    " {
		j.text("\n  ")
	}
	j.text("],\n")
}

// escaped writes the characters that show nothing, and act on a terminal or on
// the order of what is shown, as JSON escapes. They stand in strings only, and
// below U+0020 the encoder has escaped them.
func escaped(text []byte) []byte {
	first := 0
	for first < len(text) && text[first] <= '~' { // nearly always all of it
		first++
	}
	acts := func(r rune) bool { return r > '~' && !unicode.IsPrint(r) }
	if bytes.IndexFunc(text[first:], acts) < 0 {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if !acts(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}

func slice[T any](rows []T) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for i := range rows {
			if !yield(&rows[i], nil) {
				return
			}
		}
	}
}
