package policies

import (
	"strings"
	"testing"
	"time"
)

func TestChainComplete(t *testing.T) {
	const (
		all     = "{bar: [missing, disorder, superfluous, anchor]}"
		noPath  = "No path leads to a given trust anchor ("
		compare = "), so that there is none to compare the chain with."
	)
	tests := []struct {
		name, params, chain, paths, pathError string
		want                                  Result
		severity                              Severity
		message                               string
	}{
		{"whole", "", "leaf ca", "leaf ca root", "", Pass, 0, ""},
		{"whole, and all is barred", all, "leaf ca", "leaf ca root", "", Pass, 0, ""},
		{"issued by the anchor", all, "leaf", "leaf root", "", Pass, 0, ""},
		{"the leaf is the anchor", all, "leaf", "leaf", "", Pass, 0, ""},
		{"two intermediates", all, "leaf a b", "leaf a b root", "", Pass, 0, ""},
		{"intermediate taken from elsewhere", "", "leaf", "leaf ca root", "", Fail, Critical,
			"The endpoint did not send the intermediate certificate ca (SHA-256), without which no path leads from its certificate to a given trust anchor."},
		{"the second of two", "", "leaf a", "leaf a b root", "", Fail, Critical,
			"The endpoint did not send the intermediate certificate b (SHA-256), without which no path leads from its certificate to a given trust anchor."},
		{"another path is whole", "", "leaf a", "leaf a b root; leaf a root2", "", Pass, 0, ""},
		{"issuer missing", "", "leaf", "", "incomplete_chain", Fail, Critical,
			"The chain that the endpoint sent ends in a certificate whose issuer was not sent and is no given trust anchor."},
		{"issuer missing, and that is not barred", "{bar: anchor}", "leaf", "", "incomplete_chain", NotApplicable, 0, noPath + "incomplete_chain" + compare},
		{"intermediate missing, and that is not barred", "{bar: disorder}", "leaf", "leaf ca root", "", Pass, 0, ""},
		{"private root", "", "leaf ca root", "", "unknown_authority", NotApplicable, 0, noPath + "unknown_authority" + compare},
		{"self-signed", "", "leaf", "", "self_signed", NotApplicable, 0, noPath + "self_signed" + compare},
		{"barred member", "", "leaf ca", "", "name_constraint", NotApplicable, 0, noPath + "name_constraint" + compare},
		{"search cut short", "", "leaf ca", "", "limit", NotAssessed, 0, "No path to a given trust anchor is known to compare the chain with (limit)."},
		{"member refused", "", "leaf ca", "", "parser_refused", NotAssessed, 0, "No path to a given trust anchor is known to compare the chain with (parser_refused)."},
		{"path of another leaf", "", "leaf ca", "other root", "", NotAssessed, 0, "No path to a given trust anchor is known to compare the chain with (none that begins with the leaf)."},
		{"not evaluated", "", "leaf", "", "", NotAssessed, 0, "The evidence does not have paths."},
		{"no chain", "", "", "", "no_certificate", NotAssessed, 0, "The evidence does not have chain."},
		{"reversed", "", "leaf b a", "leaf a b root", "", Fail, Critical, "The endpoint sent certificates out of order."},
		{"reversed, and that is not barred", "{bar: missing}", "leaf b a", "leaf a b root", "", Pass, 0, ""},
		{"in the order of one of two paths", "", "leaf a b", "leaf b a root; leaf a b root", "", Pass, 0, ""},
		{"root between", "", "leaf root ca", "leaf ca root", "", Fail, Critical, "The endpoint sent certificates out of order."},
		{"anchor at the end is no disorder", "", "leaf ca root", "leaf ca root", "", Pass, 0, ""},
		{"anchor", all, "leaf ca root", "leaf ca root", "", Fail, Low, "The endpoint sent the trust anchor root (SHA-256), which clients have."},
		{"an anchor that another path goes on from", all, "leaf ca cross", "leaf ca cross; leaf ca cross root", "", Pass, 0, ""},
		{"both ways of a cross-certificate", all, "leaf ca cross", "leaf ca root; leaf ca cross old", "", Pass, 0, ""},
		{"stranger", all, "leaf x ca", "leaf ca root", "", Fail, Low, "The endpoint sent 1 certificate that no path needs."},
		{"twice", all, "leaf ca leaf ca", "leaf ca root", "", Fail, Low, "The endpoint sent 2 certificates that no path needs."},
		{"stranger is not barred", "", "leaf x ca", "leaf ca root", "", Pass, 0, ""},
		{"all at once", all, "leaf root x ca", "leaf ca root", "", Fail, Critical,
			"The endpoint sent certificates out of order, sent 1 certificate that no path needs and sent the trust anchor root (SHA-256), which clients have."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			e.Chain, e.Paths, e.PathError = strings.Fields(tt.chain), nil, tt.pathError
			for _, p := range strings.Split(tt.paths, "; ") {
				if p != "" {
					e.Paths = append(e.Paths, strings.Fields(p))
				}
			}
			a := judge(t, "chain-complete", tt.params, endpointSubject(e), time.Time{})
			want(t, a, tt.want, tt.message)
			if a.Severity != tt.severity {
				t.Errorf("severity %s, want %s", a.Severity, tt.severity)
			}
		})
	}
}
