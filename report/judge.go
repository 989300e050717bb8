package report

import (
	"cmp"
	"context"
	"fmt"

	"certaudit/policies"
	"certaudit/scan"
)

// judgeSource is the second reading: each unit is judged where its record
// stands, with what the index knows of the others.
func (b *builder) judgeSource(ctx context.Context, s *source, n int) error {
	want := func(k scan.Kind) bool {
		return k == scan.KindCertificate || k == scan.KindEndpoint || b.placed && k == scan.KindObservation
	}
	return s.every(ctx, true, want, judgedFields, func(rec scan.Record, r *scan.Reader) error {
		switch rec := rec.(type) {
		case *scan.Certificate:
			return b.judgeCertificate(s, rec)
		case *scan.Endpoint:
			return b.judgeEndpoint(s, rec)
		case *scan.Observation:
			return b.judgePlacement(s, rec)
		}
		return nil
	})
}

// A unit is one thing being judged.
type unit struct {
	subject   policies.Subject
	target    string
	cert      *certEntry // nil for an endpoint without certificate
	locations func() ([]Location, string, error)
	owner     *endpointTally
	observed  *scan.Endpoint
	source    *source // that observed the endpoint
}

func (b *builder) judgeCertificate(s *source, c *scan.Certificate) error {
	n, ok := b.ix.bySum[c.Sum()]
	e := b.ix.certs.at(n)
	if !ok || e.first == none || b.ix.sources[e.source] != s {
		return nil // an anchor that was not sent, or judged with an earlier evidence file
	}
	if !e.exact { // the line lacks facts that its DER gives
		c = scan.Derive(c.DER)
	}
	if err := b.ix.findIssuer(n, c); err != nil {
		return err
	}
	places, err := b.placesOf(e)
	if err != nil {
		return err
	}
	return b.judge(&unit{
		subject: policies.Subject{Unit: policies.UnitCertificate, Certificate: c, Places: places, Estate: b.ix, Probes: s.run.Probes},
		cert:    e,
	})
}

// placesOf lists the distinct places of a certificate. Unless some rule's scope
// asks for paths or hosts, use and kind of place are enough.
func (b *builder) placesOf(e *certEntry) ([]policies.Place, error) {
	var places []policies.Place
	if b.places {
		for p := e.first; p != none; p = b.ix.placements.at(p).next {
			o, err := b.ix.observation(b.ix.placements.at(p))
			if err != nil {
				return nil, err
			}
			places = append(places, policies.Place{Use: b.ix.placements.at(p).use.use(), Path: o.Path, Endpoint: o.Endpoint, Container: o.Container})
		}
		return places, nil
	}
	var seen [2]useBits
	for p := e.first; p != none; p = b.ix.placements.at(p).next {
		pl := b.ix.placements.at(p)
		kind, place := 0, policies.Place{Use: pl.use.use(), Path: "-"}
		if pl.served {
			kind, place.Path, place.Endpoint = 1, "", "-"
		}
		if seen[kind]&pl.use == 0 {
			seen[kind] |= pl.use
			places = append(places, place)
		}
	}
	return places, nil
}

func (b *builder) judgeEndpoint(s *source, ep *scan.Endpoint) error {
	u := &unit{target: ep.Target, observed: ep, source: s, owner: &endpointTally{}}
	u.subject = policies.Subject{Unit: policies.UnitEndpoint, Endpoint: ep, Estate: b.ix, Probes: s.run.Probes,
		Places: []policies.Place{{Use: scan.UseIdentity, Endpoint: ep.Endpoint, Container: "tls"}}}
	if len(ep.Chain) > 0 {
		if n, ok := b.ix.find(ep.Chain[0]); ok {
			leaf, err := b.ix.certificate(b.ix.certs.at(n))
			if err != nil {
				return err
			}
			u.subject.Certificate = leaf
		}
	}
	if err := b.judge(u); err != nil {
		return err
	}
	if u.owner.violations > 0 {
		b.audit.Estate.FailingEndpoints++
	}
	b.serial++
	b.judged++
	return b.rows.endpoints.add(serialKey(b.serial), &storedEndpoint{Endpoint: ep, Vantage: s.run.Vantage,
		Failures: u.owner.failures, Worst: u.owner.worst.String(), Relations: b.ix.endpointRelations(b.judged - 1)})
}

