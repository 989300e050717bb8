package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// Options says how evidence is judged. The zero value judges as of the
// evidence's start and fails on nothing.
type Options struct {
	AsOf            time.Time         // zero: the earliest start of the evidence
	FailOn          policies.Severity // violations are unwaived failures at or above it; 0: none are
	AllowIncomplete []scan.Stage      // stages at which what was not assessed is accepted
	AllowAll        bool              // every stage
	Document        Document
	Generator       string // name and version of this tool
	TempDir         string // for rows that are larger than memory; "" for the system's
}

// An Input is one evidence file.
type Input struct {
	Name    string
	File    *os.File // kept open by the Audit, closed by the caller after Audit.Close
	Trusted bool     // written by this very process: certificate facts need no second derivation
}

// A source is one evidence file being read.
type source struct {
	name    string
	in      *os.File
	trusted bool
	run     *scan.RunRecord
	end     *scan.End
	sha256  string
	unknown [2]int // fields, kinds

	assessed, notAssessed int // endpoints
}

var errMoved = errors.New("the file changed while it was read")

func (s *source) wrap(err error) error { return fmt.Errorf("evidence %s: %w", s.name, err) }

// Build judges evidence by a set of policies. Errors about the evidence name
// its file and line. Close the audit to remove its temporary files.
func Build(ctx context.Context, inputs []Input, set *policies.Set, opt Options) (*Audit, error) {
	b := newBuilder(set, opt)
	a, err := b.build(ctx, inputs)
	if err != nil {
		b.rows.close()
		return nil, err
	}
	return a, nil
}

// Close removes the audit's temporary files. Its rows cannot be ranged over
// any more.
func (a *Audit) Close() error {
	if r, ok := a.Rows.(*diskRows); ok {
		return r.close()
	}
	return nil
}

type builder struct {
	set   *policies.Set
	opt   Options
	audit *Audit
	ix    *index
	rows  *diskRows

	counts   map[string]*Rule
	reasons  map[[2]string]int
	serial   uint64                // of not-assessed rows: they keep evidence order
	judged   uint32                // endpoints, in the order of the index
	lacking  bool                  // something not assessed is not allowed
	places   bool                  // some rule's scope asks for more than the use
	placed   bool                  // some rule judges placements
	assessed []policies.Assessment // used again for every unit
}

func newBuilder(set *policies.Set, opt Options) *builder {
	ix := &index{bySum: map[[32]byte]uint32{}, several: map[host]bool{}, upgraded: map[host]string{}}
	b := &builder{set: set, opt: opt, ix: ix,
		audit:   &Audit{Schema: Schema, Rules: []Rule{}, Reasons: []ReasonCount{}, Scope: Scope{TargetList: []string{}, Objects: Objects{PrivateKeysParsed: true}}, Generator: opt.Generator, Document: opt.Document, Policies: set.Policies},
		rows:    newDiskRows(ix, opt.TempDir),
		counts:  map[string]*Rule{},
		reasons: map[[2]string]int{},
	}
	for _, r := range set.Rules {
		b.places = b.places || len(r.When.Path)+len(r.When.Host)+len(r.When.Container) > 0
		b.placed = b.placed || r.Check.Unit == policies.UnitPlacement
		b.audit.Rules = append(b.audit.Rules, describeRule(r))
	}
	for i := range b.audit.Rules {
		b.counts[b.audit.Rules[i].ID] = &b.audit.Rules[i]
	}
	return b
}

func describeRule(r *policies.Rule) Rule {
	scope := r.When.String()
	if scope == "everywhere" {
		scope = ""
	}
	return Rule{ID: r.ID, Title: r.Title, Check: r.Check.ID, Severity: r.Severity.String(), Unit: string(r.Check.Unit),
		Requires: r.Test.Requires, Basis: r.Basis, Scope: scope, Controls: append([]string{}, r.Controls...)}
}

func (b *builder) build(ctx context.Context, inputs []Input) (*Audit, error) {
	if len(inputs) == 0 {
		return nil, errors.New("no evidence")
	}
	for _, in := range inputs {
		s := &source{name: in.Name, in: in.File, trusted: in.Trusted}
		b.ix.sources = append(b.ix.sources, s)
		if err := b.indexSource(ctx, s, len(b.ix.sources)-1); err != nil {
			return nil, s.wrap(err)
		}
		for _, other := range b.ix.sources[:len(b.ix.sources)-1] {
			if other.sha256 == s.sha256 {
				return nil, s.wrap(fmt.Errorf("the same evidence as %s; each counts once", other.name))
			}
		}
	}
	if err := b.ix.resolveUses(); err != nil {
		return nil, err
	}
	b.ix.settleEndpoints()
	b.describeRun()
	for n, s := range b.ix.sources {
		if err := b.judgeSource(ctx, s, n); err != nil {
			return nil, s.wrap(err)
		}
	}
	b.summarise()
	b.rows.asOf = b.audit.Run.AsOf
	b.audit.Rows = b.rows
	return b.audit, nil
}

