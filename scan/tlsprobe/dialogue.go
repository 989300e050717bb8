package tlsprobe

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Bounds of what a peer may say before TLS begins. RFC 5321 section 4.5.3.1.5
// has reply lines of 512 bytes; lists of capabilities are longer.
const (
	maxLine  = 4 << 10  // bytes of one line, its end included
	maxLines = 200      // of one reply
	maxText  = 64 << 10 // bytes in all
	maxSaid  = 120      // bytes of the peer's that a record quotes
)

// errTooMuchText ends a dialogue at one of its bounds.
var errTooMuchText = errors.New("the peer says too much before TLS begins")

// helloName is what we call ourselves where a protocol wants a name (RFC 6761
// section 6.4: it never is anybody's).
const helloName = "certaudit.invalid"

// A dialogue is what is said before TLS begins.
type dialogue struct {
	w    io.Writer
	r    *bufio.Reader
	left int                     // bytes that the peer may still say
	name string                  // of the server, or its address
	step string                  // what is being waited for
	wrap func(net.Conn) net.Conn // where the protocol goes on around TLS
}

func newDialogue(c io.ReadWriter, name string) *dialogue {
	d := &dialogue{w: c, left: maxText, name: name, step: "greeting"}
	d.r = bufio.NewReaderSize(boundedText{c, d}, maxLine)
	return d
}

// boundedText reads what the dialogue may still read.
type boundedText struct {
	r io.Reader
	d *dialogue
}

func (b boundedText) Read(p []byte) (int, error) {
	if b.d.left <= 0 {
		return 0, fmt.Errorf("%w: %d bytes", errTooMuchText, maxText)
	}
	n, err := b.r.Read(p[:min(len(p), b.d.left)])
	b.d.left -= n
	return n, err
}

// rest is what was read of the connection and is not part of the dialogue.
func (d *dialogue) rest() []byte {
	rest, _ := d.r.Peek(d.r.Buffered()) // never more than there is
	return rest
}

// send writes a message; step names the answer that is waited for from now on.
func (d *dialogue) send(step string, message []byte) error {
	d.step = step
	_, err := d.w.Write(message)
	return err
}

// command sends a line.
func (d *dialogue) command(line string) error {
	verb, _, _ := strings.Cut(line, " ")
	return d.send("answer to "+verb, []byte(line+"\r\n"))
}

// line reads a line and drops its end, which may be a bare LF.
func (d *dialogue) line() (string, error) {
	b, err := d.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", d.tooLong(b)
	case err != nil && len(b) > 0 && errors.Is(err, io.EOF):
		return "", foreign("closed behind ", b)
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

func (d *dialogue) tooLong(line []byte) error {
	return fmt.Errorf("%w: a line of more than %d bytes that begins %s", errTooMuchText, maxLine, quoted(line))
}

func (d *dialogue) tooManyLines() error {
	return fmt.Errorf("%w: more than %d lines", errTooMuchText, maxLines)
}

// lines reads lines up to the one that last accepts.
func (d *dialogue) lines(last func(line string) bool) ([]string, error) {
	var list []string
	for len(list) < maxLines {
		line, err := d.line()
		if err != nil {
			return list, err
		}
		list = append(list, line)
		if last(line) {
			return list, nil
		}
	}
	return list, d.tooManyLines()
}

// bytes reads n bytes.
func (d *dialogue) bytes(n int) ([]byte, error) {
	if n < 0 || n > d.left+d.r.Buffered() {
		return nil, fmt.Errorf("%w: a message of %d bytes", errTooMuchText, n)
	}
	b := make([]byte, n)
	got, err := io.ReadFull(d.r, b)
	if got > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF) {
		return nil, foreign("closed behind ", b[:got])
	}
	return b, err
}

// A reply is an answer of SMTP (RFC 5321 section 4.2), FTP (RFC 959 section
// 4.2) or NNTP: a code, and text. Lines of a longer one need not repeat the
// code in FTP; the last one does.
type reply struct {
	code  int
	first string // line, as sent
	texts []string
}

func (d *dialogue) reply() (reply, error) {
	first, err := d.line()
	if err != nil {
		return reply{}, err
	}
	code, more, ok := replyCode(first)
	if !ok {
		return reply{}, foreign("", []byte(first))
	}
	r := reply{code: code, first: first, texts: []string{first[min(4, len(first)):]}}
	if !more {
		return r, nil
	}
	prefix := first[:3]
	list, err := d.lines(func(line string) bool { return line == prefix || strings.HasPrefix(line, prefix+" ") })
	for _, line := range list {
		if code, _, ok := replyCode(line); ok && code == r.code {
			line = line[min(4, len(line)):]
		}
		r.texts = append(r.texts, line)
	}
	return r, err
}

// ask sends a command and reads the reply.
func (d *dialogue) ask(command string) (reply, error) {
	if err := d.command(command); err != nil {
		return reply{}, err
	}
	return d.reply()
}

// replyCode reads how a line of a reply begins; more tells that others follow.
func replyCode(line string) (code int, more, ok bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, false, false
	}
	n, err := strconv.ParseUint(line[:3], 10, 16)
	return int(n), len(line) > 3 && line[3] == '-', err == nil && n >= 100 && n < 600
}

// has is true where a line of the reply is the keyword, with or without more.
func (r reply) has(keyword string) bool {
	for _, text := range r.texts {
		if f := strings.Fields(text); len(f) > 0 && strings.EqualFold(f[0], keyword) {
			return true
		}
	}
	return false
}

// no is what a reply says that is not the one hoped for. Of the codes that
// begin with 4, which stand for a trouble that passes, 454 and 431 say that it
// is TLS that is in trouble (RFC 3207 section 4, RFC 4217 section 12.1).
func (r reply) no() error {
	said := quote(r.first)
	switch {
	case r.code == 454, r.code == 431:
		return notNow(said)
	case r.code/100 == 4:
		return busy(said)
	case r.code/100 == 5:
		return refused(said)
	}
	return unexpected(said)
}

// foreign is an answer that is none in the protocol that is spoken.
func foreign(before string, said []byte) error {
	text := before + quoted(said)
	if other := speaks(said); other.name != "" {
		text += "; the peer speaks " + other.name
	}
	return unexpected(text)
}

// foreign quotes what was read, and what lies ready behind it.
func (d *dialogue) foreign(read []byte) error {
	more, _ := d.r.Peek(min(d.r.Buffered(), maxSaid)) // never more than there is
	return foreign("", append(read, more...))
}

// quoted makes the peer's bytes fit for a record: short, printable, one line.
func quoted(b []byte) string {
	if len(b) > maxSaid {
		return strconv.QuoteToASCII(string(b[:maxSaid])) + "…"
	}
	return strconv.QuoteToASCII(string(b))
}

func quote(s string) string { return quoted([]byte(s)) }
