package xlsx

import (
	"iter"

	"certaudit/report"
	"certaudit/scan"
)

// inventorySheet lists every distinct certificate with all its facts.
func inventorySheet() sheet {
	type row = inventoryRow
	t := &table[row]{
		id:   "inventory",
		keep: 1,
		rows: func(b *book) iter.Seq2[row, error] { return checkedInventory(b.a) },
		columns: []column[row]{
			{key: "subject_cn", value: func(r row) any { return r.Certificate.SubjectCN }},
			{key: "days_left", kind: kindCount, value: func(r row) any { return dated(r.Certificate, r.DaysLeft) }},
			{key: "not_after", kind: kindDate, value: func(r row) any { return dateValue(r.Certificate.NotAfter) }},
			{key: "not_before", kind: kindDate, value: func(r row) any { return dateValue(r.Certificate.NotBefore) }},
			{key: "failures", kind: kindCount, value: func(r row) any { return r.Failures }},
			{key: "worst", fill: fillSeverity, width: 12, value: func(r row) any { return r.Worst }},
			{key: "uses", value: func(r row) any { return listText(r.Uses) }},
			{key: "placements", kind: kindCount, value: func(r row) any { return r.Placements }},
			{key: "path", value: func(r row) any { return r.First.Path }},
			{key: "endpoint", value: func(r row) any { return r.First.Endpoint }},
			{key: "index", kind: kindNumber, value: func(r row) any { return r.First.Index }},
			{key: "alias", value: func(r row) any { return r.First.Alias }},
			{key: "line", kind: kindNumber, value: func(r row) any { return positive(r.First.Line) }},
			{key: "vantage", value: func(r row) any { return r.First.Vantage }},
			{key: "subject", value: func(r row) any { return r.Certificate.Subject }},
			{key: "issuer_cn", value: func(r row) any { return r.Certificate.IssuerCN }},
			{key: "issuer", value: func(r row) any { return r.Certificate.Issuer }},
			{key: "issuer_certificate", kind: kindToken, value: func(r row) any { return r.Issuer }},
			{key: "issuer_verifies", value: func(r row) any { return answer(r.IssuerVerifies) }},
			{key: "revocation", value: func(r row) any { return r.Revocation }},
			{key: "serial", kind: kindToken, value: func(r row) any { return r.Certificate.Serial }},
			{key: "fingerprint", kind: kindToken, value: func(r row) any { return r.Certificate.SHA256 }},
			{key: "key_algorithm", value: func(r row) any { return r.Certificate.KeyAlgorithm }},
			{key: "key_bits", kind: kindNumber, value: func(r row) any { return positive(r.Certificate.KeyBits) }},
			{key: "key_curve", value: func(r row) any { return r.Certificate.KeyCurve }},
			{key: "spki", kind: kindToken, value: func(r row) any { return r.Certificate.SPKISHA256 }},
			{key: "shares_key", kind: kindCount, value: func(r row) any { return fact(r.Certificate, r.SharesKey) }},
			{key: "same_key_as", kind: kindToken, value: func(r row) any { return r.SameKeyAs }},
			{key: "private_keys", kind: kindCount, value: func(r row) any { return r.privateKeys() }},
			{key: "private_keys_at", value: func(r row) any { return placesText(r.PrivateKeysAt, r.PrivateKeys) }},
			{key: "signature_algorithm", value: func(r row) any { return r.Certificate.SignatureAlgorithm }},
			{key: "is_ca", value: func(r row) any { return fact(r.Certificate, yesNo(r.Certificate.IsCA)) }},
			{key: "self_signed", value: func(r row) any { return answer(r.Certificate.SelfSigned) }},
			{key: "self_issued", value: func(r row) any { return fact(r.Certificate, yesNo(r.Certificate.SelfIssued)) }},
			{key: "dns_names", value: func(r row) any { return listText(r.Certificate.DNSNames) }},
			{key: "dns_count", kind: kindCount, value: func(r row) any { return fact(r.Certificate, len(r.Certificate.DNSNames)) }},
			{key: "ip_addresses", value: func(r row) any { return listText(r.Certificate.IPAddresses) }},
			{key: "email_addresses", value: func(r row) any { return listText(r.Certificate.EmailAddresses) }},
			{key: "uris", value: func(r row) any { return listText(r.Certificate.URIs) }},
			{key: "ext_key_usage", value: func(r row) any { return listText(r.Certificate.ExtKeyUsage) }},
			{key: "parse_notes", value: func(r row) any { return listText(r.Certificate.ParseNotes) }},
			{key: "detail", value: func(r row) any { return r.Certificate.Detail }},
		},
	}
	return t.sheet()
}

// An inventoryRow knows whether private keys were looked for.
type inventoryRow struct {
	*report.InventoryRow
	keysParsed bool
}

// privateKeys counts them; none found means none only where all were parsed.
func (r inventoryRow) privateKeys() any {
	if r.PrivateKeys == 0 && !r.keysParsed {
		return nil
	}
	return fact(r.Certificate, r.PrivateKeys)
}

// checkedInventory checks the issuer's signature of each row: the workbook says
// whether it verifies.
func checkedInventory(a *report.Audit) iter.Seq2[inventoryRow, error] {
	return func(yield func(inventoryRow, error) bool) {
		for row, err := range a.Inventory() {
			if err == nil {
				err = row.CheckIssuer()
			}
			if !yield(inventoryRow{row, a.Scope.Objects.PrivateKeysParsed}, err) || err != nil {
				return
			}
		}
	}
}

// placesText lists places, and says how many more there are.
func placesText(places []report.Place, all int) string {
	var list []string
	for _, p := range places {
		list = append(list, p.String())
	}
	if more := all - len(places); more > 0 {
		list = append(list, "… "+report.FormatCount(more)+" more")
	}
	return listText(list)
}

// fact is v where the certificate's facts are known: the facts of one that no
// parser accepts are absent, not zero.
func fact(c *scan.Certificate, v any) any {
	if c == nil || !c.Parsed {
		return nil
	}
	return v
}

// dated is fact for what follows from the dates.
func dated(c *scan.Certificate, v any) any {
	if c == nil || !c.Dated() {
		return nil
	}
	return v
}

// yesNo and answer word a truth value as evidence and report.json's readers
// know them; an answer that nobody asked for stays empty.
func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func answer(a scan.Answer) any {
	switch a {
	case scan.Yes:
		return "yes"
	case scan.No:
		return "no"
	}
	return nil
}
