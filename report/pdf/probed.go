package pdf

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"certaudit/policies"
	"certaudit/report"
	"certaudit/scan"
)

const (
	listedSuites  = 120 // of one version
	listedGroups  = 12  // versions with suites of their own
	listedMembers = 12  // of one chain
	listedChains  = 8   // that other clients are shown
)

// probed draws a block for each endpoint that was asked for every suite, in
// evidence order, up to the limit.
func (d *doc) probed(ctx context.Context) error {
	if d.g.probed == 0 {
		return nil
	}
	title := d.word("pdf.probed.title")
	d.heading(title, 120) // and most of a block
	d.setMark("probed", d.y)
	d.entry(title, "probed")
	d.bookmark(title, 1, d.y-stHead.lead-1.8)
	d.para(d.word("pdf.probed.text", "count", report.FormatCount(d.g.probed)), stNote)
	if more := d.g.probed - d.t.Limits.Probed; more > 0 {
		d.para(d.word("pdf.more.probed", "count", report.FormatCount(more), "printed", report.FormatCount(d.t.Limits.Probed)), stBody)
	}
	d.y += 3
	n := 0
	var failed error
	err := each(ctx, d.a.Endpoints(), func(r *report.EndpointRow) bool {
		if !report.SuitesProbed(r.Endpoint) {
			return true
		}
		if n == d.t.Limits.Probed {
			return false
		}
		n++
		var b *block
		if b, failed = d.endpointBlock(r); failed != nil {
			return false
		}
		b.finish(func(y float64) {
			d.setMark(probedMark(n), y)
			d.bookmark(r.Endpoint.Endpoint, 2, y)
		})
		return true
	})
	if failed != nil {
		return failed
	}
	return err
}

// probedMark is the place of the n-th block.
func probedMark(n int) string { return "probed:" + strconv.Itoa(n) }

// endpointBlock tells everything of one endpoint.
func (d *doc) endpointBlock(r *report.EndpointRow) (*block, error) {
	b := d.block("accent")
	d.endpointHead(b, r)
	d.versionChips(b, r.Endpoint)
	d.suites(b, r.Endpoint)
	b.facts(2, d.endpointFacts(r))
	chains, err := d.chainFacts(r)
	b.facts(1, chains)
	return b, err
}

// endpointHead adds name, failures, where and when it was asked, and which
// evidence disagrees.
func (d *doc) endpointHead(b *block, r *report.EndpointRow) {
	e := r.Endpoint
	const room = 60.0 // for failures, at the right
	x, right := margin+blockPad, d.w-margin-4
	for i, ln := range d.wrap(e.Endpoint, stBlock, right-x-room) {
		b.add(stBlock.lead, func(y float64) {
			d.draw(x, y, ln, stBlock)
			if i > 0 || r.Failures == 0 {
				return
			}
			st := stCellB
			st.lead = stBlock.lead
			text := d.fit(d.word("pdf.probed.failures", "count", report.FormatCount(r.Failures), "worst", d.severity(r.Worst)), st, room-iconRoom)
			d.draw(right-text.width, y, text, st)
			d.icon(r.Worst, right-text.width-iconRoom, y+(st.lead-iconSize)/2, iconSize)
		})
	}
	where := joinSet(" · ", joinSet(" ", e.Address, strconv.Itoa(e.Port)), d.named("pdf.endpoints.sni", "name", e.ServerName),
		d.named("pdf.endpoints.starttls", "protocol", e.StartTLS), d.named("pdf.endpoints.vantage", "vantage", r.Vantage), report.FormatTime(e.ObservedAt))
	soft := stNote
	soft.most = 600
	b.lines(x, d.wrap(where, soft, right-x), soft)
	for _, text := range d.differences(r.Differs) {
		b.lines(x, d.wrap(text, stCellB, right-x), stCellB)
	}
	b.space(2.4)
}

// named is a word with one value; "" without it.
func (d *doc) named(key, name, value string) string {
	if value == "" {
		return ""
	}
	return d.word(key, name, value)
}

