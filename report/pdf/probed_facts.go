package pdf

import (
	"slices"
	"strconv"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

// endpointFacts lists what was seen and asked, besides versions and suites.
// What nobody asked, or what was cut short, is said at the end.
func (d *doc) endpointFacts(r *report.EndpointRow) []fact {
	e := r.Endpoint
	return []fact{
		told(d.word("pdf.fact.handshake"), joinSet(", ", e.TLSVersion, e.CipherSuite, e.KeyExchange, e.ALPN)),
		{d.word("pdf.fact.key_exchanges"), d.keyExchanges(e)},
		told(d.word("pdf.fact.certificate"), d.leafText(r)),
		told(d.word("pdf.fact.shared"), d.sharedText(r)),
		told(d.word("pdf.fact.staple"), d.stapleText(e)),
		told(d.word("pdf.fact.scts"), d.sctText(e)),
		told(d.word("pdf.fact.hsts"), d.hstsText(e)),
		told(d.word("pdf.fact.alpn"), d.list(e, e.ALPNProtocols, scan.ProbeALPN)),
		told(d.word("pdf.fact.signatures"), d.list(e, e.SignatureSchemes, scan.ProbeSignatureSchemes)),
		told(d.word("pdf.fact.client_certificate"), d.answers(answered{"", e.ClientCert})),
		told(d.word("pdf.fact.options"), d.answers(
			answered{d.word("pdf.option.renegotiation"), e.SecureRenegotiation}, answered{d.word("pdf.option.extended_master"), e.ExtendedMaster},
			answered{d.word("pdf.option.fallback"), e.FallbackSCSV}, answered{d.word("pdf.option.compression"), e.Compression},
			answered{d.word("pdf.option.heartbeat"), e.Heartbeat})),
		told(d.word("pdf.fact.resumption"), d.answers(
			answered{d.word("pdf.resumption.ticket"), e.ResumptionTicket}, answered{d.word("pdf.resumption.id"), e.ResumptionID},
			answered{d.word("pdf.resumption.psk"), e.ResumptionPSK})),
		told(d.word("pdf.fact.other_versions"), d.otherVersions(e)),
		told(d.word("pdf.fact.incomplete"), d.probeNames(e.Incomplete, "pdf.probed.incomplete")),
		told(d.word("pdf.fact.unanswered"), d.probeNames(unanswered(e), "pdf.probed.unanswered")),
	}
}

// keyExchanges names the groups, the post-quantum ones marked.
func (d *doc) keyExchanges(e *scan.Endpoint) []piece {
	var pieces []piece
	for i, group := range capped(e.KeyExchanges) {
		if i > 0 {
			pieces = append(pieces, piece{text: ", "})
		}
		p := piece{text: group}
		if report.PostQuantum(group) {
			p = piece{text: d.word("pdf.group.post_quantum", "group", group), font: new(bold)}
		}
		pieces = append(pieces, p)
	}
	if len(pieces) == 0 && slices.Contains(e.Probed, scan.ProbeKeyExchanges) {
		pieces = append(pieces, piece{text: d.word("pdf.fact.none")})
	}
	rest := []string{d.more(e.KeyExchanges)}
	if e.DHBits > 0 {
		rest = append(rest, d.word("pdf.group.dh", "bits", strconv.Itoa(e.DHBits)))
	}
	if len(e.KeyExchangesRefused) > 0 {
		rest = append(rest, d.word("pdf.group.refused", "groups", strings.Join(capped(e.KeyExchangesRefused), ", ")), d.more(e.KeyExchangesRefused))
	}
	text := joinSet("; ", rest...)
	switch {
	case text == "":
		return pieces
	case len(pieces) > 0:
		text = "; " + text
	}
	return append(pieces, piece{text: text, colour: "soft"})
}

// more counts what capped leaves out.
func (d *doc) more(list []string) string {
	if n := len(list) - len(capped(list)); n > 0 {
		return d.word("pdf.more.short", "count", report.FormatCount(n))
	}
	return ""
}

// list is a list that a probe filled; none is an answer where it is whole.
func (d *doc) list(e *scan.Endpoint, list []string, probe string) string {
	if len(list) == 0 && slices.Contains(e.Probed, probe) {
		return d.word("pdf.fact.none")
	}
	return joinSet(", ", strings.Join(capped(list), ", "), d.more(list))
}

func (d *doc) leafText(r *report.EndpointRow) string {
	if r.Leaf == nil {
		return d.word("pdf.fact.no_certificate")
	}
	name, expires := r.Leaf.SubjectCN, ""
	if name == "" {
		name = r.Leaf.Subject
	}
	if !r.Leaf.Parsed {
		name = d.word("pdf.inventory.unparsed")
	}
	if r.Leaf.Dated() {
		expires = d.word("pdf.fact.expires", "date", report.FormatDate(r.Leaf.NotAfter), "left", d.number(r.DaysLeft, "pdf.count.day_left", "pdf.count.days_left"))
	}
	match := ""
	switch r.Endpoint.HostnameMatch {
	case scan.Yes:
		match = d.word("pdf.fact.host_match")
	case scan.No:
		match = d.word("pdf.fact.host_mismatch")
	}
	return joinSet("; ", name, report.FormatKey(r.Leaf.KeyAlgorithm, r.Leaf.KeyBits, r.Leaf.KeyCurve), expires, match)
}

// sharedText says on how many other endpoints certificate and key are.
func (d *doc) sharedText(r *report.EndpointRow) string {
	certificate, key := "", ""
	if r.SameCertificate > 0 {
		certificate = d.number(r.SameCertificate, "pdf.shared.certificate", "pdf.shared.certificates")
	}
	if r.SameKey > r.SameCertificate {
		key = d.number(r.SameKey, "pdf.shared.key", "pdf.shared.keys")
	}
	return joinSet("; ", certificate, key)
}

func (d *doc) stapleText(e *scan.Endpoint) string {
	switch e.OCSPStapled {
	case scan.No:
		return d.word("pdf.fact.none")
	case scan.Unasked:
		return ""
	}
	verified := ""
	switch {
	case e.OCSPVerified == scan.Yes:
		verified = d.word("pdf.staple.verified")
	case e.OCSPVerified == scan.No || e.OCSPError != "":
		verified = joinSet(": ", d.word("pdf.staple.not_verified"), e.OCSPError)
	}
	status := e.OCSPStatus
	if status == "" {
		status = d.word("pdf.staple.unread")
	}
	dates := ""
	if !e.OCSPThisUpdate.IsZero() {
		dates = d.word("pdf.staple.dates", "this", report.FormatTime(e.OCSPThisUpdate), "next", report.FormatTime(e.OCSPNextUpdate))
	}
	return joinSet(", ", status, verified, dates)
}

func (d *doc) sctText(e *scan.Endpoint) string {
	if e.SCTs == nil {
		return ""
	}
	return d.number(*e.SCTs, "pdf.count.sct", "pdf.count.scts")
}

func (d *doc) hstsText(e *scan.Endpoint) string {
	status := ""
	if e.HTTPStatus > 0 {
		status = d.word("pdf.hsts.status", "status", strconv.Itoa(e.HTTPStatus))
	}
	switch e.HSTS {
	case scan.Yes:
		return joinSet("; ", e.HSTSHeader, status)
	case scan.No:
		return joinSet("; ", d.word("pdf.hsts.none"), status)
	}
	return status
}

// An answered is a question with its answer.
type answered struct {
	question string
	answer   scan.Answer
}

// answers prints questions with their answers; "" where none has one.
func (d *doc) answers(list ...answered) string {
	var all []string
	known := false
	for _, a := range list {
		word := d.word("pdf.answer.unknown")
		switch a.answer {
		case scan.Yes:
			word = d.word("pdf.answer.yes")
		case scan.No:
			word = d.word("pdf.answer.no")
		}
		known = known || a.answer != scan.Unasked
		all = append(all, joinSet(" ", a.question, word))
	}
	if !known {
		return ""
	}
	return strings.Join(all, " · ")
}

// otherVersions names what no chip stands for.
func (d *doc) otherVersions(e *scan.Endpoint) string {
	other := func(list []string) []string {
		return capped(slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(report.ProtocolVersions(), v) }))
	}
	var text []string
	if accepted := other(e.Versions); len(accepted) > 0 {
		text = append(text, d.word("pdf.endpoints.accepts", "versions", strings.Join(accepted, ", ")))
	}
	if refused := other(e.VersionsRefused); len(refused) > 0 {
		text = append(text, d.word("pdf.endpoints.refuses", "versions", strings.Join(refused, ", ")))
	}
	return strings.Join(text, "; ")
}

// unanswered lists the probes of full depth that were not made, or gave nothing.
// An upgraded protocol cannot be asked for HSTS.
func unanswered(e *scan.Endpoint) []string {
	return slices.DeleteFunc(scan.FullDepth(), func(probe string) bool {
		return probe == scan.ProbeHSTS && e.StartTLS != "" || slices.Contains(e.Probed, probe) || slices.Contains(e.Incomplete, probe)
	})
}

func (d *doc) probeNames(probes []string, key string) string {
	if len(probes) == 0 {
		return ""
	}
	return d.word(key, "probes", strings.ReplaceAll(strings.Join(capped(probes), ", "), "_", " "))
}
