package tlsprobe

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"time"

	"certaudit/scan"
)

// Resolving may take half of what is left of the endpoint's time, connecting
// three quarters of the rest, shared over the addresses still to be tried; the
// handshake has all that remains.
func resolveShare(left time.Duration) time.Duration { return left / 2 }
func connectShare(left time.Duration) time.Duration { return left / 4 * 3 }

// lookup gives the addresses of a name in the order of the resolver (RFC 6724
// where that is the system's). A temporary failure is tried again.
func (p *Prober) lookup(ctx context.Context, name string) (addrs []netip.Addr, attempts int, fail *failure) {
	ctx, cancel := within(ctx, resolveShare)
	defer cancel()
	for attempts = 1; ; attempts++ {
		found, err := p.resolve(ctx, name)
		if err == nil && len(found) == 0 {
			err = &net.DNSError{Err: "no addresses", Name: name, IsNotFound: true}
		}
		if err == nil {
			for _, a := range found {
				addrs = append(addrs, a.Unmap())
			}
			return addrs, attempts, nil
		}
		fail = classifyResolve(ctx, err)
		if !fail.temporary || attempts >= fail.tries() || !pause(ctx, attempts, fail) {
			return nil, attempts, fail
		}
	}
}

// connect opens a connection to the first address that takes one. Where none
// does, the failure is that of the address that came nearest to an answer.
func (p *Prober) connect(ctx context.Context, addrs []netip.Addr, port int) (net.Conn, netip.Addr, *failure) {
	all, cancel := within(ctx, connectShare)
	defer cancel()
	var worst *failure
	for i, addr := range addrs {
		one, cancel := within(all, func(left time.Duration) time.Duration { return left / time.Duration(len(addrs)-i) })
		c, err := p.dial(one, "tcp", net.JoinHostPort(addr.String(), strconv.Itoa(port)))
		fail := classifyConnect(one, err)
		cancel()
		if err == nil {
			return c, addr, nil
		}
		if len(addrs) > 1 {
			fail.detail = addr.String() + ": " + fail.detail
		}
		if worst == nil || nearness(fail.reason) > nearness(worst.reason) {
			worst = fail
		}
		if fail.reason == scan.ReasonInterrupted {
			break
		}
	}
	return nil, netip.Addr{}, worst
}

// nearness ranks why no connection came about by how much it says of the peer.
func nearness(r scan.Reason) int {
	switch r {
	case scan.ReasonInterrupted:
		return 4
	case scan.ReasonRefused, scan.ReasonReset:
		return 3
	case scan.ReasonTimeout:
		return 2
	case scan.ReasonUnreachable:
		return 1
	}
	return 0
}

// within makes a context that ends after a share of what is left of ctx.
func within(ctx context.Context, share func(left time.Duration) time.Duration) (context.Context, context.CancelFunc) {
	end, _ := ctx.Deadline()
	return context.WithTimeoutCause(ctx, share(time.Until(end)), errTimeout)
}

// tries is how often what is temporary is tried in all. A peer that wants fewer
// connections is not asked for many more.
func (f *failure) tries() int {
	if f.reason == scan.ReasonRateLimited {
		return 2
	}
	return 3
}

// backoff is the wait before a second attempt, and doubles from there; up to half
// of it is left to chance, so that what failed together does not come again
// together. A peer that wants fewer connections counts them over a longer time.
func backoff(f *failure) time.Duration {
	if f.reason == scan.ReasonRateLimited {
		return time.Second
	}
	return 100 * time.Millisecond
}

// pause waits after the attempt of that number, from 1; it is false when the
// time is over.
func pause(ctx context.Context, attempt int, f *failure) bool {
	wait := backoff(f) << min(attempt-1, 4)
	t := time.NewTimer(wait - rand.N(wait/2))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
