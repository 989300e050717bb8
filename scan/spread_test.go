package scan

import (
	"fmt"
	"slices"
	"sync"
	"testing"
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
