package policies

import (
	"testing"
	"time"
)

func TestChainTrusted(t *testing.T) {
	span := func(from, to string) [2]time.Time { return [2]time.Time{instant(from), instant(to)} }
	known := estate{
		"leaf":    span("2026-01-01 00:00:00", "2026-12-31 23:59:59"),
		"ca":      span("2020-01-01 00:00:00", "2026-06-30 23:59:59"),
		"new-ca":  span("2026-07-01 00:00:00", "2036-01-01 00:00:00"),
		"root":    span("2010-01-01 00:00:00", "2046-01-01 00:00:00"),
		"expired": span("2010-01-01 00:00:00", "2011-01-01 00:00:00"),
	}
	one := [][]string{{"leaf", "ca", "root"}}
	tests := []struct {
		name, asOf string
		chain      []string
		paths      [][]string
		pathError  string
		want       Result
		message    string
	}{
		{"every certificate valid", "2026-06-30 23:59:59", []string{"leaf", "ca"}, one, "", Pass, ""},
		{"one second after the intermediate", "2026-07-01 00:00:00", []string{"leaf", "ca"}, one, "", Fail,
			"The chain leads to a given trust anchor, and intermediate certificate 1 (SHA-256 ca) expired on 2026-06-30 23:59:59 UTC."},
		{"a second path is good", "2026-07-01 00:00:00", []string{"leaf", "ca"}, [][]string{{"leaf", "ca", "root"}, {"leaf", "new-ca", "root"}}, "", Pass, ""},
		{"both paths are bad", "2026-06-30 23:59:59", []string{"leaf", "ca"}, [][]string{{"leaf", "new-ca", "root"}, {"leaf", "ca", "expired"}}, "", Fail,
			"The chain leads to a given trust anchor, and intermediate certificate 1 (SHA-256 new-ca) is valid only from 2026-07-01 00:00:00 UTC."},
		{"the leaf", "2027-01-01 00:00:00", []string{"leaf"}, [][]string{{"leaf", "root"}}, "", Fail,
			"The chain leads to a given trust anchor, and the leaf (SHA-256 leaf) expired on 2026-12-31 23:59:59 UTC."},
		{"the anchor", "2026-02-01 00:00:00", []string{"leaf"}, [][]string{{"leaf", "expired"}}, "", Fail,
			"The chain leads to a given trust anchor, and the trust anchor (SHA-256 expired) expired on 2011-01-01 00:00:00 UTC."},
		{"no path", "2026-02-01 00:00:00", []string{"leaf"}, nil, "unknown_authority", Fail,
			"No path leads from the endpoint's certificate to one of the given trust anchors: unknown_authority."},
		{"an empty path is none", "2026-02-01 00:00:00", []string{"leaf"}, [][]string{{}}, "", Fail,
			"No path leads from the endpoint's certificate to one of the given trust anchors: none that begins with the leaf."},
		{"a path of another leaf", "2026-02-01 00:00:00", []string{"leaf"}, [][]string{{"root"}}, "", Fail,
			"No path leads from the endpoint's certificate to one of the given trust anchors: none that begins with the leaf."},
		{"dates not known", "2026-02-01 00:00:00", []string{"leaf"}, [][]string{{"leaf", "elsewhere"}}, "", NotAssessed,
			"The evidence does not have the dates of the certificate elsewhere, which a path to a trust anchor goes through."},
		{"dates of another path not known", "2026-02-01 00:00:00", []string{"leaf"}, [][]string{{"leaf", "elsewhere"}, {"leaf", "root"}}, "", Pass, ""},
		{"no chain", "2026-02-01 00:00:00", nil, nil, "no_certificate", NotAssessed, "The evidence does not have chain."},
		{"not evaluated", "2026-02-01 00:00:00", []string{"leaf"}, nil, "", NotAssessed, "The evidence does not have paths."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := goodEndpoint()
			e.Chain, e.Paths, e.PathError = tt.chain, tt.paths, tt.pathError
			s := endpointSubject(e)
			s.Estate = known
			want(t, judge(t, "chain-trusted", "", s, instant(tt.asOf)), tt.want, tt.message)
		})
	}
	if a := judge(t, "chain-trusted", "", endpointSubject(goodEndpoint()), time.Time{}); a.Result != NotAssessed {
		t.Errorf("without an estate: %s", a.Result)
	}
}
