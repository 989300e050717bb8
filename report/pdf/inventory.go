package pdf

import (
	"context"

	"certaudit/report"
)

// inventory lists the distinct certificates, soonest expiry first.
func (d *doc) inventory(ctx context.Context) error {
	d.begin("inventory", d.word("pdf.inventory.title"), true, placed(d.g.inventory))
	if d.g.inventory == 0 {
		d.para(d.word("pdf.inventory.none"), stBody)
		return nil
	}
	d.para(d.word("pdf.inventory.text", "count", report.FormatCount(d.g.inventory)), stBody)
	if more := d.g.inventory - d.t.Limits.Inventory; more > 0 {
		d.para(d.word("pdf.more.inventory", "count", report.FormatCount(more), "printed", report.FormatCount(d.t.Limits.Inventory)), stBody)
	}
	d.y += 3
	const issuer, key, use, date, days, places, worst = 36.0, 32.0, 17.0, 20.0, 13.0, 14.0, 25.0
	rest := d.textWidth() - issuer - key - use - date - days - places - worst
	t := d.table(column{title: d.word("pdf.column.certificate"), width: rest * 0.52}, column{title: d.word("pdf.column.issuer"), width: issuer},
		column{title: d.word("pdf.column.key"), width: key}, column{title: d.word("pdf.column.use"), width: use},
		column{title: d.word("pdf.column.not_after"), width: date}, column{title: d.word("pdf.column.days"), width: days, right: true},
		column{title: d.word("pdf.column.places"), width: places, right: true}, column{title: d.word("pdf.column.first_place"), width: rest * 0.48},
		column{title: d.word("pdf.column.failures"), width: worst})
	return limited(ctx, d.a.Inventory(), d.t.Limits.Inventory, func(r *report.InventoryRow) { t.row(d.inventoryRow(r)...) })
}

var (
	stSmall     = style{font: sans, size: 7.8, lead: 3.8, colour: "ink", most: 160}
	stSmallB    = style{font: bold, size: 7.8, lead: 3.8, colour: "ink", most: 160}
	stSmallSoft = style{font: sans, size: 7.2, lead: 3.6, colour: "soft", most: 160}
	stSmallMono = style{font: mono, size: 6.8, lead: 3.6, colour: "soft", most: 160}
)

func (d *doc) inventoryRow(r *report.InventoryRow) []cell {
	c := r.Certificate
	name := c.SubjectCN
	if name == "" {
		name = c.Subject
	}
	if name == "" && len(c.DNSNames) > 0 {
		name = c.DNSNames[0]
	}
	issuer := c.IssuerCN
	if issuer == "" {
		issuer = c.Issuer
	}
	after, days := report.FormatDate(c.NotAfter), report.FormatCount(r.DaysLeft)
	key := plain(report.FormatKey(c.KeyAlgorithm, c.KeyBits, c.KeyCurve), stSmall).and(stSmallSoft, piece{text: c.SignatureAlgorithm})
	if !c.Dated() {
		days = "–"
	}
	if !c.Parsed {
		name, after, days = d.word("pdf.inventory.unparsed"), "–", "–"
		key = plain(joinSet(", ", c.ParseNotes...), stSmall)
	}
	if name == "" {
		name = d.word("pdf.inventory.unnamed")
	}
	left := stSmall
	if c.Dated() && r.DaysLeft < 0 {
		left = stSmallB
	}
	return []cell{
		plain(name, stSmallB).and(stSmallMono, piece{text: d.word("pdf.inventory.ids", "sha256", report.ShortDigest(c.SHA256), "serial", shortSerial(c.Serial))}),
		plain(issuer, stSmall),
		key,
		plain(joined(r.Uses, ", ", "–"), stSmall),
		plain(after, stSmall),
		plain(days, left),
		plain(report.FormatCount(r.Placements), stSmall),
		plain(r.First.String(), stSmall),
		d.failures(r.Failures, r.Worst),
	}
}

// shortSerial abbreviates a serial number that does not fit into a table.
func shortSerial(hex string) string {
	s := report.FormatSerial(hex)
	if s == "" {
		return "–"
	}
	if len(s) > 17 {
		return s[:11] + "…" + s[len(s)-5:]
	}
	return s
}

// failures is a cell with a count and the severity of the worst.
func (d *doc) failures(n int, worst string) cell {
	if n == 0 {
		return plain("–", stSmall)
	}
	return plain(d.word("pdf.inventory.failures", "count", report.FormatCount(n), "worst", d.severity(worst)), stSmall).withIcon(worst)
}
