package pdf

import (
	"context"
	"strconv"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

// endpoints lists the endpoints that answered, in evidence order, and tells
// more of those that were probed in depth.
func (d *doc) endpoints(ctx context.Context) error {
	d.begin("endpoints", d.word("pdf.endpoints.title"), true, placed(d.g.endpoints))
	if d.g.endpoints == 0 {
		d.para(d.word("pdf.endpoints.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.endpoints.text", "count", report.FormatCount(d.g.endpoints)), stBody)
	if more := d.g.endpoints - d.t.Limits.Endpoints; more > 0 {
		d.para(d.word("pdf.more.endpoints", "count", report.FormatCount(more), "printed", report.FormatCount(d.t.Limits.Endpoints)), stBody)
	}
	d.y += 3
	const address, version, group, match, chain, leaf, worst = 27.0, 34.0, 29.0, 19.0, 31.0, 22.0, 25.0
	rest := d.textWidth() - address - version - group - match - chain - leaf - worst
	t := d.table(column{title: d.word("pdf.column.endpoint"), width: rest * 0.52}, column{title: d.word("pdf.column.address"), width: address},
		column{title: d.word("pdf.column.version"), width: version}, column{title: d.word("pdf.column.suite"), width: rest * 0.48},
		column{title: d.word("pdf.column.group"), width: group}, column{title: d.word("pdf.column.host_match"), width: match},
		column{title: d.word("pdf.column.chain"), width: chain}, column{title: d.word("pdf.column.leaf"), width: leaf},
		column{title: d.word("pdf.column.failures"), width: worst})
	probed := 0
	if err := limited(ctx, d.a.Endpoints(), d.t.Limits.Endpoints, func(r *report.EndpointRow) {
		link := ""
		if report.SuitesProbed(r.Endpoint) {
			probed++
			link = probedMark(probed)
		}
		t.row(d.endpointRow(r, link)...)
	}); err != nil {
		return err
	}
	return d.probed(ctx)
}

// endpointRow is a row of the table; link leads to the endpoint's block.
func (d *doc) endpointRow(r *report.EndpointRow, link string) []cell {
	e := r.Endpoint
	leaf := plain("–", stSmall)
	if r.Leaf != nil && r.Leaf.Dated() {
		leaf = plain(report.FormatDate(r.Leaf.NotAfter), stSmall).and(stSmallSoft, piece{text: d.number(r.DaysLeft, "pdf.count.day_left", "pdf.count.days_left")})
	}
	path := d.word("pdf.endpoints.path")
	if len(e.Paths) == 0 {
		path = joinSet(": ", d.word("pdf.endpoints.no_path"), e.PathError)
	}
	name := plain(e.Endpoint, stSmallB)
	if link != "" {
		name.paras[0].pieces[0].link, name.paras[0].pieces[0].colour = link, "accent"
	}
	if e.ServerName != "" && !strings.HasPrefix(e.Endpoint, e.ServerName+":") {
		name = name.and(stSmallSoft, piece{text: d.word("pdf.endpoints.sni", "name", e.ServerName)})
	}
	if e.StartTLS != "" {
		name = name.and(stSmallSoft, piece{text: d.word("pdf.endpoints.starttls", "protocol", e.StartTLS)})
	}
	if len(d.a.Run.Evidence) > 1 && r.Vantage != "" {
		name = name.and(stSmallSoft, piece{text: d.word("pdf.endpoints.vantage", "vantage", r.Vantage)})
	}
	for _, text := range d.differences(r.Differs) {
		name = name.and(stSmallB, piece{text: text})
	}
	version := plain(e.TLSVersion, stSmall)
	if len(e.Versions) > 0 {
		version = version.and(stSmallSoft, piece{text: d.word("pdf.endpoints.accepts", "versions", strings.Join(capped(e.Versions), ", "))})
	}
	if len(e.VersionsRefused) > 0 {
		version = version.and(stSmallSoft, piece{text: d.word("pdf.endpoints.refuses", "versions", strings.Join(capped(e.VersionsRefused), ", "))})
	}
	chain := plain(d.number(len(e.Chain), "pdf.count.certificate", "pdf.count.certificates"), stSmall).and(stSmallSoft, piece{text: path})
	if shared := d.sharedText(r); shared != "" {
		chain = chain.and(stSmallSoft, piece{text: shared})
	}
	return []cell{
		name,
		plain(joinSet(" ", e.Address, strconv.Itoa(e.Port)), stSmall),
		version,
		plain(e.CipherSuite, stSmall),
		plain(joinSet("", e.KeyExchange, dash(e.KeyExchange)), stSmall),
		d.answer(e.HostnameMatch),
		chain,
		leaf,
		d.failures(r.Failures, r.Worst),
	}
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return ""
}

// answer prints a fact of three values.
func (d *doc) answer(a scan.Answer) cell {
	switch a {
	case scan.Yes:
		return plain(d.word("pdf.answer.yes"), stSmall).withIcon(iconPass)
	case scan.No:
		return plain(d.word("pdf.answer.no"), stSmallB).withIcon(iconError)
	}
	return plain(d.word("pdf.answer.unknown"), stSmall).withIcon(iconNotAssessed)
}
