package report

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// diskRows pulls an audit's rows from spools and from the evidence itself.
type diskRows struct {
	ix          *index
	asOf        time.Time
	findings    *spool[Finding]
	notAssessed *spool[NotAssessed]
	endpoints   *spool[storedEndpoint]
	byExpiry    []uint32 // certificates in inventory order; made when first asked for
}

// storedEndpoint is an endpoint row without its leaf, which the evidence has.
type storedEndpoint struct {
	Endpoint  *scan.Endpoint
	Vantage   string
	Failures  int
	Worst     string
	Relations EndpointRelations
}

func newDiskRows(ix *index, dir string) *diskRows {
	return &diskRows{ix: ix, findings: newSpool[Finding](dir), notAssessed: newSpool[NotAssessed](dir), endpoints: newSpool[storedEndpoint](dir)}
}

func (r *diskRows) close() error {
	return errors.Join(r.findings.close(), r.notAssessed.close(), r.endpoints.close())
}

func (r *diskRows) Findings() iter.Seq2[*Finding, error]        { return r.findings.all() }
func (r *diskRows) NotAssessed() iter.Seq2[*NotAssessed, error] { return r.notAssessed.all() }

func (r *diskRows) Endpoints() iter.Seq2[*EndpointRow, error] {
	return func(yield func(*EndpointRow, error) bool) {
		for stored, err := range r.endpoints.all() {
			if err != nil {
				yield(nil, err)
				return
			}
			row := &EndpointRow{Endpoint: stored.Endpoint, Vantage: stored.Vantage, Failures: stored.Failures, Worst: stored.Worst,
				EndpointRelations: stored.Relations, Names: r.name}
			if row.Leaf, err = r.leaf(stored.Endpoint); err != nil {
				yield(nil, err)
				return
			}
			if row.Leaf != nil && row.Leaf.Dated() {
				row.DaysLeft = daysLeft(row.Leaf.NotAfter.Unix(), r.asOf)
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

func (r *diskRows) leaf(ep *scan.Endpoint) (*scan.Certificate, error) {
	if len(ep.Chain) == 0 {
		return nil, nil
	}
	n, ok := r.ix.find(ep.Chain[0])
	if !ok {
		return nil, nil
	}
	return r.ix.certificate(r.ix.certs.at(n))
}

// name is what a certificate is called, by its digest.
func (r *diskRows) name(sha256 string) (string, error) {
	n, ok := r.ix.find(sha256)
	if !ok {
		return "", nil
	}
	c, err := r.ix.certificate(r.ix.certs.at(n))
	if err != nil {
		return "", err
	}
	return cmp.Or(c.SubjectCN, c.Subject), nil
}

func (r *diskRows) Inventory() iter.Seq2[*InventoryRow, error] {
	return func(yield func(*InventoryRow, error) bool) {
		for _, n := range r.order() {
			row, err := r.inventoryRow(n)
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// order sorts the placed certificates by expiry; those without dates come last.
func (r *diskRows) order() []uint32 {
	if r.byExpiry != nil {
		return r.byExpiry
	}
	for n := range uint32(r.ix.certs.len()) {
		if r.ix.certs.at(n).first != none {
			r.byExpiry = append(r.byExpiry, n)
		}
	}
	slices.SortFunc(r.byExpiry, func(x, y uint32) int {
		a, b := r.ix.certs.at(x), r.ix.certs.at(y)
		return cmp.Or(cmp.Compare(a.sortTime(), b.sortTime()), strings.Compare(string(a.sum[:]), string(b.sum[:])))
	})
	return r.byExpiry
}

func (e *certEntry) sortTime() int64 {
	if !e.dated {
		return math.MaxInt64
	}
	return e.notAfter
}

func (r *diskRows) inventoryRow(n uint32) (*InventoryRow, error) {
	e := r.ix.certs.at(n)
	c, err := r.ix.certificate(e)
	if err != nil {
		return nil, err
	}
	first := r.ix.placements.at(e.first)
	o, err := r.ix.observation(first)
	if err != nil {
		return nil, err
	}
	row := &InventoryRow{Certificate: c, Placements: int(e.count), Failures: int(e.failures), Worst: e.worst.String(),
		First: r.ix.locationOf(r.ix.sources[first.source], o, first.use.use())}
	if e.dated {
		row.DaysLeft = daysLeft(e.notAfter, r.asOf)
	}
	row.Uses = r.ix.uses(e).words()
	row.Revocation = revocationWords(r.ix.revocationsOf(n), r.asOf)
	if err := r.ix.revocations.failed; err != nil {
		return nil, err
	}
	if row.Relations, err = r.ix.relations(n); err != nil {
		return nil, err
	}
	row.checkIssuer = func() (scan.Answer, error) { return r.ix.issuerVerifies(e, c) }
	return row, nil
}

// words lists uses as reports print them.
func (b useBits) words() []string {
	var list []string
	for _, u := range scan.Uses() {
		if b&bitOf(u) != 0 {
			list = append(list, string(u))
		}
	}
	return list
}

// certificates yields the lines of certificates[] of report.json in evidence
// order, each valid until the next. They hold what only the audit as a whole
// knows: the facts of each certificate stand in the evidence, and reading them
// again for every line would cost as much as judging them.
func (r *diskRows) certificates() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var text []byte
		for n := range uint32(r.ix.certs.len()) {
			e := r.ix.certs.at(n)
			if e.first == none {
				continue
			}
			relations, err := r.ix.relations(n)
			line := CertificateEntry{SHA256: e.sha256(), Uses: r.ix.uses(e).words(), Placements: int(e.count),
				Failures: int(e.failures), Worst: e.worst.String(), Relations: relations}
			line.Revocation = revocationWords(r.ix.revocationsOf(n), r.asOf)
			if err == nil {
				err = r.ix.revocations.failed
			}
			if e.dated {
				line.dates(time.Unix(e.notAfter, 0).UTC(), daysLeft(e.notAfter, r.asOf))
			}
			if err == nil {
				text, err = line.appendTo(text[:0])
			}
			if !yield(text, err) || err != nil {
				return
			}
		}
	}
}

// daysLeft is floor((not_after − as-of) / 86,400 s); negative when expired.
func daysLeft(notAfter int64, asOf time.Time) int {
	const day = 86400
	left := notAfter - asOf.Unix()
	days := left / day
	if left%day != 0 && left < 0 {
		days--
	}
	return int(days)
}
