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
