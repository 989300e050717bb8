package xlsx

import (
	"iter"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

// endpointsSheet lists every endpoint that answered with all its facts.
func endpointsSheet() sheet {
	type row = *report.EndpointRow
	t := &table[row]{
		id:   "endpoints",
		keep: 1,
		rows: func(b *book) iter.Seq2[row, error] { return b.a.Endpoints() },
		columns: []column[row]{
			{key: "endpoint", value: func(r row) any { return r.Endpoint.Endpoint }},
			{key: "failures", kind: kindCount, value: func(r row) any { return r.Failures }},
			{key: "worst", fill: fillSeverity, width: 12, value: func(r row) any { return r.Worst }},
			{key: "target", value: func(r row) any { return r.Endpoint.Target }},
			{key: "address", value: func(r row) any { return r.Endpoint.Address }},
			{key: "port", kind: kindNumber, value: func(r row) any { return positive(r.Endpoint.Port) }},
			{key: "server_name", value: func(r row) any { return r.Endpoint.ServerName }},
			{key: "starttls", value: func(r row) any { return r.Endpoint.StartTLS }},
			{key: "tls_version", value: func(r row) any { return r.Endpoint.TLSVersion }},
			{key: "cipher_suite", value: func(r row) any { return r.Endpoint.CipherSuite }},
			{key: "key_exchange", value: func(r row) any { return r.Endpoint.KeyExchange }},
			{key: "alpn", value: func(r row) any { return r.Endpoint.ALPN }},
			{key: "versions", value: func(r row) any { return listText(r.Endpoint.Versions) }},
			{key: "versions_refused", value: func(r row) any { return listText(r.Endpoint.VersionsRefused) }},
			{key: "hostname_match", value: func(r row) any { return answer(r.Endpoint.HostnameMatch) }},
			{key: "paths", kind: kindCount, value: func(r row) any { return len(r.Endpoint.Paths) }},
			{key: "path_error", value: func(r row) any { return r.Endpoint.PathError }},
			{key: "ocsp_stapled", value: func(r row) any { return answer(r.Endpoint.OCSPStapled) }},
			{key: "client_certificate", value: func(r row) any { return answer(r.Endpoint.ClientCert) }},
			{key: "leaf_cn", value: func(r row) any { return leaf(r, func(c *scan.Certificate) any { return c.SubjectCN }) }},
			{key: "leaf_not_after", kind: kindDate, value: func(r row) any {
				return leaf(r, func(c *scan.Certificate) any { return dateValue(c.NotAfter) })
			}},
			{key: "days_left", kind: kindCount, value: func(r row) any { return dated(r.Leaf, r.DaysLeft) }},
			{key: "leaf_fingerprint", kind: kindToken, value: func(r row) any { return leaf(r, func(c *scan.Certificate) any { return c.SHA256 }) }},
			{key: "chain_length", kind: kindCount, value: func(r row) any { return len(r.Endpoint.Chain) }},
			{key: "chain", value: func(r row) any { return listText(r.Endpoint.Chain) }},
			{key: "path_list", value: func(r row) any { return pathsText(r.Endpoint.Paths) }},
			{key: "vantage", value: func(r row) any { return r.Vantage }},
			{key: "attempts", kind: kindCount, value: func(r row) any { return r.Endpoint.Attempts }},
			{key: "observed_at", kind: kindDate, value: func(r row) any { return dateValue(r.Endpoint.ObservedAt) }},
		},
	}
	return t.sheet()
}

func leaf(r *report.EndpointRow, fact func(*scan.Certificate) any) any {
	if r.Leaf == nil {
		return nil
	}
	return fact(r.Leaf)
}

// pathsText writes each path from leaf to anchor.
func pathsText(paths [][]string) string {
	var list []string
	for _, p := range paths {
		list = append(list, strings.Join(p, " > "))
	}
	return listText(list)
}
