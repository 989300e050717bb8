package tlsprobe

import (
	"bytes"
	"crypto/sha256"

	"certaudit/scan"
)

// Roots is a set of trust anchors. It may be shared by many goroutines.
type Roots struct {
	bySum     map[[32]byte]*node
	bySubject map[string][]*node // raw subject
	refused   []string
}

// NewRoots reads anchors in DER. One that the standard parser refuses is left
// out of paths and listed by Refused; one that is there twice counts once.
func NewRoots(ders [][]byte) *Roots {
	r := &Roots{bySum: map[[32]byte]*node{}, bySubject: map[string][]*node{}}
	for _, der := range ders {
		sum := sha256.Sum256(der)
		if r.bySum[sum] != nil {
			continue
		}
		n := &node{sum: sum}
		if n.facts, n.x = scan.DeriveX509(bytes.Clone(der)); n.x == nil {
			r.refused = append(r.refused, n.facts.SHA256)
			continue
		}
		r.bySum[sum] = n
		subject := string(n.x.RawSubject)
		r.bySubject[subject] = append(r.bySubject[subject], n)
	}
	return r
}

// Len is the number of anchors that paths may end at.
func (r *Roots) Len() int { return len(r.bySum) }

// Refused lists the SHA-256 of the anchors that cannot be used, in the order
// given.
func (r *Roots) Refused() []string { return r.refused }
