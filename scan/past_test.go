package scan

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"iter"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
)

// scripted yields the units whose records it was given.
type scripted []struct {
	unit    Unit
	records []Record
}

func (s scripted) Units(_ context.Context, t Target) iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		for _, u := range s {
			u.unit.Observe = func(_ context.Context, emit func(Record)) {
				for _, r := range u.records {
					emit(r)
				}
			}
			if u.unit.Target == t.Arg && !yield(u.unit) {
				return
			}
		}
	}
}

func (s *scripted) add(target, path, endpoint string, records ...Record) {
	*s = append(*s, struct {
		unit    Unit
		records []Record
	}{Unit{Target: target, Path: path, Endpoint: endpoint}, records})
}

// estate has every shape of unit: files with members, some of them called like
// members, a path that was given twice, an endpoint, certificates that several
// units share.
func estate(t testing.TB) (scripted, []Target) {
	certs := []*Certificate{testCertificate(t), freshCertificate(t), freshCertificate(t)}
	place := func(target, path, endpoint string, c *Certificate) Record {
		return &Observation{Target: target, Path: path, Endpoint: endpoint, Use: UseIdentity, Object: ObjectCertificate, SHA256: c.SHA256}
	}
	file := func(path string) Record {
		return &File{Target: "a", Path: path, Outcome: OutcomeRead, ModTime: time.Unix(1e9, 0)}
	}
	missing := func(target, path, endpoint string) Record {
		return &NotAssessed{Target: target, Path: path, Endpoint: endpoint, Index: -1, Stage: StageRead, Reason: ReasonNotFound}
	}
	var s scripted
	s.add("a", "a/1.pem", "", certs[0], place("a", "a/1.pem", "", certs[0]), file("a/1.pem"))
	s.add("a", "a/2.zip", "", certs[1], place("a", "a/2.zip!x", "", certs[1]), missing("a", "a/2.zip!y!z", ""), file("a/2.zip"))
	s.add("a", "a/2.zip!x", "", certs[1], place("a", "a/2.zip!x", "", certs[1]), file("a/2.zip!x"))
	s.add("a", "a/3", "", missing("a", "a/3", ""))
	s.add("gone", "gone", "", missing("gone", "gone", ""))
	s.add("again", "gone", "", missing("again", "gone", ""))
	s.add("h:1", "", "h:1", certs[0], certs[2], place("h:1", "", "h:1", certs[2]), place("h:1", "", "h:1", certs[0]),
		&Endpoint{Target: "h:1", Endpoint: "h:1", Chain: []string{certs[2].SHA256}}, missing("h:1", "", "h:1"))
	s.add("h:2", "", "h:2", missing("h:2", "", "h:2"))
	var targets []Target
	for _, arg := range []string{"a", "gone", "gone", "again", "h:1", "h:2"} {
		targets = append(targets, Target{Arg: arg})
	}
	return s, targets
}

func freshCertificate(t testing.TB) *Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(2e9, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return Derive(der)
}

var pastRun = RunRecord{Version: "1", Started: time.Unix(1e9, 0), Targets: []string{"a"}, Options: map[string]string{"timeout": "1s"}}

func scanWhole(t testing.TB, s Source, targets []Target) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, pastRun)
	if err != nil {
		t.Fatal(err)
	}
	complete, err := Run(context.Background(), targets, map[TargetKind]Source{PathTarget: s}, Options{Now: time.Now}, w)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(time.Unix(1e9, 0), complete); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// resumeFrom continues evidence, and gives what comes of it, with the bytes that were kept.
