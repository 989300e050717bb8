package certfile

import (
	"errors"
	"fmt"

	"certaudit/scan"
)

const (
	tagOctets      = 0x04
	tagSet         = 0x31
	tagUTF8        = 0x0c
	tagImplicit0   = 0x80
	tagExplicit1   = 0xa1
	tagBMP         = 0x1e
	tagConstructed = 0x20
)

// What a reader of a store can meet. The text behind it goes to Detail only.
var (
	errDamaged     = errors.New("damaged")
	errTruncated   = errors.New("it ends too early")
	errUnsupported = errors.New("not supported")
	errPassword    = errors.New("the password does not open it")
	errIterations  = errors.New("more key derivation than the bound allows")
	errDeep        = errors.New("nested deeper than the bound")
)

func damaged(what string) error { return fmt.Errorf("%w: %s", errDamaged, what) }

// A derReader takes DER elements off a byte string. After the first element
// that is not as wanted it stays failed and gives nothing.
type derReader struct {
	rest   []byte
	failed bool
}

// take gives the content of the next element, which must have this tag.
func (r *derReader) take(tag byte) []byte {
	content, ok := r.optional(tag)
	if !ok {
		r.failed = true
	}
	return content
}

// optional gives the content of the next element if it has this tag.
func (r *derReader) optional(tag byte) ([]byte, bool) {
	if r.failed || len(r.rest) == 0 || r.rest[0] != tag {
		return nil, false
	}
	e, rest, ok := scan.NextTLV(r.rest)
	if !ok {
		r.failed = true
		return nil, false
	}
	r.rest = rest
	return e.Content, true
}

// next gives the next element, whatever its tag; ok is false at the end.
func (r *derReader) next() (scan.TLV, bool) {
	if r.failed || len(r.rest) == 0 {
		return scan.TLV{}, false
	}
	e, rest, ok := scan.NextTLV(r.rest)
	if !ok {
		r.failed = true
		return e, false
	}
	r.rest = rest
	return e, true
}

// number takes an INTEGER from 0 to 2^31-1.
func (r *derReader) number() int {
	b := r.take(tagInteger)
	n := 0
	for i, c := range b {
		if i == 0 && c&0x80 != 0 || n >= 1<<23 {
			r.failed = true
			return 0
		}
		n = n<<8 | int(c)
	}
	if len(b) == 0 {
		r.failed = true
	}
	return n
}

// optionalNumber takes a number if an INTEGER comes next, and is 0 otherwise.
func (r *derReader) optionalNumber() int {
	if r.failed || len(r.rest) == 0 || r.rest[0] != tagInteger {
		return 0
	}
	return r.number()
}

// algorithm takes an AlgorithmIdentifier (RFC 5280 section 4.1.1.2): the OID
// as encoded, and a reader of its parameters.
func (r *derReader) algorithm() (oid string, parameters derReader) {
	sequence := r.take(tagSequence)
	in := derReader{rest: sequence, failed: r.failed}
	oid = string(in.take(tagOID))
	r.failed = r.failed || in.failed
	return oid, derReader{rest: in.rest, failed: in.failed}
}

// octets takes an OCTET STRING that has the implicit tag [0], in one piece or
// in several (a constructed string whose length form was normalised).
func (r *derReader) octets() []byte {
	if whole, ok := r.optional(tagImplicit0); ok {
		return whole
	}
	in := derReader{rest: r.take(tagExplicit0)}
	var all []byte
	for len(in.rest) > 0 && !in.failed {
		all = append(all, in.take(tagOctets)...)
	}
	r.failed = r.failed || in.failed
	return all
}

// A byteReader takes fields in network order off a store that is no ASN.1, as
// Java's DataInputStream does. It stays failed behind the end.
type byteReader struct {
	all    []byte
	at     int
	failed bool
}

func (r *byteReader) bytes(n int) []byte {
	if r.failed || n < 0 || n > len(r.all)-r.at {
		r.failed = true
		return nil
	}
	b := r.all[r.at : r.at+n]
	r.at += n
	return b
}

func (r *byteReader) uint(size int) int {
	n := 0
	for _, c := range r.bytes(size) {
		n = n<<8 | int(c)
	}
	return n
}

// block takes bytes behind their length in four bytes.
func (r *byteReader) block() []byte { return r.bytes(r.uint(4)) }

// text takes a string of Java's modified UTF-8 behind its length in two bytes.
func (r *byteReader) text() string { return modifiedUTF8(r.bytes(r.uint(2))) }

func (r *byteReader) left() int { return len(r.all) - r.at }
