package tlsprobe

import (
	"bufio"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"certaudit/scan"
)

// farmFact is a line of tlsfarm's facts.jsonl.
type farmFact struct {
	Target, Behaviour, SHA256, Expect, StartTLS string

	ChainLength int `json:"chain_length"`
	Versions    []string
}

// TestFarm observes 200 endpoints of the benchmark farm, good and hostile, where
// its sources lie beside the checkout, and compares with what the farm says of
// itself; then it asks all there is to ask. None costs more than its time.
func TestFarm(t *testing.T) {
	count := 200
	if testing.Short() {
		count = 70
	}
	facts, roots := startFarm(t, count)
	for _, depth := range []struct {
		name   string
		probes []string
	}{{"standard", []string{"versions<=TLS 1.1"}}, {"full", scan.FullDepth()}} {
		t.Run(depth.name, func(t *testing.T) {
			before := inUse()
			p := newProber(t, Options{Timeout: farmTimeout, Roots: roots, Probes: depth.probes})
			reports, took := observeFarm(t, p, facts)
			for i, f := range facts {
				t.Run(fmt.Sprint(i, "-", f.Behaviour), func(t *testing.T) {
					if took[i] > farmTimeout+time.Second {
						t.Errorf("took %v of %v", took[i], farmTimeout)
					}
					checkFarm(t, f, reports[i], depth.name == "full")
				})
			}
			noLeak(t, before)
		})
	}
}

const farmTimeout = 4 * time.Second

// observeFarm observes 64 endpoints at once.
func observeFarm(t *testing.T, p *Prober, facts []farmFact) (reports []report, took []time.Duration) {
	reports, took = make([]report, len(facts)), make([]time.Duration, len(facts))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 64)
	for i, f := range facts {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			host, port, _ := net.SplitHostPort(f.Target)
			n, _ := strconv.Atoi(port)
			start := time.Now()
			reports[i] = observeVia(t, p, f.StartTLS, host, n)
			took[i] = time.Since(start)
		})
	}
	wg.Wait()
	return reports, took
}

func checkFarm(t *testing.T, f farmFact, r report, full bool) {
	failures := map[string]string{"hang": "handshake timeout", "reset": "handshake reset", "close": "handshake closed", "garbage": "handshake not_tls",
		"http": "handshake not_tls", "alert": "handshake handshake_failure", "refuse": "connect refused"}
	if want, bad := failures[f.Behaviour]; bad {
		if len(r.all) != 1 || len(r.notAssessed) != 1 || string(r.notAssessed[0].Stage)+" "+string(r.notAssessed[0].Reason) != want {
			t.Fatalf("got %v, want one not_assessed with %s", r.all, want)
		}
		return
	}
	e := r.endpoint
	if e == nil {
		t.Fatalf("no endpoint: %+v", r.notAssessed)
	}
	if e.StartTLS != f.StartTLS {
		t.Errorf("upgraded from %q, want %q", e.StartTLS, f.StartTLS)
	}
	if e.Chain[0] != f.SHA256 || len(e.Chain) != f.ChainLength {
		t.Errorf("chain %d of %s, want %d of %s", len(e.Chain), e.Chain[0], f.ChainLength, f.SHA256)
	}
	want := map[string]string{"selfsigned": "self_signed", "noissuer": "incomplete_chain", "hugechain": "limit"}[f.Behaviour]
	if e.PathError != want || (want == "") != (len(e.Paths) > 0) {
		t.Errorf("path error %q with %d paths, want %q", e.PathError, len(e.Paths), want)
	}
	for _, v := range f.Versions {
		v = "TLS " + strings.TrimPrefix(v, "TLS")
		if len(f.Versions) == 1 && !slices.Equal(e.Versions, []string{v}) {
			t.Errorf("versions %v, want %s", e.Versions, v)
		}
	}
	if full && len(e.Probed)+len(e.Incomplete) != len(scan.FullDepth()) {
		t.Errorf("probed %v, incomplete %v", e.Probed, e.Incomplete)
	}
	if f.Behaviour == "slow" || full {
		return // its probes may well take longer than there is time
	}
	if len(r.notAssessed) > 0 {
		t.Errorf("not assessed: %+v", r.notAssessed[0])
	}
	if old := f.Behaviour == "tls10" || f.Behaviour == "tls11"; !old && !slices.Contains(e.VersionsRefused, "TLS 1.1") {
		t.Errorf("TLS 1.1 is not refused: %v", e.VersionsRefused)
	}
}

// startFarm builds and runs the farm; it ends with the test.
func startFarm(t testing.TB, count int) ([]farmFact, *Roots) {
	t.Helper()
	src, err := filepath.Abs("../../../shared/bench/tlsfarm")
	if _, serr := os.Stat(filepath.Join(src, "main.go")); err != nil || serr != nil {
		t.Skip("the benchmark farm is not beside this checkout")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "tlsfarm")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir = src
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the farm: %v\n%s", err, out)
	}
	run := exec.Command(bin, "--out", dir, "--count", strconv.Itoa(count), "--for", "2m", "--port", strconv.Itoa(freeRange(t, count)), "--delay", "1s",
		"--behaviour", "normal=6,expired=3,notyet,wronghost=2,selfsigned=2,noissuer=2,rsa1024=2,hugechain=2,tls10=3,tls11=2,tls12=2,tls13=2,mtls=3,sni,slow=2,drip=2,hang=3,reset=2,close=2,garbage=2,http=2,alert=2,refuse=2,smtp,imap,pop3,ftp,postgres,mysql,ldap")
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
		t.Fatalf("the farm says %q, %v", line, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "facts.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var facts []farmFact
	for line := range strings.Lines(string(text)) {
		var f farmFact
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(ca)
	return facts, NewRoots([][]byte{block.Bytes})
}

// freeRange finds a port with count free ones after it, as far as can be told.
func freeRange(t testing.TB, count int) int {
	for first := 21000; first < 60000; first += count {
		free := true
		for port := first; port < first+count && free; port++ {
			l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if free = err == nil; free {
				l.Close()
			}
		}
		if free {
			return first
		}
	}
	t.Fatal("no free ports")
	return 0
}

// held is what the process has open.
type held struct{ goroutines, files int }

// inUse counts descriptors where the system lists them. The first socket of a
// process makes the runtime open some for itself, so that one comes before.
func inUse() held {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		files = nil
	}
	return held{runtime.NumGoroutine(), len(files)}
}

// noLeak waits for the process to hold no more than before.
func noLeak(t *testing.T, before held) {
	t.Helper()
	var after held
	for range 50 {
		if after = inUse(); after.goroutines <= before.goroutines && after.files <= before.files {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("%+v, before %+v:\n%s", after, before, buf[:runtime.Stack(buf, true)])
}
