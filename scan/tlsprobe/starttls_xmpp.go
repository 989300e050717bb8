package tlsprobe

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// Namespaces of RFC 6120 sections 4.8, 4.9 and 5.
const (
	nsStreams      = "http://etherx.jabber.org/streams"
	nsStreamErrors = "urn:ietf:params:xml:ns:xmpp-streams"
	nsXMPPTLS      = "urn:ietf:params:xml:ns:xmpp-tls"
)

// upgradeXMPP opens a stream to the server's name and asks for TLS (RFC 6120
// sections 4.2 and 5.4).
func upgradeXMPP(content string) upgrade {
	return func(d *dialogue) error {
		var to strings.Builder
		xml.EscapeText(&to, []byte(d.name)) // never fails
		header := "<?xml version='1.0'?><stream:stream to='" + to.String() + "' version='1.0' xml:lang='en' xmlns='" + content +
			"' xmlns:stream='" + nsStreams + "'>"
		if err := d.send("features", []byte(header)); err != nil {
			return err
		}
		if first, err := d.r.Peek(1); err != nil {
			return err
		} else if first[0] != '<' {
			return d.foreign(nil)
		}
		s := newStream(d)
		if err := s.features(); err != nil {
			return s.explain(err)
		}
		if err := d.send("answer to starttls", []byte("<starttls xmlns='"+nsXMPPTLS+"'/>")); err != nil {
			return err
		}
		return s.explain(s.proceed())
	}
}

// A stream reads the server's XML. Because the dialogue's reader is an
// io.ByteReader, the decoder takes no byte behind the tag that it returns.
type stream struct{ x *xml.Decoder }

func newStream(d *dialogue) stream { return stream{xml.NewDecoder(d.r)} }

// features reads up to the end of the features, and is nil where TLS is one of
// them.
func (s stream) features() error {
	if e, err := s.start(); err != nil {
		return err
	} else if e.Name != (xml.Name{Space: nsStreams, Local: "stream"}) {
		return unexpected("element " + quote(e.Name.Local))
	}
	e, err := s.start()
	switch {
	case err != nil:
		return err
	case e.Name != (xml.Name{Space: nsStreams, Local: "features"}):
		return s.refusal(e)
	}
	offered := false
	for depth := 1; depth > 0; {
		t, err := s.token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			offered = offered || depth == 1 && t.Name == xml.Name{Space: nsXMPPTLS, Local: "starttls"}
			depth++
		case xml.EndElement:
			depth--
		}
	}
	if !offered {
		return notOffered("no starttls among the features")
	}
	return nil
}

// proceed reads the answer to starttls up to its last byte.
func (s stream) proceed() error {
	e, err := s.start()
	switch {
	case err != nil:
		return err
	case e.Name == xml.Name{Space: nsXMPPTLS, Local: "failure"}:
		return refused("failure")
	case e.Name != (xml.Name{Space: nsXMPPTLS, Local: "proceed"}):
		return s.refusal(e)
	}
	return s.x.Skip()
}

// refusal reads a stream error, whose first child says what is the matter
// (RFC 6120 section 4.9.3).
func (s stream) refusal(e xml.StartElement) error {
	if e.Name != (xml.Name{Space: nsStreams, Local: "error"}) {
		return unexpected("element " + quote(e.Name.Local))
	}
	condition, err := s.start()
	if err != nil {
		return err
	}
	said := "stream error " + quote(condition.Name.Local)
	switch condition.Name {
	case xml.Name{Space: nsStreamErrors, Local: "resource-constraint"},
		xml.Name{Space: nsStreamErrors, Local: "policy-violation"},
		xml.Name{Space: nsStreamErrors, Local: "system-shutdown"},
		xml.Name{Space: nsStreamErrors, Local: "reset"}:
		return busy(said)
	}
	return refused(said)
}

// start reads up to the next element. What a stream may not have (RFC 6120
// section 11.1) is turned down.
func (s stream) start() (xml.StartElement, error) {
	for {
		t, err := s.token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return t, nil
		case xml.EndElement:
			return xml.StartElement{}, unexpected("end of " + quote(t.Name.Local))
		}
	}
}

func (s stream) token() (xml.Token, error) {
	t, err := s.x.Token()
	if _, ok := t.(xml.Directive); ok && err == nil {
		return nil, unexpected("a document type")
	}
	return t, err
}

// explain turns what the decoder says of bytes that are no XML into an answer.
func (s stream) explain(err error) error {
	var syntax *xml.SyntaxError
	var said *answer
	switch {
	case err == nil, errors.As(err, &said):
		return err
	case !errors.As(err, &syntax):
		return err
	case syntax.Msg == "unexpected EOF": // XML that the peer closed inside
		return io.ErrUnexpectedEOF
	}
	return unexpected("not XML: " + quote(syntax.Msg))
}