func (b *builder) judgePlacement(s *source, o *scan.Observation) error {
	n, ok := b.ix.find(o.SHA256)
	if !ok {
		return nil
	}
	e := b.ix.certs.at(n)
	c, err := b.ix.certificate(e)
	if err != nil {
		return err
	}
	use := o.Use
	for p := e.first; p != none; p = b.ix.placements.at(p).next {
		if pl := b.ix.placements.at(p); b.ix.sources[pl.source] == s {
			if other, err := b.ix.observation(pl); err != nil {
				return err
			} else if other.Path == o.Path && other.Endpoint == o.Endpoint && other.Address == o.Address && other.Index == o.Index && other.Alias == o.Alias {
				use = pl.use.use()
				break
			}
		}
	}
	loc := b.ix.locationOf(s, o, use)
	return b.judge(&unit{
		target: o.Target, cert: e,
		subject: policies.Subject{Unit: policies.UnitPlacement, Certificate: c, Estate: b.ix, Probes: s.run.Probes,
			Places: []policies.Place{{Use: use, Path: o.Path, Endpoint: o.Endpoint, Container: o.Container}}},
		locations: func() ([]Location, string, error) { return []Location{loc}, b.placeKey(s, o), nil },
	})
}

// endpointTally counts one endpoint's own failures.
type endpointTally struct {
	failures, violations int
	worst                policies.Severity
}