// differences says which evidence disagrees on what, one line each.
func (d *doc) differences(list []report.Difference) []string {
	var all []string
	for _, x := range list {
		what := "" // both is no word of its own
		if x.Certificate {
			what = d.word("pdf.differs.certificate")
		}
		if x.Version {
			what = joinSet(", ", what, d.word("pdf.differs.version"))
		}
		all = append(all, d.word("pdf.differs", "vantage", joinSet("", x.Vantage, dash(x.Vantage)), "number", strconv.Itoa(x.Evidence), "what", what))
	}
	return all
}

// versionChips adds one chip for each protocol version. Each says in a word
// what its ground says: solid accepted, outlined refused, dashed not known.
func (d *doc) versionChips(b *block, e *scan.Endpoint) {
	const gap, h = 2.4, 9.6
	versions := report.ProtocolVersions()
	left := margin + blockPad
	w := (d.w - margin - 4 - left - gap*float64(len(versions)-1)) / float64(len(versions))
	b.add(h, func(y float64) {
		for i, version := range versions {
			x := left + float64(i)*(w+gap)
			name, state := stCellB, stTiny
			word := d.word("pdf.version.unknown")
			switch report.Accepts(e, version) {
			case scan.Yes:
				word = d.word("pdf.version.accepted")
				name.colour, state.colour = "white", "white"
				d.fill(x, y, w, h, "accent")
			case scan.No:
				word = d.word("pdf.version.refused")
				d.polygon("soft", 0.3, pt(x, y), pt(x+w, y), pt(x+w, y+h), pt(x, y+h))
			default:
				name.colour = "soft"
				d.dashed(x, y, w, h, "info")
			}
			d.draw(x+2.4, y+0.9, d.fit(version, name, w-4), name)
			d.draw(x+2.4, y+4.9, d.fit(word, state, w-4), state)
		}
	})
	b.space(2.6)
}

// dashed outlines a box.
func (d *doc) dashed(x, y, w, h float64, colour string) {
	const dash, step = 1.1, 2.0
	for at := 0.0; at < w; at += step {
		to := min(at+dash, w)
		d.rule(x+at, y, x+to, y, 0.3, colour)
		d.rule(x+at, y+h, x+to, y+h, 0.3, colour)
	}
	for at := 0.0; at < h; at += step {
		to := min(at+dash, h)
		d.rule(x, y+at, x, y+to, 0.3, colour)
		d.rule(x+w, y+at, x+w, y+to, 0.3, colour)
	}
}

// A suiteGroup is one list of suites with the versions that have it.
type suiteGroup struct {
	versions []string
	order    string
	suites   []string
}

// suiteGroups brings versions with equal lists together, newest first.
func suiteGroups(e *scan.Endpoint) []suiteGroup {
	var list []suiteGroup
	for _, version := range report.SuiteVersions(e) {
		suites, order := e.CipherSuites[version], e.SuiteOrder[version]
		if n := len(list); n > 0 && list[n-1].order == order && slices.Equal(list[n-1].suites, suites) {
			list[n-1].versions = append(list[n-1].versions, version)
			continue
		}
		list = append(list, suiteGroup{[]string{version}, order, suites})
	}
	return list
}

// suites adds what the endpoint accepts in each version, in the server's order
// where that decides.
func (d *doc) suites(b *block, e *scan.Endpoint) {
	x, width := margin+blockPad, d.textWidth()-blockPad-4
	groups := suiteGroups(e)
	for _, g := range groups[:min(len(groups), listedGroups)] {
		head := []piece{{text: strings.Join(capped(g.versions), ", "), font: new(bold)},
			{text: " · " + joinSet(" · ", d.number(len(g.suites), "pdf.count.suite", "pdf.count.suites"), d.suiteOrder(g.order)), colour: "soft"}}
		b.lines(x, d.wrapPieces(head, stCell, width), stCell)
		d.suiteLines(b, g.suites[:min(len(g.suites), listedSuites)])
		if more := len(g.suites) - listedSuites; more > 0 {
			b.lines(x, d.wrap(d.word("pdf.more.suites", "count", report.FormatCount(more)), stSmallSoft, width), stSmallSoft)
		}
		b.space(1.6)
	}
	b.space(0.6)
	if more := len(groups) - listedGroups; more > 0 {
		b.lines(x, d.wrap(d.word("pdf.more.versions", "count", report.FormatCount(more)), stSmallSoft, width), stSmallSoft)
	}
}

