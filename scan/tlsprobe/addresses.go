package tlsprobe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"certaudit/scan"
)

const (
	maxAddresses = 16  // of one name that are tried until one answers
	maxEach      = 256 // of one name that are observed with AllAddresses
)

// observeEach observes every address of a name as an endpoint of its own, in
// ascending order, so that evidence does not depend on the turn that a name
// server takes. Each has the whole timeout; to resolve the name has one, too.
func (v *visit) observeEach(ctx context.Context) {
	located, cancel := v.p.limited(ctx)
	fail := v.locate(located)
	cancel()
	if fail != nil {
		v.notAssessed(fail, -1, v.attempts)
		return
	}
	addrs := slices.SortedFunc(slices.Values(v.addrs), netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	for _, addr := range addrs[:min(len(addrs), maxEach)] {
		one := &visit{p: v.p, target: v.target, emit: v.emit, literal: v.literal, host: v.host, name: v.name,
			addrs: []netip.Addr{addr}, each: !v.literal, budget: newBudget(v.target.StartTLS)}
		ctx, cancel := v.p.limited(ctx)
		one.see(ctx)
		cancel()
	}
	if len(addrs) > maxEach {
		v.notAssessed(&failure{stage: scan.StageLimit, reason: scan.ReasonTooMany,
			detail: fmt.Sprintf("name with %d addresses, of which the first %d are observed", len(addrs), maxEach)}, -1, 0)
	}
}

// limited is the time of one endpoint.
func (p *Prober) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, p.timeout, errTimeout)
}

// address is what records of one of several addresses carry; it is empty where
// the endpoint is observed once.
func (v *visit) address() string {
	if !v.each {
		return ""
	}
	return v.addrs[0].String()
}
