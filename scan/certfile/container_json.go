package certfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"

	"certaudit/scan"
)

// jsonContainer reads JSON: key sets (RFC 7517 section 4.7), Kubernetes
// objects, and any other string.
func jsonContainer() container {
	return container{name: "json", title: "JSON: key sets (`jwks`), a Kubernetes Secret (`k8s-secret`), any other string", recognises: func(b []byte) bool {
		t := firstText(b)
		if len(t) == 0 || t[0] != '{' && t[0] != '[' || bytes.HasPrefix(t, []byte("{{")) { // {{ opens a template
			return false
		}
		return holdsBase64Certificate(b) || holdsQuotedPEM(b) ||
			bytes.Contains(b, []byte(base64Begin)) || bytes.Contains(b, []byte(`"x5c"`)) || bytes.Contains(b, jwkMark) || bytes.Contains(b, []byte(`"Secret"`)) ||
			slices.ContainsFunc(storeMarks(), func(mark string) bool { return bytes.Contains(b, []byte(`"`+mark)) })
	}, read: readJSON}
}

// A jsonTree builds the tree of one document from its tokens. Strings that can
// hold no certificate and say nothing about one are left out.
type jsonTree struct {
	d      *json.Decoder
	lines  lineCounter
	nodes  int
	limits *Limits
	jwk    bool // there may be keys in it
}

// jwkMark is the member that every JSON Web Key has.
var jwkMark = []byte(`"kty"`)

var errNodes = errors.New("more values than the bound")

func readJSON(f *file) {
	text := bytes.TrimPrefix(f.content, []byte("\xef\xbb\xbf"))
	t := jsonTree{d: json.NewDecoder(bytes.NewReader(text)), lines: lineCounter{text: text}, limits: &f.opt.Limits, jwk: bytes.Contains(text, jwkMark)}
	for !f.full {
		t.nodes = 0
		root := new(yaml.Node)
		err := t.value(root, 0)
		if errors.Is(err, io.EOF) && root.Kind == 0 {
			return
		}
		w := treeWalk{f: f, format: "json"}
		w.node(root, field{})
		if err == nil {
			continue
		}
		stage, reason := scan.StageDecode, scan.ReasonCorrupt
		switch {
		case errors.Is(err, errDeep):
			stage, reason = scan.StageLimit, scan.ReasonTooDeep
		case errors.Is(err, errNodes):
			stage, reason = scan.StageLimit, scan.ReasonTooLarge
		}
		f.fallback(text[t.d.InputOffset():], "json", stage, reason, err.Error())
		return
	}
}

// value reads one value into n, as far as it goes.
func (t *jsonTree) value(n *yaml.Node, depth int) error {
	token, err := t.d.Token()
	if err != nil {
		return err
	}
	n.Line = t.lines.at(int(t.d.InputOffset()))
	switch v := token.(type) {
	case json.Delim:
		if depth >= t.limits.TextNesting {
			n.Kind = yaml.ScalarNode
			return errDeep
		}
		if v == '{' {
			n.Kind = yaml.MappingNode
			return t.object(n, depth)
		}
		n.Kind = yaml.SequenceNode
		return t.array(n, depth)
	case string:
		n.Kind, n.Value = yaml.ScalarNode, v
	default:
		n.Kind = yaml.ScalarNode
	}
	return nil
}

func (t *jsonTree) array(n *yaml.Node, depth int) error {
	for t.d.More() {
		c := new(yaml.Node)
		err := t.value(c, depth+1)
		n.Content = append(n.Content, t.needed(c, ""))
		if err != nil {
			return unexpected(err)
		}
		if err := t.count(); err != nil {
			return err
		}
	}
	_, err := t.d.Token()
	return unexpected(err)
}

func (t *jsonTree) object(n *yaml.Node, depth int) error {
	for t.d.More() {
		token, err := t.d.Token()
		if err != nil {
			return unexpected(err)
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("a key that is no string at byte %d", t.d.InputOffset())
		}
		c := new(yaml.Node)
		err = t.value(c, depth+1)
		if c = t.needed(c, key); c != nil {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, c)
		}
		if err != nil {
			return unexpected(err)
		}
		if err := t.count(); err != nil {
			return err
		}
	}
	_, err := t.d.Token()
	return unexpected(err)
}

// count bounds the values of one document; those that are left out cost little
// and count a tenth.
func (t *jsonTree) count() error {
	if t.nodes++; t.nodes/10 > t.limits.Nodes {
		return errNodes
	}
	return nil
}

// unexpected turns an end inside a document into an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// needed is n, or nil for a string that can hold no certificate, and for a list
// or object in which nothing was left.
func (t *jsonTree) needed(n *yaml.Node, key string) *yaml.Node {
	switch n.Kind {
	case yaml.ScalarNode:
		if t.jwk && slices.Contains(jwkMembers, key) {
			return n
		}
		if !slices.Contains([]string{"kind", "name", "namespace"}, key) && !mayHold([]byte(n.Value)) {
			return nil
		}
	case yaml.MappingNode:
		if len(n.Content) == 0 {
			return nil
		}
	case yaml.SequenceNode:
		if !slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return c != nil }) {
			return nil
		}
	}
	return n
}
