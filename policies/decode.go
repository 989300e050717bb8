package policies

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"certaudit/scan"

	"gopkg.in/yaml.v3"
)

// Bounds on what one policy may ask of every certificate.
const (
	maxRules = 1000 // rules of one policy
	maxList  = 100  // members of a list of parameters or of a scope
	maxName  = 128  // bytes of an id or control
)

// language is the only version of the policy language there is.
const language = 1

// A document is one policy file taken apart, before what it extends is known.
type document struct {
	policy   *Policy
	rules    []*Rule
	controls map[string]string // titles by control
	extends  []located
	without  []located
	maps     []mapping
	problems problems
}

// A mapping adds controls to an inherited rule.
type mapping struct {
	rule     located
	controls []string
}

var (
	policyKeys = []string{"language", "id", "title", "version", "description", "extends", "without", "map", "controls", "rules"}
	ruleKeys   = []string{"id", "title", "check", "severity", "params", "when", "controls", "basis", "rationale", "remediation"}
	scopeKeys  = []string{"use", "path", "host", "source", "container"}
)

// decode takes one file apart and collects its faults in document.problems.
// What has no fault is there even when other parts have.
func decode(file string, data []byte, checks []*Check) *document {
	sum := sha256.Sum256(data)
	d := &document{
		policy:   &Policy{Source: data, SHA256: hex.EncodeToString(sum[:]), Origin: file},
		controls: map[string]string{},
		problems: problems{file: file},
	}
	p := &d.problems
	root := p.parseYAML(data)
	if root == nil {
		return d
	}
	f := p.fields(root, "policy", policyKeys)
	if n := f["language"]; n != nil {
		if v, ok := p.integer(n, "language", 0, 1<<30); ok && v != language {
			p.at(n, "language: this version of certaudit reads policy language %d, not %d", language, v)
		}
	}
	if n := f["id"]; n != nil {
		d.policy.ID = d.id(n, "id")
	} else {
		p.at(root, `the policy lacks the key "id"`)
	}
	d.policy.Title = d.optional(f["title"], "title", false, d.policy.ID)
	d.policy.Version = d.optional(f["version"], "version", false, "")
	d.policy.Description = d.optional(f["description"], "description", true, "")
	if n := f["extends"]; n != nil {
		d.extends = p.texts(n, "extends")
		d.policy.Extends = texts(d.extends)
	}
	if n := f["without"]; n != nil {
		d.without = p.texts(n, "without")
	}
	if n := f["controls"]; n != nil {
		d.decodeControls(n)
	}
	if n := f["map"]; n != nil {
		d.decodeMap(n)
	}
	if n := f["rules"]; n != nil {
		d.decodeRules(n, checks)
	}
	if len(d.extends) == 0 && f["rules"] == nil && len(p.list) == 0 {
		p.at(root, "the policy has no rules and extends no other policy, so that it would judge nothing")
	}
	return d
}

// optional gives the text of a key, or other where the key is absent.
func (d *document) optional(n *yaml.Node, what string, paragraphs bool, other string) string {
	if n == nil {
		return other
	}
	s, ok := d.problems.text(n, what, paragraphs)
	if !ok {
		return other
	}
	return strings.TrimSpace(s)
}

// id gives the id of a policy or rule.
func (d *document) id(n *yaml.Node, what string) string {
	s, ok := d.problems.text(n, what, false)
	if ok && !isID(s) {
		d.problems.at(n, "%s %s: write it with lower-case letters, digits, - and _, beginning with a letter or digit, at most %d characters", what, quote(s), maxName)
		return ""
	}
	return s
}

