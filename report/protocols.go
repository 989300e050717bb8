package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"certaudit/scan"
)

// ProtocolVersions lists the protocol versions that reports speak of, oldest
// first.
func ProtocolVersions() []string {
	return []string{"SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"}
}

// Accepts tells whether an endpoint accepts a protocol version: Unasked where
// nobody tried, or the attempt told nothing.
func Accepts(e *scan.Endpoint, version string) scan.Answer {
	switch {
	case version == e.TLSVersion, slices.Contains(e.Versions, version):
		return scan.Yes
	case slices.Contains(e.VersionsRefused, version):
		return scan.No
	}
	return scan.Unasked
}

// SuiteVersions lists the versions whose suites an endpoint was asked for,
// newest first; names of no known version come last.
func SuiteVersions(e *scan.Endpoint) []string {
	known := ProtocolVersions()
	return slices.SortedFunc(maps.Keys(e.CipherSuites), func(a, b string) int {
		return cmp.Or(slices.Index(known, b)-slices.Index(known, a), strings.Compare(a, b))
	})
}

// PostQuantum tells that a key exchange is meant to withstand quantum
// computers: ML-KEM (FIPS 203), alone or with a curve, or its drafts.
func PostQuantum(group string) bool {
	return strings.Contains(group, "MLKEM") || strings.Contains(group, "Kyber")
}

// OffersPostQuantum tells whether an endpoint accepts a post-quantum key
// exchange: No only where every group was tried.
func OffersPostQuantum(e *scan.Endpoint) scan.Answer {
	switch {
	case PostQuantum(e.KeyExchange), slices.ContainsFunc(e.KeyExchanges, PostQuantum):
		return scan.Yes
	case slices.Contains(e.Probed, scan.ProbeKeyExchanges):
		return scan.No
	}
	return scan.Unasked
}

// SuitesProbed tells that an endpoint was asked for every suite of each
// version, whether or not the answer is whole.
func SuitesProbed(e *scan.Endpoint) bool {
	return len(e.CipherSuites) > 0 || slices.Contains(e.Probed, scan.ProbeCipherSuites) || slices.Contains(e.Incomplete, scan.ProbeCipherSuites)
}

// PathUse compares the chain that an endpoint sent with the paths that were
// found: members that no path uses, or that were sent before, and how many
// certificates below the anchor came from elsewhere on the path that needs
// fewest of them. ok is false where there is no path.
func PathUse(e *scan.Endpoint) (superfluous, missing int, ok bool) {
	if len(e.Paths) == 0 {
		return 0, 0, false
	}
	sent := func(sum string) bool { return slices.Contains(e.Chain, sum) }
	for i, sum := range e.Chain {
		used := func(path []string) bool { return slices.Contains(path, sum) }
		if slices.Contains(e.Chain[:i], sum) || !slices.ContainsFunc(e.Paths, used) {
			superfluous++
		}
	}
	missing = -1
	for _, path := range e.Paths {
		n := 0
		for _, sum := range path[:max(0, len(path)-1)] {
			if !sent(sum) {
				n++
			}
		}
		if missing < 0 || n < missing {
			missing = n
		}
	}
	return superfluous, missing, true
}
