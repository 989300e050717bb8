package tlsprobe

import (
	"fmt"

	"certaudit/scan"
)

// Object identifiers of RFC 4511 sections 4.14 and 4.4.1, as they are written
// on the wire.
const (
	oidStartTLS      = "1.3.6.1.4.1.1466.20037"
	oidDisconnection = "1.3.6.1.4.1.1466.20036"
)

// The codes of a result that tell what became of the request: RFC 4511
// appendix A.
const (
	ldapSuccess       = 0
	ldapProtocolError = 2 // the operation is not known
	ldapBusy          = 51
	ldapUnavailable   = 52
)

const tagExtendedResponse = 0x78 // [APPLICATION 24], constructed

// ldapRequest is message 1, an extended request with the name of StartTLS.
func ldapRequest() []byte {
	name := append([]byte{0x80, byte(len(oidStartTLS))}, oidStartTLS...)
	operation := append([]byte{0x77, byte(len(name))}, name...)
	return append([]byte{0x30, byte(3 + len(operation)), 2, 1, 1}, operation...)
}

// upgradeLDAP sends the StartTLS operation (RFC 4511 section 4.14). A server
// may take leave in place of an answer (section 4.4.1).
func upgradeLDAP(d *dialogue) error {
	if err := d.send("answer to StartTLS", ldapRequest()); err != nil {
		return err
	}
	message, err := d.ber()
	if err != nil {
		return err
	}
	m, ok := readLDAP(message)
	if !ok || m.id > 1 {
		return foreign("not an answer to message 1: ", message)
	}
	said := fmt.Sprintf("result %d", m.code)
	if len(m.text) > 0 {
		said += ", " + quoted(m.text)
	}
	notice := m.id == 0
	switch {
	case m.code == ldapBusy, notice && m.code == ldapUnavailable:
		return busy(said)
	case notice:
		return refused("disconnection: " + said)
	case m.code == ldapSuccess:
		return nil
	case m.code == ldapProtocolError:
		return notOffered(said)
	case m.code == ldapUnavailable: // of TLS, section 4.14.2
		return notNow(said)
	}
	return refused(said)
}

// ber reads one element with a definite length.
func (d *dialogue) ber() ([]byte, error) {
	head, err := d.bytes(2)
	if err != nil {
		return nil, err
	}
	if head[0] != 0x30 {
		return nil, d.foreign(head)
	}
	size := int(head[1])
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 4 {
			return nil, d.foreign(head)
		}
		long, err := d.bytes(n)
		if err != nil {
			return nil, err
		}
		head, size = append(head, long...), 0
		for _, b := range long {
			size = size<<8 | int(b)
		}
	}
	body, err := d.bytes(size)
	return append(head, body...), err
}

// An ldapMessage is the outline of an extended response (RFC 4511 section
// 4.12).
type ldapMessage struct {
	id, code int
	text     []byte
}

func readLDAP(message []byte) (m ldapMessage, ok bool) {
	envelope, _, ok := scan.NextTLV(message)
	if !ok {
		return m, false
	}
	id, rest, ok1 := scan.NextTLV(envelope.Content)
	response, _, ok2 := scan.NextTLV(rest)
	if !ok1 || !ok2 || id.Tag != 2 || len(id.Content) != 1 || response.Tag != tagExtendedResponse {
		return m, false
	}
	code, rest, ok1 := scan.NextTLV(response.Content)
	_, rest, ok2 = scan.NextTLV(rest)
	text, _, _ := scan.NextTLV(rest)
	if !ok1 || !ok2 || code.Tag != 10 || len(code.Content) != 1 {
		return m, false
	}
	return ldapMessage{int(id.Content[0]), int(code.Content[0]), text.Content}, true
}
