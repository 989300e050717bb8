package certfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"gopkg.in/yaml.v3"

	"certaudit/scan"
)

// yamlContainer reads YAML. It is recognised by the way it holds a
// certificate: a block scalar with PEM in it, a key with quoted PEM, a key with
// base64, or a Kubernetes Secret. Bytes with a zero among them are no YAML (YAML
// 1.2 section 5.1), whatever text they also hold.
func yamlContainer() container {
	return container{name: "yaml", title: "YAML: a Kubernetes Secret (`k8s-secret`), ConfigMaps, kubeconfig, lists and any other string", recognises: func(b []byte) bool {
		if bytes.IndexByte(b, 0) >= 0 || !bytes.Contains(b, []byte(": ")) && !bytes.Contains(b, []byte(":\n")) && !bytes.Contains(b, []byte(":\r\n")) {
			return false
		}
		return holdsBlockPEM(b) || bytes.Contains(b, []byte(base64Begin)) || holdsQuotedPEM(b) || holdsScalarBase64(b) ||
			bytes.Contains(b, []byte("kind: Secret"))
	}, read: readYAML}
}

// holdsScalarBase64 is true where a key, a list item or a block scalar begins
// with base64 of DER or of another store, and no PEM stands at a line's start.
func holdsScalarBase64(b []byte) bool {
	if at, _, _ := nextMark(b, 0, beginMark); at >= 0 {
		return false
	}
	for _, before := range []string{": ", `: "`, ": '", "- ", `- "`, "- '"} {
		for _, mark := range append(storeMarks(), "MII") {
			if bytes.Contains(b, []byte(before+mark)) {
				return true
			}
		}
	}
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte("MII"))
		if i < 0 {
			return false
		}
		at += i
		if opensBlock(b, at) {
			return true
		}
		at += 3
	}
}

func readYAML(f *file) {
	text := bytes.TrimPrefix(f.content, []byte("\xef\xbb\xbf"))
	line := 0
	for doc := range documents(text) {
		f.yamlDocument(doc, line)
		if f.full {
			return
		}
		line += bytes.Count(doc, []byte{'\n'})
	}
}

// documents splits a stream at the lines that begin with the document marker
// (YAML 1.2 section 9.1.4: no content may begin a line with it), so that a
// damaged document costs itself alone. The marker belongs to what follows.
func documents(text []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(text) > 0 {
			end, from := len(text), 0
			for {
				i := bytes.Index(text[from:], []byte("\n---"))
				if i < 0 {
					break
				}
				from += i + 4
				if from == len(text) || isSpace(text[from]) {
					end = from - 3
					break
				}
			}
			if !yield(text[:end]) {
				return
			}
			text = text[end:]
		}
	}
}

func (f *file) yamlDocument(doc []byte, line int) {
	if int64(len(doc)) > f.opt.Limits.YAMLSize || yamlNodes(doc) > f.opt.Limits.Nodes {
		f.fallback(doc, "yaml", scan.StageLimit, scan.ReasonTooLarge, fmt.Sprintf("a document of %d bytes", len(doc)))
		return
	}
	roots, err := decodeYAML(doc)
	switch {
	case err != nil:
		f.fallback(doc, "yaml", scan.StageDecode, scan.ReasonCorrupt, err.Error())
	case slices.ContainsFunc(roots, func(n *yaml.Node) bool { return deeper(n, f.opt.Limits.TextNesting) }):
		f.fallback(doc, "yaml", scan.StageLimit, scan.ReasonTooDeep, fmt.Sprintf("it nests deeper than %d", f.opt.Limits.TextNesting))
	default:
		w := treeWalk{f: f, format: "yaml", line: line}
		for _, root := range roots {
			w.node(root, field{})
		}
	}
}

// yamlNodes is an upper bound for the nodes of a document, told from its marks.
func yamlNodes(doc []byte) int {
	n := 0
	for i, c := range doc {
		switch c {
		case ',', ':', '[', '{', '?':
			n++
		case '-':
			if i+1 == len(doc) || isSpace(doc[i+1]) {
				n++
			}
		}
	}
	return n
}

// decodeYAML keeps aliases as they are: nothing is expanded here.
func decodeYAML(doc []byte) (roots []*yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil { // a defect of the decoder costs this document only
			roots, err = nil, fmt.Errorf("decode YAML: %v", p)
		}
	}()
	for d := yaml.NewDecoder(bytes.NewReader(doc)); ; {
		root := new(yaml.Node)
		if err := d.Decode(root); errors.Is(err, io.EOF) {
			return roots, nil
		} else if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
}
