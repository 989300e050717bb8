package main

import (
	"context"
	"fmt"
	"iter"
	"math"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/spf13/pflag"

	"certaudit/scan"
)

// mannersFlags bound how hard endpoints are asked, and how a scan that was
// stopped goes on.
type mannersFlags struct {
	perHost int
	rate    float64 // connections a second; 0 is any number
	resume  bool

	strict bool // perHost was given: it holds for loopback addresses, too
}

func (f *mannersFlags) register(flags *pflag.FlagSet) {
	flags.IntVar(&f.perHost, "per-host", 16, "endpoints of one host observed at once; 0 is any number (loopback addresses: any number, unless given)")
	flags.Float64Var(&f.rate, "rate", 0, "connections begun in a second over the whole run, probes counted; 0 is any number")
	flags.BoolVar(&f.resume, "resume", false, "continue the scan that was stopped in the output folder")
}

func (f *mannersFlags) configure(flags *pflag.FlagSet, s settings) error {
	takeGiven(flags, "per-host", &f.perHost, s.PerHost)
	take(flags, "rate", &f.rate, s.Rate, s.Rate != 0)
	f.strict = flags.Changed("per-host") || s.PerHost != nil
	if f.perHost < 0 {
		return fmt.Errorf("--per-host %d: give a number above zero, or 0 for any number", f.perHost)
	}
	if !(f.rate == 0 || f.rate >= leastRate && f.rate <= mostRate) { // nor NaN
		return fmt.Errorf("--rate %v: give a number from %v to %v, or 0 for any number", f.rate, leastRate, mostRate)
	}
	return nil
}

// The bounds of --rate: one connection in a quarter of an hour, and what no
// ticker keeps up with.
const (
	leastRate = 0.001
	mostRate  = 1e6
)

// limit is how many endpoints of a host may be under way at once; 0 is any
// number. What listens on this machine is nobody else's to spare.
func (f *mannersFlags) limit(host string) int {
	if !f.strict && isLoopback(host) {
		return 0
	}
	return f.perHost
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// A pace lets connections begin no faster than a rate. The first one of an
// endpoint is waited for before the endpoint's time begins to run, those that
// follow within that time; so they go first, and no endpoint is begun while
// those under way want all that the rate allows.
type pace struct {
	every  time.Duration
	first  chan struct{}
	follow chan struct{}
}

// newPace is nil where any number of connections may begin.
func newPace(perSecond float64) *pace {
	if perSecond == 0 {
		return nil
	}
	every := time.Duration(math.Round(float64(time.Second) / perSecond))
	return &pace{every: every, first: make(chan struct{}), follow: make(chan struct{})}
}

// run allows connections until ctx ends.
func (p *pace) run(ctx context.Context) {
	if p == nil {
		return
	}
	tick := time.NewTicker(p.every)
	defer tick.Stop()
	for {
		select {
		case p.follow <- struct{}{}:
		default:
			select {
			case p.follow <- struct{}{}:
			case p.first <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// allowed is the key of a context's value: whether a connection of it was
// allowed and has not begun.
type allowed struct{}

// A dialFunc opens a connection, as net.Dialer does.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer waits before each connection, but for the first of an endpoint.
func (p *pace) dialer(next dialFunc) dialFunc {
	if p == nil {
		return next
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if paid, ok := ctx.Value(allowed{}).(*atomic.Bool); !ok || !paid.CompareAndSwap(true, false) {
			select {
			case <-p.follow:
			case <-ctx.Done():
				return nil, fmt.Errorf("waiting for --rate: %w", ctx.Err())
			}
		}
		return next(ctx, network, address)
	}
}

// source waits for the first connection of each unit before the unit begins.
func (p *pace) source(next scan.Source) scan.Source {
	if p == nil {
		return next
	}
	return pacedSource{next, p}
}

type pacedSource struct {
	scan.Source
	pace *pace
}

// Units satisfies scan.Source.
func (s pacedSource) Units(ctx context.Context, t scan.Target) iter.Seq[scan.Unit] {
	return func(yield func(scan.Unit) bool) {
		for u := range s.Source.Units(ctx, t) {
			observe := u.Observe
			u.Observe = func(ctx context.Context, emit func(scan.Record)) { observe(s.pace.admit(ctx), emit) }
			if !yield(u) {
				return
			}
		}
	}
}

// admit waits until a first connection may begin.
func (p *pace) admit(ctx context.Context) context.Context {
	paid := new(atomic.Bool)
	select {
	case <-p.first:
		paid.Store(true)
	case <-ctx.Done():
	}
	return context.WithValue(ctx, allowed{}, paid)
}

// What a run may have open, by the number of descriptors that the system
// allows: some for itself, and for each unit what it may need at once. An
// endpoint has one connection at a time, or two questions to a resolver; a file
// may have a program print its password.
const (
	ownDescriptors = 64
	perUnit        = 2
)

// fit lowers the numbers of jobs to what the system allows; lowered tells
// whether it did. allowed is 0 where there is no bound.
func fit(fileJobs, endpointJobs, allowed int) (files, endpoints int, lowered bool) {
	if allowed == 0 {
		return fileJobs, endpointJobs, false
	}
	room := max(0, allowed-ownDescriptors) / perUnit
	files = max(1, min(fileJobs, room/4))
	endpoints = max(1, min(endpointJobs, room-files))
	return files, endpoints, files < fileJobs || endpoints < endpointJobs
}
