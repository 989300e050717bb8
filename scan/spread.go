package scan

import (
	"container/heap"
	"net"
	"net/netip"
	"sync"
)

// A spread holds the endpoint jobs of the window that wait, and gives the one
// to begin next: of the network with the fewest jobs under way the host with the
// fewest, and the oldest job otherwise. So no host and no network is asked by
// everyone at once while others wait, in whatever order the targets stand. A job
// comes and goes at the cost of a heap's depth.
//
// What the jobs gave waits for its turn to be written. Where that is more than
// heldBytes, none begins but the one whose turn it is.
type spread struct {
	mu      sync.Mutex
	change  *sync.Cond
	most    func(host string) int // see Options.PerHost
	root    group                 // of networks, which are groups of hosts
	head    *job                  // whose turn it is; nil at first
	waiting int                   // jobs
	held    int                   // bytes
	next    int                   // number of the next job
	closed  bool
}

// heldBytes is room for what a window of endpoints gives, some 3 KiB each.
const heldBytes = 16 << 20

func newSpread(most func(host string) int) *spread {
	s := &spread{most: most, root: group{all: map[string]*group{}}}
	s.change = sync.NewCond(&s.mu)
	return s
}

// add puts a job behind those of its host.
func (s *spread) add(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	host, most := hostOf(j.unit.Endpoint), 0
	if s.most != nil {
		most = s.most(host)
	}
	network := networkOf(host)
	if network == ourselves && most == 0 {
		host = network
	}
	h := s.root.member(network).member(host)
	h.most = most
	j.host, j.number = h, s.next
	s.next++
	s.waiting++
	h.jobs = append(h.jobs, j)
	h.settle()
	s.change.Signal()
}

// close says that no job will be added.
func (s *spread) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.change.Broadcast()
}

// lead tells whose turn it is to be written.
func (s *spread) lead(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = j
	if s.held > heldBytes {
		s.change.Signal()
	}
}

// hold counts bytes that wait to be written.
func (s *spread) hold(by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.held > heldBytes
	s.held += by
	if full && s.held <= heldBytes {
		s.change.Broadcast()
	}
}

// take waits for a job that may begin; ok is false when there will be none.
func (s *spread) take() (j *job, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		h := s.best()
		switch {
		case h != nil:
			return s.begin(h), true
		case s.closed && s.waiting == 0:
			return nil, false
		}
		s.change.Wait()
	}
}

// best is the host whose oldest job may begin now, or nil.
func (s *spread) best() *group {
	if s.held <= heldBytes {
		if s.root.able() {
			return s.root.members[0].members[0]
		}
		return nil
	}
	// The jobs before the head are done, so that it is its host's oldest.
	if j := s.head; j != nil && j.host != nil && !j.begun && j.host.able() {
		return j.host
	}
	return nil
}

func (s *spread) begin(h *group) *job {
	j := h.jobs[0]
	h.jobs[0], h.jobs = nil, h.jobs[1:]
	j.begun = true
	s.waiting--
	h.count(+1)
	if s.closed && s.waiting == 0 {
		s.change.Broadcast()
	}
	return j
}

// done makes room for another job of the host.
func (s *spread) done(j *job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j.host.count(-1)
	s.change.Signal()
}

// A group is a host with its jobs, or a network with its hosts, or all networks.
// It is the heap of those members that can give a job.
type group struct {
	above *group
	key   string
	all   map[string]*group // members that have jobs, waiting or under way
	most  int               // jobs of a host under way at once; 0 means any number
	busy  int               // jobs under way

	jobs    []*job   // of a host: those that wait, oldest first
	members []*group // of any other
	place   int      // among the members of the group above; -1 where it cannot give a job
}

// member finds the member of that name, or makes it.
func (g *group) member(key string) *group {
	m, ok := g.all[key]
	if !ok {
		m = &group{above: g, key: key, all: map[string]*group{}, place: -1}
		g.all[key] = m
	}
	return m
}

// count changes the number of jobs under way.
func (g *group) count(by int) {
	for at := g; at != nil; at = at.above {
		at.busy += by
	}
	g.settle()
}

// settle puts a group that has changed, and those above it, into their places.
func (g *group) settle() {
	for ; g.above != nil; g = g.above {
		switch able := g.able(); {
		case able && g.place < 0:
			heap.Push(g.above, g)
		case able:
			heap.Fix(g.above, g.place)
		case g.place >= 0:
			heap.Remove(g.above, g.place)
		}
		if g.busy == 0 && len(g.jobs) == 0 && len(g.all) == 0 {
			delete(g.above.all, g.key)
		}
	}
}

// able tells whether a job of the group may begin now.
func (g *group) able() bool {
	return len(g.members) > 0 || len(g.jobs) > 0 && (g.most == 0 || g.busy < g.most)
}

// oldest is the number of the job that the group would give.
func (g *group) oldest() int {
	for len(g.members) > 0 {
		g = g.members[0]
	}
	return g.jobs[0].number
}

func (g *group) Len() int { return len(g.members) }

func (g *group) Less(i, j int) bool {
	a, b := g.members[i], g.members[j]
	if a.busy != b.busy {
		return a.busy < b.busy
	}
	return a.oldest() < b.oldest()
}

func (g *group) Swap(i, j int) {
	g.members[i], g.members[j] = g.members[j], g.members[i]
	g.members[i].place, g.members[j].place = i, j
}

func (g *group) Push(x any) {
	m := x.(*group)
	m.place = len(g.members)
	g.members = append(g.members, m)
}

func (g *group) Pop() any {
	last := len(g.members) - 1
	m := g.members[last]
	m.place, g.members[last], g.members = -1, nil, g.members[:last]
	return m
}

// hostOf is the host of host:port.
func hostOf(endpoint string) string {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return endpoint
	}
	return host
}

// ourselves is the network of the loopback addresses.
const ourselves = "loopback"

// networkOf is the /24 of an IPv4 address, or the /48 of an IPv6 address, which
// is what one site gets (RFC 6177). A name stands for itself: its address is
// found later. All that is on this machine is one network, and without a bound
// one host: there is nobody to spare, and the order of the targets is best.
func networkOf(host string) string {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	addr = addr.Unmap()
	if addr.IsLoopback() {
		return ourselves
	}
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return host
	}
	return p.String()
}
