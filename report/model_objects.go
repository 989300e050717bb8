package report

import (
	"strconv"
	"time"

	"certaudit/scan"
)

// Objects counts what was found besides certificates. Without
// PrivateKeysParsed a private key is counted where it was recognised unparsed,
// and nothing more is known of it.
type Objects struct {
	PrivateKeys          int  `json:"private_keys"`
	PrivateKeysEncrypted int  `json:"private_keys_encrypted"` // of them, those that are known to need a password
	PublicKeys           int  `json:"public_keys"`
	Requests             int  `json:"requests"`
	RevocationLists      int  `json:"revocation_lists"`
	PrivateKeysParsed    bool `json:"private_keys_parsed"` // false where an evidence file was made with --no-private-keys
}

// noPrivateKeys is the option of a scan that parsed no private keys.
const noPrivateKeys = "no-private-keys"

// PrivateKeysParsed is false where the scan was told to parse no private keys:
// that a certificate's key is in scope is then known from keystores alone.
func (e *Evidence) PrivateKeysParsed() bool { return e.Options[noPrivateKeys] != "true" }

// Relations tell what else in scope a certificate belongs to.
type Relations struct {
	SharesKey     int     `json:"shares_key"`                   // other distinct certificates with the same public key
	SameKeyAs     string  `json:"same_key_as,omitempty"`        // SHA-256 of the first of all that share it: the same for each of them; absent where none does
	PrivateKeys   int     `json:"private_keys"`                 // places of its private key
	PrivateKeysAt []Place `json:"private_keys_at"`              // the first 20 of them, in evidence order
	Issuer        string  `json:"issuer_certificate,omitempty"` // SHA-256 of the certificate that issued it, by name and key identifier; its own where it is self-signed
}

// A CertificateEntry is one distinct certificate in report.json: what only the
// audit as a whole can tell. Its facts stand in the evidence.
type CertificateEntry struct {
	SHA256     string     `json:"sha256"`
	Uses       []string   `json:"uses"` // distinct, as resolved over the estate
	Placements int        `json:"placements"`
	NotAfter   *time.Time `json:"not_after,omitempty"`
	DaysLeft   *int       `json:"days_left,omitempty"`
	Failures   int        `json:"failures"` // unwaived, of rules on this certificate and its placements
	Worst      string     `json:"worst,omitempty"`
	Revocation string     `json:"revocation,omitempty"` // what is known of it, in words with the source
	Relations
}

// appendTo appends what encoding/json makes of the entry, at a third of the
// cost: there is one for each certificate, and nothing in it but a path needs
// escaping.
func (e *CertificateEntry) appendTo(b []byte) ([]byte, error) {
	b = append(append(b, `{"sha256":"`...), e.SHA256...)
	b = append(b, `","uses":[`...)
	for i, use := range e.Uses {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), use...), '"')
	}
	b = strconv.AppendInt(append(b, `],"placements":`...), int64(e.Placements), 10)
	if e.NotAfter != nil {
		b = append(e.NotAfter.AppendFormat(append(b, `,"not_after":"`...), time.RFC3339), '"')
	}
	if e.DaysLeft != nil {
		b = strconv.AppendInt(append(b, `,"days_left":`...), int64(*e.DaysLeft), 10)
	}
	b = strconv.AppendInt(append(b, `,"failures":`...), int64(e.Failures), 10)
	if e.Worst != "" {
		b = append(append(append(b, `,"worst":"`...), e.Worst...), '"')
	}
	if e.Revocation != "" {
		words, err := marshal(e.Revocation)
		if err != nil {
			return b, err
		}
		b = append(append(b, `,"revocation":`...), words...)
	}
	b = strconv.AppendInt(append(b, `,"shares_key":`...), int64(e.SharesKey), 10)
	if e.SameKeyAs != "" {
		b = append(append(append(b, `,"same_key_as":"`...), e.SameKeyAs...), '"')
	}
	b = strconv.AppendInt(append(b, `,"private_keys":`...), int64(e.PrivateKeys), 10)
	places, err := []byte("[]"), error(nil)
	if len(e.PrivateKeysAt) > 0 {
		if places, err = marshal(e.PrivateKeysAt); err != nil {
			return b, err
		}
	}
	b = append(append(b, `,"private_keys_at":`...), places...)
	if e.Issuer != "" {
		b = append(append(append(b, `,"issuer_certificate":"`...), e.Issuer...), '"')
	}
	return append(b, '}'), nil
}

