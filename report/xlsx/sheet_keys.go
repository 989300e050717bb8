package xlsx

import (
	"iter"

	"certaudit/report"
	"certaudit/scan"
)

// keysSheet lists what was found besides certificates, one row for each place,
// in one table, so that an auditor filters by kind, by mode, or by certificate.
func keysSheet() sheet {
	type row = *report.ObjectRow
	t := &table[row]{
		id:   "keys",
		keep: 2,
		rows: func(b *book) iter.Seq2[row, error] { return b.a.Objects() },
		columns: []column[row]{
			{key: "object", value: func(r row) any { return objectWord(r.Observation.Object) }},
			{key: "path", value: func(r row) any { return r.Observation.Path }},
			{key: "index", kind: kindNumber, value: func(r row) any { return index(r.Observation.Index) }},
			{key: "alias", value: func(r row) any { return r.Observation.Alias }},
			{key: "line", kind: kindNumber, value: func(r row) any { return positive(r.Observation.Line) }},
			{key: "container", value: func(r row) any { return r.Observation.Container }},
			{key: "format", value: func(r row) any { return r.Observation.Facts.Format }},
			{key: "key_algorithm", value: func(r row) any { return r.Observation.Facts.KeyAlgorithm }},
			{key: "key_bits", kind: kindNumber, value: func(r row) any { return positive(r.Observation.Facts.KeyBits) }},
			{key: "key_curve", value: func(r row) any { return r.Observation.Facts.KeyCurve }},
			{key: "encrypted", value: func(r row) any { return answer(r.Observation.Facts.Encrypted) }},
			{key: "encryption", value: func(r row) any { return r.Observation.Facts.Encryption }},
			{key: "mode", kind: kindToken, value: func(r row) any { return r.Observation.Facts.Mode }},
			{key: "others_read", value: func(r row) any { return ofPrivateKey(r, answer(r.OthersMayRead())) }},
			{key: "certificates", kind: kindCount, value: func(r row) any { return keyed(r, r.CertificateCount) }},
			{key: "fingerprints", value: func(r row) any { return listText(r.Certificates) }},
			{key: "subject", value: func(r row) any { return r.Observation.Facts.Subject }},
			{key: "signature_valid", value: func(r row) any { return answer(r.Observation.Facts.SignatureValid) }},
			{key: "names", value: func(r row) any { return listText(names(r.Observation.Facts)) }},
			{key: "issuer", value: func(r row) any { return r.Observation.Facts.Issuer }},
			{key: "this_update", kind: kindDate, value: func(r row) any { return dateValue(r.Observation.Facts.ThisUpdate) }},
			{key: "next_update", kind: kindDate, value: func(r row) any { return dateValue(r.Observation.Facts.NextUpdate) }},
			{key: "revoked", kind: kindCount, value: func(r row) any { return pointed(r.Observation.Facts.Revoked) }},
			{key: "crl_number", kind: kindToken, value: func(r row) any { return r.Observation.Facts.CRLNumber }},
			{key: "signature_algorithm", value: func(r row) any { return r.Observation.Facts.SignatureAlgorithm }},
			{key: "ssh_kind", value: func(r row) any { return r.Observation.Facts.SSHKind }},
			{key: "ssh_key_id", value: func(r row) any { return r.Observation.Facts.SSHKeyID }},
			{key: "ssh_principals", value: func(r row) any { return listText(r.Observation.Facts.SSHPrincipals) }},
			{key: "not_before", kind: kindDate, value: func(r row) any { return dateValue(r.Observation.Facts.NotBefore) }},
			{key: "not_after", kind: kindDate, value: func(r row) any { return dateValue(r.Observation.Facts.NotAfter) }},
			{key: "spki", kind: kindToken, value: func(r row) any { return r.Observation.Facts.SPKISHA256 }},
			{key: "digest", kind: kindToken, value: func(r row) any { return r.Observation.Facts.SHA256 }},
			{key: "parse_notes", value: func(r row) any { return listText(r.Observation.Facts.ParseNotes) }},
			{key: "target", value: func(r row) any { return r.Observation.Target }},
			{key: "vantage", value: func(r row) any { return r.Vantage }},
			{key: "observed_at", kind: kindDate, value: func(r row) any { return dateValue(r.Observation.ObservedAt) }},
		},
	}
	return t.sheet()
}

// objectWord names a kind of object for a reader.
func objectWord(object string) string {
	switch object {
	case scan.ObjectPrivateKey:
		return "private key"
	case scan.ObjectPublicKey:
		return "public key"
	case scan.ObjectCSR:
		return "request"
	case scan.ObjectCRL:
		return "revocation list"
	}
	return object
}

// ofPrivateKey is v where the object is a private key.
func ofPrivateKey(r *report.ObjectRow, v any) any {
	if r.Observation.Object != scan.ObjectPrivateKey {
		return nil
	}
	return v
}

// keyed is v where the key is known: of one that is not, nobody can tell which
// certificates have it.
func keyed(r *report.ObjectRow, v any) any {
	if r.Observation.Object == scan.ObjectCRL || r.Observation.Facts.SPKISHA256 == "" {
		return nil
	}
	return v
}

// names are all that a request asks for.
func names(o *scan.Object) []string {
	var all []string
	for _, list := range [][]string{o.DNSNames, o.IPAddresses, o.EmailAddresses, o.URIs} {
		all = append(all, list...)
	}
	return all
}

func pointed(n *int) any {
	if n == nil {
		return nil
	}
	return *n
}
