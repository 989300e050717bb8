package tlsprobe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"certaudit/scan"
)

// askCaps sends the version hellos that rules asked for, the highest first, and
// only those whose answer does not follow from what is known already.
func (s *survey) askCaps(ctx context.Context) {
	for _, most := range s.v.p.caps {
		if s.known.settled(most) {
			continue
		}
		fail := s.sure(ctx, func() *failure { return s.askVersion(ctx, most) })
		if accepted, known := s.known[most]; known && !accepted && !s.known.settled(most) {
			s.known.refused(most)
		}
		if fail != nil {
			s.lost("versions<="+versionName(most), fail)
		}
	}
}

// askVersion sends one hello that is capped at most. A refusal says nothing of
// lower versions: some servers know no hello but that of their own version. Nor is
// it one of the version before a shorter hello is turned down, too.
func (s *survey) askVersion(ctx context.Context, most uint16) *failure {
	f, fail := s.v.ask(ctx, s.v.hello(most), msgServerHello)
	if f == nil && fail == nil && !s.v.short && s.v.refusal != alertProtocolVersion {
		f, fail = s.v.ask(ctx, newHello(most, s.v.name).shortened(), msgServerHello)
		s.v.short = f != nil
	}
	if fail != nil && fail.alert == alertUnrecognized && most == versionSSL30 && s.v.name != "" {
		h := s.v.hello(most)
		h.named = true // SSL 3.0 has no extensions, but who wants a name from all looks for it
		f, fail = s.v.ask(ctx, h, msgServerHello)
	}
	switch {
	case fail != nil:
		return fail
	case f == nil:
		s.known[most] = false
	default:
		s.known.chosen(most, f.version)
	}
	return nil
}

// askVersions asks for every version from SSL 2.0 to TLS 1.3.
func (s *survey) askVersions(ctx context.Context) *failure {
	for i := len(versions) - 1; i >= 0; i-- {
		most := versions[i].wire
		if _, known := s.known[most]; known {
			continue
		}
		if fail := s.askVersion(ctx, most); fail != nil {
			return fail
		}
	}
	return s.askSSL2(ctx)
}

// sslv2Kinds are the ciphers of SSL 2.0 (draft-hickman-netscape-ssl-00 section
// 2.6), by the names that its header gave them.
var sslv2Kinds = []struct {
	id   int
	name string
}{
	{0x010080, "SSL_CK_RC4_128_WITH_MD5"},
	{0x020080, "SSL_CK_RC4_128_EXPORT40_WITH_MD5"},
	{0x030080, "SSL_CK_RC2_128_CBC_WITH_MD5"},
	{0x040080, "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5"},
	{0x050080, "SSL_CK_IDEA_128_CBC_WITH_MD5"},
	{0x060040, "SSL_CK_DES_64_CBC_WITH_MD5"},
	{0x0700C0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5"},
}

// sslv2Wait bounds the wait for an answer to the hello of SSL 2.0: a server that
// does not know the form may wait for the rest of what it takes for a long
// record.
const sslv2Wait = 2 * time.Second

// askSSL2 sends the one hello of SSL 2.0. An answer in another form turns it
// down, and so does none where the server answers other hellos meanwhile; half an
// answer says nothing.
func (s *survey) askSSL2(ctx context.Context) *failure {
	one, cancel := within(ctx, func(left time.Duration) time.Duration { return min(left/4, sslv2Wait) })
	defer cancel()
	c, fail := s.v.open(one)
	if fail != nil {
		return fail
	}
	defer c.Close()
	if _, err := c.Write(helloSSL2()); err != nil {
		return classifyHandshake(one, err, nil)
	}
	kinds, err := readSSL2(c)
	silent := isTimeout(err) || isReset(err) || err == io.EOF
	if err != nil && err != errNotSSL2 && !(silent && s.v.controlled(ctx)) {
		return classifyHandshake(one, err, nil)
	}
	s.known[versionSSL20] = err == nil
	if err == nil && s.v.p.probes[scan.ProbeCipherSuites] && len(kinds) > 0 {
		putIn(&s.e.CipherSuites, versionName(versionSSL20), kinds)
		putIn(&s.e.SuiteOrder, versionName(versionSSL20), "client")
	}
	return nil
}

// helloSSL2 is the CLIENT-HELLO of SSL 2.0 with all of its ciphers.
func helloSSL2() []byte {
	body := []byte{1, 0, 2}
	body = binary.BigEndian.AppendUint16(body, uint16(3*len(sslv2Kinds)))
	body = append(body, 0, 0, 0, 16)
	for _, k := range sslv2Kinds {
		body = append(body, byte(k.id>>16), byte(k.id>>8), byte(k.id))
	}
	body = append(body, make([]byte, 16)...) // challenge
	return append(binary.BigEndian.AppendUint16(nil, 0x8000|uint16(len(body))), body...)
}

var errNotSSL2 = errors.New("no SERVER-HELLO of SSL 2.0")

// readSSL2 reads the SERVER-HELLO and names the ciphers that it offers.
func readSSL2(r io.Reader) (kinds []string, err error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	if head[0]&0x80 == 0 {
		return nil, errNotSSL2
	}
	body := make([]byte, int(binary.BigEndian.Uint16(head[:])&0x7fff))
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	c := &cursor{b: body}
	const serverHello = 4
	if typ := c.uint(1); typ != serverHello || c.bad {
		return nil, errNotSSL2
	}
	c.bytes(2) // session, kind of certificate
	version := c.uint(2)
	certificate, specs := c.uint(2), c.uint(2)
	c.bytes(2) // length of the connection id
	c.bytes(certificate)
	list := &cursor{b: c.bytes(specs)}
	if c.bad || version != versionSSL20 {
		return nil, errNotSSL2
	}
	for len(list.b) >= 3 {
		id := list.uint(3)
		for _, k := range sslv2Kinds {
			if k.id == id {
				kinds = addMissing(kinds, k.name)
			}
		}
	}
	return kinds, nil
}