// every calls visit for the wanted records of one source, from its start.
// The digest of what this process wrote itself is checked in the first reading.
func (s *source) every(ctx context.Context, trusted bool, want func(scan.Kind) bool, fields []string, visit func(scan.Record, *scan.Reader) error) error {
	if _, err := s.in.Seek(0, io.SeekStart); err != nil {
		return err
	}
	r := scan.NewReader(s.in)
	r.Trusted, r.Want, r.CertificateFields = trusted, want, fields
	r.Again = s.trusted && s.sha256 != ""
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		rec, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.Again {
				return nil
			}
			if s.sha256 != "" && s.sha256 != r.SHA256() {
				return errMoved
			}
			s.sha256, s.unknown = r.SHA256(), [2]int{r.UnknownFields(), r.UnknownKinds()}
			return nil
		}
		if err == nil {
			err = visit(rec, r)
		}
		if err != nil {
			return err
		}
	}
}

// indexedFields are the facts of certificates that addCertificate keeps.
var indexedFields = []string{"subject", "issuer", "not_before", "not_after", "is_ca", "self_issued", "der"}

// judgedFields are those that a rule or a report may look at: all but the names
// taken apart, which are long and stand in other fields.
var judgedFields = func() (fields []string) {
	for _, f := range scan.FieldDocs() {
		if f.Kind == scan.KindCertificate && f.Name != "subject_attributes" && f.Name != "issuer_attributes" {
			fields = append(fields, f.Name)
		}
	}
	return fields
}()

// indexSource is the first reading: everything is checked, counted and indexed.
func (b *builder) indexSource(ctx context.Context, s *source, n int) error {
	scope := &b.audit.Scope
	var at standing
	trouble, troubled := 0, "" // not_assessed records of the file whose own record is still to come
	return s.every(ctx, s.trusted, nil, indexedFields, func(rec scan.Record, r *scan.Reader) error {
		switch rec := rec.(type) {
		case *scan.RunRecord:
			s.run = rec
		case *scan.End:
			s.end = rec
		case *scan.Certificate:
			if !b.ix.addCertificate(rec, n, r.Offset()) {
				return &scan.EvidenceError{Line: r.Line(), Problem: "a second record of certificate " + rec.SHA256}
			}
		case *scan.File:
			scope.count(rec.Outcome)
			if rec.Outcome == scan.OutcomeNotAssessed && (rec.Path == troubled || strings.HasPrefix(troubled, rec.Path+"!")) {
				scope.OtherNotAssessed -= trouble // the file as a whole counts, once
			}
			trouble, troubled = 0, ""
		case *scan.Observation:
			if rec.Object != scan.ObjectCertificate {
				b.ix.addObject(rec, n, r.Offset(), &scope.Objects)
				return nil
			}
			if !b.ix.addPlacement(rec, n, r.Offset()) {
				return &scan.EvidenceError{Line: r.Line(), Problem: fmt.Sprintf("observation of certificate %q, which has no record before it", rec.SHA256)}
			}
		case *scan.Endpoint:
			for _, sum := range everyChain(rec) {
				if _, ok := b.ix.find(sum); !ok {
					return &scan.EvidenceError{Line: r.Line(), Problem: fmt.Sprintf("endpoint with certificate %q in its chain, which has no record before it", sum)}
				}
			}
			b.ix.addStaple(rec, n, r.Offset())
			b.ix.addEndpoint(rec, n)
			b.assessedEndpoint(s, &at, rec)
		case *scan.Revocation:
			if !b.ix.addRevocation(rec, n, r.Offset()) {
				return &scan.EvidenceError{Line: r.Line(), Problem: fmt.Sprintf("revocation of certificate %q, which has no record before it", rec.Certificate)}
			}
		case *scan.NotAssessed:
			if rec.Stage == scan.StageEvaluate {
				return &scan.EvidenceError{Line: r.Line(), Problem: "stage evaluate: no scan writes it"}
			}
			if !b.silentEndpoint(s, &at, rec) {
				scope.OtherNotAssessed++
				if outermost(rec.Path) != outermost(troubled) {
					trouble = 0
				}
				troubled = rec.Path
				trouble++
			}
			return b.notAssessed(&NotAssessed{Target: rec.Target, Path: rec.Path, Endpoint: rec.Endpoint, Address: rec.Address, Index: rec.Index,
				Object: rec.Object, Stage: string(rec.Stage), Reason: string(rec.Reason), Detail: rec.Detail, Attempts: rec.Attempts, ObservedAt: rec.ObservedAt})
		}
		return nil
	})
}

// everyChain lists the certificates of all chains of an endpoint.
func everyChain(e *scan.Endpoint) []string {
	all := e.Chain
	for _, o := range e.OtherChains {
		all = append(all[:len(all):len(all)], o.Chain...)
	}
	return all
}