// suiteOrder says whose order decides.
func (d *doc) suiteOrder(order string) string {
	switch order {
	case "server":
		return d.word("pdf.order.server")
	case "client":
		return d.word("pdf.order.client")
	}
	return d.word("pdf.order.unknown")
}

// suiteLines adds suites in columns, from top to bottom and left to right.
func (d *doc) suiteLines(b *block, suites []string) {
	const number, secrecy, authenticated, gap, least = 6.5, 23.0, 12.0, 6.0, 110.0
	st, soft := stSmall, stSmallSoft
	st.size, soft.size, soft.lead = 7.4, 7, st.lead
	left, width := margin+blockPad, d.textWidth()-blockPad-4
	columns := max(1, int((width+gap)/(least+gap)))
	w := (width+gap)/float64(columns) - gap
	rows := (len(suites) + columns - 1) / columns
	for row := range rows {
		b.add(st.lead, func(y float64) {
			for column := range columns {
				i := column*rows + row
				if i >= len(suites) {
					return
				}
				x := left + float64(column)*(w+gap)
				d.textRight(x+number-1.8, y, strconv.Itoa(i+1), soft, number)
				at := x + w - secrecy - authenticated
				d.draw(x+number, y, d.fit(suites[i], st, at-x-number-1), st)
				secret, aead := policies.SuiteProperties(suites[i])
				d.draw(at, y, d.fit(d.property(secret, "pdf.suite.forward_secrecy"), soft, secrecy-1), soft)
				d.draw(at+secrecy, y, d.fit(d.property(aead, "pdf.suite.aead"), soft, authenticated), soft)
			}
		})
	}
}

// property is the mark of what a suite's name says.
func (d *doc) property(a scan.Answer, key string) string {
	switch a {
	case scan.Yes:
		return d.word(key)
	case scan.No:
		return d.word("pdf.suite.without")
	}
	return d.word("pdf.suite.unknown")
}

// A fact is a label with a text. One without text is left out.
type fact struct {
	label string
	text  []piece
}

// facts adds facts in so many columns; those of a row stand on one height.
func (b *block) facts(columns int, list []fact) {
	const label, gap = 27.0, 6.0
	d := b.d
	list = slices.DeleteFunc(list, func(f fact) bool { return len(f.text) == 0 })
	w := (d.textWidth()-blockPad-4+gap)/float64(columns) - gap
	st, head := stCell, stLabelCell
	for row := range slices.Chunk(list, columns) {
		sets := make([][]line, len(row))
		tallest := 0
		for i, f := range row {
			sets[i] = d.wrapPieces(f.text, st, w-label)
			tallest = max(tallest, len(sets[i]))
		}
		for n := range tallest {
			b.add(st.lead, func(y float64) {
				for i, f := range row {
					x := margin + blockPad + float64(i)*(w+gap)
					if n == 0 {
						d.draw(x, y, d.fit(f.label, head, label-1), head)
					}
					if n < len(sets[i]) {
						d.draw(x+label, y, sets[i][n], st)
					}
				}
			})
		}
		b.space(0.9)
	}
}

// told is a fact of one text.
func told(label, text string) fact {
	if text == "" {
		return fact{}
	}
	return fact{label, []piece{{text: text}}}
}

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

