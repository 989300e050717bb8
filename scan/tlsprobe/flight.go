package tlsprobe

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"

	"certaudit/scan"
)

// A flight is what a server said up to the end of its first messages, read
// without taking part in the handshake. It serves two purposes: the answer to
// a hello of ours, and the transcript of a handshake that crypto/tls gave up.
type flight struct {
	want           byte // the message that ends it
	hello          bool // a ServerHello was read; version and suite are set
	retry          bool // a HelloRetryRequest was read; version, suite and group are set
	version, suite uint16
	group          string // as in scan.Endpoint.KeyExchange
	dhBits         int    // size of a finite-field prime
	scheme         uint16 // that the server signed with, from TLS 1.2 on
	session        []byte // session id that the server chose
	compression    int    // method that the server chose
	renegotiation  bool   // RFC 5746
	extendedMaster bool   // RFC 7627
	heartbeat      bool   // RFC 6520
	shareGroup     uint16 // of the server's half of the key exchange
	share          []byte // of TLS 1.3
	message        []byte // the ServerHello
	alpn           string
	certificates   bool // a Certificate message was read
	chain          [][]byte
	stapled        scan.Answer
	clientCert     scan.Answer
	oldSignature   bool // TLS 1.2 key exchange signed with MD5, SHA-1, SHA-224 or DSA
	alert          byte // with errAlert
	done           bool // nothing that could matter follows
}

// What ends a flight early. Input errors are returned as they are, io.EOF for
// a close between records.
var (
	errNotTLS   = errors.New("the first bytes are no TLS record")
	errAlert    = errors.New("the peer sent an alert")
	errProtocol = errors.New("the peer broke the protocol")
	errNoKey    = errors.New("the messages are encrypted under a key that is not known")
)

const (
	maxRecord   = 16384 + 2048 // RFC 5246 section 6.2.3
	maxMessage  = 256 << 10    // as crypto/tls has for a Certificate message
	maxWarnings = 8            // alerts that a server may send and go on
	maxRecords  = 4096         // a Certificate message of that size in records of 64 bytes
)

// readFlight reads until the message want and returns what was seen also beside
// an error: msgServerHello, wantPrime, msgServerKeyExchange, msgCertificate,
// msgEncryptedExtensions, msgCertificateVerify, or msgServerHelloDone for all up
// to the certificates of TLS 1.3. A HelloRetryRequest ends it too, except in the
// last case, where a second hello is known to follow. secret gives the server's
// handshake traffic secret of TLS 1.3; nil where it is not known.
func readFlight(r io.Reader, want byte, secret func(*flight) []byte) (*flight, error) {
	fr := flightReader{r: r, secret: secret, f: flight{want: want}}
	for !fr.f.done {
		typ, body, err := fr.message()
		if err != nil {
			return &fr.f, err
		}
		if err := fr.f.take(typ, body); err != nil {
			return &fr.f, err
		}
		switch {
		case fr.f.retry && !fr.f.hello:
			fr.f.done = want != msgServerHelloDone
		case fr.f.hello:
			fr.f.done = fr.f.done || want == msgServerHello || want == wantPrime && !finiteField(fr.f.suite)
		}
	}
	return &fr.f, nil
}

// wantPrime wants the server's hello and, where the suite has a finite-field key
// exchange, that too.
const wantPrime = 0xFF

// finiteField is true for suites whose key exchange shows a prime.
func finiteField(suite uint16) bool {
	name := suiteName(suite)
	return strings.HasPrefix(name, "TLS_DHE_") || strings.HasPrefix(name, "TLS_DH_anon_")
}

// A flightReader turns records into handshake messages.
type flightReader struct {
	r        io.Reader
	secret   func(*flight) []byte
	f        flight
	keys     *recordKeys // once TLS 1.3 has turned to encrypted records
	records  int
	warnings int
	pending  []byte // of handshake messages
}

func (fr *flightReader) message() (typ byte, body []byte, err error) {
	for {
		if b := fr.pending; len(b) >= 4 {
			n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
			if n > maxMessage {
				return 0, nil, fmt.Errorf("%w: handshake message of %d bytes", errProtocol, n)
			}
			if len(b) >= 4+n {
				fr.pending = b[4+n:]
				return b[0], b[4 : 4+n], nil
			}
		}
		if err := fr.record(); err != nil {
			return 0, nil, err
		}
	}
}

