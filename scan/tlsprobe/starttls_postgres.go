package tlsprobe

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// upgradePostgreSQL sends an SSLRequest, whose answer is one byte (PostgreSQL
// documentation, section "SSL Session Encryption").
func upgradePostgreSQL(d *dialogue) error {
	if err := d.send("answer to SSLRequest", []byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil { // 8 bytes, code 80877103
		return err
	}
	answer, err := d.bytes(1)
	if err != nil {
		return err
	}
	switch answer[0] {
	case 'S':
		return nil
	case 'N':
		return notOffered(`"N"`)
	case 'E':
		return d.postgresError()
	}
	return d.foreign(answer)
}

// postgresError reads an ErrorResponse behind its first byte: a length, and
// fields of a letter and a text. SQLSTATE tells what is the matter: class 53 is
// insufficient resources, 57P a server that stops or starts.
func (d *dialogue) postgresError() error {
	head, err := d.bytes(4)
	if err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head)
	if size < 4 || size > maxText {
		return d.postgresText(head)
	}
	body, err := d.bytes(int(size) - 4)
	if err != nil {
		return err
	}
	state, message := "", []byte("no message")
	for field := range bytes.SplitSeq(body, []byte{0}) {
		switch {
		case len(field) == 0:
		case field[0] == 'C':
			state = string(field[1:])
		case field[0] == 'M':
			message = field[1:]
		}
	}
	said := "error " + quote(state) + ", " + quoted(message)
	if strings.HasPrefix(state, "53") || strings.HasPrefix(state, "57P") {
		return busy(said)
	}
	return refused(said)
}

// postgresText reads an error that is a text alone: of a server that cannot
// start a process for us, or of one from before there was TLS.
func (d *dialogue) postgresText(begin []byte) error {
	line, err := d.line()
	text := append(begin, line...)
	switch {
	case err != nil:
		return err
	case bytes.Contains(text, []byte("fork")):
		return busy(quoted(text))
	}
	return notOffered(quoted(text))
}
