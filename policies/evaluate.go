package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

// A plan is a set of rules made ready to be asked many times.
type plan struct {
	certificate, placement, endpoint steps
}

// steps are the rules of one unit, in rule order.
type steps struct {
	list  []step
	needs factSet // of any
}

type step struct {
	rule   *Rule
	scope  compiledScope
	needs  factSet
	probes []string
}

// Probes unites what the rules need the scan to probe, sorted. Revocation is
// not among it: that is asked of others than the targets, and no policy makes a
// scan call out.
func (s *Set) Probes() []Probe {
	var all []Probe
	for _, r := range s.Rules {
		for _, p := range r.Test.Probes {
			if p.Name != scan.ProbeRevocation {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b Probe) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all)
}

// newPlan compiles rules. Load has checked scopes and facts, so that an error
// is a defect of whoever made the rules by hand.
func newPlan(rules []*Rule) (*plan, error) {
	p := &plan{}
	for _, r := range rules {
		st := step{rule: r}
		var err error
		if st.scope, err = compileScope(r.When); err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.ID, err)
		}
		for _, name := range r.Test.Needs {
			i := factIndex(name)
			if i < 0 {
				return nil, fmt.Errorf("rule %s: check %s needs the unknown fact %q", r.ID, r.Check.ID, name)
			}
			st.needs |= 1 << i
		}
		for _, probe := range r.Test.Probes {
			st.probes = append(st.probes, probe.String())
		}
		u := p.unit(r.Check.Unit)
		if u == nil {
			return nil, fmt.Errorf("rule %s: check %s judges the unknown unit %q", r.ID, r.Check.ID, r.Check.Unit)
		}
		u.list = append(u.list, st)
		u.needs |= st.needs
	}
	return p, nil
}

func (p *plan) unit(u Unit) *steps {
	switch u {
	case UnitCertificate:
		return &p.certificate
	case UnitPlacement:
		return &p.placement
	case UnitEndpoint:
		return &p.endpoint
	}
	return nil
}

// Evaluate gives one assessment for each rule about units of the subject's
// kind, in rule order. as-of counts in whole seconds.
func (s *Set) Evaluate(sub *Subject, asOf time.Time) []Assessment {
	return s.AppendEvaluate(nil, sub, asOf)
}

// AppendEvaluate is Evaluate into a slice that the caller uses again.
func (s *Set) AppendEvaluate(dst []Assessment, sub *Subject, asOf time.Time) []Assessment {
	p := s.plan
	if p == nil { // a set that was put together by hand
		var err error
		if p, err = newPlan(s.Rules); err != nil {
			panic("policies: " + err.Error())
		}
	}
	u := p.unit(sub.Unit)
	if u == nil {
		return dst
	}
	asOf = asOf.UTC().Truncate(time.Second)
	have, uses := u.present(sub), usesOf(sub.Places)
	n := len(dst)
	dst = slices.Grow(dst, len(u.list))[:n+len(u.list)]
	for i := range u.list {
		u.list[i].assess(&dst[n+i], sub, have, uses, asOf)
	}
	return dst
}

// present gives the facts that some rule needs and the subject has.
func (u *steps) present(s *Subject) (have factSet) {
	for i := range facts {
		if bit := factSet(1) << i; u.needs&bit != 0 && facts[i].has(s) {
			have |= bit
		}
	}
	return have
}

func (st *step) assess(a *Assessment, s *Subject, have factSet, uses useMask, asOf time.Time) {
	*a = Assessment{Rule: st.rule}
	if !st.scope.includes(s, uses) {
		a.Result = NotApplicable
		return
	}
	if missing := st.needs &^ have; missing != 0 {
		a.Result = NotAssessed
		a.Missing = st.whyMissing(s, onlyProbed(missing))
		a.Message = "The evidence does not have " + list(names(missing)) + "."
		return
	}
	a.Verdict = st.ask(s, asOf)
	switch a.Result {
	case Fail:
		if a.Severity == 0 || a.Severity > st.rule.Severity {
			a.Severity = st.rule.Severity
		}
		return
	case NotAssessed:
		a.Missing = st.whyMissing(s, true)
	case Pass, NotApplicable, Error:
	default:
		a.Verdict = Verdict{Result: Error, Message: fmt.Sprintf("The check %s gave no valid result.", st.rule.Check.ID)}
	}
	a.Severity = 0
}

// ask runs the check. A panic costs this one result.
func (st *step) ask(s *Subject, asOf time.Time) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			v = Verdict{Result: Error, Message: fmt.Sprintf("The check %s failed: %v.", st.rule.Check.ID, p)}
		}
	}()
	return st.rule.Test.Eval(s, asOf)
}

// whyMissing tells a probe that was not asked for from a fact that could not
// be had. Only a fact that probes can give is worth asking for.
func (st *step) whyMissing(s *Subject, byProbe bool) scan.Reason {
	if byProbe {
		for _, p := range st.probes {
			if !asked(s.Probes, p) {
				return scan.ReasonNotRequested
			}
		}
	}
	return scan.ReasonNotObtained
}

// asked reports whether a probe was among those that were made: the probe of
// every version tries those below a cap, too.
func asked(probes []string, p string) bool {
	return slices.Contains(probes, p) || strings.HasPrefix(p, cappedPrefix) && slices.Contains(probes, scan.ProbeVersions)
}

// onlyProbed reports whether probes give every one of the facts.
func onlyProbed(set factSet) bool {
	for i := range facts {
		if set&(1<<i) != 0 && !facts[i].Probed {
			return false
		}
	}
	return true
}

func names(set factSet) (out []string) {
	for i := range facts {
		if set&(1<<i) != 0 {
			out = append(out, facts[i].Name)
		}
	}
	return out
}
