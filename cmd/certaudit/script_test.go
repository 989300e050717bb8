package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"certaudit": main})
}

// TestScripts runs the commands as a user would. Every script finds the demo
// estate in $ESTATE, the certificates of the selftest in $KNOWN, keystores
// in $STORES and a client's certificate in $CLIENT; a server that never answers is
// at $SILENT, mail servers that upgrade, have no TLS and are busy at $MAIL,
// $MAILBARE and $MAILBUSY.
func TestScripts(t *testing.T) {
	pki := demoPKIOf(t, demoNow())
	estate, err := makeDemoEstate(filepath.Join(t.TempDir(), "estate"), pki)
	if err != nil {
		t.Fatal(err)
	}
	known, err := filepath.Abs("selftest")
	if err != nil {
		t.Fatal(err)
	}
	stores, err := filepath.Abs("../../scan/certfile/testdata/stores")
	if err != nil {
		t.Fatal(err)
	}
	silent := silentListener(t)
	client := t.TempDir()
	clientFiles(t, client)
	mail, mailBare, mailBusy := mailServers(t, pki)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ESTATE", estate.Dir)
			e.Setenv("ROOT", estate.RootPEM)
			e.Setenv("KNOWN", known)
			e.Setenv("STORES", stores)
			e.Setenv("SILENT", silent)
			e.Setenv("CLIENT", client)
			e.Setenv("MAIL", mail)
			e.Setenv("MAILBARE", mailBare)
			e.Setenv("MAILBUSY", mailBusy)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  status,
			"edit":    edit,
			"cut":     cut,
			"odd":     odd,
			"waitfor": waitfor,
		},
	})
}

// status N ARGS… runs certaudit and wants exit status N, which exec cannot
// tell from any other failure.
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec("certaudit", args[1:]...); err != nil {
		_, number, _ := strings.Cut(err.Error(), "exit status ")
		if code, err = strconv.Atoi(number); err != nil {
			ts.Fatalf("certaudit did not run: %v", err)
		}
	}
	if code != want {
		ts.Fatalf("exit status %d, want %d", code, want)
	}
}

// edit FILE OLD NEW replaces the first OLD, which must be there.
func edit(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	text, err := os.ReadFile(name)
	ts.Check(err)
	if !strings.Contains(string(text), args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(name, []byte(strings.Replace(string(text), args[1], args[2], 1)), 0o600))
}

// cut FILE drops the last line.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	text, err := os.ReadFile(name)
	ts.Check(err)
	i := strings.LastIndex(strings.TrimSuffix(string(text), "\n"), "\n")
	ts.Check(os.WriteFile(name, text[:i+1], 0o600))
}

// silentListener accepts connections and never answers; it gives host:port.
func silentListener(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
		}
	}()
	return ln.Addr().String()
}

// waitfor FILE waits until the file has content, and then a moment more, so
// that the scan has begun its targets.
func waitfor(ts *testscript.TestScript, _ bool, args []string) {
	for range 1000 {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Mode().IsRegular() {
			time.Sleep(300 * time.Millisecond)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

// odd makes a file whose name tries to command a CI system.
func odd(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	text, err := os.ReadFile(filepath.Join(ts.Getenv("KNOWN"), "weak.pem"))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "a\n::error::owned\x1b[31m.pem"), text, 0o600))
}

// TestRunInterrupted starts a run whose context has ended: nothing is observed,
// the report says so, and the status is 3.
func TestRunInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"audit", "-f", "json", "-o", filepath.Join(dir, "out"), "selftest"}, nil, &out, &errs)
	if code != exitIncomplete {
		t.Errorf("exit %d, want %d\n%s%s", code, exitIncomplete, out.String(), errs.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, "out", "report.json"))
	if err != nil || !bytes.Contains(text, []byte(`"incomplete": true`)) || !bytes.Contains(text, []byte("interrupted")) {
		t.Errorf("the report of an interrupted run does not say so: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "out", partialName)); err == nil {
		t.Error("partial evidence was left behind a finished one")
	}
}
