package policies

import (
	"fmt"
	"time"
)

func chainTrusted() *Check {
	return &Check{
		ID:      "chain-trusted",
		Title:   "Certificate chain leads to an approved trust anchor",
		Failure: "Certificate chain leads to no approved trust anchor",
		Why:     "Clients cannot tell an endpoint whose chain they cannot verify from an impostor. They refuse it, or have been told not to verify, which accepts every impostor.",
		Remedy:  "Send the leaf together with every intermediate certificate, all of them valid, up to an anchor that the clients trust. For a private authority give its root to the scan with --roots.",
		Unit:    UnitEndpoint,
		New: func(Values) (Test, error) {
			return Test{
				Needs:    []string{"chain", "paths"},
				Requires: "a path from the leaf to one of the given trust anchors on which every certificate is valid at the as-of time",
				Eval:     evalChainTrusted,
			}, nil
		},
	}
}

// evalChainTrusted looks for one good path. The scan finds paths whatever the
// date, so that dates are judged here, at the as-of.
func evalChainTrusted(s *Subject, asOf time.Time) Verdict {
	e := s.Endpoint
	var first *Verdict // what is wrong with the first path that has a fault
	unknown := ""
	for _, path := range e.Paths {
		if len(path) == 0 || path[0] != e.Chain[0] {
			continue // no path of this endpoint's leaf
		}
		fault, missing := pathFault(s, path, asOf)
		switch {
		case missing != "":
			unknown = missing
		case fault == nil:
			return pass
		case first == nil:
			first = fault
		}
	}
	switch {
	case unknown != "":
		return Verdict{Result: NotAssessed, Message: "The evidence does not have the dates of the certificate " + unknown + ", which a path to a trust anchor goes through."}
	case first != nil:
		return *first
	}
	reason := e.PathError
	if reason == "" {
		reason = "none that begins with the leaf"
	}
	return Verdict{
		Result:   Fail,
		Observed: fmt.Sprintf("no path to a trust anchor (%s), %s sent", reason, count(int64(len(e.Chain)), "certificate")),
		Required: "a path to one of the given trust anchors",
		Message:  "No path leads from the endpoint's certificate to one of the given trust anchors: " + reason + ".",
	}
}

// pathFault gives what is wrong with the first invalid member, or the member
// whose dates are not known. Both are empty for a good path.
func pathFault(s *Subject, path []string, asOf time.Time) (fault *Verdict, missing string) {
	for i, id := range path {
		var begin, end time.Time
		ok := false
		if s.Estate != nil {
			begin, end, ok = s.Estate.Validity(id)
		}
		if !ok {
			return nil, id
		}
		who := member(i, len(path))
		switch {
		case asOf.After(end):
			return datesFault(who, id, "expired on "+utc(end), asOf), ""
		case asOf.Before(begin):
			return datesFault(who, id, "is valid only from "+utc(begin), asOf), ""
		}
	}
	return nil, ""
}

func datesFault(who, id, what string, asOf time.Time) *Verdict {
	return &Verdict{
		Result:   Fail,
		Observed: fmt.Sprintf("%s %s", who, what),
		Required: "every certificate of a path valid at " + utc(asOf),
		Message:  fmt.Sprintf("The chain leads to a given trust anchor, and %s (SHA-256 %s) %s.", who, id, what),
	}
}

// member names the certificate at position i of a path of n.
func member(i, n int) string {
	switch i {
	case 0:
		return "the leaf"
	case n - 1:
		return "the trust anchor"
	}
	return fmt.Sprintf("intermediate certificate %d", i)
}
