package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"certaudit/scan"
)

func chainComplete() *Check {
	return &Check{
		ID:      "chain-complete",
		Title:   "Endpoint sends its certificate chain whole and in order",
		Failure: "Certificate chain is not sent as it should be",
		Why:     "A client verifies with what the server sends and the anchors that it has. Where an intermediate certificate is missing some clients find it elsewhere and others fail, so that the fault shows at the worst place; many programs and devices never look elsewhere.",
		Remedy:  "Send the leaf first, then each intermediate certificate after the one that it issued, up to but without the root. Most authorities hand out the file (fullchain, bundle). For a private authority give its root to the scan with --roots.",
		Unit:    UnitEndpoint,
		Params: []Param{
			{Name: "bar", Type: TextList, Default: "[missing, disorder]", OneOf: []string{chainMissing, chainDisorder, chainSuperfluous, chainAnchor},
				Doc: "what fails: missing (an intermediate certificate was not sent), disorder (certificates are not in the order of a path), superfluous (one belongs to no path, or was sent twice), anchor (a given trust anchor was sent); the last two are of severity low at most"},
		},
		New: newChainComplete,
	}
}

// The faults of a chain.
const (
	chainMissing     = "missing"
	chainDisorder    = "disorder"
	chainSuperfluous = "superfluous"
	chainAnchor      = "anchor"
)

func newChainComplete(p Values) (Test, error) {
	bar := p.TextList("bar")
	if len(bar) == 0 {
		return Test{}, paramErrorf("bar", "the list is empty, so that everything would pass")
	}
	required := "of a path to a given trust anchor: " + list(chainWords(bar))
	return Test{
		Needs:    []string{"chain", "paths"},
		Requires: required,
		Eval:     func(s *Subject, _ time.Time) Verdict { return evalChainComplete(s.Endpoint, bar, required) },
	}, nil
}

// chainWords says what is asked for where a fault is barred.
func chainWords(bar []string) (out []string) {
	for _, words := range [][2]string{{chainMissing, "every intermediate certificate sent"}, {chainDisorder, "certificates in its order"},
		{chainSuperfluous, "none that it does not need"}, {chainAnchor, "no anchor"}} {
		if slices.Contains(bar, words[0]) {
			out = append(out, words[1])
		}
	}
	return out
}

// evalChainComplete is about what was sent; whether it is trusted and of which
// dates is for chain-trusted to say.
func evalChainComplete(e *scan.Endpoint, bar []string, required string) Verdict {
	var paths, whole [][]string
	for _, path := range e.Paths {
		if len(path) == 0 || path[0] != e.Chain[0] {
			continue // no path of this endpoint's leaf
		}
		paths = append(paths, path)
		if absent(e.Chain, path) == "" {
			whole = append(whole, path)
		}
	}
	sent := count(int64(len(e.Chain)), "certificate") + " sent"
	fail := func(observed, message string) Verdict {
		return Verdict{Result: Fail, Observed: observed + ", " + sent, Required: required, Message: message}
	}
	switch {
	case len(paths) == 0:
		return evalNoPath(e, slices.Contains(bar, chainMissing), fail)
	case len(whole) == 0 && slices.Contains(bar, chainMissing):
		return fail("an intermediate certificate is missing",
			"The endpoint did not send the intermediate certificate "+absent(e.Chain, paths[0])+" (SHA-256), without which no path leads from its certificate to a given trust anchor.")
	case len(whole) == 0:
		whole = paths
	}
	return evalSent(e.Chain, whole, bar, fail)
}

// absent gives the first member of a path that was not sent and is not the
// anchor at its end.
func absent(chain, path []string) string {
	for _, id := range path[:max(1, len(path)-1)] {
		if !slices.Contains(chain, id) {
			return id
		}
	}
	return ""
}

// evalNoPath: without a path, only the reason tells what was not sent. A chain
// up to a certificate that signed itself lacks nothing, whoever trusts it.
func evalNoPath(e *scan.Endpoint, barMissing bool, fail func(observed, message string) Verdict) Verdict {
	switch e.PathError {
	case "incomplete_chain":
		if barMissing && len(e.PathsElsewhere) > 0 {
			return fail("an intermediate certificate is missing", "The chain holds only with a certificate that the endpoint did not send and that the scan was given: clients that do not have "+
				absent(e.Chain, e.PathsElsewhere[0])+" (SHA-256) from elsewhere refuse it.")
		}
		if barMissing {
			return fail("an issuer is missing", "The chain that the endpoint sent ends in a certificate whose issuer was not sent and is no given trust anchor.")
		}
	case "parser_refused", "limit", "unsupported_algorithm", "":
		return Verdict{Result: NotAssessed, Message: "No path to a given trust anchor is known to compare the chain with (" + cmp.Or(e.PathError, "none that begins with the leaf") + ")."}
	}
	return Verdict{Result: NotApplicable, Message: "No path leads to a given trust anchor (" + e.PathError + "), so that there is none to compare the chain with."}
}

// evalSent judges what was sent against the paths, any of which may explain it.
func evalSent(chain []string, paths [][]string, bar []string, fail func(observed, message string) Verdict) Verdict {
	var grave, slight []string
	if slices.Contains(bar, chainDisorder) && !slices.ContainsFunc(paths, func(p []string) bool { return inSequence(chain, p) }) {
		grave = append(grave, "sent certificates out of order")
	}
	if n := superfluous(chain, paths); n > 0 && slices.Contains(bar, chainSuperfluous) {
		slight = append(slight, fmt.Sprintf("sent %s that no path needs", count(int64(n), "certificate")))
	}
	if id := sentAnchor(chain, paths); id != "" && slices.Contains(bar, chainAnchor) {
		slight = append(slight, "sent the trust anchor "+id+" (SHA-256), which clients have")
	}
	faults := append(grave, slight...)
	if len(faults) == 0 {
		return pass
	}
	v := fail(strings.Join(faults, "; "), "The endpoint "+list(faults)+".")
	if len(grave) == 0 {
		v.Severity = Low
	}
	return v
}

// inSequence is true where those members of a path that were sent come in its
// order, whatever lies in between.
func inSequence(chain, path []string) bool {
	last := -1
	for _, id := range path {
		i := slices.Index(chain, id)
		if i >= 0 && i < last {
			return false
		}
		last = max(last, i)
	}
	return true
}

// superfluous counts what is a member of no path, or was sent before.
func superfluous(chain []string, paths [][]string) (n int) {
	for i, id := range chain {
		needed := slices.ContainsFunc(paths, func(p []string) bool { return slices.Contains(p, id) })
		if !needed || slices.Contains(chain[:i], id) {
			n++
		}
	}
	return n
}

// sentAnchor gives an anchor that was sent beside the leaf and that no other
// path goes on from.
func sentAnchor(chain []string, paths [][]string) string {
	for _, id := range chain[1:] {
		ends, within := false, false
		for _, p := range paths {
			i := slices.Index(p, id)
			ends = ends || i == len(p)-1 && i > 0
			within = within || i >= 0 && i < len(p)-1
		}
		if ends && !within {
			return id
		}
	}
	return ""
}
