package policies

import (
	"slices"
	"strings"

	"certaudit/scan"
)

// What probes found, as checks ask for it. A probe that was cut short proves
// nothing by what it did not find; what it did find stands.

// answered is true when a probe gave its answer, whole.
func answered(e *scan.Endpoint, probe string) bool {
	return e != nil && slices.Contains(e.Probed, probe)
}

// unanswered is the verdict where nothing that is barred was found, and the
// probes that could clear the endpoint of it gave no whole answer.
func unanswered(e *scan.Endpoint, what string, probes ...string) Verdict {
	why := "the probe " + probes[0] + " does not tell"
	if len(probes) > 1 {
		why = "the probes " + list(probes) + " do not tell"
	}
	for _, p := range probes {
		if slices.Contains(e.Incomplete, p) {
			why = "the probe " + p + " was cut short"
			break
		}
		if !answered(e, p) {
			why = "the probe " + p + " was not made"
			break
		}
	}
	return Verdict{Result: NotAssessed, Message: what + " is not known: " + why + "."}
}

// accepts is true where a version was seen to be accepted.
func accepts(e *scan.Endpoint, version string) bool {
	return e.TLSVersion == version || slices.Contains(e.Versions, version)
}

// accepted lists the versions that were seen to be accepted, oldest first.
func accepted(e *scan.Endpoint) (out []string) {
	for _, v := range tlsVersions {
		if accepts(e, v) {
			out = append(out, v)
		}
	}
	return out
}

// acceptsOld is true where a version with the handshake that TLS 1.3 replaced
// was seen to be accepted.
func acceptsOld(e *scan.Endpoint) bool {
	return slices.ContainsFunc(accepted(e), func(v string) bool { return v != ssl20 && v != "TLS 1.3" })
}

// A question is one that a probe answers, if it arises at an endpoint at all.
type question struct {
	probe  string
	answer func(*scan.Endpoint) scan.Answer
	arises func(*scan.Endpoint) bool // judged by the versions that were seen
}

// moot is true where the question does not arise, and that is certain: every
// version was tried, or the probe itself had nothing to ask.
func (q *question) moot(e *scan.Endpoint) bool {
	return !q.arises(e) && (answered(e, scan.ProbeVersions) || q.answer(e) == scan.Unasked && answered(e, q.probe))
}

// clipped writes at most n names as a sentence does, and counts the rest.
func clipped(names []string, n int) string {
	if len(names) <= n {
		return list(names)
	}
	return strings.Join(names[:n], ", ") + " and " + count(int64(len(names)-n), "other")
}
