package report

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path"
	"strconv"
	"strings"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// hashOf joins parts so that no two lists of parts give the same input.
func hashOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(binary.AppendUvarint(nil, uint64(len(p))))
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// The versions of the two hashes stand before them; a change of what goes in
// is a new version.
const (
	findingVersion = "F1-"
	lineageVersion = "L1-"
	idDigits       = 32 // 128 bits
)

// identify gives a finding its id, of rule and unit, and its lineage, of rule
// and place. Paths count relative to their target, so that both are the same
// in another checkout.
func identify(f *Finding, unit policies.Unit, place string) {
	switch unit {
	case policies.UnitEndpoint:
		f.ID = findingVersion + hashOf(f.Rule, string(unit), place)[:idDigits] // see endpointKey
	case policies.UnitPlacement:
		f.ID = findingVersion + hashOf(f.Rule, string(unit), f.Certificate, place)[:idDigits]
	default:
		f.ID = findingVersion + hashOf(f.Rule, string(unit), f.Certificate)[:idDigits]
	}
	f.Lineage = lineageVersion + hashOf(f.Rule, place)[:idDigits]
}

// placeKey names a place without what another checkout or a renewal changes.
func (b *builder) placeKey(s *source, o *scan.Observation) string {
	if o.Endpoint != "" {
		key := o.Endpoint + " " + strconv.Itoa(o.Index)
		for _, more := range []string{o.Alias, b.ix.addressOf(s, o.Endpoint, o.Address)} {
			if more != "" {
				key += " " + more
			}
		}
		return key
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(o.Path, strings.TrimSuffix(path.Clean(o.Target), "/")), "/")
	if rel == "" {
		rel = path.Base(o.Path)
	}
	if o.Alias != "" {
		return rel + " alias " + o.Alias
	}
	return rel + " #" + strconv.Itoa(o.Index)
}

// evidenceDigest is the digest of the one evidence file, or of the list of
// digests where there are several.
func evidenceDigest(sources []*source) string {
	if len(sources) == 1 {
		return sources[0].sha256
	}
	var all []string
	for _, s := range sources {
		all = append(all, s.sha256)
	}
	return hashOf(all...)
}

// runID names a run by what went into it: evidence, policies, as-of, gate.
func runID(r *Run) string {
	parts := []string{r.EvidenceSHA256, r.AsOf.Format(time.RFC3339), r.FailOn, strings.Join(r.AllowIncomplete, ",")}
	for _, p := range r.Policies {
		parts = append(parts, p.ID, p.SHA256)
	}
	id := hashOf(parts...)
	return id[:4] + "-" + id[4:8] + "-" + id[8:12]
}

// serialKey sorts rows in the order in which they were added.
func serialKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// findingKey sorts findings: worst first, then by rule, subject and id.
func findingKey(f *Finding, severity policies.Severity) []byte {
	key := []byte{byte(policies.Critical - severity)}
	for _, part := range []string{f.Rule, f.Asset(), f.ID} {
		key = append(append(key, part...), 0)
	}
	return key
}