// record reads one record and adds what it has of handshake messages.
func (fr *flightReader) record() error {
	var head [5]byte
	n, err := io.ReadFull(fr.r, head[:])
	if fr.records == 0 && !looksLikeTLS(head[:n]) {
		return errNotTLS
	}
	if err != nil {
		return err
	}
	if fr.records++; fr.records > maxRecords {
		return errTooMuch
	}
	size := int(head[3])<<8 | int(head[4])
	if !looksLikeTLS(head[:]) {
		return fmt.Errorf("%w: record of type %d, version %d.%d, %d bytes", errProtocol, head[0], head[1], head[2], size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(fr.r, body); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	typ := head[0]
	if typ == recordData {
		if typ, body, err = fr.open(head[:], body); err != nil {
			return err
		}
	} else if fr.keys != nil && typ == recordHandshake {
		return fmt.Errorf("%w: handshake message in clear", errProtocol)
	}
	switch typ {
	case recordHandshake:
		if len(fr.pending) == 0 {
			fr.pending = body
		} else {
			fr.pending = append(fr.pending, body...)
		}
		return nil
	case recordAlert:
		return fr.takeAlert(body)
	case recordChangeCipherSpec:
		if fr.f.version == tls.VersionTLS13 {
			return nil // sent for old middleboxes, RFC 8446 appendix D.4
		}
	}
	return fmt.Errorf("%w: unexpected record of type %d", errProtocol, typ)
}

// open decrypts a record of TLS 1.3.
func (fr *flightReader) open(head, body []byte) (typ byte, plain []byte, err error) {
	if fr.f.version != tls.VersionTLS13 {
		return 0, nil, fmt.Errorf("%w: application data before the handshake", errProtocol)
	}
	if fr.keys == nil {
		if fr.secret != nil {
			fr.keys = newRecordKeys(fr.f.suite, fr.secret(&fr.f))
		}
		if fr.keys == nil {
			return 0, nil, errNoKey
		}
	}
	typ, plain, ok := fr.keys.open(head, body)
	if !ok {
		return 0, nil, fmt.Errorf("%w: record that does not decrypt", errProtocol)
	}
	return typ, plain, nil
}

// takeAlert ends the flight, but for warnings: up to TLS 1.2 the server goes
// on after them (RFC 6066 section 3 has unrecognized_name).
func (fr *flightReader) takeAlert(body []byte) error {
	const warning, closeNotify = 1, 0
	if len(body) != 2 {
		return fmt.Errorf("%w: alert of %d bytes", errProtocol, len(body))
	}
	if body[0] == warning && body[1] != closeNotify && fr.warnings < maxWarnings {
		fr.warnings++
		return nil
	}
	fr.f.alert = body[1]
	return errAlert
}

// looksLikeTLS checks as much of a record's header as there is.
func looksLikeTLS(b []byte) bool {
	return (len(b) < 1 || b[0] >= recordChangeCipherSpec && b[0] <= recordData) &&
		(len(b) < 2 || b[1] == 3) &&
		(len(b) < 5 || int(b[3])<<8|int(b[4]) <= maxRecord)
}

// take reads the facts of one message.
func (f *flight) take(typ byte, body []byte) error {
	c := &cursor{b: body}
	switch {
	case typ == msgServerHello && !f.hello:
		f.takeHello(c)
		f.message = append([]byte{typ, byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}, body...)
	case !f.hello:
		return fmt.Errorf("%w: message of type %d before the server hello", errProtocol, typ)
	case typ == msgEncryptedExtensions && f.version == tls.VersionTLS13:
		f.takeExtensions(c)
		f.done = f.want == msgEncryptedExtensions
	case typ == msgCertificate:
		f.takeCertificates(c)
		f.done = f.done || f.want == msgCertificate
	case typ == msgCertificateStatus:
		f.stapled = scan.Yes
	case typ == msgServerKeyExchange:
		f.takeKeyExchange(c)
		f.done = f.want == msgServerKeyExchange || f.want == wantPrime
	case typ == msgCertificateRequest:
		f.clientCert = scan.Yes
	case typ == msgCertificateVerify && f.version == tls.VersionTLS13:
		f.scheme = uint16(c.uint(2))
		f.finish()
	case typ == msgServerHelloDone || typ == msgCertificateVerify || typ == msgFinished:
		f.finish()
	}
	if c.bad {
		return fmt.Errorf("%w: malformed message of type %d", errProtocol, typ)
	}
	return nil
}

// finish settles what a complete flight would have said.
func (f *flight) finish() {
	f.done = true
	if f.clientCert == scan.Unasked {
		f.clientCert = scan.No
	}
	if f.certificates && f.stapled == scan.Unasked {
		f.stapled = scan.No
	}
}

// retryRandom marks a HelloRetryRequest, RFC 8446 section 4.1.3.
var retryRandom = sha256.Sum256([]byte("HelloRetryRequest"))

func (f *flight) takeHello(c *cursor) {
	f.version = uint16(c.uint(2))
	random := c.bytes(32)
	f.session = c.bytes(c.uint(1))
	f.suite = uint16(c.uint(2))
	f.compression = c.uint(1)
	if len(c.b) > 0 {
		f.takeExtensions(c)
	}
	f.hello = !c.bad && !bytes.Equal(random, retryRandom[:])
	f.retry = f.retry || !c.bad && !f.hello
}

// takeExtensions reads the list that ends a ServerHello, or the
// EncryptedExtensions.
func (f *flight) takeExtensions(c *cursor) {
	list := &cursor{b: c.bytes(c.uint(2))}
	for len(list.b) > 0 && !list.bad {
		id := list.uint(2)
		ext := &cursor{b: list.bytes(list.uint(2))}
		switch id {
		case extSupportedVersions:
			f.version = uint16(ext.uint(2))
		case extKeyShare:
			f.shareGroup = uint16(ext.uint(2))
			f.group = groupName(f.shareGroup)
			if len(ext.b) > 0 { // a HelloRetryRequest names the group alone
				f.share = ext.bytes(ext.uint(2))
			}
		case extRenegotiation:
			f.renegotiation = true
		case extExtendedMaster:
			f.extendedMaster = true
		case extHeartbeat:
			f.heartbeat = true
		case extALPN:
			ext.uint(2)
			f.alpn = string(ext.bytes(ext.uint(1)))
		}
		c.bad = c.bad || ext.bad
	}
	c.bad = c.bad || list.bad
}

// takeCertificates reads a Certificate message: RFC 5246 section 7.4.2, or
// RFC 8446 section 4.4.2, whose entries have extensions. There, it is the last
// message with facts.
func (f *flight) takeCertificates(c *cursor) {
	tls13 := f.version == tls.VersionTLS13
	if tls13 {
		c.bytes(c.uint(1)) // request context
	}
	list := &cursor{b: c.bytes(c.uint(3))}
	var chain [][]byte
	for len(list.b) > 0 && !list.bad {
		chain = append(chain, list.bytes(list.uint(3)))
		if tls13 {
			exts := &cursor{b: list.bytes(list.uint(2))}
			for len(exts.b) > 0 && !exts.bad {
				id := exts.uint(2)
				exts.bytes(exts.uint(2))
				if id == extStatusRequest && len(chain) == 1 && !exts.bad {
					f.stapled = scan.Yes
				}
			}
			c.bad = c.bad || exts.bad
		}
	}
	if c.bad = c.bad || list.bad; c.bad {
		return
	}
	f.certificates, f.chain = true, chain
	if tls13 && f.want != msgCertificateVerify {
		f.finish()
	}
}

// takeKeyExchange reads the group or, for finite fields, the size of the
// prime: RFC 8422 section 5.4 and RFC 5246 section 7.4.3.
func (f *flight) takeKeyExchange(c *cursor) {
	name := suiteName(f.suite)
	anonymous := strings.Contains(name, "_anon_")
	switch {
	case strings.HasPrefix(name, "TLS_ECDHE_"), strings.HasPrefix(name, "TLS_ECDH_anon_"):
		const namedCurve = 3
		if c.uint(1) != namedCurve {
			f.group = "explicit curve"
			return
		}
		f.shareGroup = uint16(c.uint(2))
		f.group = groupName(f.shareGroup)
		c.bytes(c.uint(1)) // point
	case finiteField(f.suite):
		prime := bytes.TrimLeft(c.bytes(c.uint(2)), "\x00")
		if len(prime) > 0 {
			f.dhBits = len(prime)*8 - bits.LeadingZeros8(prime[0])
			f.group = fmt.Sprintf("DHE-%d", f.dhBits)
		}
		c.bytes(c.uint(2)) // generator
		c.bytes(c.uint(2)) // public value
	default:
		return
	}
	if f.version == tls.VersionTLS12 && !anonymous {
		const sha224, dsa = 3, 2
		hash, signature := c.uint(1), c.uint(1)
		f.scheme = uint16(hash<<8 | signature)
		f.oldSignature = !c.bad && (hash <= sha224 || hash <= 6 && signature == dsa)
	}
}

// A cursor takes a message apart. After a read past the end it is bad, and
// gives zeros.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) bytes(n int) []byte {
	if c.bad || n > len(c.b) {
		c.bad = true
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

func (c *cursor) uint(width int) (n int) {
	for _, b := range c.bytes(width) {
		n = n<<8 | int(b)
	}
	return n
}
