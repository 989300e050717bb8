package scan

import (
	"bytes"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func testCertificate(t testing.TB) *Certificate {
	t.Helper()
	text, err := os.ReadFile("testdata/good.pem")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return Derive(block.Bytes)
}

// testEvidence is a small whole file: run, certificate, observation, file, end.
func testEvidence(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, RunRecord{Version: "1", Started: time.Unix(1e9, 0), Targets: []string{"."}})
	if err != nil {
		t.Fatal(err)
	}
	c := testCertificate(t)
	b := new(batch)
	b.add(c)
	b.add(c) // a second time: written once
	b.add(&Observation{Target: ".", Path: "a.pem", Use: UseIdentity, Container: "pem", Object: ObjectCertificate, SHA256: c.SHA256, ObservedAt: time.Unix(1e9, 0)})
	b.add(&File{Target: ".", Path: "a.pem", Outcome: OutcomeRead, ModTime: time.Unix(1e9, 0), ObservedAt: time.Unix(1e9, 0)})
	if err := w.write(b, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(time.Unix(1e9+5, 0), true); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readEvidence(text []byte, trusted bool) (records []Record, err error) {
	r := NewReader(bytes.NewReader(text))
	r.Trusted = trusted
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		records = append(records, rec)
	}
}

func TestEvidenceRoundTrip(t *testing.T) {
	text := testEvidence(t)
	records, err := readEvidence(text, false)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range records {
		kinds = append(kinds, string(r.Kind()))
	}
	if got := strings.Join(kinds, " "); got != "run certificate observation file end" {
		t.Errorf("kinds: %s", got)
	}
	if c := records[1].(*Certificate); !c.Exact() || !c.Parsed || c.SubjectCN != "good.example.test" {
		t.Errorf("certificate: %+v", c)
	}
}

// TestEvidenceTampering edits evidence in the ways that an audited party could
// and wants the line named each time.
func TestEvidenceTampering(t *testing.T) {
	whole := string(testEvidence(t))
	lines := strings.SplitAfter(strings.TrimSuffix(whole, "\n"), "\n")
	lines[len(lines)-1] += "\n"
	for _, c := range []struct {
		name, text string
		line       int
		says       string
	}{
		{"key_bits", strings.Replace(whole, `"key_bits":384`, `"key_bits":521`, 1), 2, "key_bits"},
		{"not_after", strings.Replace(whole, `"not_after":"2027`, `"not_after":"2037`, 1), 2, "not_after"},
		{"der", strings.Replace(whole, `"der":"MIIB`, `"der":"MIIC`, 1), 2, "DER"},
		{"a digest that is too long", strings.Replace(whole, `{"kind":"certificate","sha256":"`, `{"kind":"certificate","sha256":"00`, 1), 2, "no SHA-256"},
		{"a digest that is too short", strings.Replace(whole, `{"kind":"certificate","sha256":"`, `{"kind":"certificate","sha256":"","sha257":"`, 1), 2, "no SHA-256"},
		{"fact removed", strings.Replace(whole, `,"key_bits":384`, ``, 1), 5, "SHA-256"},
		{"fact twice", strings.Replace(whole, `"key_bits":384`, `"key_bits":384,"key_bits":521`, 1), 2, "stands twice"},
		{"another field", strings.Replace(whole, `"path":"a.pem"`, `"path":"b.pem"`, 1), 5, "edited"},
		{"last line dropped", strings.Join(lines[:4], ""), 4, "without an end record"},
		{"cut inside a line", whole[:len(whole)-20], 5, "cut short"},
		{"a line dropped", lines[0] + lines[1] + lines[3] + lines[4], 4, "SHA-256"},
		{"lines swapped", lines[0] + lines[2] + lines[1] + lines[3] + lines[4], 5, "SHA-256"},
		{"a line after the end", whole + lines[3], 6, "after the end"},
		{"two run records", lines[0] + whole, 2, "second run record"},
		{"no run record", lines[1], 1, "begins with a run record"},
		{"counts", strings.Replace(whole, `"file":1`, `"file":2`, 1), 5, "counts"},
		{"a count removed", strings.Replace(whole, `"file":1,`, ``, 1), 5, "counts 0 \"file\" lines, the file has 1"},
		{"kind twice", strings.Replace(whole, `{"kind":"file",`, `{"kind":"file","kind":"file",`, 1), 4, "stands twice"},
		{"empty", "", 1, "without an end record"},
		{"not evidence", "hello\n", 1, "is this certaudit evidence"},
		{"a newer schema", strings.Replace(whole, `"schema":1`, `"schema":2`, 1), 1, "schema 2"},
		{"an outcome that is none", strings.Replace(whole, `"outcome":"read"`, `"outcome":"fine"`, 1), 4, "outcome"},
		{"a use that is none", strings.Replace(whole, `"use":"identity"`, `"use":"exempt"`, 1), 3, "use"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.text == whole {
				t.Fatal("the edit changed nothing")
			}
			_, err := readEvidence([]byte(c.text), false)
			var e *EvidenceError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an evidence error", err)
			}
			if e.Line != c.line || !strings.Contains(e.Problem, c.says) {
				t.Errorf("got line %d, %s; want line %d and %q", e.Line, e.Problem, c.line, c.says)
			}
		})
	}
}

// TestEvidenceFromNewerTool keeps and counts what this version does not know.
func TestEvidenceFromNewerTool(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, RunRecord{})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []string{`{"kind":"hologram","size":3}` + "\n", `{"kind":"file","path":"a","outcome":"read","size":1,"mood":{"a":[1]}}` + "\n"} {
		kind, _ := kindOf([]byte(l))
		if err := w.write(&batch{text: []byte(l), marks: []mark{{kind: kind, end: len(l)}}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(time.Unix(0, 0), true); err != nil {
		t.Fatal(err)
	}
	r := NewReader(&out)
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if r.UnknownKinds() != 1 || r.UnknownFields() != 1 {
		t.Errorf("%d kinds and %d fields unknown, want 1 and 1", r.UnknownKinds(), r.UnknownFields())
	}
}

// FuzzReader wants no panic and no endless loop on any evidence, and that
// nothing but whole evidence is accepted.
func FuzzReader(f *testing.F) {
	f.Add(testEvidence(f))
	f.Add([]byte(`{"kind":"run","schema":1}` + "\n" + `{"kind":"end"}` + "\n"))
	f.Add([]byte(`{"kind":"certificate","sha256":"","der":""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		records, err := readEvidence(text, false)
		if err == nil && (len(records) == 0 || records[len(records)-1].Kind() != KindEnd) {
			t.Fatalf("accepted evidence without an end: %q", text)
		}
	})
}

func TestReadAt(t *testing.T) {
	text := testEvidence(t)
	r := NewReader(bytes.NewReader(text))
	var buf []byte
	for {
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rec.Kind() == KindEnd {
			continue
		}
		var again Record
		if again, buf, err = ReadAt(bytes.NewReader(text), r.Offset(), false, buf); err != nil || again.Kind() != rec.Kind() {
			t.Errorf("line %d: read again as %v, %v", r.Line(), again, err)
		}
	}
	if _, _, err := ReadAt(bytes.NewReader(text), int64(len(text)), false, nil); err == nil {
		t.Error("reading behind the end gave no error")
	}
}
