package certfile

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// shortly gives records in short, for comparison. Use is told by signatures, which a
// stream checks by reading the file again.
func shortly(records []scan.Record) (out []string) {
	for _, r := range records {
		switch r := r.(type) {
		case *scan.Observation:
			out = append(out, fmt.Sprintf("%s #%d %s %s line %d %s %s %q", r.Object, r.Index, r.Container, r.SHA256, r.Line, r.Use, r.UseBasis, r.Notes))
		case *scan.NotAssessed:
			out = append(out, fmt.Sprintf("%s #%d %s %s %s", r.Object, r.Index, r.Stage, r.Reason, r.Detail))
		case *scan.Certificate:
			out = append(out, "certificate "+r.SHA256)
		}
	}
	return out
}

// TestStreamReadsAsTheWhole reads texts of several windows as a stream and as a
// whole: the records are the same, whatever stands at a window's end.
func TestStreamReadsAsTheWhole(t *testing.T) {
	ca := newPKI(t)
	certs := []string{armoured(ca.root), armoured(ca.server), newTestCert(t, "a.example").pem, newTestCert(t, "b.example").pem}
	pieces := []func(r *rand.Rand) string{
		func(r *rand.Rand) string { return certs[r.IntN(len(certs))] },
		func(r *rand.Rand) string { return strings.ReplaceAll(certs[r.IntN(len(certs))], "\n", "\r\n") },
		func(r *rand.Rand) string {
			return strings.Repeat("# text between, of no use to anybody\n", r.IntN(4000))
		},
		func(r *rand.Rand) string { return strings.Repeat("x", r.IntN(200_000)) + "\n" },
		func(*rand.Rand) string { return "-----BEGIN CERTIFICATE-----\nMIIB\n" },
		func(*rand.Rand) string { return "-----BEGIN CERTIFICATE-----\nMIIB\n-----END X-----\n" },
		func(*rand.Rand) string { return strings.Repeat("-----BEGIN CERTIFICATE-----\n", 500) },
		func(*rand.Rand) string { return "  -----BEGIN UNKNOWN-----\n-----END UNKNOWN-----\n" },
		func(r *rand.Rand) string {
			return strings.ReplaceAll("\n"+certs[r.IntN(len(certs))], "\n", "\n"+strings.Repeat(" \t", 40))
		},
		func(r *rand.Rand) string {
			return "bare: " + bareText(certs[r.IntN(len(certs))]) + "\n"
		},
	}
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		var b strings.Builder
		b.WriteString(certs[0])
		for b.Len() < 3*windowSize {
			b.WriteString(pieces[r.IntN(len(pieces))](r))
		}
		text := b.String()[:b.Len()-r.IntN(40)]
		name := filepath.Join(t.TempDir(), "bundle")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		streamed := observeAll(t, Options{}, name)
		held, outcome := readBytes([]byte(text), Options{})
		if diff := cmp.Diff(shortly(held), shortly(streamed)); diff != "" {
			t.Fatalf("seed %d (-held +streamed):\n%.3000s", seed, diff)
		}
		rec := streamed[len(streamed)-1].(*scan.File)
		if rec.Outcome != outcome || rec.SHA256 == "" || rec.Size != int64(len(text)) {
			t.Errorf("seed %d: %+v, want %s and %d bytes", seed, rec, outcome, len(text))
		}
	}
}

func armoured(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// bareText is a certificate without armour, on one line.
func bareText(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[1:len(lines)-1], "")
}

// TestStreamBounds hits the bounds that a stream has.
func TestStreamBounds(t *testing.T) {
	one := newTestCert(t, "a.example").pem
	name := filepath.Join(t.TempDir(), "bundle")
	if err := os.WriteFile(name, []byte(strings.Repeat(one, 3*windowSize/len(one))), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		limits Limits
		reason scan.Reason
		most   int
		digest bool
	}{
		{Limits{}, "", 1 << 30, true},
		{Limits{Objects: 100}, scan.ReasonTooMany, 100, true},
		{Limits{FileSize: windowSize}, scan.ReasonTooLarge, 0, false},
		{Limits{HeldSize: 1000}, "", 1 << 30, true}, // it is read as a stream
		{Limits{Time: time.Nanosecond}, scan.ReasonTimeout, 1, false},
	} {
		placed, reason := 0, scan.Reason("")
		var rec *scan.File
		for _, r := range observeAll(t, Options{Limits: tt.limits}, name) {
			switch r := r.(type) {
			case *scan.Observation:
				placed++
			case *scan.NotAssessed:
				reason = r.Reason
			case *scan.File:
				rec = r
			}
		}
		if reason != tt.reason || placed > tt.most || (rec.SHA256 != "") != tt.digest {
			t.Errorf("%s: %q, %d placements, %+v", tt.limits.String(), reason, placed, rec)
		}
	}
}

