package certfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"certaudit/scan"
)

// salesforceNamespace marks Salesforce metadata (Metadata API developer guide).
const salesforceNamespace = "http://soap.sforce.com/2006/04/metadata"

// xmlContainer reads XML: certificates of XML signatures and SAML (XML
// Signature section 4.5.4, SAML 2.0 metadata section 2.4.1.1), of Salesforce
// metadata, and in any other element or attribute.
func xmlContainer() container {
	return container{name: "xml", title: "XML: SAML and XML signatures (`saml-xml`), Salesforce metadata (`sfdx-xml`), any other element or attribute", recognises: func(b []byte) bool {
		if isUTF16(b) {
			return bytes.HasPrefix(firstText(fromUTF16(b[:min(len(b), 64)])), []byte("<"))
		}
		t := firstText(b)
		return len(t) > 0 && t[0] == '<' && (filledElement(b, "X509Certificate") || holdsBase64Certificate(b) ||
			holdsQuotedPEM(b) || bytes.Contains(b, []byte(base64Begin)) || bytes.Contains(b, beginMark))
	}, read: readXML}
}

// An element is one open XML element.
type element struct {
	name    string
	entity  string // entityID of a SAML EntityDescriptor
	keyUse  string // use of a SAML KeyDescriptor
	text    []byte
	line    int
	literal bool // the text came in one piece, so that its lines are lines of the file
}

type xmlWalk struct {
	f          *file
	open       []element
	salesforce bool
}

func readXML(f *file) {
	if isUTF16(f.content) {
		f.content = fromUTF16(f.content)
	}
	text := f.content
	d := xml.NewDecoder(bytes.NewReader(text))
	d.Strict = false
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // certificates are ASCII
	w := xmlWalk{f: f}
	for !f.full {
		at := d.InputOffset()
		line, _ := d.InputPos()
		token, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && (len(w.open) == 0 || strings.EqualFold(w.open[0].name, "html")): // HTML may leave elements open
			w.closeTo(0)
			return
		case err != nil:
			w.closeTo(0)
			why := err.Error()
			if errors.Is(err, io.EOF) {
				why = "it ends inside an element"
			}
			f.fallback(text[at:], "xml", scan.StageDecode, scan.ReasonCorrupt, why)
			return
		case len(w.open) >= f.opt.Limits.TextNesting:
			w.closeTo(0)
			f.fallback(text[at:], "xml", scan.StageLimit, scan.ReasonTooDeep, fmt.Sprintf("elements nest deeper than %d", f.opt.Limits.TextNesting))
			return
		}
		w.token(token, line)
	}
}

func (w *xmlWalk) token(token xml.Token, line int) {
	switch t := token.(type) {
	case xml.StartElement:
		w.start(t, line)
	case xml.EndElement:
		for i := len(w.open) - 1; i >= 0; i-- { // an end without a start closes nothing
			if w.open[i].name == t.Name.Local {
				w.closeTo(i)
				return
			}
		}
	case xml.CharData:
		if len(w.open) == 0 {
			return
		}
		e := &w.open[len(w.open)-1]
		if len(e.text) == 0 {
			e.line, e.literal = line, true
		} else {
			e.literal = false
		}
		e.text = append(e.text, t...)
	}
}

func (w *xmlWalk) start(t xml.StartElement, line int) {
	e := element{name: t.Name.Local, line: line}
	for _, a := range t.Attr {
		switch {
		case a.Name.Local == "entityID":
			e.entity = a.Value
		case a.Name.Local == "use" && e.name == "KeyDescriptor":
			e.keyUse = a.Value
		case a.Name.Local == "xmlns" && len(w.open) == 0:
			w.salesforce = a.Value == salesforceNamespace
		}
	}
	w.open = append(w.open, e)
	for _, a := range t.Attr {
		if mayHold([]byte(a.Value)) {
			w.f.value([]byte(a.Value), w.container(""), w.path()+"@"+a.Name.Local, line)
		}
	}
}

// closeTo closes the open elements down to a depth and searches their text.
func (w *xmlWalk) closeTo(depth int) {
	for len(w.open) > depth {
		w.text(&w.open[len(w.open)-1])
		w.open = w.open[:len(w.open)-1]
	}
}

func (w *xmlWalk) text(e *element) {
	text := bytes.TrimSpace(e.text)
	if len(text) == 0 {
		return
	}
	inSignature := e.name == "X509Certificate"
	found := false
	if mayHold(text) {
		lead := e.text[:bytes.Index(e.text, text[:1])]
		at := spot{container: w.container(e.name), alias: w.alias(inSignature), line: e.line + bytes.Count(lead, []byte{'\n'}), literal: e.literal}
		found = w.f.search(text, at)
	}
	if inSignature && !found && !placeholder(text) && w.f.room() {
		w.f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("line %d: element X509Certificate holds no certificate", e.line))
	}
}

// placeholder is true for what a template engine or a redaction left where a
// certificate belongs.
func placeholder(text []byte) bool {
	for _, mark := range []string{"${", "{{", "<%", "@@", "HIDDEN", "REDACTED", "PLACEHOLDER"} {
		if bytes.Contains(bytes.ToUpper(text), []byte(mark)) {
			return true
		}
	}
	return false
}

func (w *xmlWalk) container(name string) string {
	switch {
	case name == "X509Certificate":
		return "saml-xml"
	case w.salesforce:
		return "sfdx-xml"
	}
	return "xml"
}

// alias is the entityID and the use of the key where a SAML descriptor tells
// them, and the path of element names otherwise.
func (w *xmlWalk) alias(inSignature bool) string {
	if !inSignature {
		return w.path()
	}
	entity, keyUse := "", ""
	for _, e := range w.open {
		if e.entity != "" {
			entity = e.entity
		}
		if e.keyUse != "" {
			keyUse = e.keyUse
		}
	}
	if alias := strings.TrimSpace(entity + " " + keyUse); alias != "" {
		return alias
	}
	return w.path()
}

// path names the open elements below the root.
func (w *xmlWalk) path() string {
	var names []string
	for i, e := range w.open {
		if i > 0 || len(w.open) == 1 {
			names = append(names, e.name)
		}
	}
	return strings.Join(names, ".")
}
