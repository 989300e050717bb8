package certfile

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"certaudit/scan"
)

// mutate damages a file in the n-th way: cut at each eighth, with bytes flipped,
// with a piece repeated.
func mutate(content []byte, n int, r *rand.Rand) []byte {
	if len(content) == 0 {
		return []byte{byte(n)}
	}
	piece := func() (from, to int) {
		from = r.IntN(len(content))
		return from, from + 1 + r.IntN(min(4096, len(content)-from))
	}
	switch {
	case n < 8:
		return content[:len(content)*n/8]
	case n%3 == 0:
		from, to := piece()
		again := bytes.Repeat(content[from:to], 1+r.IntN(20))
		return append(append(bytes.Clone(content[:to]), again...), content[to:]...)
	}
	changed := bytes.Clone(content)
	for range 1 + r.IntN(8) {
		if n%3 == 1 {
			changed[r.IntN(len(changed))] ^= 1 << r.IntN(8)
		} else {
			changed[r.IntN(len(changed))] = byte(r.Uint32())
		}
	}
	return changed
}

// TestCorpusMutations reads damaged copies of every file of the corpus: each ends
// in a record, without a panic, within the time for a file and without much
// memory. CERTAUDIT_MUTATIONS sets how many there are of each file.
func TestCorpusMutations(t *testing.T) {
	each := 6
	if n, err := strconv.Atoi(os.Getenv("CERTAUDIT_MUTATIONS")); err == nil {
		each = n
	}
	var files []string
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && !strings.HasSuffix(path, ".jsonl") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Skipf("SKIPPED: the certificate corpus is not beside this checkout: %v", err)
	}
	const bound = 20 * time.Second
	source := New(Options{Passwords: corpusPasswords(t), Limits: Limits{Time: bound, KDFIterations: 200_000}})
	var next, done atomic.Int64
	var slowest atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				content, err := os.ReadFile(files[i])
				if err != nil {
					t.Error(err)
					return
				}
				r := rand.New(rand.NewPCG(uint64(i), 7))
				for n := range each {
					k := n
					if each < 8 {
						k = r.IntN(200)
					}
					took := readMutation(t, source, files[i], k, mutate(content, k, r))
					if old := slowest.Load(); int64(took) > old {
						slowest.CompareAndSwap(old, int64(took))
					}
					if took > bound+bound/4 {
						t.Errorf("%s, mutation %d: %v", files[i], k, took)
					}
					done.Add(1)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d mutations of %d files, the slowest took %v; peak memory %s", done.Load(), len(files), time.Duration(slowest.Load()), peakMemory(t))
}

func readMutation(t *testing.T, source *Source, name string, n int, content []byte) time.Duration {
	begun := time.Now()
	records := 0
	f := newFile(t.Context(), &source.opt, "t", name, testNow, func(r scan.Record) {
		records++
		if trouble, ok := r.(*scan.NotAssessed); ok && trouble.Reason == scan.ReasonPanic {
			t.Errorf("%s, mutation %d: panic: %s", name, n, trouble.Detail)
		}
	})
	rec := &scan.File{}
	source.contained(f, func() { f.held(rec, content) })
	switch {
	case rec.Outcome == "":
		t.Errorf("%s, mutation %d: no outcome", name, n)
	case rec.Outcome != scan.OutcomeNoCertificates && rec.Outcome != scan.OutcomeOwnOutput && records == 0:
		t.Errorf("%s, mutation %d: %s without a record", name, n, rec.Outcome)
	}
	return time.Since(begun)
}

// peakMemory is the process's peak resident memory, checked against 512 MB; it
// is known on Linux only.
func peakMemory(t *testing.T) string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "kB")))
			if err == nil && kib > 512_000_000/1024 && !raceDetector {
				t.Errorf("peak memory %d KiB", kib)
			}
			return strings.TrimSpace(text)
		}
	}
	return "unknown"
}
