package pdf

import (
	"slices"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

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