func (e *CertificateEntry) dates(notAfter time.Time, daysLeft int) {
	e.NotAfter, e.DaysLeft = &notAfter, &daysLeft
}

// entryOf is the line of report.json for a row of the inventory.
func entryOf(r *InventoryRow) *CertificateEntry {
	e := &CertificateEntry{SHA256: r.Certificate.SHA256, Uses: append([]string{}, r.Uses...), Placements: r.Placements,
		Failures: r.Failures, Worst: r.Worst, Revocation: r.Revocation, Relations: r.Relations}
	e.PrivateKeysAt = append([]Place{}, e.PrivateKeysAt...)
	if r.Certificate.Dated() {
		e.dates(r.Certificate.NotAfter, r.DaysLeft)
	}
	return e
}

// A Place is where an object that is no certificate stands.
type Place struct {
	Path      string `json:"path"`
	Index     int    `json:"index"` // among the objects of its kind in the file
	Alias     string `json:"alias,omitempty"`
	Line      int    `json:"line,omitempty"`
	Container string `json:"container,omitempty"`
}

// String is the place in one line: "tls/server.key", "store.jks alias bank",
// "all.pem line 40".
func (p Place) String() string {
	switch {
	case p.Alias != "":
		return p.Path + " alias " + p.Alias
	case p.Line > 1:
		return p.Path + " line " + strconv.Itoa(p.Line)
	case p.Index > 0:
		return p.Path + " #" + strconv.Itoa(p.Index)
	}
	return p.Path
}

func placeOf(o *scan.Observation) Place {
	return Place{Path: o.Path, Index: o.Index, Alias: o.Alias, Line: o.Line, Container: o.Container}
}

// An ObjectRow is one key, request or revocation list in one place.
type ObjectRow struct {
	Observation      *scan.Observation // its Facts are never nil
	Vantage          string            // of the scan that found it
	Certificates     []string          // SHA-256 of certificates in scope with its public key, the first 20
	CertificateCount int               // of all of them
}

// Place is where the object stands.
func (r *ObjectRow) Place() Place { return placeOf(r.Observation) }

// OthersMayRead says whether the mode of the file that holds a private key lets
// its group or everyone read it; Unasked where no mode is known.
func (r *ObjectRow) OthersMayRead() scan.Answer {
	mode, err := strconv.ParseUint(r.Observation.Facts.Mode, 8, 32)
	if err != nil {
		return scan.Unasked
	}
	const groupOrWorld = 0o044
	return scan.Answered(mode&groupOrWorld != 0)
}

// Exposed says that the row is a private key that others may read and that is
// not known to need a password.
func (r *ObjectRow) Exposed() bool {
	return r.Observation.Object == scan.ObjectPrivateKey && r.Observation.Facts.Encrypted != scan.Yes && r.OthersMayRead() == scan.Yes
}

// A Key is one private or public key in report.json. No key material is in it.
type Key struct {
	Target string `json:"target"`
	Place
	Format           string     `json:"format,omitempty"`
	Algorithm        string     `json:"algorithm,omitempty"`
	Bits             int        `json:"bits,omitempty"`
	Curve            string     `json:"curve,omitempty"`
	SPKISHA256       string     `json:"spki_sha256,omitempty"`
	Encrypted        *bool      `json:"encrypted,omitempty"` // absent where that was not looked at, and of public keys
	Encryption       string     `json:"encryption,omitempty"`
	Mode             string     `json:"mode,omitempty"` // octal, of the file that holds a private key
	Certificates     []string   `json:"certificates"`   // SHA-256 of certificates in scope with this public key, the first 20
	CertificateCount int        `json:"certificate_count"`
	SSHKind          string     `json:"ssh_kind,omitempty"` // user or host, of an OpenSSH certificate
	SSHKeyID         string     `json:"ssh_key_id,omitempty"`
	SSHPrincipals    []string   `json:"ssh_principals,omitempty"`
	NotBefore        *time.Time `json:"not_before,omitempty"` // of an OpenSSH certificate
	NotAfter         *time.Time `json:"not_after,omitempty"`
	ParseNotes       []string   `json:"parse_notes,omitempty"`
	Vantage          string     `json:"vantage,omitempty"`
	ObservedAt       time.Time  `json:"observed_at"`
}