// outermost is the archive of a path archive!member, or the path. A name that
// has the mark in it counts the same trouble twice at worst.
func outermost(path string) string {
	outer, _, _ := strings.Cut(path, "!")
	return outer
}

// add counts the endpoints of one evidence file.
func (s *Scope) add(v Vantage) {
	s.Vantages = append(s.Vantages, v)
	s.EndpointsAsked += v.EndpointsAsked
	s.EndpointsAssessed += v.EndpointsAssessed
	s.EndpointsNotAssessed += v.EndpointsNotAssessed
}

func (s *Scope) count(o scan.Outcome) {
	s.Files++
	switch o {
	case scan.OutcomeRead:
		s.FilesRead++
	case scan.OutcomeNoCertificates:
		s.FilesWithoutCertificates++
	case scan.OutcomeNotAssessed:
		s.FilesNotAssessed++
	case scan.OutcomeExcluded:
		s.FilesExcluded++
	case scan.OutcomeOwnOutput:
		s.OwnOutput++
	}
}

// notAssessed keeps one row and decides whether it is allowed. What an
// interrupt left out is never allowed: nobody knows what it was.
func (b *builder) notAssessed(row *NotAssessed) error {
	row.Allowed = row.Stage == string(scan.StageEvaluate) && row.Reason == string(scan.ReasonNotRequested) ||
		row.Reason != string(scan.ReasonInterrupted) && (b.opt.AllowAll || slices.Contains(b.opt.AllowIncomplete, scan.Stage(row.Stage)))
	b.lacking = b.lacking || !row.Allowed
	b.reasons[[2]string{row.Stage, row.Reason}]++
	b.serial++
	return b.rows.notAssessed.add(serialKey(b.serial), row)
}

// describeRun fills what the evidence says of itself, which fixes the as-of.
func (b *builder) describeRun() {
	run := &b.audit.Run
	first := b.ix.sources[0].run
	*run = Run{Tool: scan.Tool, Version: first.Version, BinarySHA256: first.BinarySHA256, Selftest: first.Selftest,
		Operator: first.Operator, Host: first.Host, CIURL: first.CIURL, Baseline: "none", Complete: true,
		FailOn: "none", AllowIncomplete: []string{}, CollectedFrom: first.Started}
	if b.opt.FailOn != 0 {
		run.FailOn = b.opt.FailOn.String()
	}
	if b.opt.AllowAll {
		run.AllowIncomplete = []string{"all"}
	} else {
		for _, stage := range b.opt.AllowIncomplete {
			run.AllowIncomplete = append(run.AllowIncomplete, string(stage))
		}
	}
	for _, s := range b.ix.sources {
		if s.run.Started.Before(run.CollectedFrom) {
			run.CollectedFrom = s.run.Started
		}
		if s.end.Finished.After(run.CollectedTo) {
			run.CollectedTo = s.end.Finished
		}
		run.Complete = run.Complete && s.end.Complete
		run.Evidence = append(run.Evidence, describeEvidence(s))
		b.audit.Scope.add(s.coverage())
		b.audit.Scope.Objects.PrivateKeysParsed = b.audit.Scope.Objects.PrivateKeysParsed && run.Evidence[len(run.Evidence)-1].PrivateKeysParsed()
		b.audit.Scope.TargetList = append(b.audit.Scope.TargetList, s.run.Targets...)
	}
	b.audit.Scope.Targets = len(b.audit.Scope.TargetList)
	for _, list := range run.Evidence {
		for _, l := range list.TargetLists {
			b.audit.Scope.Targets += l.Count
		}
	}
	run.AsOf = b.opt.AsOf
	if run.AsOf.IsZero() {
		run.AsOf = run.CollectedFrom
	}
	run.AsOf = run.AsOf.UTC().Truncate(time.Second)
	run.Backdated = run.AsOf.Before(run.CollectedFrom)
	for _, p := range b.set.Policies {
		run.Policies = append(run.Policies, Policy{ID: p.ID, Title: p.Title, Version: p.Version, SHA256: p.SHA256, Origin: p.Origin})
	}
	run.EvidenceSHA256 = evidenceDigest(b.ix.sources)
	run.ID = runID(run)
}

func describeEvidence(s *source) Evidence {
	r := s.run
	// Lists are never nil: report.json has [] where there is nothing.
	return Evidence{SHA256: s.sha256, Started: r.Started, Finished: s.end.Finished, Complete: s.end.Complete, Vantage: r.Vantage,
		Operator: r.Operator, Host: r.Host, Command: append([]string{}, r.Command...), Roots: append([]scan.Digest{}, r.Roots...),
		TargetLists: append([]scan.Digest{}, r.TargetLists...), Excludes: append([]scan.Exclude{}, r.Excludes...),
		Options: maps.Collect(maps.All(r.Options)), Probes: append([]string{}, r.Probes...), Lines: s.end.Counts,
		UnknownFields: s.unknown[0], UnknownKinds: s.unknown[1]}
}
