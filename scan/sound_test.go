package scan

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// TestUnsoundRecords: what would reach a line, a command or a comparison of
// lists as it is does not pass the reader.
func TestUnsoundRecords(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	chain := func(n int) []string { return slices.Repeat([]string{sum}, n) }
	tests := []struct {
		name string
		rec  Record
		want string // "" for a record that is sound
	}{
		{"whole endpoint", &Endpoint{Chain: chain(2), Paths: [][]string{chain(3)}, OtherChains: []OtherChain{{For: "sample", Chain: chain(1)}}}, ""},
		{"endpoint of nothing", &Endpoint{}, ""},
		{"chain at the bound", &Endpoint{Chain: chain(mostChain)}, ""},
		{"chain above it", &Endpoint{Chain: chain(mostChain + 1)}, `field "chain": a chain of more than 200 certificates`},
		{"path above it", &Endpoint{Paths: [][]string{chain(mostChain + 1)}}, `field "paths": a chain of more than 200 certificates`},
		{"paths at the bound", &Endpoint{Paths: slices.Repeat([][]string{chain(1)}, mostLists)}, ""},
		{"paths above it", &Endpoint{Paths: slices.Repeat([][]string{chain(1)}, mostLists+1)}, `field "paths": more than 100 paths`},
		{"empty path", &Endpoint{PathsElsewhere: [][]string{{}}}, `field "paths_elsewhere": a path without certificates`},
		{"path that names no certificate", &Endpoint{Paths: [][]string{{sum, "x\n::error::"}}}, `field "paths": "x\n::error::" is no SHA-256`},
		{"digest in capitals", &Endpoint{Chain: []string{strings.ToUpper(sum)}}, "is no SHA-256"},
		{"other chains above the bound", &Endpoint{OtherChains: slices.Repeat([]OtherChain{{}}, mostLists+1)}, `field "other_chains": more than 100 chains`},
		{"prime of no size", &Endpoint{DHBits: -1}, `fields "dh_bits", "scts"`},
		{"timestamps of no number", &Endpoint{SCTs: new(-1)}, `fields "dh_bits", "scts"`},
		{"timestamps that overflow", &Endpoint{SCTs: new(1 << 62)}, `fields "dh_bits", "scts"`},
		{"path error in prose", &Endpoint{PathError: "all is well."}, `field "path_error": "all is well." is no code`},
		{"ocsp error in prose", &Endpoint{OCSPError: "\x1b[2J"}, `field "ocsp_error"`},

		{"whole revocation", &Revocation{Certificate: sum, Issuer: sum, Signer: sum, SHA256: sum, Error: "http_status"}, ""},
		{"revocation of nothing obtained", &Revocation{Certificate: sum}, ""},
		{"revocation of nothing", &Revocation{}, `field "certificate": "" is no SHA-256`},
		{"issuer that is a command", &Revocation{Certificate: sum, Issuer: "' ; touch owned ; '"}, `field "issuer"`},
		{"signer that is none", &Revocation{Certificate: sum, Signer: "x"}, `field "signer"`},
		{"response that is none", &Revocation{Certificate: sum, SHA256: sum[1:]}, `field "response_sha256"`},
		{"error in prose", &Revocation{Certificate: sum, Error: "No. "}, `field "error"`},

		{"run of a list", &RunRecord{TargetLists: []Digest{{Name: "a", Count: mostEntries}}}, ""},
		{"list of less than nothing", &RunRecord{TargetLists: []Digest{{Name: "a", Count: -1}}}, `-1 entries of "a"`},
		{"roots without end", &RunRecord{Roots: []Digest{{Name: "a", Count: mostEntries + 1}}}, `entries of "a"`},

		{"whole trouble", &NotAssessed{Stage: StageConnect, Reason: ReasonTimeout, Detail: "any\nthing"}, ""},
		{"codes of a newer version", &NotAssessed{Stage: "quantum_2", Reason: Reason(strings.Repeat("x", mostCode))}, ""},
		{"stage with a line of its own", &NotAssessed{Stage: "x\nExit status 0: all is well\n"}, `field "stage"`},
		{"long reason", &NotAssessed{Stage: "x", Reason: Reason(strings.Repeat("x", mostCode+1))}, `field "reason"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l line
			tt.rec.appendTo(&l)
			_, err := DecodeLine(bytes.TrimSuffix(l.text, []byte("\n")), false, new(int))
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