func keyOf(r *ObjectRow) *Key {
	o, f := r.Observation, r.Observation.Facts
	return &Key{Target: o.Target, Place: r.Place(), Format: f.Format, Algorithm: f.KeyAlgorithm, Bits: f.KeyBits, Curve: f.KeyCurve,
		SPKISHA256: f.SPKISHA256, Encrypted: truth(f.Encrypted), Encryption: f.Encryption, Mode: f.Mode,
		Certificates: append([]string{}, r.Certificates...), CertificateCount: r.CertificateCount,
		SSHKind: f.SSHKind, SSHKeyID: f.SSHKeyID, SSHPrincipals: f.SSHPrincipals, NotBefore: instant(f.NotBefore), NotAfter: instant(f.NotAfter),
		ParseNotes: f.ParseNotes, Vantage: r.Vantage, ObservedAt: o.ObservedAt}
}

// A Request is one certificate request in report.json.
type Request struct {
	Target string `json:"target"`
	Place
	SHA256             string    `json:"sha256,omitempty"` // of its DER
	Subject            string    `json:"subject"`          // RFC 4514
	Algorithm          string    `json:"algorithm,omitempty"`
	Bits               int       `json:"bits,omitempty"`
	Curve              string    `json:"curve,omitempty"`
	SPKISHA256         string    `json:"spki_sha256,omitempty"`
	SignatureAlgorithm string    `json:"signature_algorithm,omitempty"`
	SignatureValid     *bool     `json:"signature_valid,omitempty"` // under its own key; absent where that cannot be checked
	DNSNames           []string  `json:"dns_names,omitempty"`
	IPAddresses        []string  `json:"ip_addresses,omitempty"`
	EmailAddresses     []string  `json:"email_addresses,omitempty"`
	URIs               []string  `json:"uris,omitempty"`
	Certificates       []string  `json:"certificates"` // SHA-256 of certificates in scope with this public key, the first 20
	CertificateCount   int       `json:"certificate_count"`
	ParseNotes         []string  `json:"parse_notes,omitempty"`
	Vantage            string    `json:"vantage,omitempty"`
	ObservedAt         time.Time `json:"observed_at"`
}

func requestOf(r *ObjectRow) *Request {
	o, f := r.Observation, r.Observation.Facts
	return &Request{Target: o.Target, Place: r.Place(), SHA256: f.SHA256, Subject: f.Subject, Algorithm: f.KeyAlgorithm, Bits: f.KeyBits, Curve: f.KeyCurve,
		SPKISHA256: f.SPKISHA256, SignatureAlgorithm: f.SignatureAlgorithm, SignatureValid: truth(f.SignatureValid),
		DNSNames: f.DNSNames, IPAddresses: f.IPAddresses, EmailAddresses: f.EmailAddresses, URIs: f.URIs,
		Certificates: append([]string{}, r.Certificates...), CertificateCount: r.CertificateCount,
		ParseNotes: f.ParseNotes, Vantage: r.Vantage, ObservedAt: o.ObservedAt}
}

// A RevocationList is one certificate revocation list in report.json.
type RevocationList struct {
	Target string `json:"target"`
	Place
	SHA256             string     `json:"sha256,omitempty"` // of its DER
	Issuer             string     `json:"issuer"`           // RFC 4514
	ThisUpdate         *time.Time `json:"this_update,omitempty"`
	NextUpdate         *time.Time `json:"next_update,omitempty"`
	Revoked            *int       `json:"revoked,omitempty"` // entries
	CRLNumber          string     `json:"crl_number,omitempty"`
	SignatureAlgorithm string     `json:"signature_algorithm,omitempty"`
	ParseNotes         []string   `json:"parse_notes,omitempty"`
	Vantage            string     `json:"vantage,omitempty"`
	ObservedAt         time.Time  `json:"observed_at"`
}

func revocationListOf(r *ObjectRow) *RevocationList {
	o, f := r.Observation, r.Observation.Facts
	return &RevocationList{Target: o.Target, Place: r.Place(), SHA256: f.SHA256, Issuer: f.Issuer, ThisUpdate: instant(f.ThisUpdate), NextUpdate: instant(f.NextUpdate),
		Revoked: f.Revoked, CRLNumber: f.CRLNumber, SignatureAlgorithm: f.SignatureAlgorithm,
		ParseNotes: f.ParseNotes, Vantage: r.Vantage, ObservedAt: o.ObservedAt}
}

// truth is an answer as JSON has it; nil where there is none.
func truth(a scan.Answer) *bool {
	if a == scan.Unasked {
		return nil
	}
	yes := a == scan.Yes
	return &yes
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
