package scan

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func spreadOf(most func(string) int, endpoints ...string) *spread {
	s := newSpread(most)
	for _, e := range endpoints {
		s.add(&job{unit: Unit{Endpoint: e}})
	}
	s.close()
	return s
}

// TestSpreadOrder takes every job without ending one.
func TestSpreadOrder(t *testing.T) {
	for _, c := range []struct {
		name     string
		in, want []string
	}{
		{"one host, as they stand", []string{"a:1", "a:2", "a:3"}, []string{"a:1", "a:2", "a:3"}},
		{"hosts in turn", []string{"a:1", "a:2", "a:3", "b:1", "b:2", "c:1"}, []string{"a:1", "b:1", "c:1", "a:2", "b:2", "a:3"}},
		{"networks in turn, and their hosts", []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.2:1", "192.0.2.3:1", "198.51.100.1:1", "198.51.100.1:2"},
			[]string{"192.0.2.1:1", "198.51.100.1:1", "192.0.2.2:1", "198.51.100.1:2", "192.0.2.3:1", "192.0.2.1:2"}},
		{"IPv6 by site", []string{"[2001:db8:1::1]:1", "[2001:db8:1:2::1]:1", "[2001:db8:2::1]:1"},
			[]string{"[2001:db8:1::1]:1", "[2001:db8:2::1]:1", "[2001:db8:1:2::1]:1"}},
		{"this machine, as it stands", []string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.2:1", "[::1]:1", "127.1.0.1:1"},
			[]string{"127.0.0.1:1", "127.0.0.1:2", "127.0.0.2:1", "[::1]:1", "127.1.0.1:1"}},
		{"an IPv4 address in an IPv6 one", []string{"192.0.2.1:1", "[::ffff:192.0.2.2]:1", "a:1"}, []string{"192.0.2.1:1", "a:1", "[::ffff:192.0.2.2]:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := spreadOf(nil, c.in...)
			var got []string
			for {
				j, ok := s.take()
				if !ok {
					break
				}
				got = append(got, j.unit.Endpoint)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestSpreadLimit has many workers on few hosts: no host has more than its
// number at any time, and every job is given.
func TestSpreadLimit(t *testing.T) {
	const most = 3
	var endpoints []string
	for i := range 600 {
		endpoints = append(endpoints, fmt.Sprintf("192.0.2.%d:%d", i%5, i))
	}
	s := spreadOf(func(string) int { return most }, endpoints...)
	var mu sync.Mutex
	busy, worst, given := map[string]int{}, 0, 0
	var workers sync.WaitGroup
	for range 40 {
		workers.Go(func() {
			for {
				j, ok := s.take()
				if !ok {
					return
				}
				host := hostOf(j.unit.Endpoint)
				mu.Lock()
				busy[host]++
				worst, given = max(worst, busy[host]), given+1
				mu.Unlock()
				mu.Lock()
				busy[host]--
				mu.Unlock()
				s.done(j)
			}
		})
	}
	workers.Wait()
	if given != 600 || worst > most {
		t.Errorf("%d jobs given, up to %d of one host at once", given, worst)
	}
	if len(s.root.all) != 0 || len(s.root.members) != 0 || s.root.busy != 0 {
		t.Errorf("left behind: %+v", s.root)
	}
}

// TestSpreadHeld: where more waits to be written than may, nothing begins but
// the job whose turn it is.
func TestSpreadHeld(t *testing.T) {
	s := newSpread(nil)
	jobs := []*job{{unit: Unit{Endpoint: "192.0.2.1:1"}}, {unit: Unit{Endpoint: "192.0.2.1:2"}}, {unit: Unit{Endpoint: "192.0.2.1:3"}}, {unit: Unit{Endpoint: "a:1"}}}
	for _, j := range jobs {
		s.add(j)
	}
	begun := func(want *job) {
		t.Helper()
		if h := s.best(); h == nil || s.begin(h) != want {
			t.Fatal("another job was begun, or none")
		}
	}
	begun(jobs[0])
	begun(jobs[3])
	s.hold(heldBytes + 1)
	if s.best() != nil {
		t.Error("a job may begin")
	}
	s.lead(jobs[0])
	if s.best() != nil {
		t.Error("a job may begin while the head is under way")
	}
	s.done(jobs[0])
	s.lead(jobs[1])
	begun(jobs[1])
	s.hold(-1)
	begun(jobs[2])
}

// manyHosts yields endpoints of many networks, in turn by network, whose records
// are large.
type manyHosts int

func (n manyHosts) Units(_ context.Context, t Target) iter.Seq[Unit] {
	return func(yield func(Unit) bool) {
		for i := range int(n) {
			endpoint := fmt.Sprintf("10.0.%d.%d:443", i*16/int(n), i%250)
			yield(Unit{Target: t.Arg, Endpoint: endpoint, Observe: func(_ context.Context, emit func(Record)) {
				emit(&NotAssessed{Target: t.Arg, Endpoint: endpoint, Detail: strings.Repeat("x", 24<<10), Attempts: i})
			}})
		}
	}
}

// TestRunManyNetworks has more to hold than is held, with the work far from the
// order of the targets: it ends, and in order.
func TestRunManyNetworks(t *testing.T) {
	const n = 3000
	var out bytes.Buffer
	w, err := NewWriter(&out, RunRecord{})
	if err != nil {
		t.Fatal(err)
	}
	complete, err := Run(t.Context(), []Target{{Arg: "a", Kind: EndpointTarget}}, map[TargetKind]Source{EndpointTarget: manyHosts(n)},
		Options{EndpointWorkers: 32, PerHost: func(string) int { return 1 }, Now: time.Now}, w)
	if err == nil {
		err = w.Finish(time.Unix(0, 0), complete)
	}
	records, rerr := readEvidence(out.Bytes(), true)
	if err != nil || rerr != nil || len(records) != n+2 {
		t.Fatal(err, rerr, len(records))
	}
	for i, r := range records[1 : n+1] {
		if got := r.(*NotAssessed).Attempts; got != i {
			t.Fatalf("record %d is of unit %d", i, got)
		}
	}
}

func BenchmarkSpread(b *testing.B) {
	s := newSpread(nil)
	host := func(i int) string { return fmt.Sprintf("10.%d.%d.%d:443", i>>12&255, i>>4&255, i&15) }
	for i := range endpointWindow {
		s.add(&job{unit: Unit{Endpoint: host(i)}})
	}
	for i := 0; b.Loop(); i++ {
		j, _ := s.take()
		s.done(j)
		s.add(&job{unit: Unit{Endpoint: j.unit.Endpoint}})
	}
}
