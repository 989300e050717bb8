package tlsprobe

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// First bytes of a payload, flags of a client, and numbers of errors: MySQL
// client/server protocol, sections "Protocol::HandshakeV10", "Capabilities
// Flags" and "ERR_Packet"; the error message reference.
const (
	mysqlGreeting = 10
	mysqlOld      = 9 // before MySQL 3.21, without TLS
	mysqlError    = 0xff

	mysqlProtocol41 = 1 << 9
	mysqlSSL        = 1 << 11
	mysqlSecure     = 1 << 15

	mysqlTooMany     = 1040 // connections
	mysqlNoMemory    = 1041
	mysqlShutdown    = 1053
	mysqlHostBlocked = 1129 // after too many connections that came to nothing
	mysqlUserTooMany = 1203
)

// upgradeMySQL reads the greeting of protocol 10 and sends an SSLRequest, to
// which there is no answer but TLS itself.
func upgradeMySQL(d *dialogue) error {
	head, err := d.bytes(4)
	if err != nil {
		return err
	}
	size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
	if size == 0 || size > maxLine || head[3] > 1 { // errors come as packet 0 or 1
		return d.foreign(head)
	}
	payload, err := d.bytes(size)
	if err != nil {
		return err
	}
	switch payload[0] {
	case mysqlGreeting:
	case mysqlOld:
		return notOffered("protocol 9")
	case mysqlError:
		return mysqlRefusal(payload)
	default:
		return unexpected(quoted(payload))
	}
	_, rest, _ := bytes.Cut(payload[1:], []byte{0}) // the server's version
	const before = 4 + 8 + 1                        // thread, first part of the challenge, filler
	if len(rest) < before+2 {
		return unexpected(quoted(payload))
	}
	if binary.LittleEndian.Uint16(rest[before:])&mysqlSSL == 0 {
		return notOffered("no SSL among the capabilities")
	}
	return d.send("TLS", mysqlRequest())
}

// mysqlRequest is packet 1 of 32 bytes: flags, largest packet, character set
// and zeros.
func mysqlRequest() []byte {
	p := []byte{32, 0, 0, 1}
	p = binary.LittleEndian.AppendUint32(p, mysqlProtocol41|mysqlSSL|mysqlSecure)
	p = binary.LittleEndian.AppendUint32(p, 1<<24-1)
	p = append(p, 45) // utf8mb4
	return append(p, make([]byte, 23)...)
}

// mysqlRefusal reads an error packet: its number and its text.
func mysqlRefusal(payload []byte) error {
	if len(payload) < 3 {
		return unexpected(quoted(payload))
	}
	number := binary.LittleEndian.Uint16(payload[1:])
	said := fmt.Sprintf("error %d, %s", number, quoted(payload[3:]))
	switch number {
	case mysqlTooMany, mysqlNoMemory, mysqlShutdown, mysqlUserTooMany:
		return busy(said)
	case mysqlHostBlocked: // until somebody flushes the server's list of hosts
		return blocked(said)
	}
	return refused(said)
}