func isID(s string) bool {
	for i, r := range s {
		alnum := 'a' <= r && r <= 'z' || '0' <= r && r <= '9'
		if !alnum && (i == 0 || r != '-' && r != '_') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// isControl accepts FRAMEWORK/ID. Clauses have spaces and brackets in them.
func isControl(s string) bool {
	framework, clause, ok := strings.Cut(s, "/")
	if !ok || framework == "" || clause == "" || len(s) > maxName || strings.TrimSpace(clause) != clause {
		return false
	}
	for _, r := range framework {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.", r) {
			return false
		}
	}
	return true // text has refused what cannot be printed
}

func (d *document) decodeControls(n *yaml.Node) {
	for _, e := range d.problems.entries(n, "controls") {
		if !isControl(e.key.Value) {
			d.problems.at(e.key, "control %s: write it as FRAMEWORK/ID", quote(e.key.Value))
			continue
		}
		if title, ok := d.problems.text(e.value, "title of control "+e.key.Value, false); ok {
			d.controls[e.key.Value] = title
		}
	}
}

// controlList gives the controls that a rule is mapped to, sorted, each once.
func (d *document) controlList(n *yaml.Node) []string {
	var out []string
	for _, l := range d.problems.texts(n, "controls") {
		if !isControl(l.text) {
			d.problems.at(l.node, "control %s: write it as FRAMEWORK/ID", quote(l.text))
			continue
		}
		out = append(out, l.text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (d *document) decodeMap(n *yaml.Node) {
	for _, e := range d.problems.entries(n, "map") {
		d.maps = append(d.maps, mapping{located{e.key.Value, e.key}, d.controlList(e.value)})
	}
}

func (d *document) decodeRules(n *yaml.Node, checks []*Check) {
	members := d.problems.items(n, "rules")
	if len(members) > maxRules {
		d.problems.at(members[maxRules], "rules: a policy has at most %d", maxRules)
		return
	}
	lines := make(map[string]int)
	for _, m := range members {
		r := d.decodeRule(m, checks)
		if r == nil {
			continue
		}
		if line, twice := lines[r.ID]; twice {
			d.problems.at(m, "rule %s appears twice, first in line %d", quote(r.ID), line)
			continue
		}
		lines[r.ID] = r.Line
		d.rules = append(d.rules, r)
	}
}

// decodeRule gives nil for a rule without id or check; a rule with other
// faults is of use for finding more.
func (d *document) decodeRule(n *yaml.Node, checks []*Check) *Rule {
	p := &d.problems
	if follow(n).Kind != yaml.MappingNode {
		p.at(n, "rule: expected a mapping, found %s", describe(n))
		return nil
	}
	before := len(p.list)
	f := p.fields(n, "rule", ruleKeys)
	misspelt := len(p.list) > before // then what is missing is there, under another name
	for _, key := range []string{"id", "check", "severity"} {
		if f[key] == nil && !misspelt {
			p.at(n, "the rule lacks the key %q", key)
		}
	}
	r := &Rule{Policy: d.policy.ID, Line: n.Line}
	id := ""
	if v := f["id"]; v != nil {
		id = d.id(v, "id")
	}
	r.ID = d.policy.ID + "/" + id
	if v := f["check"]; v != nil {
		r.Check = d.check(v, checks)
	}
	if v := f["severity"]; v != nil {
		r.Severity = d.severity(v)
	}
	if v := f["controls"]; v != nil {
		r.Controls = d.controlList(v)
	}
	r.Basis = d.optional(f["basis"], "basis", false, "")
	if r.Check == nil {
		d.optional(f["title"], "title", false, "")
		return nil
	}
	r.Title = d.optional(f["title"], "title", false, r.Check.Title)
	r.Rationale = d.optional(f["rationale"], "rationale", true, r.Check.Why)
	r.Remediation = d.optional(f["remediation"], "remediation", true, r.Check.Remedy)
	if v := f["when"]; v != nil {
		r.When = d.scope(v, r.Check)
	}
	d.compile(r, n, f["params"])
	if id == "" {
		return nil
	}
	return r
}

func (d *document) check(n *yaml.Node, checks []*Check) *Check {
	name, ok := d.problems.text(n, "check", false)
	if !ok {
		return nil
	}
	var known []string
	for _, c := range checks {
		if c.ID == name {
			return c
		}
		known = append(known, c.ID)
	}
	hint := DidYouMean(name, known)
	if hint == "" {
		hint = "; checks are " + strings.Join(known, ", ")
	}
	d.problems.at(n, "unknown check %s%s", quote(name), hint)
	return nil
}

func (d *document) severity(n *yaml.Node) Severity {
	name, ok := d.problems.text(n, "severity", false)
	if !ok {
		return 0
	}
	s, err := ParseSeverity(name)
	if err != nil {
		d.problems.at(n, "%v", err)
	}
	return s
}

// compile sets a rule's parameters and its test.
func (d *document) compile(r *Rule, rule, params *yaml.Node) {
	before := len(d.problems.list)
	var where map[string]*yaml.Node
	r.Params, where = d.problems.values(params, "check "+r.Check.ID, "parameter", "parameter ", r.Check.Params)
	if len(d.problems.list) > before {
		return
	}
	test, err := r.Check.New(r.Params)
	if err == nil {
		r.Test = test
		return
	}
	at := rule
	if params != nil {
		at = params
	}
	var bad *paramError
	if errors.As(err, &bad) && where[bad.param] != nil {
		at = where[bad.param]
	}
	d.problems.at(at, "%v", err)
}

// values reads a mapping of parameters and adds the defaults of those that it
// leaves out; where has the place of each that it gives. Messages call a
// parameter by noun, and a value by prefix and name.
func (p *problems) values(n *yaml.Node, owner, noun, prefix string, params []Param) (out Values, where map[string]*yaml.Node) {
	given := make(map[string]any)
	where = make(map[string]*yaml.Node)
	var open []string
	if n != nil {
		if len(params) == 0 {
			p.at(n, "%s takes no parameters", owner)
			return nil, nil
		}
		for _, e := range p.entries(n, "params") {
			name := e.key.Value
			param, ok := findParam(params, name)
			if !ok {
				p.at(e.key, "unknown %s %s of %s%s", noun, quote(name), owner, paramHint(name, params))
				continue
			}
			if v, ok := p.value(e.value, prefix+name, param); ok {
				given[name], where[name] = v, e.value
				if param.matches != nil {
					open = append(open, name)
				}
			}
		}
	}
	for i := range params {
		param := &params[i]
		if v, ok := given[param.Name]; ok && param.matches == nil {
			out = append(out, Value{param.Name, v, true})
		} else if param.Default != "" {
			out = append(out, Value{param.Name, defaultValue(param), false})
		}
	}
	slices.Sort(open)
	for _, name := range open {
		out = append(out, Value{name, given[name], true})
	}
	return out, where
}

func findParam(params []Param, name string) (*Param, bool) {
	for i := range params {
		if p := &params[i]; p.matches == nil && p.Name == name || p.matches != nil && p.matches(name) {
			return p, true
		}
	}
	return nil, false
}

func paramHint(name string, params []Param) string {
	var known []string
	for i := range params {
		known = append(known, params[i].Name)
	}
	if hint := DidYouMean(name, known); hint != "" {
		return hint
	}
	return "; it takes " + strings.Join(known, ", ")
}

// defaultValue reads what a check declares; a test reads every one of them.
func defaultValue(param *Param) any {
	var p problems
	root, _, err := decodeYAML([]byte(param.Default))
	if err != nil || root == nil {
		panic(fmt.Sprintf("default of parameter %s: %v", param.Name, err))
	}
	v, ok := p.value(root, param.Name, param)
	if !ok {
		panic(fmt.Sprintf("default of parameter %s: %v", param.Name, &p))
	}
	return v
}

// value reads one parameter.
func (p *problems) value(n *yaml.Node, what string, param *Param) (any, bool) {
	switch param.Type {
	case Integer:
		return some(p.integer(n, what, param.Min, param.Max))
	case Boolean:
		return some(p.boolean(n, what))
	case Text:
		return some(p.paramText(n, what, param))
	case TextList:
		return p.paramTexts(n, what, param)
	case Records:
		return p.records(n, what, param)
	}
	panic("unknown type of parameter " + param.Name)
}

func some[T any](v T, ok bool) (any, bool) { return v, ok }

func (p *problems) paramText(n *yaml.Node, what string, param *Param) (string, bool) {
	s := ""
	if v := follow(n); v.Kind == yaml.ScalarNode && v.ShortTag() == "!!timestamp" {
		s = v.Value // a date is text here, quoted or not
	} else if t, ok := p.text(n, what, false); ok {
		s = t
	} else {
		return "", false
	}
	return s, p.accepted(n, what, param, s)
}

func (p *problems) paramTexts(n *yaml.Node, what string, param *Param) (any, bool) {
	before := len(p.list)
	all := p.texts(n, what)
	if len(all) > maxList {
		p.at(n, "%s: a list has at most %d members", what, maxList)
		return nil, false
	}
	for _, l := range all {
		p.accepted(l.node, what, param, l.text)
	}
	return append([]string{}, texts(all)...), len(p.list) == before
}

// accepted applies OneOf and accepts.
func (p *problems) accepted(n *yaml.Node, what string, param *Param, s string) bool {
	if slices.Contains(param.OneOf, s) {
		return true
	}
	if param.accepts != nil {
		if !p.pattern(n) {
			return false
		}
		err := param.accepts(s)
		if err == nil {
			return true
		}
		hint := ""
		if len(p.list) <= maxProblems { // those after are hardly ever told
			hint = DidYouMean(s, append(param.OneOf[:len(param.OneOf):len(param.OneOf)], param.near...))
		}
		p.at(n, "%s: %s: %v%s", what, quote(s), err, hint)
		return false
	}
	p.at(n, "%s: %s is not one of %s%s", what, quote(s), strings.Join(param.OneOf, ", "), DidYouMean(s, param.OneOf))
	return false
}

func (p *problems) records(n *yaml.Node, what string, param *Param) (any, bool) {
	before := len(p.list)
	out := []Values{}
	members := p.items(n, what)
	if len(members) > maxList {
		p.at(n, "%s: a list has at most %d members", what, maxList)
		return nil, false
	}
	for _, m := range members {
		found := len(p.list)
		v, where := p.values(m, what, "key", what+": ", param.Fields)
		for i := range param.Fields {
			if f := &param.Fields[i]; f.Default == "" && where[f.Name] == nil && len(p.list) == found {
				p.at(m, "%s lacks the key %q", what, f.Name)
			}
		}
		out = append(out, v)
	}
	return out, len(p.list) == before
}

// scope reads a rule's when.
func (d *document) scope(n *yaml.Node, c *Check) Scope {
	p := &d.problems
	f := p.fields(n, "when", scopeKeys)
	var s Scope
	for _, key := range scopeKeys {
		v := f[key]
		if v == nil {
			continue
		}
		if c.Unit == UnitEndpoint && key != "host" {
			p.at(v, "when: check %s judges endpoints, which have no %s; limit it by host", c.ID, key)
			continue
		}
		d.scopeField(&s, key, v)
	}
	if len(s.Path) > 0 && len(s.Host) > 0 {
		p.at(n, "when: path and host together match nothing, because a certificate is found in a file or at an endpoint; write two rules")
	}
	return s
}

func (d *document) scopeField(s *Scope, key string, v *yaml.Node) {
	p := &d.problems
	all := p.texts(v, key)
	switch {
	case len(all) == 0 && follow(v).Kind == yaml.SequenceNode && len(follow(v).Content) == 0:
		p.at(v, "when: %s is an empty list, which matches nothing", key)
	case len(all) > maxList:
		p.at(v, "when: %s has more than %d members", key, maxList)
		return
	}
	values := texts(all)
	switch key {
	case "use":
		var known []string
		for _, u := range scan.Uses() {
			known = append(known, string(u))
		}
		for _, l := range p.among(all, "use", known) {
			s.Use = append(s.Use, scan.Use(l))
		}
	case "source":
		s.Source = p.among(all, "source", []string{SourceFile, SourceEndpoint})
	case "container":
		s.Container = p.among(all, "container", containers)
	case "path":
		s.Path = values
		for _, l := range all {
			if !p.pattern(l.node) {
				return
			}
			if err := scan.CheckGlob(l.text); err != nil {
				p.at(l.node, "when: path: %v", err)
			}
		}
	case "host":
		s.Host = values
		for _, l := range all {
			if !p.pattern(l.node) {
				return
			}
			if _, err := scan.CompileHostGlob(l.text); err != nil {
				p.at(l.node, "when: host: %v", err)
			}
		}
	}
}

// among keeps the texts that are known and reports the rest.
func (p *problems) among(all []located, what string, known []string) (out []string) {
	for _, l := range all {
		if !slices.Contains(known, l.text) {
			p.at(l.node, "%s %s is not one of %s%s", what, quote(l.text), strings.Join(known, ", "), DidYouMean(l.text, known))
			continue
		}
		out = append(out, l.text)
	}
	return out
}
