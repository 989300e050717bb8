package tlsprobe

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
)

// Types of packets, options of PRELOGIN and values of its encryption: MS-TDS
// sections 2.2.3.1 and 2.2.6.5.
const (
	tdsReply    = 0x04
	tdsPrelogin = 0x12
	tdsHeader   = 8
	tdsPacket   = 4096 // largest before the login says otherwise
	tdsLast     = 1    // status: end of message
	tdsError    = 0xaa // token of a reply, section 2.2.7.10

	preloginEncryption = 1
	preloginEnd        = 0xff

	encryptOff          = 0
	encryptOn           = 1
	encryptNotSupported = 2
	encryptRequired     = 3
)

// Numbers of errors of SQL Server that stand for too many connections.
const (
	mssqlTooMany  = 17809
	mssqlNoMemory = 701
	mssqlPaused   = 17142
	mssqlStarting = 18401
)

// upgradeMSSQL asks for encryption in a PRELOGIN message. The handshake that
// follows is itself sent in packets of that type.
func upgradeMSSQL(d *dialogue) error {
	options := []byte{
		0, 0, 11, 0, 6, // version: 6 bytes at 11
		preloginEncryption, 0, 17, 0, 1, // encryption: 1 byte at 17
		preloginEnd,
		0, 0, 0, 0, 0, 0, // of no version in particular
		encryptOn,
	}
	if err := d.send("answer to PRELOGIN", tdsMessage(options)); err != nil {
		return err
	}
	answer, err := d.tds()
	if err != nil {
		return err
	}
	if len(answer) > 0 && answer[0] == tdsError {
		return mssqlRefusal(answer)
	}
	encryption, ok := preloginOption(answer, preloginEncryption)
	switch {
	case !ok || len(encryption) != 1:
		return unexpected(quoted(answer))
	case encryption[0] == encryptOn, encryption[0] == encryptRequired:
		d.wrap = func(c net.Conn) net.Conn { return &tdsConn{Conn: c} }
		return nil
	case encryption[0] == encryptNotSupported:
		return notOffered("ENCRYPT_NOT_SUP")
	case encryption[0] == encryptOff:
		return refused("ENCRYPT_OFF")
	}
	return unexpected(fmt.Sprintf("encryption %d", encryption[0]))
}

// tdsMessage is one packet that is a whole message.
func tdsMessage(data []byte) []byte {
	head := []byte{tdsPrelogin, tdsLast, 0, 0, 0, 0, 1, 0} // no process, packet 1
	binary.BigEndian.PutUint16(head[2:], uint16(tdsHeader+len(data)))
	return append(head, data...)
}

// tds reads a message, which may be of several packets.
func (d *dialogue) tds() ([]byte, error) {
	var message []byte
	for {
		head, err := d.bytes(tdsHeader)
		if err != nil {
			return nil, err
		}
		size, ok := tdsSize(head)
		if !ok {
			return nil, d.foreign(head)
		}
		data, err := d.bytes(size)
		if err != nil {
			return nil, err
		}
		message = append(message, data...)
		if head[1]&tdsLast != 0 {
			return message, nil
		}
	}
}

// tdsSize gives how much follows a header; ok is false where it is none. A
// reply has a type of its own, which some servers use for the handshake, too.
func tdsSize(head []byte) (size int, ok bool) {
	size = int(binary.BigEndian.Uint16(head[2:])) - tdsHeader
	return size, (head[0] == tdsReply || head[0] == tdsPrelogin) && size > 0
}

// preloginOption finds an option: entries of token, offset and length come
// first.
func preloginOption(message []byte, token byte) ([]byte, bool) {
	for b := message; len(b) >= 5 && b[0] != preloginEnd; b = b[5:] {
		offset, length := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
		if b[0] == token && offset+length <= len(message) {
			return message[offset : offset+length], true
		}
	}
	return nil, false
}

// mssqlRefusal reads the number of an error token: it follows a length of two
// bytes.
func mssqlRefusal(token []byte) error {
	if len(token) < 7 {
		return unexpected(quoted(token))
	}
	number := binary.LittleEndian.Uint32(token[3:])
	said := fmt.Sprintf("error %d", number)
	switch number {
	case mssqlTooMany, mssqlNoMemory, mssqlPaused, mssqlStarting:
		return busy(said)
	}
	return refused(said)
}

// A tdsConn carries a TLS handshake in packets. It goes on so after the
// handshake, where TLS stands bare on the connection: nothing is sent then that
// would need an answer.
type tdsConn struct {
	net.Conn
	left int // of the packet that is being read
}

func (c *tdsConn) Read(b []byte) (int, error) {
	for c.left == 0 {
		var head [tdsHeader]byte
		if _, err := io.ReadFull(c.Conn, head[:]); err != nil {
			return 0, err
		}
		size, ok := tdsSize(head[:])
		if !ok {
			return 0, fmt.Errorf("%w: no TDS packet but %s", errNotTLS, quoted(head[:]))
		}
		c.left = size
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

func (c *tdsConn) Write(b []byte) (int, error) {
	sent := 0
	for len(b) > 0 {
		n := min(len(b), tdsPacket-tdsHeader)
		if _, err := c.Conn.Write(tdsMessage(b[:n])); err != nil {
			return sent, err
		}
		sent, b = sent+n, b[n:]
	}
	return sent, nil
}
