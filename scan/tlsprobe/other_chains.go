package tlsprobe

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"certaudit/scan"
)

// addChain is a stand-in until the branch with it is merged.
func (v *visit) addChain(e *scan.Endpoint, label string, chain [][]byte) {
	sums := make([]string, len(chain))
	for i, der := range chain {
		sum := sha256.Sum256(der)
		sums[i] = hex.EncodeToString(sum[:])
	}
	if slices.Equal(sums, e.Chain) || slices.ContainsFunc(e.OtherChains, func(o scan.OtherChain) bool { return o.For == label && slices.Equal(o.Chain, sums) }) {
		return
	}
	e.OtherChains = append(e.OtherChains, scan.OtherChain{For: label, Chain: sums})
}
