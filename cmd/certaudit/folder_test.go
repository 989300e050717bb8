//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecondInterruptLeavesNothingHalfWritten stops a run in the middle of
// writing a file.
func TestSecondInterruptLeavesNothingHalfWritten(t *testing.T) {
	work := &workshop{}
	dir := filepath.Join(t.TempDir(), "out")
	f, err := work.openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	err = f.write("report.json", func(w io.Writer) error {
		if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
			return err
		}
		work.abandon()
		return nil
	})
	if !errors.Is(err, errAbandoned) {
		t.Errorf("got %v, want the write refused", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := f.write("report.pdf", func(io.Writer) error { return nil }); !errors.Is(err, errAbandoned) {
		t.Errorf("a file was begun after the run was abandoned: %v", err)
	}
}

func TestSecondInterrupt(t *testing.T) {
	again, release := secondInterrupt()
	defer release()
	send := func() {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	send()
	select {
	case <-again:
		t.Fatal("gave up at the first signal")
	case <-time.After(50 * time.Millisecond):
	}
	// Signals of one kind merge while one is pending, so on a busy machine the
	// second may take more than one try.
	for range 200 {
		send()
		select {
		case <-again:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Error("the second signal was not seen")
}

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	f, err := (&workshop{}).openFolder(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	put := func(text string, err error) error {
		return f.write("report.json", func(w io.Writer) error { io.WriteString(w, text); return err })
	}
	if err := put("good", nil); err != nil {
		t.Fatal(err)
	}
	if err := put("half", errors.New("boom")); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(f.path("report.json"))
	if err != nil || string(text) != "good" {
		t.Errorf("the file is %q, %v", text, err)
	}
	info, err := os.Stat(f.path("report.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(f.dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: mode %v, %v", info.Mode(), err)
	}
}

func TestPlain(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain ✓", "plain ✓"},
		{"a\x1b[31mb", `a\x1b[31mb`},
		{"::error::x", "| ::error::x"},
		{"a\n  ::set-output::x\nb", "a\n|   ::set-output::x\nb"},
		{"##[error]x", "| ##[error]x"},
		{"##vso[task]x", "| ##vso[task]x"},
		{"rtl\u202e", `rtl\u202e`},
		{"cr\rx", `cr\rx`},
		{"bad\xff", `bad\xff`},
	} {
		if got := plain(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	if got := inline("a\n::error::b"); got != `a\n| ::error::b` {
		t.Errorf("inline: %q", got)
	}
}

func TestParseAsOf(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-11-30", "2026-11-30T23:59:59Z"},
		{"2026-11-30T12:00:00Z", "2026-11-30T12:00:00Z"},
		{"2026-11-30T12:00:00+09:00", "2026-11-30T03:00:00Z"},
		{"2026-11-30T12:00:00.9Z", "2026-11-30T12:00:00Z"},
		{"30.11.2026", ""},
		{"2026-13-01", ""},
	} {
		got, err := parseAsOf(c.in)
		if (err == nil) != (c.want != "") || err == nil && got.Format(time.RFC3339) != c.want {
			t.Errorf("%q: got %v, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestMaskCommand(t *testing.T) {
	got := strings.Join(maskCommand([]string{"audit", "--password-command", "vault read x", "--history=https://u:p@db.test", "https://u:secret@x.test"}), " ")
	if strings.Contains(got, "vault") || strings.Contains(got, "secret") || strings.Contains(got, "u:p@") {
		t.Errorf("secrets in %s", got)
	}
}
