package policies

import (
	"testing"

	"certaudit/scan"
)

func TestOCSPStapling(t *testing.T) {
	const (
		must      = ""
		responder = "{require: responder}"
		always    = "{require: always}"
		notAsked  = "The certificate does not ask for a stapled response."
	)
	now := instant("2026-06-01 00:00:00")
	type response struct {
		stapled, verified          scan.Answer
		status, code               string
		thisUpdate, next, observed string
	}
	good := func(change func(*response)) response {
		r := response{scan.Yes, scan.Yes, "good", "", "2026-05-31 00:00:00", "2026-06-07 00:00:00", "2026-06-01 00:00:00"}
		if change != nil {
			change(&r)
		}
		return r
	}
	absent := response{stapled: scan.No}
	revoked := good(func(r *response) { r.status = "revoked" })
	at := func(s string) response { return good(func(r *response) { r.thisUpdate = s }) }
	until := func(s string) response { return good(func(r *response) { r.next = s }) }
	tests := []struct {
		name, params        string
		promises, responder bool
		response            response
		want                Result
		message             string
	}{
		{"good", must, true, true, good(nil), Pass, ""},
		{"promised and absent", must, true, true, absent, Fail, "The endpoint does not staple an OCSP response."},
		{"not promised and absent", must, false, true, absent, NotApplicable, notAsked},
		{"not promised, whatever it says", must, false, true, until("2026-05-31 23:59:59"), NotApplicable, notAsked},
		{"not promised and revoked", must, false, true, revoked, Fail, "The endpoint staples a verified OCSP response which says that its own certificate is revoked."},
		{"revoked, says who cannot know", must, false, true, good(func(r *response) { r.status, r.verified = "revoked", scan.No }), NotApplicable, notAsked},
		{"not known whether one is there", must, true, true, response{}, NotAssessed, "Whether the endpoint staples an OCSP response is not known."},
		{"not known, and not promised", must, false, true, response{}, NotApplicable, notAsked},
		{"responder named, absent", responder, false, true, absent, Fail, "The endpoint does not staple an OCSP response."},
		{"no responder named", responder, false, false, absent, NotApplicable, notAsked},
		{"always", always, false, false, absent, Fail, "The endpoint does not staple an OCSP response."},
		{"always, not known", always, false, false, response{}, NotAssessed, "The evidence does not have ocsp_stapled."},
		{"content not known", responder, false, true, response{stapled: scan.Yes}, NotAssessed, "What the stapled OCSP response says is not known."},
		{"content not known, and why", responder, false, true, response{stapled: scan.Yes, code: "no_issuer"}, NotAssessed, "What the stapled OCSP response says is not known (no_issuer)."},
		{"not verified", responder, false, true, good(func(r *response) { r.verified, r.code = scan.No, "bad_signature" }), Fail, "The endpoint staples an OCSP response that does not verify (bad_signature)."},
		{"unknown to the responder", responder, false, true, good(func(r *response) { r.status = "unknown" }), Fail, "The endpoint staples an OCSP response whose status is not good (unknown)."},
		{"no status", responder, false, true, good(func(r *response) { r.status = "" }), Fail, "The endpoint staples an OCSP response whose status is not good (none)."},
		{"last second", responder, false, true, until("2026-06-01 00:00:00"), Pass, ""},
		{"one second over", responder, false, true, until("2026-05-31 23:59:59"), Fail, "The stapled OCSP response ran out on 2026-05-31 23:59:59 UTC."},
		{"no end", responder, false, true, until(""), Pass, ""},
		{"ten days old", responder, false, true, at("2026-05-22 00:00:00"), Pass, ""},
		{"and a second", responder, false, true, at("2026-05-21 23:59:59"), Fail, "The stapled OCSP response is of 2026-05-21 23:59:59 UTC, 10 days before the as-of time, where the policy allows 10 days."},
		{"one day is allowed", "{require: responder, max_age_days: 1}", false, true, at("2026-05-30 00:00:00"), Fail, "The stapled OCSP response is of 2026-05-30 00:00:00 UTC, 2 days before the as-of time, where the policy allows 1 day."},
		{"no date", responder, false, true, at(""), NotAssessed, "The stapled OCSP response does not say of when it is."},
		{"signed while the scan ran", responder, false, true, good(func(r *response) { r.thisUpdate, r.observed = "2026-06-01 00:05:00", "2026-06-01 00:05:00" }), Pass, ""},
		{"of the future", responder, false, true, at("2026-06-01 00:00:01"), Fail, "The stapled OCSP response is of 2026-06-01 00:00:01 UTC, which was still to come."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, r := goodEndpoint(), tt.response
			e.OCSPStapled, e.OCSPVerified, e.OCSPStatus, e.OCSPError = r.stapled, r.verified, r.status, r.code
			e.OCSPThisUpdate, e.OCSPNextUpdate = instantOrZero(r.thisUpdate), instantOrZero(r.next)
			e.ObservedAt = instantOrZero(r.observed)
			s := endpointSubject(e)
			s.Certificate.MustStaple, s.Certificate.OCSPURLs = tt.promises, nil
			if tt.responder {
				s.Certificate.OCSPURLs = []string{"http://ocsp.example.test"}
			}
			a := judge(t, "ocsp-stapling", tt.params, s, now)
			want(t, a, tt.want, tt.message)
			if revoked := tt.response == revoked; tt.want == Fail && (a.Severity == Critical) != revoked {
				t.Errorf("severity %s", a.Severity)
			}
		})
	}
	e := goodEndpoint()
	e.OCSPStapled = scan.No
	if a := judge(t, "ocsp-stapling", "{require: always, other_faults: low}", endpointSubject(e), now); a.Severity != Low {
		t.Errorf("severity %s", a.Severity)
	}
	s := endpointSubject(goodEndpoint())
	s.Certificate = nil
	want(t, judge(t, "ocsp-stapling", "", s, now), NotAssessed, "The evidence does not have must_staple.")
}
