package report

import (
	"cmp"
	"slices"
	"sort"

	"certaudit/scan"
)

// endpoints is what the index keeps of endpoints: which of them have one
// certificate or one key, and where two evidence files disagree.
type endpoints struct {
	list   chunks[endpointEntry]
	byName []uint32       // by name, source and order of the evidence
	byLeaf map[uint32]int // endpoints that send this certificate first, where there are several
	byKey  map[keyID]int  // endpoints whose first certificate has this key, likewise
}

// An endpointEntry is one record of an endpoint.
type endpointEntry struct {
	name, address     nameID // host:port as asked, IP address
	leaf              uint32 // its first certificate, or none
	source            uint16
	negotiated        uint8 // version by its place among ProtocolVersions, from 1
	accepted, refused uint8 // versions, one bit each
}

// addEndpoint remembers one record. The certificates of its chain are known.
func (ix *index) addEndpoint(ep *scan.Endpoint, source int) {
	e := endpointEntry{name: nameIDOf(ep.Endpoint), address: nameIDOf(ep.Address), leaf: none, source: uint16(source)}
	if len(ep.Chain) > 0 {
		e.leaf, _ = ix.find(ep.Chain[0])
	}
	for i, version := range ProtocolVersions() {
		if version == ep.TLSVersion {
			e.negotiated = uint8(i + 1)
		}
		switch Accepts(ep, version) {
		case scan.Yes:
			e.accepted |= 1 << i
		case scan.No:
			e.refused |= 1 << i
		}
	}
	ix.endpoints.list.add(e)
}

// settleEndpoints sorts and counts, once all are known.
func (ix *index) settleEndpoints() {
	x := &ix.endpoints
	at := x.list.at
	served := make([]uint32, 0, x.list.len())
	for n := range uint32(x.list.len()) {
		x.byName = append(x.byName, n)
		if at(n).leaf != none {
			served = append(served, n)
		}
	}
	slices.SortFunc(x.byName, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(at(a).name, at(b).name), cmp.Compare(at(a).source, at(b).source), cmp.Compare(a, b))
	})
	name := func(n uint32) nameID { return at(n).name }
	leaf := func(n uint32) uint32 { return at(n).leaf }
	key := func(n uint32) keyID { return ix.certs.at(at(n).leaf).key }
	x.byLeaf = several(served, leaf, cmp.Compare[uint32], name)
	x.byKey = several(served, key, func(a, b keyID) int { return slices.Compare(a[:], b[:]) }, name)
	delete(x.byKey, keyID{}) // nobody's
}

// several counts the distinct endpoints of each group, and keeps groups of more
// than one. It sorts the list.
func several[G comparable](list []uint32, group func(uint32) G, order func(a, b G) int, name func(uint32) nameID) map[G]int {
	slices.SortFunc(list, func(a, b uint32) int {
		return cmp.Or(order(group(a), group(b)), cmp.Compare(name(a), name(b)))
	})
	counts := map[G]int{}
	for i := 0; i < len(list); {
		g, n := group(list[i]), 0
		for first := i; i < len(list) && group(list[i]) == g; i++ {
			if i == first || name(list[i]) != name(list[i-1]) {
				n++
			}
		}
		if n > 1 {
			counts[g] = n
		}
	}
	return counts
}

// An EndpointRelations tells what the audit as a whole knows of an endpoint.
type EndpointRelations struct {
	SameCertificate int          // other endpoints (host:port) that send this leaf, from any vantage
	SameKey         int          // other endpoints whose leaf has this key, those with the same leaf among them
	Differs         []Difference // evidence files that disagree, the first 20
}

// A Difference is an evidence file in which no record of the same endpoint, of
// the same address where there is one, agrees on its leaf or on its versions.
type Difference struct {
	Evidence    int    // number of the file, from 1
	Vantage     string // of that scan; may be empty
	Certificate bool   // another leaf, or none
	Version     bool   // another version negotiated, or one accepted here and refused there, or the reverse
}

// endpointRelations tells them of the n-th record.
func (ix *index) endpointRelations(n uint32) EndpointRelations {
	e := ix.endpoints.list.at(n)
	r := EndpointRelations{Differs: ix.differences(e)}
	if e.leaf != none {
		r.SameCertificate = max(0, ix.endpoints.byLeaf[e.leaf]-1)
		r.SameKey = max(0, ix.endpoints.byKey[ix.certs.at(e.leaf).key]-1)
	}
	return r
}

// differences looks at the other evidence files that have an endpoint.
func (ix *index) differences(e *endpointEntry) []Difference {
	var list []Difference
	x := &ix.endpoints
	for source := range ix.sources {
		if source == int(e.source) {
			continue
		}
		from := sort.Search(len(x.byName), func(i int) bool {
			o := x.list.at(x.byName[i])
			return cmp.Or(cmp.Compare(o.name, e.name), cmp.Compare(int(o.source), source)) >= 0
		})
		var others []*endpointEntry
		for _, n := range x.byName[from:min(len(x.byName), from+maxRelated)] {
			if o := x.list.at(n); o.name == e.name && int(o.source) == source {
				others = append(others, o)
			}
		}
		if d := e.compare(others); d.Certificate || d.Version {
			d.Evidence, d.Vantage = source+1, ix.sources[source].run.Vantage
			list = append(list, d)
		}
		if len(list) == maxRelated {
			break
		}
	}
	return list
}

// compare tells in what an endpoint agrees with none of its other records:
// those of the same address where there are such.
func (e *endpointEntry) compare(others []*endpointEntry) (d Difference) {
	elsewhere := func(o *endpointEntry) bool { return o.address != e.address }
	if slices.ContainsFunc(others, func(o *endpointEntry) bool { return o.address == e.address }) {
		others = slices.DeleteFunc(others, elsewhere)
	}
	if len(others) == 0 {
		return d
	}
	d.Certificate = !slices.ContainsFunc(others, func(o *endpointEntry) bool { return o.leaf == e.leaf })
	d.Version = !slices.ContainsFunc(others, func(o *endpointEntry) bool {
		return o.negotiated == e.negotiated && o.accepted&e.refused == 0 && o.refused&e.accepted == 0
	})
	return d
}

// coverage sums the endpoints of one evidence file.
func (s *source) coverage() Vantage {
	return Vantage{Vantage: s.run.Vantage, EvidenceSHA256: s.sha256,
		EndpointsAsked: s.assessed + s.notAssessed, EndpointsAssessed: s.assessed, EndpointsNotAssessed: s.notAssessed}
}
