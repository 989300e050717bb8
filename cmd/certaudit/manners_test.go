package main

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spf13/pflag"

	"certaudit/scan"
)

func TestMannersFlags(t *testing.T) {
	for _, c := range []struct {
		args     string
		settings settings
		host     string
		limit    int
		says     string // "" where the flags are taken
	}{
		{"", settings{}, "example.test", 16, ""},
		{"", settings{}, "127.0.0.1", 0, ""},
		{"", settings{}, "::1", 0, ""},
		{"", settings{}, "::ffff:127.3.2.1", 0, ""},
		{"", settings{}, "localhost", 0, ""},
		{"--per-host 16", settings{}, "127.0.0.1", 16, ""},
		{"--per-host 0", settings{}, "example.test", 0, ""},
		{"", settings{PerHost: new(3)}, "127.0.0.1", 3, ""},
		{"--per-host 4", settings{PerHost: new(3)}, "example.test", 4, ""},
		{"", settings{PerHost: new(0)}, "example.test", 0, ""},
		{"--per-host -1", settings{}, "", 0, "--per-host -1"},
		{"--rate 0.5", settings{}, "example.test", 16, ""},
		{"--rate -1", settings{}, "", 0, "--rate -1"},
		{"--rate NaN", settings{}, "", 0, "--rate NaN"},
		{"--rate Inf", settings{}, "", 0, "--rate +Inf"},
		{"", settings{Rate: 0.0001}, "", 0, "--rate 0.0001"},
	} {
		var f mannersFlags
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.register(flags)
		if err := flags.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		err := f.configure(flags, c.settings)
		if c.says != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.says) {
				t.Errorf("%q: %v, want %q", c.args, err, c.says)
			}
			continue
		}
		if err != nil || f.limit(c.host) != c.limit {
			t.Errorf("%q, %+v: %v, %d for %s, want %d", c.args, c.settings, err, f.limit(c.host), c.host, c.limit)
		}
	}
}

func TestFit(t *testing.T) {
	for _, c := range []struct {
		files, endpoints, allowed int
		wantFiles, wantEndpoints  int
		lowered                   bool
	}{
		{2, 128, 0, 2, 128, false},
		{2, 128, 1024, 2, 128, false},
		{2, 478, 1024, 2, 478, false},
		{2, 479, 1024, 2, 478, true},
		{5000, 5000, 1024, 120, 360, true},
		{5000, 5000, 20000, 2492, 5000, true},
		{2, 128, 256, 2, 94, true},
		{2, 128, 16, 1, 1, true},
	} {
		files, endpoints, lowered := fit(c.files, c.endpoints, c.allowed)
		if files != c.wantFiles || endpoints != c.wantEndpoints || lowered != c.lowered {
			t.Errorf("fit(%d, %d, %d) = %d, %d, %v", c.files, c.endpoints, c.allowed, files, endpoints, lowered)
		}
	}
}

// TestPace has three endpoints of two connections each at four connections a
// second: six connections take five quarters, and what an endpoint under way
// still wants goes before the next endpoint.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(4)
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var got []string
		began := time.Now()
		dial := p.dialer(func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, address[1:]+" at "+time.Since(began).String())
			return nil, io.EOF
		})
		var all sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			all.Go(func() {
				admitted := p.admit(ctx)
				dial(admitted, "tcp", name+"1")
				dial(admitted, "tcp", name+"2")
			})
		}
		synctest.Wait()
		go p.run(ctx)
		all.Wait()
		want := []string{"1 at 0s", "2 at 250ms", "1 at 500ms", "2 at 750ms", "1 at 1s", "2 at 1.25s"}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		cancel()
		synctest.Wait()

		// Nobody lets connections in any more: the endpoint's deadline ends the wait.
		late, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := p.dialer(func(context.Context, string, string) (net.Conn, error) {
			t.Error("a connection began")
			return nil, nil
		})(late, "tcp", "x")
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "--rate") {
			t.Errorf("got %v", err)
		}
	})
}

func TestNoPace(t *testing.T) {
	p := newPace(0)
	p.run(t.Context())
	if _, wrapped := p.source(scan.BadTargets{}).(pacedSource); wrapped {
		t.Error("a source is wrapped without a rate")
	}
	if p.dialer(nil) != nil {
		t.Error("a dialer is wrapped without a rate")
	}
}
