package xlsx

import (
	"iter"
	"slices"
	"strconv"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

// endpointsSheet lists every endpoint that answered with all its facts: what it
// is, its handshake, its certificate and chain, what it stapled, what further
// probes showed, and which of them were made. A cell is empty where nobody
// asked; "none" is an answer.
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
			{key: "vantage", value: func(r row) any { return r.Vantage }},
			{key: "differs", value: func(r row) any { return differsText(r.Differs) }},
			{key: "target", value: func(r row) any { return r.Endpoint.Target }},
			{key: "address", value: func(r row) any { return r.Endpoint.Address }},
			{key: "port", kind: kindNumber, value: func(r row) any { return positive(r.Endpoint.Port) }},
			{key: "server_name", value: func(r row) any { return r.Endpoint.ServerName }},
			{key: "starttls", value: func(r row) any { return r.Endpoint.StartTLS }},

			{key: "tls_version", value: func(r row) any { return r.Endpoint.TLSVersion }},
			{key: "cipher_suite", value: func(r row) any { return r.Endpoint.CipherSuite }},
			{key: "key_exchange", value: func(r row) any { return r.Endpoint.KeyExchange }},
			{key: "alpn", value: func(r row) any { return r.Endpoint.ALPN }},
			{key: "client_certificate", value: func(r row) any { return answer(r.Endpoint.ClientCert) }},

			{key: "leaf_cn", value: func(r row) any { return leaf(r, func(c *scan.Certificate) any { return c.SubjectCN }) }},
			{key: "leaf_not_after", kind: kindDate, value: func(r row) any {
				return leaf(r, func(c *scan.Certificate) any { return dateValue(c.NotAfter) })
			}},
			{key: "days_left", kind: kindCount, value: func(r row) any { return dated(r.Leaf, r.DaysLeft) }},
			{key: "leaf_fingerprint", kind: kindToken, value: func(r row) any { return leaf(r, func(c *scan.Certificate) any { return c.SHA256 }) }},
			{key: "hostname_match", value: func(r row) any { return answer(r.Endpoint.HostnameMatch) }},
			{key: "same_certificate", kind: kindCount, value: func(r row) any { return leaf(r, func(*scan.Certificate) any { return r.SameCertificate }) }},
			{key: "same_key", kind: kindCount, value: func(r row) any { return fact(r.Leaf, r.SameKey) }},
			{key: "chain_length", kind: kindCount, value: func(r row) any { return len(r.Endpoint.Chain) }},
			{key: "chain", value: func(r row) any { return listText(r.Endpoint.Chain) }},
			{key: "paths", kind: kindCount, value: func(r row) any { return len(r.Endpoint.Paths) }},
			{key: "path_error", value: func(r row) any { return r.Endpoint.PathError }},
			{key: "path_list", value: func(r row) any { return pathsText(r.Endpoint.Paths) }},
			{key: "superfluous", kind: kindCount, value: func(r row) any { return onPath(r.Endpoint, func(superfluous, _ int) int { return superfluous }) }},
			{key: "missing", kind: kindCount, value: func(r row) any { return onPath(r.Endpoint, func(_, missing int) int { return missing }) }},
			{key: "other_chains", value: func(r row) any { return chainsText(r.Endpoint) }},
			{key: "samples", kind: kindCount, value: func(r row) any { return max(1, r.Endpoint.Samples) }},

			{key: "ocsp_stapled", value: func(r row) any { return answer(r.Endpoint.OCSPStapled) }},
			{key: "ocsp_status", value: func(r row) any { return r.Endpoint.OCSPStatus }},
			{key: "ocsp_verified", value: func(r row) any { return answer(r.Endpoint.OCSPVerified) }},
			{key: "ocsp_error", value: func(r row) any { return r.Endpoint.OCSPError }},
			{key: "ocsp_produced_at", kind: kindDate, value: func(r row) any { return dateValue(r.Endpoint.OCSPProducedAt) }},
			{key: "ocsp_this_update", kind: kindDate, value: func(r row) any { return dateValue(r.Endpoint.OCSPThisUpdate) }},
			{key: "ocsp_next_update", kind: kindDate, value: func(r row) any { return dateValue(r.Endpoint.OCSPNextUpdate) }},
			{key: "scts", kind: kindCount, value: func(r row) any { return pointed(r.Endpoint.SCTs) }},

			{key: "versions", value: func(r row) any { return listText(r.Endpoint.Versions) }},
			{key: "versions_refused", value: func(r row) any { return probedText(r, r.Endpoint.VersionsRefused, scan.ProbeVersions) }},
			{key: "suites", value: func(r row) any { return suitesText(r) }},
			{key: "key_exchanges", value: func(r row) any { return probedText(r, r.Endpoint.KeyExchanges, scan.ProbeKeyExchanges) }},
			{key: "key_exchanges_refused", value: func(r row) any { return probedText(r, r.Endpoint.KeyExchangesRefused, scan.ProbeKeyExchanges) }},
			{key: "post_quantum", value: func(r row) any { return answer(report.OffersPostQuantum(r.Endpoint)) }},
			{key: "dh_bits", kind: kindNumber, value: func(r row) any { return positive(r.Endpoint.DHBits) }},
			{key: "signature_schemes", value: func(r row) any { return probedText(r, r.Endpoint.SignatureSchemes, scan.ProbeSignatureSchemes) }},
			{key: "alpn_protocols", value: func(r row) any { return probedText(r, r.Endpoint.ALPNProtocols, scan.ProbeALPN) }},
			{key: "compression", value: func(r row) any { return answer(r.Endpoint.Compression) }},
			{key: "secure_renegotiation", value: func(r row) any { return answer(r.Endpoint.SecureRenegotiation) }},
			{key: "extended_master", value: func(r row) any { return answer(r.Endpoint.ExtendedMaster) }},
			{key: "fallback_scsv", value: func(r row) any { return answer(r.Endpoint.FallbackSCSV) }},
			{key: "heartbeat", value: func(r row) any { return answer(r.Endpoint.Heartbeat) }},
			{key: "resumption_ticket", value: func(r row) any { return answer(r.Endpoint.ResumptionTicket) }},
			{key: "resumption_id", value: func(r row) any { return answer(r.Endpoint.ResumptionID) }},
			{key: "resumption_psk", value: func(r row) any { return answer(r.Endpoint.ResumptionPSK) }},
			{key: "http_status", kind: kindNumber, value: func(r row) any { return positive(r.Endpoint.HTTPStatus) }},
			{key: "hsts", value: func(r row) any { return answer(r.Endpoint.HSTS) }},
			{key: "hsts_header", value: func(r row) any { return r.Endpoint.HSTSHeader }},

			{key: "probed", value: func(r row) any { return listText(r.Endpoint.Probed) }},
			{key: "incomplete", value: func(r row) any { return listText(r.Endpoint.Incomplete) }},
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

// onPath is a figure of the chain where there is a path to compare it with.
func onPath(e *scan.Endpoint, figure func(superfluous, missing int) int) any {
	superfluous, missing, ok := report.PathUse(e)
	if !ok {
		return nil
	}
	return figure(superfluous, missing)
}

// probedText is a list that a probe filled: "none" where it had its answer,
// whole, and there is nothing in the list.
func probedText(r *report.EndpointRow, list []string, probe string) string {
	if len(list) == 0 && slices.Contains(r.Endpoint.Probed, probe) {
		return "none"
	}
	return listText(list)
}

// chainsText writes the chains that other clients are shown.
func chainsText(e *scan.Endpoint) string {
	var list []string
	for _, c := range e.OtherChains {
		list = append(list, c.For+": "+strings.Join(c.Chain, " > "))
	}
	if len(list) == 0 && (e.Samples > 1 || slices.Contains(e.Probed, scan.ProbeCertificates)) {
		return "none"
	}
	return listText(list)
}

// suitesText counts the suites of each version; the sheet of protocols has them
// one by one.
func suitesText(r *report.EndpointRow) string {
	e := r.Endpoint
	var list []string
	for _, version := range report.SuiteVersions(e) {
		text := version + ": " + strconv.Itoa(len(e.CipherSuites[version]))
		if order := e.SuiteOrder[version]; order != "" {
			text += " (" + order + " decides)"
		}
		list = append(list, text)
	}
	return probedText(r, list, scan.ProbeCipherSuites)
}

// differsText names the evidence files that disagree, and on what.
func differsText(list []report.Difference) string {
	var all []string
	for _, d := range list {
		text := "differs from " + joinWith(" ", "vantage", d.Vantage)
		if d.Vantage == "" {
			text = "differs from"
		}
		text += " (evidence " + strconv.Itoa(d.Evidence) + "): "
		switch {
		case d.Certificate && d.Version:
			text += "certificate, version"
		case d.Certificate:
			text += "certificate"
		default:
			text += "version"
		}
		all = append(all, text)
	}
	return listText(all)
}
