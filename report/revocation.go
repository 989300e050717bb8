package report

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"certaudit/policies"
	"certaudit/scan"
)

// A saidEntry is where the evidence has one answer about a certificate's
// revocation: a record of its own, or an endpoint's stapled response.
type saidEntry struct {
	at      int64 // offset of the record, in
	cert    uint32
	source  uint16
	staple  bool
	revoked bool // and authenticated
}

// revocations finds what was said of a certificate.
type revocations struct {
	list   []saidEntry // sorted once it is searched
	sorted bool
	last   uint32            // the certificate that was asked about last, and
	said   []scan.Revocation // what was said of it
	failed error             // of reading the evidence again
}

// stapledAt begins the source of what an endpoint stapled.
const stapledAt = "stapled at "

// maxSaid bounds the answers about one certificate that are looked at, and
// those that revoke it beside them: one certificate may be stapled at thousands of endpoints.
const maxSaid = 256

// addRevocation is false where the certificate has no record before it.
func (ix *index) addRevocation(r *scan.Revocation, source int, at int64) bool {
	n, ok := ix.find(r.Certificate)
	if ok {
		ix.revocations.list = append(ix.revocations.list, saidEntry{at, n, uint16(source), false, r.Status == "revoked" && r.Verified == scan.Yes})
	}
	return ok
}

// addStaple takes what an endpoint stapled about its leaf.
func (ix *index) addStaple(e *scan.Endpoint, source int, at int64) {
	if e.OCSPStapled != scan.Yes || len(e.Chain) == 0 || e.OCSPVerified == scan.Unasked {
		return
	}
	if n, ok := ix.find(e.Chain[0]); ok {
		ix.revocations.list = append(ix.revocations.list, saidEntry{at, n, uint16(source), true, e.OCSPStatus == "revoked" && e.OCSPVerified == scan.Yes})
	}
}

// Revocations satisfies policies.Estate. An error of reading the evidence again
// is kept for whoever evaluates.
func (ix *index) Revocations(sha256 string) []scan.Revocation {
	n, ok := ix.find(sha256)
	if !ok {
		return nil
	}
	return ix.revocationsOf(n)
}

func (ix *index) revocationsOf(n uint32) []scan.Revocation {
	r := &ix.revocations
	if len(r.list) == 0 {
		return nil
	}
	if !r.sorted {
		slices.SortFunc(r.list, func(a, b saidEntry) int {
			return cmp.Or(cmp.Compare(a.cert, b.cert), stapledLast(a, b), cmp.Compare(a.source, b.source), cmp.Compare(a.at, b.at))
		})
		r.sorted, r.last = true, none
	}
	if r.last == n {
		return r.said
	}
	r.last, r.said = n, nil
	from := sort.Search(len(r.list), func(i int) bool { return r.list[i].cert >= n })
	others := 0
	for i := from; i < len(r.list) && r.list[i].cert == n && len(r.said) < 2*maxSaid; i++ {
		if !r.list[i].revoked {
			if others++; others > maxSaid {
				continue
			}
		}
		said, err := ix.said(&r.list[i])
		if err != nil {
			r.failed = cmp.Or(r.failed, err)
			return nil
		}
		r.said = append(r.said, said)
	}
	return r.said
}

// stapledLast: an endpoint staples what it has, however old, and there may be
// thousands of it; what the issuer was asked comes before the bound.
func stapledLast(a, b saidEntry) int {
	switch {
	case a.staple == b.staple:
		return 0
	case b.staple:
		return -1
	}
	return 1
}

// said reads one answer again.
func (ix *index) said(e *saidEntry) (scan.Revocation, error) {
	s := ix.sources[e.source]
	rec, buf, err := scan.ReadAt(s.in, e.at, true, ix.buf)
	ix.buf = buf
	if err != nil {
		return scan.Revocation{}, s.wrap(err)
	}
	switch rec := rec.(type) {
	case *scan.Revocation:
		return *rec, nil
	case *scan.Endpoint:
		if len(rec.Chain) == 0 {
			break
		}
		return scan.Revocation{Certificate: rec.Chain[0], Method: "ocsp", Source: stapledAt + rec.Endpoint, Status: rec.OCSPStatus,
			ProducedAt: rec.OCSPProducedAt, ThisUpdate: rec.OCSPThisUpdate, NextUpdate: rec.OCSPNextUpdate,
			Verified: rec.OCSPVerified, Error: rec.OCSPError, ObservedAt: rec.ObservedAt}, nil
	}
	return scan.Revocation{}, s.wrap(errMoved)
}

// revocationWords says in one line what is known of a certificate's revocation:
// the answer that decides, or why there is none.
func revocationWords(said []scan.Revocation, asOf time.Time) string {
	if r := policies.RevokedBy(said, asOf); r != nil {
		words := "revoked"
		if !r.RevokedAt.IsZero() {
			words += " " + FormatDate(r.RevokedAt)
		}
		if r.Reason != "" {
			words += ", " + r.Reason
		}
		return words + from(r)
	}
	words := ""
	for i := range said {
		r := &said[i]
		switch {
		case r.Verified != scan.Yes:
			words = cmp.Or(words, "not known: "+cmp.Or(r.Error, "not verified")+from(r))
		case r.Status == "good" && r.NextUpdate.IsZero(): // nobody says for how long
			words = "good on " + FormatDate(r.ThisUpdate) + from(r)
		case r.Status == "good" && !asOf.After(r.NextUpdate):
			return "good" + from(r)
		case r.Status == "good":
			words = "good until " + FormatDate(r.NextUpdate) + from(r)
		case r.Status == "unknown":
			words = "unknown to its issuer" + from(r)
		}
	}
	return words
}

func from(r *scan.Revocation) string { return " (" + r.Method + " " + r.Source + ")" }

// revocationCommand asks the source of a revocation again. The issuer's
// certificate comes from the evidence beside the report.
func (u *unit) revocationCommand(asOf time.Time) string {
	c := u.subject.Certificate
	if c == nil || u.subject.Estate == nil {
		return ""
	}
	r := policies.RevokedBy(u.subject.Estate.Revocations(c.SHA256), asOf)
	switch {
	case r == nil:
		return ""
	case strings.HasPrefix(r.Source, stapledAt):
		endpoint := strings.TrimPrefix(r.Source, stapledAt)
		return connect(endpoint, serverName(endpoint), "") + " -status </dev/null"
	case r.Method == "crl" && isURL(r.Source):
		return "curl -s " + shellQuote(r.Source) + " | openssl crl -noout -text | grep -i -A4 'Serial Number: " + evenDigits(c.Serial) + "'"
	case r.Method == "crl":
		return "openssl crl -noout -text -in " + shellQuote(r.Source) + " | grep -i -A4 'Serial Number: " + evenDigits(c.Serial) + "'"
	case isURL(r.Source) && r.Issuer != "":
		return fromEvidence(r.Issuer) + "openssl x509 -out issuer.pem && openssl ocsp -issuer issuer.pem -CAfile issuer.pem -partial_chain -serial 0x" +
			c.Serial + " -url " + shellQuote(r.Source)
	}
	return ""
}

func isURL(source string) bool {
	return strings.HasPrefix(source, "http://") || strings.HasPrefix(source, "https://")
}

// evenDigits writes a serial number as openssl prints it in lists.
func evenDigits(serial string) string {
	if len(serial)%2 != 0 {
		return "0" + serial
	}
	return serial
}
