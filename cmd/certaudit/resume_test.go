package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestResumeKilled kills a scan of files and endpoints in the middle, by its own
// process id, and continues it: the evidence is that of one whole run, times
// apart.
func TestResumeKilled(t *testing.T) {
	pki := demoPKIOf(t, demoNow())
	estate, err := makeDemoEstate(filepath.Join(t.TempDir(), "estate"), pki)
	if err != nil {
		t.Fatal(err)
	}
	stores, err := filepath.Abs("../../scan/certfile/testdata/stores")
	if err != nil {
		t.Fatal(err)
	}
	const count, gated = 40, 20
	var shut atomic.Bool
	endpoints := gatedServers(t, pki, count, gated, &shut)
	targets := append([]string{estate.Dir}, endpoints[:30]...)
	targets = append(append(targets, stores, stores+"/nothing-here", stores+"/nothing-here"), endpoints[30:]...)
	dir := t.TempDir()
	scan := func(out string, more ...string) *exec.Cmd {
		args := append([]string{"scan", "-q", "--timeout", "60s", "-o", filepath.Join(dir, out)}, more...)
		return exec.Command("certaudit", append(args, targets...)...)
	}

	whole := evidenceOf(t, scan("whole"), filepath.Join(dir, "whole"))
	shut.Store(true)
	killed := scan("killed")
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	partial := filepath.Join(dir, "killed", partialName)
	before := fmt.Sprintf(`{"kind":"endpoint","target":"%s"`, endpoints[gated-1])
	if !eventually(func() bool {
		text, _ := os.ReadFile(partial)
		return bytes.Contains(text, []byte(before))
	}) {
		killed.Process.Kill()
		killed.Wait()
		t.Fatal("the endpoint before the silent one was not written")
	}
	killed.Process.Kill()
	killed.Wait()
	left, err := os.ReadFile(partial)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(partial, left[:len(left)-10], 0o600); err != nil { // within a line, as a full disk leaves it
		t.Fatal(err)
	}

	shut.Store(false)
	again := evidenceOf(t, scan("killed", "--resume"), filepath.Join(dir, "killed"))
	compareEvidence(t, again, whole)
	if !bytes.HasPrefix(again, left[:bytes.LastIndex(left, []byte(`{"kind":"certificate"`))-1]) {
		t.Error("what was complete was observed again")
	}
	if n := bytes.Count(again, []byte(`"kind":"endpoint"`)); n != count {
		t.Errorf("%d endpoints, want %d", n, count)
	}
	if _, err := os.Stat(partial); err == nil {
		t.Error("the partial file is still there")
	}
}

// TestResumeFarm kills a scan of the benchmark farm, where its sources lie beside
// the checkout: endpoints of every kind, and some that do not answer.
func TestResumeFarm(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 15 s")
	}
	list, ca := startFarm(t, 200)
	dir := t.TempDir()
	scan := func(out string, more ...string) *exec.Cmd {
		return exec.Command("certaudit", append([]string{"scan", "-q", "--timeout", "2s", "--roots", ca, "-t", list, "-o", filepath.Join(dir, out)}, more...)...)
	}
	whole := evidenceOf(t, scan("whole"), filepath.Join(dir, "whole"))
	killed := scan("killed", "--rate", "100")
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	partial := filepath.Join(dir, "killed", partialName)
	begun := eventually(func() bool {
		text, _ := os.ReadFile(partial)
		return bytes.Contains(text, []byte(`{"kind":"endpoint"`))
	})
	killed.Process.Kill()
	killed.Wait()
	if left, _ := os.ReadFile(partial); !begun || len(left) >= len(whole) {
		t.Fatalf("killed with %d of %d bytes", len(left), len(whole))
	}
	compareEvidence(t, evidenceOf(t, scan("killed", "--resume"), filepath.Join(dir, "killed")), whole)
}

// startFarm builds and runs the farm; it ends with the test.
func startFarm(t *testing.T, count int) (list, ca string) {
	t.Helper()
	src := filepath.Join(repository, "../shared/bench/tlsfarm")
	if _, err := os.Stat(filepath.Join(src, "main.go")); err != nil {
		t.Skip("the benchmark farm is not beside this checkout")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "tlsfarm")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = src
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the farm: %v\n%s", err, out)
	}
	run := exec.Command(bin, "--out", dir, "--count", strconv.Itoa(count), "--for", "1m", "--addr", "127.77.0.1", "--port", "47443", "--spread", "addresses",
		"--behaviour", "normal=6,expired,wronghost,selfsigned,noissuer,rsa1024,hugechain,tls10,tls11,tls12,tls13,mtls,drip,hang,reset,close,garbage,http,alert,refuse")
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Kill()
		run.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); !strings.HasPrefix(line, "ready") {
		t.Skipf("the farm cannot serve here: %q, %v", line, err)
	}
	return filepath.Join(dir, "targets.txt"), filepath.Join(dir, "ca.pem")
}

// eventually polls for half a minute.
func eventually(holds func() bool) bool {
	for range 600 {
		if holds() {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// evidenceOf runs a scan that leaves something not assessed.
func evidenceOf(t *testing.T, c *exec.Cmd, out string) []byte {
	t.Helper()
	var errs strings.Builder
	c.Stderr = &errs
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != exitIncomplete {
		t.Fatalf("%v: %v\n%s", c.Args, err, errs.String())
	}
	text, err := os.ReadFile(filepath.Join(out, evidenceName))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// compareEvidence wants the same lines, times apart.
func compareEvidence(t *testing.T, got, want []byte) {
	t.Helper()
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	if len(a) != len(b) {
		t.Errorf("%d lines, want %d", len(a), len(b))
	}
	for i := range min(len(a), len(b)) {
		x, y := masked(a[i]), masked(b[i])
		if x != y {
			t.Fatalf("line %d:\n%s\nwant\n%s", i+1, x, y)
		}
	}
}

// masked takes away what two runs of one scan differ in: times, the command, and
// the digest over them.
func masked(line string) string {
	fields := `"observed_at":"[^"]*"`
	switch {
	case strings.HasPrefix(line, `{"kind":"run"`):
		fields = `"started":"[^"]*"|"command":\[[^]]*\]`
	case strings.HasPrefix(line, `{"kind":"end"`):
		fields = `"(finished|sha256)":"[^"]*"|"resumed":"[^"]*",`
	}
	return regexp.MustCompile(fields).ReplaceAllString(line, "")
}

// gatedServers starts TLS servers and gives them as host:port. The one of number
// gated says nothing while shut is true.
func gatedServers(t *testing.T, pki *demoPKI, count, gated int, shut *atomic.Bool) []string {
	t.Helper()
	configs, err := demoConfigs(pki)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i := range count {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ln.Close() })
		all = append(all, ln.Addr().String())
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					if i == gated && shut.Load() {
						io.Copy(io.Discard, c)
						return
					}
					s := tls.Server(c, configs[i%3]) // good, expired, TLS 1.0 only
					if s.Handshake() == nil {
						io.Copy(io.Discard, s)
					}
				}()
			}
		}()
	}
	return all
}
