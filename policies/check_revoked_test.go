package policies

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

// answers is an Estate of one certificate.
type answers []scan.Revocation

func (a answers) Revocations(string) []scan.Revocation { return a }

func (answers) Validity(string) (notBefore, notAfter time.Time, ok bool) { return }

func TestRevoked(t *testing.T) {
	at := instant("2026-06-01 12:00:00")
	day := 24 * time.Hour
	answer := func(method, status string, edit ...func(*scan.Revocation)) scan.Revocation {
		r := scan.Revocation{Method: method, Source: "http://ca.test/x", Status: status, Verified: scan.Yes, SHA256: "aa",
			ThisUpdate: at.Add(-day), NextUpdate: at.Add(day), ObservedAt: at}
		if status == "revoked" {
			r.RevokedAt, r.Reason = at.Add(-2*day), "keyCompromise"
		}
		for _, e := range edit {
			e(&r)
		}
		return r
	}
	unverified := func(code string) func(*scan.Revocation) {
		return func(r *scan.Revocation) { r.Verified, r.Error = scan.No, code }
	}
	hold := func(r *scan.Revocation) { r.Reason = "certificateHold" }
	stale := func(r *scan.Revocation) { r.NextUpdate = at.Add(-time.Second) }
	nothing := scan.Revocation{Method: "crl", Source: "http://ca.test/x", Error: "timeout", ObservedAt: at}
	const isRevoked = "The issuer revoked the certificate on 2026-05-30 12:00:00 UTC (keyCompromise)."
	for _, tt := range []struct {
		name, params string
		said         answers
		want         Result
		message      string
	}{
		{"good", "", answers{answer("ocsp", "good")}, Pass, ""},
		{"good at its last second", "", answers{answer("crl", "good", func(r *scan.Revocation) { r.NextUpdate = at })}, Pass, ""},
		{"stale", "", answers{answer("crl", "good", stale)}, NotAssessed, "The answer of crl http://ca.test/x is stale: it was current until 2026-06-01 11:59:59 UTC."},
		{"stale, another is not", "", answers{answer("crl", "good", stale), answer("ocsp", "good")}, Pass, ""},
		{"revoked", "", answers{answer("ocsp", "revoked")}, Fail, isRevoked},
		{"revoked and good", "", answers{answer("ocsp", "good"), answer("crl", "revoked")}, Fail, isRevoked},
		{"revoked, in an old list", "", answers{answer("crl", "revoked", stale)}, Fail, isRevoked},
		{"revoked, whoever says so", "{sources: ocsp}", answers{answer("ocsp", "good"), answer("crl", "revoked")}, Fail, isRevoked},
		{"revoked after the as-of time", "", answers{answer("ocsp", "revoked", func(r *scan.Revocation) { r.RevokedAt = at.Add(time.Second) })}, Pass, ""},
		{"revoked at the as-of time", "", answers{answer("ocsp", "revoked", func(r *scan.Revocation) { r.RevokedAt = at })}, Fail, "The issuer revoked the certificate on 2026-06-01 12:00:00 UTC (keyCompromise)."},
		{"a staple has no date", "", answers{answer("ocsp", "revoked", func(r *scan.Revocation) { r.RevokedAt, r.Reason = time.Time{}, "" })}, Fail,
			"The issuer revoked the certificate at a time that the answer does not have."},
		{"revoked, not verified", "", answers{answer("ocsp", "revoked", unverified("bad_signature"))}, NotAssessed, "What ocsp http://ca.test/x says does not count: bad_signature."},
		{"good, not verified", "", answers{answer("ocsp", "good", unverified("responder_not_authorised"))}, NotAssessed, "What ocsp http://ca.test/x says does not count: responder_not_authorised."},
		{"on hold", "", answers{answer("crl", "revoked", hold)}, Fail, "The issuer revoked the certificate on 2026-05-30 12:00:00 UTC (certificateHold)."},
		{"hold taken back", "", answers{answer("crl", "revoked", hold, stale), answer("ocsp", "good", func(r *scan.Revocation) { r.ThisUpdate = at })}, Pass, ""},
		{"hold after it was good", "", answers{answer("crl", "revoked", hold), answer("ocsp", "good", func(r *scan.Revocation) { r.ThisUpdate = at.Add(-3 * day) })}, Fail,
			"The issuer revoked the certificate on 2026-05-30 12:00:00 UTC (certificateHold)."},
		{"hold taken back, long ago", "", answers{answer("crl", "revoked", hold), answer("crl", "good", stale, func(r *scan.Revocation) { r.ThisUpdate = at.Add(-time.Hour) })}, NotAssessed,
			"The answer of crl http://ca.test/x is stale: it was current until 2026-06-01 11:59:59 UTC."},
		{"unknown", "", answers{answer("ocsp", "unknown")}, NotAssessed, "The answer of ocsp http://ca.test/x is that the certificate's status is unknown."},
		{"not obtained", "", answers{nothing}, NotAssessed, "Nothing was obtained from crl http://ca.test/x: timeout."},
		{"not obtained, and good elsewhere", "", answers{nothing, answer("ocsp", "good")}, Pass, ""},
		{"not asked", "", nil, NotAssessed, "The evidence has no answer about the certificate's revocation."},
		{"good by the wrong source", "{sources: crl}", answers{answer("ocsp", "good")}, NotAssessed, "The policy does not take the word of ocsp http://ca.test/x."},
		{"too old", "{max_age_days: 1}", answers{answer("ocsp", "good", func(r *scan.Revocation) { r.ThisUpdate = at.Add(-day - time.Second) })}, NotAssessed,
			"The answer of ocsp http://ca.test/x is stale: it was current until 2026-06-01 11:59:59 UTC."},
		{"just young enough", "{max_age_days: 1}", answers{answer("ocsp", "good")}, Pass, ""},
		{"without an end", "", answers{answer("ocsp", "good", func(r *scan.Revocation) { r.NextUpdate, r.ThisUpdate = time.Time{}, at.Add(-7*day) })}, Pass, ""},
		{"without an end, old", "", answers{answer("ocsp", "good", func(r *scan.Revocation) { r.NextUpdate, r.ThisUpdate = time.Time{}, at.Add(-7*day-time.Second) })}, NotAssessed,
			"The answer of ocsp http://ca.test/x is stale: it was current until 2026-06-01 11:59:59 UTC."},
		{"dated ahead", "", answers{answer("ocsp", "good", func(r *scan.Revocation) { r.ThisUpdate = at.Add(time.Hour) })}, NotAssessed,
			"The answer of ocsp http://ca.test/x is dated 2026-06-01 13:00:00 UTC, after it was given."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := goodCert()
			c.OCSPURLs = []string{"http://ca.test/x"}
			s := certSubject(c, scan.UseIdentity)
			s.Estate, s.Probes = tt.said, []string{scan.ProbeRevocation}
			a := judge(t, "revoked", tt.params, s, at)
			want(t, a, tt.want, tt.message)
			if a.Result == NotAssessed && a.Missing != scan.ReasonNotObtained {
				t.Errorf("missing %s", a.Missing)
			}
		})
	}
}

