package policies

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// packFiles are the policies that certaudit brings along.
//
//go:embed *.yaml
var packFiles embed.FS

// maxPolicies bounds how many policies one run may load.
const maxPolicies = 100

// LoadOptions says how Load reaches policies that are not built in.
type LoadOptions struct {
	// Open opens a file by its path; nil allows built-in policies only. At most
	// 1 MiB is read of each.
	Open func(path string) (io.ReadCloser, error)
}

// Builtin lists the policies that certaudit brings along, by ID.
func Builtin() []*Policy {
	var out []*Policy
	for _, d := range builtinDocuments(Checks()) {
		out = append(out, d.policy)
	}
	return out
}

// builtinOrigin is the Origin of a built-in policy.
const builtinOrigin = "built in"

// builtinDocuments takes the built-in policies apart, by ID. A test loads them
// all, so that a fault cannot be in a release.
func builtinDocuments(checks []*Check) []*document {
	names, err := fs.Glob(packFiles, "*.yaml")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	var out []*document
	for _, name := range names {
		data, err := packFiles.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		d := decode(name, data, checks)
		d.policy.Origin = builtinOrigin
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b *document) int { return cmp.Compare(a.policy.ID, b.policy.ID) })
	return out
}

// Load reads the named policies and all that they extend. A name is the id of
// a built-in policy, the id of policies/NAME.yaml, either with @EDITION to pin
// its version, or the path of a file, which has a slash in it or ends in .yaml
// or .yml. A policy that is reached by several routes counts once.
//
// An error about the content of a file has one line for each fault, with file,
// line and column.
func Load(names []string, o LoadOptions) (*Set, error) {
	if len(names) == 0 {
		return nil, errors.New("no policy is named")
	}
	l := newLoader(o)
	var roots []*loaded
	var errs []error
	for _, name := range names {
		p, err := l.named(name)
		switch {
		case err == nil:
			roots = append(roots, p)
		case !errors.Is(err, errFaulty):
			errs = append(errs, err)
		}
	}
	for _, d := range l.faulty {
		errs = append(errs, &d.problems)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return l.set(roots)
}

// errFaulty says that a policy, or one that it extends, is among the loader's
// faulty documents, which Load reports once each.
var errFaulty = errors.New("policy is faulty")

// A loader reads policies, each once.
type loader struct {
	open    func(string) (io.ReadCloser, error)
	checks  []*Check
	builtin []*document
	byKey   map[string]*loaded // nil for what is faulty; see document.key
	byID    map[string]*loaded
	order   []*loaded   // extended ones first
	faulty  []*document // with problems of their own
	path    []string    // keys under way, to find circles
	read    int         // files
}

// loaded is a policy with the rules that it judges by.
type loaded struct {
	*document
	rules map[string]*inherited // by rule id
}

// inherited is a rule with the controls that one policy maps it to.
type inherited struct {
	rule     *Rule
	controls map[string]bool
}

func newLoader(o LoadOptions) *loader {
	checks := Checks()
	return &loader{open: o.Open, checks: checks, builtin: builtinDocuments(checks),
		byKey: map[string]*loaded{}, byID: map[string]*loaded{}}
}

func (l *loader) builtinIDs() []string {
	var out []string
	for _, d := range l.builtin {
		out = append(out, d.policy.ID)
	}
	return out
}

// isPath tells the path of a file from an id.
func isPath(name string) bool {
	return strings.ContainsAny(name, `/\`) || strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// named loads what the user asked for.
func (l *loader) named(name string) (*loaded, error) {
	if !isPath(name) {
		return l.byName(name, []string{"policies/"})
	}
	data, err := l.readFile(name)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", escape(name), err)
	}
	return l.add(name, data)
}

// byName loads a policy by id, with or without edition. Where it is not built
// in, folders (with their final slash) are searched for its file.
func (l *loader) byName(name string, folders []string) (*loaded, error) {
	id, edition, pinned := strings.Cut(name, "@")
	if !isID(id) || pinned && edition == "" {
		return nil, fmt.Errorf("policy %s: write an id or ID@EDITION", quote(name))
	}
	p, err := l.byPlainName(id, folders)
	if err != nil {
		return nil, err
	}
	if pinned && p.policy.Version != edition {
		have := p.policy.Version
		if have == "" {
			have = "without a version"
		}
		return nil, fmt.Errorf("policy %s: edition %s is asked for, and the one here (%s) is %s",
			id, quote(edition), escape(p.policy.Origin), have)
	}
	return p, nil
}

func (l *loader) byPlainName(id string, folders []string) (*loaded, error) {
	for _, d := range l.builtin {
		if d.policy.ID == id {
			return l.addDocument(d)
		}
	}
	var tried []string
	for _, f := range folders {
		tried = append(tried, f+id+".yaml")
	}
	for _, path := range tried {
		data, err := l.readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", escape(path), err)
		}
		p, err := l.add(path, data)
		if err == nil && p.policy.ID != id {
			return nil, fmt.Errorf("%s: its id is %s, but it is found as %s; make file name and id the same", escape(path), quote(p.policy.ID), quote(id))
		}
		return p, err
	}
	hint := DidYouMean(id, l.builtinIDs())
	if hint == "" {
		hint = "; built in are " + list(l.builtinIDs())
	}
	return nil, fmt.Errorf("unknown policy %s: it is not built in, and there is no %s%s", quote(id), orList(escaped(tried)), hint)
}

func escaped(paths []string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = escape(p)
	}
	return out
}

func (l *loader) readFile(path string) ([]byte, error) {
	if l.open == nil {
		return nil, fs.ErrNotExist
	}
	f, err := l.open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxPolicyBytes+1))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return data, err
}

// add takes in a file. The text of a built-in policy is that policy.
func (l *loader) add(origin string, data []byte) (*loaded, error) {
	if l.read++; l.read > maxPolicies {
		return nil, fmt.Errorf("policy %s: more than %d files are read", escape(origin), maxPolicies)
	}
	d := decode(origin, data, l.checks)
	for _, b := range l.builtin {
		switch {
		case b.policy.ID != d.policy.ID:
		case b.policy.SHA256 == d.policy.SHA256:
			d = b
		default:
			d.problems.list = append(d.problems.list, problem{text: fmt.Sprintf(
				"the id %s is that of a built-in policy; choose another, and extend %s where its rules are wanted", quote(b.policy.ID), b.policy.ID)})
		}
	}
	return l.addDocument(d)
}

// key tells documents apart while they load.
func (d *document) key() string {
	if d.policy.Origin == builtinOrigin {
		return d.policy.ID // no path of a file: it has no slash and no ending
	}
	return d.policy.Origin
}

func (l *loader) circle(key string) error {
	from := slices.Index(l.path, key)
	return fmt.Errorf("policies extend each other in a circle: %s", strings.Join(escaped(append(slices.Clone(l.path[from:]), key)), " → "))
}

// addDocument resolves what a document extends and works out its rules.
func (l *loader) addDocument(d *document) (*loaded, error) {
	key := d.key()
	if p, known := l.byKey[key]; known {
		if p == nil {
			return nil, errFaulty
		}
		return p, nil
	}
	if slices.Contains(l.path, key) {
		return nil, l.circle(key)
	}
	l.path = append(l.path, key)
	p := &loaded{document: d, rules: map[string]*inherited{}}
	whole := l.extend(p)
	l.path = l.path[:len(l.path)-1]
	if whole {
		p.complete()
	}
	if len(d.problems.list) > 0 {
		l.faulty = append(l.faulty, d)
	}
	if !whole || len(d.problems.list) > 0 {
		l.byKey[key] = nil
		return nil, errFaulty
	}
	if other := l.byID[d.policy.ID]; other != nil {
		if other.policy.SHA256 != d.policy.SHA256 {
			return nil, fmt.Errorf("policy %s: %s and %s have the same id and different content", d.policy.ID, escape(other.policy.Origin), escape(d.policy.Origin))
		}
		p = other
	} else {
		l.order = append(l.order, p)
	}
	l.byKey[key], l.byID[d.policy.ID] = p, p
	return p, nil
}

// extend takes in the rules of what the document extends, and reports whether
// it could. What is wrong with the reference itself is the document's problem.
func (l *loader) extend(p *loaded) (whole bool) {
	whole = true
	for _, e := range p.extends {
		parent, err := l.byName(e.text, p.policy.folders())
		if err != nil {
			whole = false
			if !errors.Is(err, errFaulty) {
				p.problems.at(e.node, "extends: %v", err)
			}
			continue
		}
		p.inherit(parent)
	}
	return whole
}

// folders are where a policy finds what it extends: beside it, and in policies.
func (p *Policy) folders() []string {
	if p.Origin == builtinOrigin {
		return nil
	}
	beside := p.Origin[:strings.LastIndexAny(p.Origin, `/\`)+1]
	return slices.Compact([]string{beside, "policies/"})
}

func (p *loaded) inherit(parent *loaded) {
	for id, from := range parent.rules {
		to := p.rules[id]
		if to == nil {
			to = &inherited{from.rule, map[string]bool{}}
			p.rules[id] = to
		}
		for c := range from.controls {
			to.controls[c] = true
		}
	}
}

// complete applies without and map to the inherited rules and adds the own.
func (p *loaded) complete() {
	ids := make([]string, 0, len(p.rules))
	for id := range p.rules {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, w := range p.without {
		if !slices.Contains(ids, w.text) {
			p.problems.at(w.node, "without: %s is no inherited rule%s", quote(w.text), DidYouMean(w.text, ids))
		}
		delete(p.rules, w.text)
	}
	for _, m := range p.maps {
		r := p.rules[m.rule.text]
		switch {
		case r != nil:
			for _, c := range m.controls {
				r.controls[c] = true
			}
		case slices.Contains(ids, m.rule.text):
			p.problems.at(m.rule.node, "map: the rule %s is dropped by without", quote(m.rule.text))
		default:
			p.problems.at(m.rule.node, "map: %s is no inherited rule%s", quote(m.rule.text), DidYouMean(m.rule.text, ids))
		}
	}
	for _, r := range p.document.rules {
		own := &inherited{r, map[string]bool{}}
		for _, c := range r.Controls {
			own.controls[c] = true
		}
		p.rules[r.ID] = own
	}
	if len(p.rules) == 0 && len(p.problems.list) == 0 {
		p.problems.list = append(p.problems.list, problem{text: "the policy has no rules left, so that it would judge nothing"})
	}
}

// set unites the rules of the policies that were asked for.
func (l *loader) set(roots []*loaded) (*Set, error) {
	all := &loaded{rules: map[string]*inherited{}}
	for _, r := range roots {
		all.inherit(r)
	}
	s := &Set{}
	for _, p := range l.order {
		s.Policies = append(s.Policies, p.policy)
	}
	used := make(map[string]bool)
	for _, in := range all.rules {
		r := *in.rule
		r.Controls = sortedKeys(in.controls)
		for _, c := range r.Controls {
			used[c] = true
		}
		s.Rules = append(s.Rules, &r)
	}
	slices.SortFunc(s.Rules, func(a, b *Rule) int { return cmp.Compare(a.ID, b.ID) })
	titles := l.titles()
	for _, id := range sortedKeys(used) {
		framework, clause, _ := strings.Cut(id, "/")
		s.Controls = append(s.Controls, Control{ID: id, Framework: framework, Clause: clause, Title: titles[id]})
	}
	var err error
	s.plan, err = newPlan(s.Rules)
	return s, err
}

// titles gives the titles of controls: those of the built-in policies, over
// them those of the loaded ones, in load order.
func (l *loader) titles() map[string]string {
	out := make(map[string]string)
	for _, d := range l.builtin {
		for id, title := range d.controls {
			out[id] = title
		}
	}
	for _, p := range l.order {
		for id, title := range p.controls {
			out[id] = title
		}
	}
	return out
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