// judge evaluates every rule about one unit and keeps the results.
func (b *builder) judge(u *unit) error {
	b.assessed = b.set.AppendEvaluate(b.assessed[:0], &u.subject, b.audit.Run.AsOf)
	if b.ix.revocations.failed != nil {
		return b.ix.revocations.failed
	}
	lacks := map[scan.Reason][]string(nil)
	violations := 0
	for i := range b.assessed {
		a := &b.assessed[i]
		b.tally(a)
		switch a.Result {
		case policies.Fail, policies.Waived:
			if err := b.finding(u, a); err != nil {
				return err
			}
			if b.violates(a) {
				violations++
			}
		case policies.NotAssessed, policies.Error:
			reason := a.Missing
			if a.Result == policies.Error || reason == "" {
				reason = scan.ReasonNotObtained
			}
			if lacks == nil {
				lacks = map[scan.Reason][]string{}
			}
			lacks[reason] = append(lacks[reason], a.Rule.ID)
		}
	}
	if violations > 0 && u.cert != nil && u.observed == nil {
		b.audit.Estate.FailingCertificates++
	}
	for _, reason := range []scan.Reason{scan.ReasonNotObtained, scan.ReasonNotRequested} {
		if len(lacks[reason]) > 0 {
			if err := b.lack(u, reason, lacks[reason]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *builder) violates(a *policies.Assessment) bool {
	return a.Result == policies.Fail && b.opt.FailOn != 0 && a.Severity >= b.opt.FailOn
}

// tally counts one result for its rule and for the audit.
func (b *builder) tally(a *policies.Assessment) {
	r, t := b.counts[a.Rule.ID], &b.audit.Totals
	if a.Result != policies.NotApplicable {
		r.Population++
	}
	switch a.Result {
	case policies.Pass:
		r.Pass++
		t.ByResult.Pass++
	case policies.Fail:
		r.Fail++
		t.ByResult.Fail++
		t.BySeverity.add(a.Severity)
		if b.violates(a) {
			b.audit.Estate.Violations++
		}
	case policies.Waived:
		r.Waived++
		t.ByResult.Waived++
	case policies.NotApplicable:
		r.NotApplicable++
		t.ByResult.NotApplicable++
	case policies.NotAssessed:
		r.NotAssessed++
		t.ByResult.NotAssessed++
	default:
		r.Error++
		t.ByResult.Error++
	}
}

func (s *BySeverity) add(severity policies.Severity) {
	switch severity {
	case policies.Critical:
		s.Critical++
	case policies.High:
		s.High++
	case policies.Medium:
		s.Medium++
	case policies.Low:
		s.Low++
	default:
		s.Info++
	}
}

// lack records that rules could not judge a unit for want of a fact.
func (b *builder) lack(u *unit, reason scan.Reason, rules []string) error {
	row := &NotAssessed{Target: u.target, Index: -1, Stage: string(scan.StageEvaluate), Reason: string(reason), Rules: rules,
		ObservedAt: b.audit.Run.CollectedTo}
	if c := u.subject.Certificate; c != nil && u.observed == nil {
		row.Certificate = c.SHA256
		if !c.Parsed {
			row.Stage, row.Reason, row.Detail = string(scan.StageParse), string(scan.ReasonParserRefused), c.Detail
		}
		locations, _, err := b.locate(u)
		if err != nil {
			return err
		}
		if len(locations) > 0 {
			first := locations[0]
			row.Path, row.Endpoint, row.Address, row.Index = first.Path, first.Endpoint, first.Address, first.Index
		}
	}
	if u.observed != nil {
		row.Endpoint, row.ObservedAt = u.observed.Endpoint, u.observed.ObservedAt
		row.Address = b.ix.addressOf(u.source, row.Endpoint, u.observed.Address)
	}
	return b.notAssessed(row)
}

// locate lists the places of a unit and the key of the first.
func (b *builder) locate(u *unit) ([]Location, string, error) {
	if u.locations == nil {
		u.locations = func() ([]Location, string, error) { return b.locateAll(u) }
		all, key, err := u.locations()
		u.locations = func() ([]Location, string, error) { return all, key, err } // once for all of the unit's findings
	}
	return u.locations()
}

func (b *builder) locateAll(u *unit) ([]Location, string, error) {
	if u.observed != nil {
		e := u.observed
		return []Location{{Endpoint: e.Endpoint, Address: b.ix.addressOf(u.source, e.Endpoint, e.Address), StartTLS: e.StartTLS, Use: string(scan.UseIdentity), Vantage: u.source.run.Vantage}},
			b.endpointKey(u.source, e), nil
	}
	var all []Location
	key := ""
	for p := u.cert.first; p != none; p = b.ix.placements.at(p).next {
		pl := b.ix.placements.at(p)
		o, err := b.ix.observation(pl)
		if err != nil {
			return nil, "", err
		}
		if len(all) == 0 {
			key, u.target = b.placeKey(b.ix.sources[pl.source], o), o.Target
		}
		all = append(all, b.ix.locationOf(b.ix.sources[pl.source], o, pl.use.use()))
	}
	return all, key, nil
}

func (ix *index) locationOf(s *source, o *scan.Observation, use scan.Use) Location {
	return Location{Path: o.Path, Endpoint: o.Endpoint, Address: ix.addressOf(s, o.Endpoint, o.Address), StartTLS: ix.upgraded[host{s, o.Endpoint}], Index: o.Index, Alias: o.Alias, Line: o.Line,
		Container: o.Container, Use: string(use), Vantage: s.run.Vantage}
}

// finding keeps one failure.
func (b *builder) finding(u *unit, a *policies.Assessment) error {
	locations, key, err := b.locate(u)
	if err != nil {
		return err
	}
	r := a.Rule
	f := &Finding{Rule: r.ID, Title: r.Check.Failure, Severity: a.Severity.String(), Result: a.Result.String(), Locations: locations,
		Message: a.Message, Observed: a.Observed, Required: a.Required, Rationale: r.Rationale, Basis: r.Basis,
		Controls: append([]string{}, r.Controls...), Remediation: r.Remediation}
	if c := u.subject.Certificate; c != nil {
		f.Certificate = c.SHA256
		if c.Parsed {
			f.Subject, f.Serial = c.Subject, c.Serial
			if !c.NotAfter.IsZero() {
				notAfter := c.NotAfter
				f.NotAfter = &notAfter
			}
		}
	}
	f.ObservedAt = b.audit.Run.CollectedFrom
	if u.observed != nil {
		f.Endpoint, f.ObservedAt = u.observed.Endpoint, u.observed.ObservedAt
		u.owner.failures++
		u.owner.worst = max(u.owner.worst, a.Severity)
		if b.violates(a) {
			u.owner.violations++
		}
	} else {
		for _, l := range locations {
			if l.Path != "" {
				f.Path = l.Path
				break
			}
		}
		if f.Path == "" && len(locations) > 0 {
			f.Endpoint = locations[0].Endpoint
		}
		if a.Result == policies.Fail {
			u.cert.failures++
			u.cert.worst = max(u.cert.worst, a.Severity)
		}
	}
	if r.Check.ID == "revoked" {
		f.Reperform = u.revocationCommand(b.audit.Run.AsOf)
	}
	f.Reperform = cmp.Or(f.Reperform, reperform(f, u, r.Check.ID))
	identify(f, r.Check.Unit, key)
	if err := b.rows.findings.add(findingKey(f, a.Severity), f); err != nil {
		return fmt.Errorf("finding %s: %w", f.ID, err)
	}
	return nil
}
