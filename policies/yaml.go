package policies

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"
)

// Bounds on one policy file, which may come from a pull request.
const (
	maxPolicyBytes = 1 << 20
	maxPolicyNodes = 100_000 // after aliases are expanded
	maxPolicyDepth = 16      // the language nests six deep
	maxProblems    = 10      // reported for one file
	maxPatterns    = 500     // globs, names and dates of one file: each is compared with tables, or with every certificate
)

// A problem is one fault of a policy file, at line and column from 1; 0 where
// it concerns the file as a whole.
type problem struct {
	line, column int
	text         string
}

// problems are the faults of one file.
type problems struct {
	file     string
	list     []problem
	patterns int // counted by pattern
}

// Error gives one line for each fault, in the order of the file.
func (p *problems) Error() string {
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column), cmp.Compare(a.text, b.text))
	})
	var lines []string
	for i, x := range p.list {
		if i == maxProblems {
			lines = append(lines, fmt.Sprintf("%s: and %d more", escape(p.file), len(p.list)-i))
			break
		}
		at := escape(p.file)
		if x.line > 0 {
			at += ":" + strconv.Itoa(x.line)
		}
		if x.column > 0 {
			at += ":" + strconv.Itoa(x.column)
		}
		lines = append(lines, at+": "+x.text)
	}
	return strings.Join(lines, "\n")
}

// at adds a fault at a node.
func (p *problems) at(n *yaml.Node, format string, args ...any) {
	p.list = append(p.list, problem{n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// pattern counts one more text that costs work, and reports the first that is
// too many; false means that it is not to be looked at.
func (p *problems) pattern(n *yaml.Node) bool {
	p.patterns++
	if p.patterns == maxPatterns+1 {
		p.at(n, "the file has more than %d patterns and names", maxPatterns)
	}
	return p.patterns <= maxPatterns
}

// parseYAML gives the root mapping of the one document in data, or reports why
// there is none.
func (p *problems) parseYAML(data []byte) *yaml.Node {
	if len(data) > maxPolicyBytes {
		p.list = append(p.list, problem{text: fmt.Sprintf("the file is larger than %d bytes, the most that a policy may have", maxPolicyBytes)})
		return nil
	}
	root, more, err := decodeYAML(data)
	switch {
	case err != nil:
		p.list = append(p.list, yamlProblem(err))
		return nil
	case root == nil:
		p.list = append(p.list, problem{text: "the file is empty"})
		return nil
	case more:
		p.list = append(p.list, problem{text: "the file holds more than one YAML document"})
		return nil
	}
	count := 0
	if n, why := tooMuch(root, 0, &count); n != nil {
		p.at(n, "%s", why)
		return nil
	}
	if root.Kind != yaml.MappingNode {
		p.at(root, "a policy is a mapping of keys to values, not %s", describe(root))
		return nil
	}
	return root
}

// decodeYAML reads the first document and says whether there are more. The
// library reports faults of the input by panics of its own; one that it lets
// through costs this file only.
func decodeYAML(data []byte) (root *yaml.Node, more bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("not YAML: %v", r)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, false, nil
	} else if err != nil {
		return nil, false, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return nil, false, nil
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		return doc.Content[0], true, nil
	case !errors.Is(err, io.EOF):
		return nil, false, err
	}
	return doc.Content[0], false, nil
}

var yamlLine = regexp.MustCompile(`^yaml: line ([0-9]+): (.*)$`)

// yamlProblem puts the library's words into our form.
func yamlProblem(err error) problem {
	text := err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ := strconv.Atoi(m[1])
		return problem{line: line, text: "not YAML: " + escape(m[2])}
	}
	return problem{text: "not YAML: " + escape(strings.TrimPrefix(text, "yaml: "))}
}

// tooMuch gives the node at which a document exceeds a bound. Aliases are
// followed, so that one which holds itself exceeds the depth.
func tooMuch(n *yaml.Node, depth int, count *int) (*yaml.Node, string) {
	if *count++; *count > maxPolicyNodes {
		return n, fmt.Sprintf("the file has more than %d values, aliases expanded", maxPolicyNodes)
	}
	if depth > maxPolicyDepth {
		return n, fmt.Sprintf("the file nests deeper than %d levels", maxPolicyDepth)
	}
	if n.Kind == yaml.AliasNode {
		if at, why := tooMuch(n.Alias, depth+1, count); at != nil {
			return n, why
		}
		return nil, ""
	}
	for _, c := range n.Content {
		if at, why := tooMuch(c, depth+1, count); at != nil {
			return at, why
		}
	}
	return nil, ""
}

// follow gives the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// describe says in words what a node is.
func describe(n *yaml.Node) string {
	switch n = follow(n); n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!str":
		return "the text " + quote(n.Value)
	case "!!int", "!!float":
		return "the number " + quote(n.Value)
	case "!!bool":
		return n.Value
	case "!!timestamp":
		return "the date " + quote(n.Value)
	}
	return "a value with the tag " + quote(n.ShortTag())
}

