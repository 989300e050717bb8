package scan

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// Ports is a set of TCP ports, as ranges in ascending order without overlap.
type Ports []PortRange

// A PortRange is the ports from First to Last, both included.
type PortRange struct{ First, Last int }

// ParsePorts reads a list such as 443,8443,9000-9010.
func ParsePorts(list string) (Ports, error) {
	var all Ports
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		r := PortRange{First: portNumber(first), Last: portNumber(last)}
		if r.First == 0 || r.Last < r.First {
			return nil, fmt.Errorf("ports %q: %q is neither a port from 1 to 65535 nor a range of them", list, part)
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b PortRange) int { return cmp.Compare(a.First, b.First) })
	merged := all[:1]
	for _, r := range all[1:] {
		if last := &merged[len(merged)-1]; r.First <= last.Last+1 {
			last.Last = max(last.Last, r.Last)
		} else {
			merged = append(merged, r)
		}
	}
	return merged, nil
}

// portNumber is 0 for what is no port.
func portNumber(s string) int {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}

// Count is how many ports there are.
func (p Ports) Count() (n int) {
	for _, r := range p {
		n += r.Last - r.First + 1
	}
	return n
}

// Has tells whether a port is among them.
func (p Ports) Has(port int) bool {
	return slices.ContainsFunc(p, func(r PortRange) bool { return r.First <= port && port <= r.Last })
}

// All yields the ports in ascending order.
func (p Ports) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, r := range p {
			for port := r.First; port <= r.Last; port++ {
				if !yield(port) {
					return
				}
			}
		}
	}
}

// String is the list as ParsePorts reads it.
func (p Ports) String() string {
	parts := make([]string, len(p))
	for i, r := range p {
		parts[i] = strconv.Itoa(r.First)
		if r.Last > r.First {
			parts[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(parts, ",")
}