// TestSmallBounds hits bounds that are smaller than what is read to recognise a
// file; damaged objects count as objects.
func TestSmallBounds(t *testing.T) {
	jks, err := os.ReadFile("testdata/stores/key.jks")
	if err != nil {
		t.Fatal(err)
	}
	damaged := []byte(strings.Repeat("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", 50))
	for _, tt := range []struct {
		name    string
		content []byte
		limits  Limits
		want    []string
	}{
		{"held", jks, Limits{HeldSize: 100}, []string{"limit/too_large", "not_assessed"}},
		{"held, just enough", jks, Limits{HeldSize: int64(len(jks))}, []string{"read"}},
		{"size", jks, Limits{FileSize: 100}, []string{"limit/too_large", "not_assessed"}},
		{"damaged objects", damaged, Limits{Objects: 2}, []string{"decode/corrupt", "decode/corrupt", "limit/too_many_objects", "not_assessed"}},
	} {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, tt.content, 0o600); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range observeAll(t, Options{Limits: tt.limits}, name) {
			switch r := r.(type) {
			case *scan.NotAssessed:
				got = append(got, string(r.Stage)+"/"+string(r.Reason))
			case *scan.File:
				got = append(got, string(r.Outcome))
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestInterruptedFile ends while a file is read.
func TestInterruptedFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.pem")
	if err := os.WriteFile(name, []byte(strings.Repeat(newTestCert(t, "a.example").pem, 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	target := scan.Target{Arg: name, Kind: scan.PathTarget, Path: name}
	src := New(Options{Targets: []scan.Target{target}, Now: func() time.Time { return testNow }})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	for u := range src.Units(ctx, target) {
		u.Observe(ctx, func(r scan.Record) {
			switch r := r.(type) {
			case *scan.Certificate:
				cancel()
			case *scan.NotAssessed:
				got = append(got, string(r.Reason))
			}
		})
	}
	if diff := cmp.Diff([]string{string(scan.ReasonInterrupted)}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLimits(t *testing.T) {
	var l Limits
	for _, tt := range []struct{ name, value, fault string }{
		{"file-size", "2GiB", ""},
		{"held-size", "1024", ""},
		{"file-time", "90s", ""},
		{"objects", "7", ""},
		{"objects", "-7", "whole number"},
		{"objects", "many", "whole number"},
		{"file-size", "0", "no size"},
		{"file-size", "9999999999GiB", "no size"},
		{"file-time", "90", "no duration"},
		{"colour", "1", "no bound"},
	} {
		err := l.Set(tt.name, tt.value)
		if (err == nil) != (tt.fault == "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s=%s: %v", tt.name, tt.value, err)
		}
	}
	if got, want := l.String(), "file-size=2147483648 held-size=1024 objects=7 file-time=1m30s"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var defaults Limits
	defaults.complete()
	if defaults.HeldSize != 256<<20 || defaults.Time != 5*time.Minute || len(LimitDocs()) != len(LimitNames()) {
		t.Errorf("%+v", defaults)
	}
	for _, d := range LimitDocs() {
		if err := defaults.Set(d.Name, d.Default); err != nil || d.Doc == "" || d.Reason == "" {
			t.Errorf("%+v: %v", d, err)
		}
	}
}

// FuzzPEM reads text as a stream with a window of a few bytes and as a whole: the
// records are the same.
func FuzzPEM(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add([]byte(a.pem+"bare "+a.b64+"\n"+a.pem), uint8(1))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END X-----\n"+a.key), uint8(60))
	f.Add([]byte(strings.ReplaceAll(a.pem, "\n", "\r")+"ssh-ed25519 AAAA\n---- BEGIN SSH2 PUBLIC KEY ----\n"), uint8(200))
	s := New(Options{})
	f.Fuzz(func(t *testing.T, content []byte, window uint8) {
		crOnly := bytes.IndexByte(content, '\r') >= 0 && bytes.IndexByte(content, '\n') < 0 // told by a stream's first megabyte
		if len(content) > 1<<16 || crOnly || !streamable(content, s.opt.containers) {
			return
		}
		held, outcome := readBytes(content, Options{})
		opt := s.opt
		opt.window = 1 + int(window)
		var streamed []scan.Record
		in := newFile(t.Context(), &opt, "t", "t", testNow, func(r scan.Record) { streamed = append(streamed, r) })
		source := strings.NewReader(string(content))
		in.disk = nopCloser{source}
		rec := &scan.File{}
		in.streamed(rec, nil, source)
		if diff := cmp.Diff(shortly(held), shortly(streamed)); diff != "" || rec.Outcome != outcome {
			t.Fatalf("window %d, %s and %s (-held +streamed):\n%.3000s", opt.window, outcome, rec.Outcome, diff)
		}
	})
}

// nopCloser makes a reader of bytes a regular file.
type nopCloser struct{ *strings.Reader }

func (nopCloser) Close() error { return nil }
