package pdf

import (
	"strconv"
	"strings"

	"certaudit/report"
	"certaudit/scan"
)

// objects counts what was found besides certificates, and says what the scan
// was told not to look at.
func (d *doc) objects() {
	o := d.a.Scope.Objects
	d.heading(d.word("pdf.scope.objects"), 25)
	w := d.textWidth() / 5
	var columns []column
	for _, title := range []string{d.word("pdf.column.private_keys"), d.word("pdf.column.with_password"), d.word("pdf.column.public_keys"),
		d.word("pdf.column.requests"), d.word("pdf.column.revocation_lists")} {
		columns = append(columns, column{title: title, width: w, right: true})
	}
	t := d.table(columns...)
	private, encrypted := report.FormatCount(o.PrivateKeys), report.FormatCount(o.PrivateKeysEncrypted)
	if !o.PrivateKeysParsed { // a bare count would be taken for all that there is
		private, encrypted = d.word("pdf.scope.not_parsed", "count", private), d.word("pdf.scope.known", "count", encrypted)
	}
	t.row(plain(private, stCellB), plain(encrypted, stCell), plain(report.FormatCount(o.PublicKeys), stCell),
		plain(report.FormatCount(o.Requests), stCell), plain(report.FormatCount(o.RevocationLists), stCell))
	d.y += 2
	d.para(d.word("pdf.scope.objects.text"), stNote)
	if !o.PrivateKeysParsed {
		d.y += 1
		d.para(d.word("pdf.scope.keys_not_parsed", "evidence", d.unparsedEvidence()), stBody)
	}
	d.exposed()
}

// unparsedEvidence numbers the evidence whose scan parsed no private keys.
func (d *doc) unparsedEvidence() string {
	var list []string
	for i := range d.a.Run.Evidence {
		if !d.a.Run.Evidence[i].PrivateKeysParsed() {
			list = append(list, strconv.Itoa(i+1))
		}
	}
	return strings.Join(list, ", ")
}

// exposed lists private keys that others may read and that are not known to
// need a password.
func (d *doc) exposed() {
	if d.g.exposed == 0 {
		return
	}
	d.heading(d.word("pdf.scope.exposed", "count", report.FormatCount(d.g.exposed)), 30)
	d.para(d.word("pdf.scope.exposed.text"), stNote)
	d.y += 2
	const key, password, mode, certificates = 34.0, 24.0, 16.0, 24.0
	t := d.table(column{title: d.word("pdf.column.private_key"), width: d.textWidth() - key - password - mode - certificates},
		column{title: d.word("pdf.column.key_kind"), width: key}, column{title: d.word("pdf.column.password"), width: password},
		column{title: d.word("pdf.column.mode"), width: mode}, column{title: d.word("pdf.column.key_certificates"), width: certificates, right: true})
	for _, r := range d.g.openKeys {
		f := r.Observation.Facts
		needs := d.word("pdf.answer.unknown")
		if f.Encrypted == scan.No {
			needs = d.word("pdf.answer.no")
		}
		held := "–"
		if f.SPKISHA256 != "" {
			held = report.FormatCount(r.CertificateCount)
		}
		kind := report.FormatKey(f.KeyAlgorithm, f.KeyBits, f.KeyCurve)
		t.row(plain(r.Place().String(), stSmallB), plain(joinSet("", kind, dash(kind)), stSmall), plain(needs, stSmall), plain(f.Mode, stSmall), plain(held, stSmall))
	}
	if more := d.g.exposed - len(d.g.openKeys); more > 0 {
		d.y += 2
		d.para(d.word("pdf.more.keys", "count", report.FormatCount(more)), stNote)
	}
}

// objectWords are the template's keys for kinds of objects.
var objectWords = map[string]string{
	scan.ObjectPrivateKey: "pdf.object.private_key",
	scan.ObjectPublicKey:  "pdf.object.public_key",
	scan.ObjectCSR:        "pdf.object.request",
	scan.ObjectCRL:        "pdf.object.revocation_list",
}

// object names a kind of object; "" for a certificate.
func (d *doc) object(kind string) string {
	if key, ok := objectWords[kind]; ok {
		return d.word(key)
	}
	return kind
}
