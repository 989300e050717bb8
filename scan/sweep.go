package scan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// MaxEndpoints is how many endpoints one target may stand for.
const MaxEndpoints = 1 << 20

// A Sweep makes a target stand for several endpoints: every port of every
// address from First to Last or, where these are not set, of the target's Host.
// Every address counts, the first and the last of a block too: whether a
// network has a broadcast address is not to be seen from outside, and an
// address that nobody answers at costs one record.
type Sweep struct {
	First, Last netip.Addr
	Ports       Ports
	skip        func(endpoint Target) bool // asked for by an earlier target; nil: none is. See Once.
}

// Endpoints yields the endpoints that a target stands for, one at a time and
// in order: by address, then by port. Arg stays as it was written.
func (t Target) Endpoints() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		if t.Sweep == nil {
			yield(t)
			return
		}
		for host := range t.hosts() {
			for port := range t.Sweep.Ports.All() {
				e := t.at(host, port)
				if (t.Sweep.skip == nil || !t.Sweep.skip(e)) && !yield(e) {
					return
				}
			}
		}
	}
}

// hosts yields the hosts of a sweep.
func (t Target) hosts() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !t.Sweep.First.IsValid() {
			yield(t.Host)
			return
		}
		for a := t.Sweep.First; yield(a.String()) && a != t.Sweep.Last; a = a.Next() {
		}
	}
}

// at is one endpoint of a sweep. Where no scheme tells the protocol, the port
// does.
func (t Target) at(host string, port int) Target {
	t.Host, t.Port, t.Sweep = host, port, nil
	if t.Scheme == "" {
		t.StartTLS = portProtocols[port]
	}
	return t
}

// OnPorts gives a target that names neither a port nor a scheme these ports;
// any other stays what it is. It fails where the target then stands for too
// many endpoints.
func (t Target) OnPorts(ports Ports) (Target, error) {
	if t.Kind != EndpointTarget || !t.Bare || len(ports) == 0 {
		return t, nil
	}
	if t.Sweep == nil && ports.Count() == 1 {
		return t.at(t.Host, ports[0].First), nil
	}
	s := Sweep{Ports: ports}
	if t.Sweep != nil {
		s.First, s.Last = t.Sweep.First, t.Sweep.Last
	}
	t.Sweep = &s
	return t, t.bounded()
}

func (t Target) bounded() error {
	if n, ok := t.Sweep.addresses(); !ok || n > MaxEndpoints/t.Sweep.Ports.Count() {
		return fmt.Errorf("target %q: it stands for more than %d endpoints; split it, or name fewer ports", t.Arg, MaxEndpoints)
	}
	return nil
}

// addresses counts hosts; ok is false where there are more than MaxEndpoints.
func (s *Sweep) addresses() (n int, ok bool) {
	if !s.First.IsValid() {
		return 1, true
	}
	first, last := s.First.As16(), s.Last.As16()
	low, borrow := bits.Sub64(binary.BigEndian.Uint64(last[8:]), binary.BigEndian.Uint64(first[8:]), 0)
	high, _ := bits.Sub64(binary.BigEndian.Uint64(last[:8]), binary.BigEndian.Uint64(first[:8]), borrow)
	return int(low) + 1, high == 0 && low < MaxEndpoints
}

// covers is true where the sweep has the address.
func (s *Sweep) covers(a netip.Addr) bool {
	return s.First.IsValid() && a.BitLen() == s.First.BitLen() && !a.Less(s.First) && !s.Last.Less(a)
}

// A block is what the spelling of several addresses says.
type block struct {
	first, last netip.Addr
	port        string // empty where none is written
}

// parseBlock reads a CIDR block (192.0.2.0/28, 2001:db8::/120) or a range
// (192.0.2.10-192.0.2.20, 192.0.2.10-20) with an optional port, for which IPv6
// needs brackets. A block is the one that the address lies in. ok is false
// where the text is neither: it may be a name.
func parseBlock(text string) (b block, ok bool, err error) {
	body, port := cutBlockPort(text)
	b.port = port
	if addr, size, found := strings.Cut(body, "/"); found {
		if _, err := netip.ParseAddr(addr); err != nil || strings.Trim(size, "0123456789") != "" {
			return b, false, nil
		}
		p, err := netip.ParsePrefix(body)
		if err != nil {
			return b, true, fmt.Errorf("%q is not the size of a network", "/"+size)
		}
		b.first, b.last = p.Masked().Addr(), lastOf(p)
		return b, true, nil
	}
	from, to, found := strings.Cut(body, "-")
	if b.first, err = netip.ParseAddr(from); !found || err != nil {
		return b, false, nil
	}
	if b.first.Is4() && strings.Trim(to, "0123456789.") != "" {
		return b, false, nil // a name that begins like an address
	}
	if b.last, err = netip.ParseAddr(to); err != nil {
		if b.last, err = sameNetwork(b.first, to); err != nil {
			return b, true, err
		}
	}
	if b.first.Zone()+b.last.Zone() != "" || b.first.BitLen() != b.last.BitLen() || b.last.Less(b.first) {
		return b, true, errors.New("the range ends before it begins, or in another family")
	}
	return b, true, nil
}

// cutBlockPort takes the port off, and the brackets of IPv6: [2001:db8::/120]:443
// as well as [2001:db8::]/120:443.
func cutBlockPort(text string) (body, port string) {
	inner, rest, bracketed := strings.Cut(strings.TrimPrefix(text, "["), "]")
	switch {
	case strings.HasPrefix(text, "[") && bracketed:
		size, port, _ := strings.Cut(rest, ":")
		return inner + size, port
	case strings.Count(text, ":") == 1:
		body, port, _ = strings.Cut(text, ":")
		return body, port
	}
	return text, ""
}

// sameNetwork reads the end of 192.0.2.10-20.
func sameNetwork(first netip.Addr, end string) (netip.Addr, error) {
	n, err := strconv.ParseUint(end, 10, 8)
	if err != nil || !first.Is4() {
		return netip.Addr{}, fmt.Errorf("%q does not end a range of addresses", end)
	}
	b := first.As4()
	b[3] = byte(n)
	return netip.AddrFrom4(b), nil
}

// lastOf is the last address of a block.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < 8*len(b); i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
