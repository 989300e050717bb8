package certfile

import (
	"fmt"

	"certaudit/scan"
)

// toDER takes one BER element off b and gives it with definite lengths
// throughout and its strings in one piece (X.690 sections 8.1.3.6 and 8.7.3).
// What is definite already is kept byte for byte: a certificate inside keeps
// its fingerprint. Nesting is bounded by depth, the result by the input.
func toDER(b []byte, depth int) (der, rest []byte, err error) {
	if e, rest, ok := scan.NextTLV(b); ok && definite(e.Full, depth) {
		return e.Full, rest, nil
	}
	n := normaliser{out: make([]byte, 0, len(b)+64)}
	rest, err = n.element(b, depth)
	if err != nil {
		return nil, nil, err
	}
	return n.out, rest, nil
}

// toDER is toDER within this file's bound.
func (f *file) toDER(b []byte) (der, rest []byte, err error) { return toDER(b, f.opt.Limits.Nesting) }

// definite is true where no element of b, however deep, has an indefinite
// length or is a string in pieces. What does not parse is left to its reader.
func definite(b []byte, depth int) bool {
	for len(b) > 0 {
		e, rest, ok := scan.NextTLV(b)
		if !ok {
			return !(len(b) > 1 && b[1] == 0x80)
		}
		if e.Tag == tagOctets|tagConstructed {
			return false
		}
		if e.Tag&tagConstructed != 0 && (depth == 0 || !definite(e.Content, depth-1)) {
			return false
		}
		b = rest
	}
	return true
}

type normaliser struct{ out []byte }

// element writes one element.
func (n *normaliser) element(b []byte, depth int) (rest []byte, err error) {
	if depth == 0 {
		return nil, errDeep
	}
	if len(b) >= 2 && b[1] == 0x80 && b[0]&tagConstructed != 0 && b[0]&0x1f != 0x1f {
		return n.constructed(b[0], b[2:], true, depth)
	}
	e, rest, ok := scan.NextTLV(b)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: inside an element", errTruncated)
	case e.Tag&tagConstructed == 0 || e.Tag&0x1f == 0x1f || definite(e.Full, depth):
		n.out = append(n.out, e.Full...)
		return rest, nil
	}
	if _, err := n.constructed(e.Tag, e.Content, false, depth); err != nil {
		return nil, err
	}
	return rest, nil
}

// constructed writes an element that has others inside: up to the
// end-of-contents octets, or all of b.
func (n *normaliser) constructed(tag byte, b []byte, indefinite bool, depth int) (rest []byte, err error) {
	start := len(n.out)
	inPieces := tag == tagOctets|tagConstructed
	for {
		if indefinite && len(b) >= 2 && b[0] == 0 && b[1] == 0 {
			b = b[2:]
			break
		}
		if len(b) == 0 {
			if indefinite {
				return nil, fmt.Errorf("%w: no end-of-contents octets", errTruncated)
			}
			break
		}
		piece := len(n.out)
		if b, err = n.element(b, depth-1); err != nil {
			return nil, err
		}
		if inPieces {
			e, _, ok := scan.NextTLV(n.out[piece:])
			if !ok || e.Tag != tagOctets {
				return nil, damaged("a string made of something else")
			}
			n.out = append(n.out[:piece], e.Content...)
		}
	}
	if inPieces {
		tag = tagOctets
	}
	n.insertHeader(start, tag)
	return b, nil
}

// insertHeader puts tag and length before what was written from start on.
func (n *normaliser) insertHeader(start int, tag byte) {
	size := len(n.out) - start
	head := []byte{tag}
	if size < 0x80 {
		head = append(head, byte(size))
	} else {
		bytes := 1
		for size>>(8*bytes) > 0 {
			bytes++
		}
		head = append(head, 0x80|byte(bytes))
		for i := bytes - 1; i >= 0; i-- {
			head = append(head, byte(size>>(8*i)))
		}
	}
	n.out = append(n.out, head...)
	copy(n.out[start+len(head):], n.out[start:start+size])
	copy(n.out[start:], head)
}
