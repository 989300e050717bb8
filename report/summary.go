package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// The buckets of the expiry outlook, in whole days left.
var outlook = []struct {
	label string
	below int // exclusive
}{{"expired", 0}, {"7 d", 7}, {"30 d", 30}, {"60 d", 60}, {"90 d", 90}, {"180 d", 180}, {"later", -1}}

// summarise fills the figures that need everything to be judged.
func (b *builder) summarise() {
	a := b.audit
	a.Scope.Placements = b.ix.placements.len()
	a.Controls = b.controls()
	b.expiry()
	for key, n := range b.reasons {
		a.Reasons = append(a.Reasons, ReasonCount{key[0], key[1], n})
	}
	slices.SortFunc(a.Reasons, func(x, y ReasonCount) int {
		return cmp.Or(cmp.Compare(stageOrder(x.Stage), stageOrder(y.Stage)), strings.Compare(x.Reason, y.Reason))
	})
	b.gate()
}

func stageOrder(stage string) int { return slices.Index(scan.Stages(), scan.Stage(stage)) }

func (b *builder) expiry() {
	a := b.audit
	for _, o := range outlook {
		a.Expiry = append(a.Expiry, Bucket{Label: o.label, UpToDays: o.below})
	}
	if b.undated() {
		a.Expiry = append(a.Expiry, Bucket{Label: "no date", UpToDays: -1})
	}
	for n := range uint32(b.ix.certs.len()) {
		e := b.ix.certs.at(n)
		if e.first == none {
			continue
		}
		a.Scope.DistinctCertificates++
		if !e.parsed {
			a.Estate.Unparsed++
			continue
		}
		if !isIdentity(b.ix.uses(e)) {
			continue
		}
		a.Estate.IdentityCertificates++
		if !e.dated {
			a.Expiry[len(a.Expiry)-1].Count++ // no date
			continue
		}
		days := daysLeft(e.notAfter, a.Run.AsOf)
		for i, o := range outlook {
			if days < o.below || o.below < 0 {
				a.Expiry[i].Count++
				break
			}
		}
		if days < 0 {
			continue
		}
		if days < 30 {
			a.Estate.ExpireIn30Days++
		}
		if at := time.Unix(e.notAfter, 0).UTC(); a.Estate.NextExpiry.IsZero() || at.Before(a.Estate.NextExpiry) {
			a.Estate.NextExpiry = at
		}
	}
}

// undated tells that some identity certificate has no readable date.
func (b *builder) undated() bool {
	for n := range uint32(b.ix.certs.len()) {
		if e := b.ix.certs.at(n); e.first != none && e.parsed && !e.dated && isIdentity(b.ix.uses(e)) {
			return true
		}
	}
	return false
}

// controls sums the rules that are mapped to each control.
func (b *builder) controls() []Control {
	out := []Control{}
	for _, c := range b.set.Controls {
		sum := Control{Framework: c.Framework, ID: c.ID, Clause: c.Clause, Title: c.Title, Rules: []string{}}
		ran := true // every mapped rule decided its whole population
		for i := range b.audit.Rules {
			r := &b.audit.Rules[i]
			if !slices.Contains(r.Controls, c.ID) {
				continue
			}
			sum.Rules = append(sum.Rules, r.ID)
			sum.Population += r.Population
			sum.Pass += r.Pass
			sum.Fail += r.Fail
			sum.Waived += r.Waived
			sum.NotAssessed += r.NotAssessed
			sum.Error += r.Error
			ran = ran && r.NotAssessed+r.Error == 0
		}
		sum.Status = b.controlStatus(&sum, ran)
		out = append(out, sum)
	}
	return out
}

func (b *builder) controlStatus(c *Control, ran bool) string {
	switch {
	case c.Fail > 0:
		return ExceptionNoted
	case c.Population > 0 && c.Pass+c.Waived == 0:
		return NotTested
	case c.Population == 0 && b.hidden():
		return NotTested
	case c.Population == 0:
		return NoPopulation
	case !ran || b.hidden():
		return PartlyAssessed
	case c.Waived > 0:
		return ExceptionAccepted
	}
	return NoException
}

