package xlsx

import (
	"iter"
	"slices"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

// A suiteRow is one cipher suite that an endpoint accepts in one version.
type suiteRow struct {
	*report.EndpointRow
	version, suite       string
	place                int // in the order of the evidence, from 1
	forwardSecrecy, aead scan.Answer
}

// protocolsSheet lists protocols and suites, one row for each endpoint, version
// and suite: facts, no verdicts. What the name of a suite says of it is derived
// here.
func protocolsSheet() sheet {
	type row = *suiteRow
	t := &table[row]{
		id:   "protocols",
		keep: 1,
		rows: func(b *book) iter.Seq2[row, error] { return suites(b.a) },
		columns: []column[row]{
			{key: "endpoint", value: func(r row) any { return r.Endpoint.Endpoint }},
			{key: "version", value: func(r row) any { return r.version }},
			{key: "place", kind: kindNumber, value: func(r row) any { return r.place }},
			{key: "suite", value: func(r row) any { return r.suite }},
			{key: "decides", value: func(r row) any { return r.Endpoint.SuiteOrder[r.version] }},
			{key: "forward_secrecy", value: func(r row) any { return answer(r.forwardSecrecy) }},
			{key: "aead", value: func(r row) any { return answer(r.aead) }},
			{key: "negotiated", value: func(r row) any { return yesNo(r.negotiated()) }},
			{key: "complete", value: func(r row) any { return yesNo(r.complete()) }},
			{key: "address", value: func(r row) any { return r.Endpoint.Address }},
			{key: "server_name", value: func(r row) any { return r.Endpoint.ServerName }},
			{key: "starttls", value: func(r row) any { return r.Endpoint.StartTLS }},
			{key: "vantage", value: func(r row) any { return r.Vantage }},
			{key: "observed_at", kind: kindDate, value: func(r row) any { return dateValue(r.Endpoint.ObservedAt) }},
		},
	}
	return t.sheet()
}

// negotiated says that a current client gets this suite.
func (r *suiteRow) negotiated() bool {
	return r.version == r.Endpoint.TLSVersion && r.suite == r.Endpoint.CipherSuite
}

// complete says that the endpoint accepts no further suite.
func (r *suiteRow) complete() bool { return slices.Contains(r.Endpoint.Probed, scan.ProbeCipherSuites) }

// suites yields a row for each suite of each endpoint that was asked for them,
// newest version first.
func suites(a *report.Audit) iter.Seq2[*suiteRow, error] {
	return func(yield func(*suiteRow, error) bool) {
		for e, err := range a.Endpoints() {
			if err != nil {
				yield(nil, err)
				return
			}
			for _, version := range report.SuiteVersions(e.Endpoint) {
				for i, suite := range e.Endpoint.CipherSuites[version] {
					r := &suiteRow{EndpointRow: e, version: version, suite: suite, place: i + 1}
					r.forwardSecrecy, r.aead = policies.SuiteProperties(suite)
					if !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}
