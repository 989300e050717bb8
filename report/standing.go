package report

import "certaudit/scan"

// A standing is the endpoint whose records are being read. An endpoint counts
// once, as assessed or not, whatever else is said of it. Where a scan observed
// each address of a name, each is an endpoint.
type standing struct {
	target, endpoint, address string
	answered                  bool
}

// is tells whether a record is about the endpoint that stands here. A record
// without an address is about the whole.
func (s *standing) is(target, endpoint, address string) bool {
	return s.endpoint == endpoint && s.target == target && !s.elsewhere(address)
}

func (s *standing) elsewhere(address string) bool {
	return s.address != "" && address != "" && s.address != address
}

// A host is one host:port in one evidence file.
type host struct {
	source   *source
	endpoint string
}

// stand moves on to the endpoint of a record, and remembers a host:port that
// has several addresses.
func (b *builder) stand(s *source, at *standing, next standing) {
	if at.endpoint == next.endpoint && at.target == next.target && at.elsewhere(next.address) {
		b.ix.several[host{s, next.endpoint}] = true
	}
	*at = next
}

// assessedEndpoint counts an endpoint that answered.
func (b *builder) assessedEndpoint(s *source, at *standing, e *scan.Endpoint) {
	s.assessed++
	if at.is(e.Target, e.Endpoint, e.Address) && !at.answered { // it answered after all
		s.notAssessed--
		b.audit.Scope.OtherNotAssessed++
	}
	b.stand(s, at, standing{e.Target, e.Endpoint, e.Address, true})
	if e.StartTLS != "" {
		b.ix.upgraded[host{s, e.Endpoint}] = e.StartTLS
	}
}

// silentEndpoint counts an endpoint that did not answer. It is false for a
// record of something else, or of an endpoint that counts already.
func (b *builder) silentEndpoint(s *source, at *standing, n *scan.NotAssessed) bool {
	if n.Endpoint == "" || n.Stage == scan.StageProbe || at.is(n.Target, n.Endpoint, n.Address) {
		return false
	}
	s.notAssessed++
	b.stand(s, at, standing{n.Target, n.Endpoint, n.Address, false})
	return true
}

// addressOf is the address that tells an endpoint from others of the same
// host:port; it is empty where there is no other.
func (ix *index) addressOf(s *source, endpoint, address string) string {
	if ix.several[host{s, endpoint}] {
		return address
	}
	return ""
}

// endpointKey names an endpoint's place for identify.
func (b *builder) endpointKey(s *source, e *scan.Endpoint) string {
	key := e.Endpoint + s.run.Vantage
	if address := b.ix.addressOf(s, e.Endpoint, e.Address); address != "" {
		key += " " + address
	}
	if e.StartTLS != "" {
		key += " " + e.StartTLS
	}
	return key
}

// withAddress shows which of several addresses is meant.
func withAddress(endpoint, address string) string {
	if address == "" {
		return endpoint
	}
	return endpoint + " (" + address + ")"
}