// hidden tells that part of the scope was not seen at all, so that no control
// ran on its whole population.
func (b *builder) hidden() bool {
	s := &b.audit.Scope
	return !b.audit.Run.Complete || s.FilesNotAssessed+s.EndpointsNotAssessed+s.OtherNotAssessed > 0
}

// gate decides the exit status and says the result in plain words.
func (b *builder) gate() {
	a := b.audit
	g := &a.Gate
	g.Incomplete = b.lacking || !a.Run.Complete || a.Totals.ByResult.Error > 0
	switch {
	case a.Estate.Violations > 0:
		g.ExitStatus = 1
	case g.Incomplete:
		g.ExitStatus = 3
	}
	g.Headline = b.headline()
	g.Note = b.note()
}

func (b *builder) headline() string {
	a := b.audit
	var s []string
	certs, endpoints := a.Scope.DistinctCertificates, a.Scope.EndpointsAssessed
	switch {
	case b.opt.FailOn == 0:
		s = append(s, fmt.Sprintf("%s on %s; no severity was set to fail on.", plural(a.Totals.ByResult.Fail, "failed test"), b.population()))
	case a.Estate.Violations == 0 && certs+endpoints == 0:
		s = append(s, "No certificate and no endpoint was assessed.")
	case a.Estate.Violations == 0:
		s = append(s, fmt.Sprintf("None of %s breaks the policy at severity %s or above.", b.population(), b.opt.FailOn))
	default:
		s = append(s, b.breaking())
	}
	if expired := a.Expiry[0].Count; expired > 0 {
		s = append(s, fmt.Sprintf("%s expired.", have(expired, "identity certificate")))
	}
	if n := b.notSeen(); n > 0 {
		s = append(s, fmt.Sprintf("%s could not be assessed; none of them is counted as passed.", plural(n, "item")))
	}
	return strings.Join(s, " ")
}

// population names what was judged: certificates, endpoints, or both.
func (b *builder) population() string {
	s := &b.audit.Scope
	switch {
	case s.EndpointsAssessed == 0:
		return plural(s.DistinctCertificates, "certificate")
	case s.DistinctCertificates == 0:
		return plural(s.EndpointsAssessed, "endpoint")
	}
	return plural(s.DistinctCertificates, "certificate") + " and " + plural(s.EndpointsAssessed, "endpoint")
}

// breaking says how many of each kind break the policy.
func (b *builder) breaking() string {
	e, s := &b.audit.Estate, &b.audit.Scope
	var parts []string
	if e.FailingCertificates > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", FormatCount(e.FailingCertificates), plural(s.DistinctCertificates, "certificate")))
	}
	if e.FailingEndpoints > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", FormatCount(e.FailingEndpoints), plural(s.EndpointsAssessed, "endpoint")))
	}
	verb := "break"
	if e.FailingCertificates+e.FailingEndpoints == 1 {
		verb = "breaks"
	}
	return fmt.Sprintf("%s %s the policy at severity %s or above.", strings.Join(parts, " and "), verb, b.opt.FailOn)
}

// notSeen counts rows of what was in scope and not judged, for which nobody
// chose not to ask.
func (b *builder) notSeen() int {
	n := 0
	for key, count := range b.reasons {
		if key[1] != string(scan.ReasonNotRequested) {
			n += count
		}
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return FormatCount(n) + " " + noun + "s"
}

func have(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " has"
	}
	return FormatCount(n) + " " + noun + "s have"
}

// note is what every page that states a result must also say.
func (b *builder) note() string {
	a := b.audit
	var notes []string
	if !a.Run.Complete {
		notes = append(notes, "Incomplete: the scan was interrupted")
	}
	if a.Run.Backdated {
		notes = append(notes, "Backdated: evaluated as of a time before the facts were collected")
	}
	if len(a.Run.AllowIncomplete) > 0 && b.notSeen() > 0 {
		notes = append(notes, fmt.Sprintf("%s not assessed; accepted for %s", plural(b.notSeen(), "item"), strings.Join(a.Run.AllowIncomplete, ", ")))
	} else if b.lacking {
		notes = append(notes, plural(b.notSeen(), "item")+" not assessed")
	}
	return strings.Join(notes, " · ")
}

var _ policies.Estate = (*index)(nil)