// chainFacts lists the chain as sent, the path that was found, and the chains
// that other clients are shown.
func (d *doc) chainFacts(r *report.EndpointRow) ([]fact, error) {
	e := r.Endpoint
	chain, err := d.chainText(r, e.Chain)
	if err != nil {
		return nil, err
	}
	path, err := d.pathText(r)
	if err != nil {
		return nil, err
	}
	list := []fact{told(d.word("pdf.fact.chain"), chain), told(d.word("pdf.fact.path"), path)}
	for _, other := range e.OtherChains[:min(len(e.OtherChains), listedChains)] {
		text, err := d.chainText(r, other.Chain)
		if err != nil {
			return nil, err
		}
		list = append(list, told(d.word("pdf.fact.other_chain"), joinSet(": ", d.chainFor(other.For), text)))
	}
	if more := len(e.OtherChains) - listedChains; more > 0 {
		list = append(list, told(d.word("pdf.fact.other_chain"), d.word("pdf.more.short", "count", report.FormatCount(more))))
	}
	if len(e.OtherChains) == 0 && slices.Contains(e.Probed, scan.ProbeCertificates) {
		list = append(list, told(d.word("pdf.fact.other_chain"), d.word("pdf.chain.same")))
	}
	if e.Samples > 1 {
		list = append(list, told(d.word("pdf.fact.samples"), d.word("pdf.chain.samples", "count", report.FormatCount(e.Samples))))
	}
	return list, nil
}

// chainText names certificates from leaf to anchor.
func (d *doc) chainText(r *report.EndpointRow, chain []string) (string, error) {
	if len(chain) == 0 {
		return d.word("pdf.fact.no_certificate"), nil
	}
	var names []string
	for _, sum := range chain[:min(len(chain), listedMembers)] {
		name, err := r.Name(sum)
		if err != nil {
			return "", err
		}
		names = append(names, joinSet(" ", d.brief(name), report.ShortDigest(sum)))
	}
	if more := len(chain) - listedMembers; more > 0 {
		names = append(names, d.word("pdf.more.short", "count", report.FormatCount(more)))
	}
	return strings.Join(names, " → "), nil
}

// brief is the first part of a name; what it stands for is in the inventory.
func (d *doc) brief(name string) string {
	const most = 40
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}

// pathText tells the first path, and how the chain as sent compares with all.
func (d *doc) pathText(r *report.EndpointRow) (string, error) {
	e := r.Endpoint
	superfluous, missing, ok := report.PathUse(e)
	if !ok {
		return joinSet(": ", d.word("pdf.endpoints.no_path"), e.PathError), nil
	}
	text, err := d.chainText(r, e.Paths[0])
	if err != nil {
		return "", err
	}
	notes := []string{text}
	if more := len(e.Paths) - 1; more > 0 {
		notes = append(notes, d.number(more, "pdf.path.other", "pdf.path.others"))
	}
	if missing > 0 {
		notes = append(notes, d.number(missing, "pdf.path.missing_one", "pdf.path.missing"))
	}
	if superfluous > 0 {
		notes = append(notes, d.number(superfluous, "pdf.path.superfluous_one", "pdf.path.superfluous"))
	}
	return strings.Join(notes, "; "), nil
}

// chainWords are the template's keys for who is shown another chain.
var chainWords = map[string]string{
	"no_sni": "pdf.chain.no_sni",
	"sample": "pdf.chain.sample",
}

func (d *doc) chainFor(client string) string {
	if key, ok := chainWords[client]; ok {
		return d.word(key)
	}
	return d.word("pdf.chain.key", "key", client)
}

// samples tells how many handshakes of an endpoint were compared, by evidence
// file, where it is more than one.
func (d *doc) samples() {
	by := map[int][]string{}
	for i := range d.a.Run.Evidence {
		if n := d.a.Run.Evidence[i].Samples(); n > 1 {
			by[n] = append(by[n], strconv.Itoa(i+1))
		}
	}
	for _, n := range slices.Sorted(maps.Keys(by)) {
		d.y += 1.5
		d.para(d.word("pdf.scope.samples", "count", report.FormatCount(n), "evidence", strings.Join(by[n], ", ")), stBody)
	}
}
