package tlsprobe

import (
	"encoding/binary"
	"fmt"
)

// Negotiation of MS-RDPBCGR section 2.2.1.1 and 2.2.1.2, in the user data of an
// X.224 connection request and its confirmation.
const (
	rdpSSL    = 1 // protocols: TLS,
	rdpHybrid = 2 // and CredSSP in it

	x224Confirm    = 0xd0
	x224Disconnect = 0x80
	rdpResponse    = 2
	rdpFailure     = 3
)

// rdpFailures are the codes of a failure: MS-RDPBCGR section 2.2.1.2.2. The
// server that allows no TLS has none to offer; the others want something else.
var rdpFailures = map[uint32]string{
	1: "SSL_REQUIRED_BY_SERVER",
	2: "SSL_NOT_ALLOWED_BY_SERVER",
	3: "SSL_CERT_NOT_ON_SERVER",
	4: "INCONSISTENT_FLAGS",
	5: "HYBRID_REQUIRED_BY_SERVER",
	6: "SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER",
}

const rdpNotAllowed = 2

// upgradeRDP asks for TLS, with CredSSP or without: the handshake is the same.
func upgradeRDP(d *dialogue) error {
	request := []byte{
		3, 0, 0, 19, // TPKT (RFC 1006 section 6): version 3, 19 bytes
		14, 0xe0, 0, 0, 0, 0, 0, // X.224 connection request of 14 bytes, references, class 0
		1, 0, 8, 0, rdpSSL | rdpHybrid, 0, 0, 0, // RDP_NEG_REQ of 8 bytes
	}
	if err := d.send("connection confirm", request); err != nil {
		return err
	}
	head, err := d.bytes(4)
	if err != nil {
		return err
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if head[0] != 3 || size < 4+7 || size > maxLine {
		return d.foreign(head)
	}
	tpdu, err := d.bytes(size - 4)
	if err != nil {
		return err
	}
	return readConfirm(tpdu)
}

// readConfirm reads an X.224 connection confirm (length, code, two references
// of two bytes, class) and what was negotiated behind it. A server from before
// the negotiation has nothing there, and no TLS.
func readConfirm(tpdu []byte) error {
	negotiated := tpdu[7:]
	switch {
	case tpdu[1]&0xf0 == x224Disconnect:
		return refused("disconnect request")
	case tpdu[1]&0xf0 != x224Confirm:
		return unexpected(quoted(tpdu))
	case len(negotiated) == 0:
		return notOffered("no negotiation")
	case len(negotiated) < 8:
		return unexpected(quoted(tpdu))
	}
	value := binary.LittleEndian.Uint32(negotiated[4:])
	switch {
	case negotiated[0] == rdpResponse && (value == rdpSSL || value == rdpHybrid):
		return nil
	case negotiated[0] == rdpResponse && value == 0:
		return notOffered("the server chose RDP's own security")
	case negotiated[0] == rdpFailure && value == rdpNotAllowed:
		return notOffered(rdpFailures[value])
	case negotiated[0] == rdpFailure && rdpFailures[value] != "":
		return refused(rdpFailures[value])
	}
	return unexpected(fmt.Sprintf("negotiation of type %d, value %d", negotiated[0], value))
}