// An entry is one key of a mapping with its value.
type entry struct{ key, value *yaml.Node }

// entries gives the keys of a mapping in order, each text and each once; what
// is not is reported. what names the mapping.
func (p *problems) entries(n *yaml.Node, what string) []entry {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		p.at(n, "%s: expected a mapping, found %s", what, describe(n))
		return nil
	}
	var out []entry
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := follow(n.Content[i])
		at := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" && key.ShortTag() != "!!int" && key.ShortTag() != "!!float" {
			p.at(at, "%s: expected text as key, found %s", what, describe(key))
			continue
		}
		if line, twice := lines[key.Value]; twice {
			p.at(at, "key %s appears twice in %s, first in line %d", quote(key.Value), what, line)
			continue
		}
		lines[key.Value] = at.Line
		out = append(out, entry{&yaml.Node{Kind: yaml.ScalarNode, Value: key.Value, Line: at.Line, Column: at.Column}, n.Content[i+1]})
	}
	return out
}

// fields gives the values of a mapping that has known keys only.
func (p *problems) fields(n *yaml.Node, what string, known []string) map[string]*yaml.Node {
	out := make(map[string]*yaml.Node)
	for _, e := range p.entries(n, what) {
		if !slices.Contains(known, e.key.Value) {
			hint := DidYouMean(e.key.Value, known)
			if hint == "" {
				hint = "; known keys are " + strings.Join(known, ", ")
			}
			p.at(e.key, "unknown key %s in %s%s", quote(e.key.Value), what, hint)
			continue
		}
		out[e.key.Value] = e.value
	}
	return out
}

// items gives the members of a list.
func (p *problems) items(n *yaml.Node, what string) []*yaml.Node {
	n = follow(n)
	if n.Kind != yaml.SequenceNode {
		p.at(n, "%s: expected a list, found %s", what, describe(n))
		return nil
	}
	return n.Content
}

// text gives a text of one line that is not empty, or several lines where
// paragraphs says so.
func (p *problems) text(n *yaml.Node, what string, paragraphs bool) (string, bool) {
	at := n
	n = follow(n)
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str":
	case n.Kind == yaml.ScalarNode && slices.Contains([]string{"!!int", "!!float", "!!bool", "!!timestamp"}, n.ShortTag()):
		p.at(at, "%s: expected text, found %s; put it in quotes", what, describe(n))
		return "", false
	default:
		p.at(at, "%s: expected text, found %s", what, describe(n))
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		p.at(at, "%s: the text is empty", what)
		return "", false
	}
	for _, r := range n.Value {
		if paragraphs && (r == '\n' || r == '\t') {
			continue
		}
		if unicode.IsControl(r) || !unicode.IsGraphic(r) {
			p.at(at, "%s: the text has the character %U, which reports cannot print", what, r)
			return "", false
		}
	}
	return n.Value, true
}

// texts gives a list of texts with their places; one text stands for a list of one.
func (p *problems) texts(n *yaml.Node, what string) []located {
	members := []*yaml.Node{n}
	if follow(n).Kind == yaml.SequenceNode {
		members = follow(n).Content
	}
	var out []located
	for _, m := range members {
		if s, ok := p.text(m, what, false); ok {
			out = append(out, located{s, m})
		}
	}
	return out
}

// located is a text with its place.
type located struct {
	text string
	node *yaml.Node
}

func texts(all []located) []string {
	var out []string
	for _, l := range all {
		out = append(out, l.text)
	}
	return out
}

// integer gives a decimal number within bounds.
func (p *problems) integer(n *yaml.Node, what string, least, most int) (int, bool) {
	at := n
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		p.at(at, "%s: expected a whole number, found %s", what, describe(n))
		return 0, false
	}
	v, err := strconv.Atoi(n.Value)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && (v < least || v > most):
		p.at(at, "%s: %s is not a number from %d to %d", what, quote(n.Value), least, most)
		return 0, false
	case err != nil || n.Value != strconv.Itoa(v):
		p.at(at, "%s: write %s as a plain decimal number", what, quote(n.Value))
		return 0, false
	}
	return v, true
}

// boolean gives true or false.
func (p *problems) boolean(n *yaml.Node, what string) (value, ok bool) {
	at := n
	n = follow(n)
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" || n.ShortTag() != "!!bool" {
		p.at(at, "%s: expected true or false, found %s", what, describe(n))
		return false, false
	}
	return n.Value == "true", true
}