func resumeFrom(t testing.TB, begun []byte, s Source, targets []Target) (text []byte, kept int, progress *Progress) {
	t.Helper()
	out := bytes.NewBuffer(bytes.Clone(begun))
	past, err := OpenPast(bytes.NewReader(begun), pastRun, func(offset int64) error {
		kept = int(offset)
		out.Truncate(kept)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w, progress := past.Writer(out, time.Unix(2e9, 0)), new(Progress)
	complete, err := Run(context.Background(), targets, map[TargetKind]Source{PathTarget: s}, Options{Now: time.Now, Past: past, Progress: progress}, w)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(time.Unix(1e9, 0), complete); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), kept, progress
}

var resumedField = regexp.MustCompile(`"resumed":"[^"]*",`)

func withoutResumed(text []byte) string { return resumedField.ReplaceAllString(string(text), "") }

// TestResumeAnywhere cuts evidence at every byte behind its first line, as a
// kill may, and wants the whole of it again.
func TestResumeAnywhere(t *testing.T) {
	s, targets := estate(t)
	whole := scanWhole(t, s, targets)
	if n := bytes.Count(whole, []byte("\n")); n != 21 {
		t.Fatalf("%d lines", n)
	}
	first, most := bytes.IndexByte(whole, '\n')+1, 0
	for end := first; end <= len(whole); end++ {
		text, kept, progress := resumeFrom(t, whole[:end], s, targets)
		if withoutResumed(text) != string(whole) {
			t.Fatalf("cut at %d of %d:\n%s", end, len(whole), text)
		}
		if kept > end || kept < most {
			t.Fatalf("cut at %d: kept %d bytes, after %d", end, kept, most)
		}
		most = kept
		if progress.Found.Load() != 9 || progress.Done.Load() != 9 || progress.Certificates.Load() != 3 || progress.NotAssessed.Load() != 7 {
			t.Fatalf("cut at %d: progress %d %d %d %d", end, progress.Found.Load(), progress.Done.Load(), progress.Certificates.Load(), progress.NotAssessed.Load())
		}
		if _, err := readEvidence(text, false); err != nil {
			t.Fatalf("cut at %d: %v", end, err)
		}
	}
	if last := bytes.LastIndex(whole, []byte(`{"kind":"not_assessed"`)); most != last {
		t.Errorf("of whole evidence %d bytes are kept, want all but the last unit: %d", most, last)
	}
}

// TestResumeObservesAgain names what is not taken from the past.
func TestResumeObservesAgain(t *testing.T) {
	s, targets := estate(t)
	whole := string(scanWhole(t, s, targets))
	at := func(line string) int {
		i := strings.Index(whole, line)
		if i < 0 {
			t.Fatalf("no %s", line)
		}
		return i
	}
	second := at(`{"kind":"certificate"`)
	second += strings.Index(whole[second+1:], `{"kind":"certificate"`) + 1
	for _, c := range []struct {
		name, begun string
		kept        int
	}{
		{"an interrupted unit", strings.Replace(whole, `"path":"a/3","index":-1,"stage":"read","reason":"not_found"`, `"path":"a/3","index":-1,"stage":"scan","reason":"interrupted"`, 1),
			at(`{"kind":"not_assessed","target":"a","path":"a/3"`)},
		{"a file that is no longer there", strings.ReplaceAll(whole, "a/1.pem", "a/1,pem"), at(`{"kind":"certificate"`)},
		{"a line that does not read", strings.Replace(whole, `"path":"a/2.zip!x"`, `"path":"a/2.zip!x`, 1), at(`{"kind":"certificate"`)},
		{"a certificate that was edited", strings.Replace(whole, `"key_bits":256`, `"key_bits":255`, 1), at(`{"kind":"certificate"`)},
		{"zeros that a crash left", whole[:second] + strings.Repeat("\x00", 100), at(`{"kind":"certificate"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.begun == whole {
				t.Fatal("the edit changed nothing")
			}
			text, kept, _ := resumeFrom(t, []byte(c.begun), s, targets)
			if withoutResumed(text) != whole || kept != c.kept {
				t.Errorf("kept %d bytes, want %d:\n%s", kept, c.kept, text)
			}
		})
	}
}

func TestResumeOfAnotherScan(t *testing.T) {
	s, targets := estate(t)
	whole := scanWhole(t, s, targets)
	for _, c := range []struct {
		name   string
		change func(*RunRecord)
		says   string // "" where it is the same scan
	}{
		{"nothing", func(*RunRecord) {}, ""},
		{"who and when", func(r *RunRecord) { r.Operator, r.Started, r.Command = "x", time.Unix(2e9, 0), []string{"y"} }, ""},
		{"binary", func(r *RunRecord) { r.BinarySHA256 = "00" }, "its binary_sha256 differ"},
		{"targets and options", func(r *RunRecord) { r.Targets, r.Options = nil, map[string]string{"timeout": "2s"} }, "its targets, options (\"timeout\") differ"},
		{"probes", func(r *RunRecord) { r.Probes = []string{ProbeHSTS} }, "its probes differ"},
		{"roots", func(r *RunRecord) { r.Roots = []Digest{{Name: "system"}} }, "its roots differ"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := pastRun
			c.change(&run)
			_, err := OpenPast(bytes.NewReader(whole), run, nil)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// FuzzResume wants evidence that reads, whatever the past is.
func FuzzResume(f *testing.F) {
	s, targets := estate(f)
	whole := scanWhole(f, s, targets)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for i := range lines[1:] {
		f.Add(bytes.Join(lines[1:i+1], nil))
	}
	f.Fuzz(func(t *testing.T, rest []byte) {
		text, _, _ := resumeFrom(t, append(bytes.Clone(lines[0]), rest...), s, targets)
		r := NewReader(bytes.NewReader(text))
		for {
			_, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(fmt.Errorf("%w: %q", err, text))
			}
		}
	})
}
