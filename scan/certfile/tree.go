package certfile

import (
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"certaudit/scan"
)

// aliasDepth bounds aliases within aliases of one YAML document.
const aliasDepth = 32

// A treeWalk searches the strings of one document, YAML or JSON, in order.
type treeWalk struct {
	f       *file
	format  string // container of what has no more exact one
	line    int    // of the file before the document begins
	path    []string
	aliased int // nodes reached through aliases
	within  int // aliases around the node at hand
	stopped bool
}

// A field tells what the place of a node in the document means.
type field struct {
	container string // "" where the document tells nothing
	owner     string // namespace/name of the Kubernetes object whose data this is
}

func (w *treeWalk) node(n *yaml.Node, in field) {
	if n == nil || w.f.full {
		return
	}
	if w.within > 0 {
		if w.aliased++; w.aliased > w.f.opt.Limits.Aliases {
			w.stop()
			return
		}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			w.node(c, in)
		}
	case yaml.MappingNode:
		w.mapping(n, in)
	case yaml.SequenceNode:
		for i, c := range n.Content {
			w.path = append(w.path, "["+strconv.Itoa(i)+"]")
			w.node(c, in)
			w.path = w.path[:len(w.path)-1]
		}
	case yaml.ScalarNode:
		w.scalar(n, in)
	case yaml.AliasNode:
		w.alias(n, in)
	}
}

func (w *treeWalk) alias(n *yaml.Node, in field) {
	if w.stopped {
		return
	}
	if w.within >= aliasDepth {
		w.stop()
		return
	}
	w.within++
	w.node(n.Alias, in)
	w.within--
}

// stop ends the expansion of aliases; what stands in the document itself is
// still read.
func (w *treeWalk) stop() {
	if !w.stopped {
		w.stopped = true
		w.f.report(-1, scan.StageLimit, scan.ReasonExpansion, w.format+": aliases expand beyond the bound")
	}
}

func (w *treeWalk) mapping(n *yaml.Node, in field) {
	kind := text(n, "kind")
	owner, container := "", ""
	if kind == "Secret" && len(w.path) == 0 { // a Secret in a List belongs to a document of another kind
		container = "k8s-secret"
	}
	if kind == "Secret" || kind == "ConfigMap" {
		meta := child(n, "metadata")
		owner = strings.TrimPrefix(text(meta, "namespace")+"/"+text(meta, "name"), "/")
	}
	isJWK := w.jwk(n, in)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		if isJWK && (slices.Contains(jwkMembers, key) || slices.Contains(jwkSecrets, key)) {
			continue
		}
		below := in
		switch {
		case key == "x5c":
			below = field{container: "jwks"}
		case owner != "" && (key == "data" || key == "stringData" || key == "binaryData"):
			below = field{container: container, owner: owner}
		}
		w.path = append(w.path, key)
		w.node(value, below)
		w.path = w.path[:len(w.path)-1]
	}
}

func (w *treeWalk) scalar(n *yaml.Node, in field) {
	value := []byte(n.Value)
	if !mayHold(value) {
		return
	}
	at := spot{container: in.container, alias: w.name(in), line: w.line + n.Line}
	if at.container == "" {
		at.container = w.format
	}
	if n.Style&yaml.LiteralStyle != 0 {
		at.line++
		at.literal = true
	} else if n.Style&yaml.FoldedStyle != 0 {
		at.line++
	}
	w.f.search(value, at)
}

// name is the path of the node at hand, or namespace/name/key in the data of a
// Kubernetes object.
func (w *treeWalk) name(in field) string {
	if in.owner != "" {
		return in.owner + "/" + w.path[len(w.path)-1]
	}
	var b strings.Builder
	for _, p := range w.path {
		if b.Len() > maxAlias {
			break
		}
		if b.Len() > 0 && !strings.HasPrefix(p, "[") {
			b.WriteByte('.')
		}
		b.WriteString(p)
	}
	return b.String()
}

// child is the value of a key, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func text(n *yaml.Node, key string) string {
	if c := child(n, key); c != nil && c.Kind == yaml.ScalarNode {
		return c.Value
	}
	return ""
}

// deeper is true where a document nests deeper than a bound; aliases are not
// followed.
func deeper(n *yaml.Node, bound int) bool {
	if n == nil {
		return false
	}
	if bound == 0 {
		return true
	}
	return slices.ContainsFunc(n.Content, func(c *yaml.Node) bool { return deeper(c, bound-1) })
}