// TestRevokedElsewhere: what no answer decides.
func TestRevokedElsewhere(t *testing.T) {
	at := instant("2026-06-01 12:00:00")
	plain, selfIssued, expired, short := goodCert(), goodCert(), goodCert(), goodCert()
	selfIssued.SelfIssued = true
	plain.OCSPURLs, plain.CRLURLs = nil, nil
	expired.NotAfter = at.Add(-time.Second)
	short.DER = withExtension(t, asn1.ObjectIdentifier{2, 5, 29, 56})
	revoked := answers{{Method: "crl", Source: "x", Status: "revoked", Verified: scan.Yes, RevokedAt: at.Add(-time.Hour), ThisUpdate: at}}
	for _, tt := range []struct {
		name    string
		c       *scan.Certificate
		said    answers
		probes  []string
		want    Result
		missing scan.Reason
	}{
		{"not requested", plain, nil, nil, NotAssessed, scan.ReasonNotRequested},
		{"names no source", plain, nil, []string{scan.ProbeRevocation}, NotAssessed, scan.ReasonNotObtained},
		{"self-issued", selfIssued, nil, nil, NotApplicable, ""},
		{"expired", expired, nil, nil, NotApplicable, ""},
		{"expired and revoked", expired, revoked, nil, Fail, ""},
		{"short-lived", short, nil, nil, NotApplicable, ""},
		{"no estate", plain, nil, nil, NotAssessed, scan.ReasonNotRequested},
	} {
		s := certSubject(tt.c, scan.UseIdentity)
		s.Probes = tt.probes
		if tt.name != "no estate" {
			s.Estate = tt.said
		}
		if a := judge(t, "revoked", "", s, at); a.Result != tt.want || a.Missing != tt.missing {
			t.Errorf("%s: %s, missing %q; want %s, %q", tt.name, a.Result, a.Missing, tt.want, tt.missing)
		}
	}
	s := certSubject(plain, scan.UseIdentity)
	s.Estate = answers(nil)
	s.Probes = []string{scan.ProbeRevocation}
	if a := judge(t, "revoked", "", s, at); !strings.HasPrefix(a.Message, "The certificate names neither") {
		t.Error(a.Message)
	}
}

// TestRevocationIsNotProbed: no policy makes a scan call out.
func TestRevocationIsNotProbed(t *testing.T) {
	set := oneRule(t, "revoked", "")
	if slices.Contains(set.Probes(), Probe{Name: scan.ProbeRevocation}) || len(set.Probes()) > 0 {
		t.Errorf("probes %v", set.Probes())
	}
}

// withExtension is a certificate with one more extension, of a NULL.
func withExtension(t *testing.T, id asn1.ObjectIdentifier) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), ExtraExtensions: []pkix.Extension{{Id: id, Value: asn1.NullBytes}}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}
