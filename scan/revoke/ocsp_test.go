package revoke

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"certaudit/scan"
)

func TestReadOCSP(t *testing.T) {
	ca, other := newCA(t, "CA", nil), newCA(t, "Other CA", nil)
	twin := newCA(t, "CA", nil) // the same name, another key
	leaf, second := newLeaf(t, "a.test", ca), newLeaf(t, "b.test", ca)
	responder := newResponder(t, ca)
	under := newCA(t, "Sub", ca)
	revokedAt := now.Add(-time.Hour)
	status := func(s int) func(*ocsp.Response) {
		return func(r *ocsp.Response) {
			r.Status = s
			if s == ocsp.Revoked {
				r.RevokedAt, r.RevocationReason = revokedAt, ocsp.KeyCompromise
			}
		}
	}
	good := respond(t, ca, ca, leaf)
	for _, tt := range []struct {
		name           string
		response       []byte
		status, reason string
		err            string
		delegated      bool
	}{
		{"good", good, "good", "", "", false},
		{"revoked", respond(t, ca, ca, leaf, status(ocsp.Revoked)), "revoked", "keyCompromise", "", false},
		{"unknown", respond(t, ca, ca, leaf, status(ocsp.Unknown)), "unknown", "", "", false},
		{"SHA-256 names the issuer", respond(t, ca, ca, leaf, func(r *ocsp.Response) { r.IssuerHash = crypto.SHA256 }), "good", "", "", false},
		{"SHA-512 names the issuer", respond(t, ca, ca, leaf, func(r *ocsp.Response) { r.IssuerHash = crypto.SHA512 }), "good", "", "", false},
		{"expired is not revoked", respond(t, ca, ca, leaf, func(r *ocsp.Response) { r.NextUpdate = now.Add(-48 * time.Hour) }), "good", "", "", false},
		{"delegated", respond(t, ca, responder, leaf), "good", "", "", true},
		{"delegated, revoked", respond(t, ca, responder, leaf, status(ocsp.Revoked)), "revoked", "keyCompromise", "", true},
		{"delegated, critical usage", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) {
			c.ExtKeyUsage = nil
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: []byte("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x09")}}
		}), leaf), "good", "", "", true},
		{"delegated without the usage", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = nil }), leaf), "good", "", codeNotAuthorised, true},
		{"delegated for another usage", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), leaf), "good", "", codeNotAuthorised, true},
		{"delegated for any usage", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }), leaf), "good", "", codeNotAuthorised, true},
		{"another leaf of the issuer", respond(t, ca, second, leaf), "good", "", codeNotAuthorised, true},
		{"delegated by another issuer", respond(t, ca, newResponder(t, other), leaf), "good", "", codeNotAuthorised, true},
		{"delegated by one of the same name", respond(t, ca, newResponder(t, twin), leaf), "good", "", codeNotAuthorised, true},
		{"delegated one step below", respond(t, ca, newResponder(t, under), leaf), "good", "", codeNotAuthorised, true},
		{"delegated, expired by then", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = now.AddDate(-2, 0, 0), time.Now().Add(-time.Hour) // produced now: the library takes the clock
		}), leaf), "good", "", codeNotAuthorised, true},
		{"delegated, expired before what it says was known", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = now.AddDate(-2, 0, 0), time.Now().Add(time.Hour)
		}), leaf, func(r *ocsp.Response) {
			r.ThisUpdate, r.NextUpdate = time.Now().Add(2*time.Hour), time.Now().AddDate(1, 0, 0)
		}), "good", "", codeNotAuthorised, true},
		{"delegated, not yet valid", respond(t, ca, newResponder(t, ca, func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), now.AddDate(5, 0, 0)
		}), leaf), "good", "", codeNotAuthorised, true},
		{"signed by another", respond(t, other, other, leaf), "", "", codeWrongCert, false},
		{"signed by one of the same name", respond(t, twin, twin, leaf), "", "", codeWrongCert, false},
		{"right issuer, signed by another", respond(t, ca, other, leaf, func(r *ocsp.Response) { r.Certificate = nil }), "good", "", codeNotAuthorised, false},
		{"right issuer, signed by one of its name", respond(t, ca, twin, leaf, func(r *ocsp.Response) { r.Certificate = nil }), "good", "", codeBadSignature, false},
		{"of another serial", respond(t, ca, ca, second), "", "", codeWrongCert, false},
		{"damaged signature", flip(good, len(good)-1), "good", "", codeBadSignature, false},
		{"unknown critical extension", respond(t, ca, ca, leaf, func(r *ocsp.Response) {
			r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: asn1.NullBytes}}
		}), "good", "", codeCritical, false},
		{"an unasked nonce", respond(t, ca, ca, leaf, func(r *ocsp.Response) {
			r.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}, Value: []byte{4, 1, 9}}}
		}), "good", "", "", false},
		{"cut", good[:len(good)-1], "", "", codeMalformed, false},
		{"something behind it", append(bytes.Clone(good), 0), "", "", codeMalformed, false},
		{"nothing", nil, "", "", codeMalformed, false},
		{"a web page", []byte("<html>200 OK</html>"), "", "", codeMalformed, false},
		{"try later", ocsp.TryLaterErrorResponse, "", "", codeTryLater, false},
		{"unauthorised", ocsp.UnauthorizedErrorResponse, "", "", codeUnauthorised, false},
		{"internal error", ocsp.InternalErrorErrorResponse, "", "", codeResponder, false},
		{"malformed request", ocsp.MalformedRequestErrorResponse, "", "", codeBadRequest, false},
		{"signature required", ocsp.SigRequredErrorResponse, "", "", codeSigRequired, false},
		{"a status that is none", []byte{0x30, 3, 10, 1, 9}, "", "", codeMalformed, false},
		{"successful, and empty", []byte{0x30, 3, 10, 1, 0}, "", "", codeMalformed, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ReadOCSP(tt.response, leaf.Raw, ca.Raw)
			want := scan.Yes
			if tt.err != "" {
				want = scan.No
			}
			if got.Verified != want || got.Error != tt.err || got.Status != tt.status || got.Reason != tt.reason || (got.Signer != "") != tt.delegated {
				t.Errorf("verified %v, error %q, status %q, reason %q, signer %q; want %v, %q, %q, %q",
					got.Verified, got.Error, got.Status, got.Reason, got.Signer, want, tt.err, tt.status, tt.reason)
			}
			if got.Method != "ocsp" || got.SHA256 == "" || (got.Status != "") == got.ThisUpdate.IsZero() || (got.Status == "revoked") != got.RevokedAt.Equal(revokedAt) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestEveryBitOfAResponse: no damage of one bit leaves an answer that counts
// and says something else.
func TestEveryBitOfAResponse(t *testing.T) {
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "a.test", ca)
	response := respond(t, ca, newResponder(t, ca), leaf)
	want := ReadOCSP(response, leaf.Raw, ca.Raw)
	for i := range response {
		for bit := range 8 {
			b := bytes.Clone(response)
			b[i] ^= 1 << bit
			got := ReadOCSP(b, leaf.Raw, ca.Raw)
			if got.Verified == scan.Yes && (got.Status != want.Status || !got.ThisUpdate.Equal(want.ThisUpdate) || !got.NextUpdate.Equal(want.NextUpdate)) {
				t.Fatalf("byte %d, bit %d: %+v", i, bit, got)
			}
		}
	}
}

// TestRequest: openssl's peer and the library read what is asked.
func TestRequest(t *testing.T) {
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "a.test", ca)
	der, ok := request(leaf.Raw, ca.Raw)
	if !ok {
		t.Fatal("no request")
	}
	want, err := ocsp.CreateRequest(leaf.Certificate, ca.Certificate, nil)
	if err != nil || !bytes.Equal(der, want) {
		t.Errorf("%x\nwant %x, %v", der, want, err)
	}
	if _, ok := request([]byte("x"), ca.Raw); ok {
		t.Error("a request about nothing")
	}
}

// TestSCTs counts the timestamps of a response.
func TestSCTs(t *testing.T) {
	ca := newCA(t, "CA", nil)
	leaf := newLeaf(t, "a.test", ca)
	with := func(list []byte) []byte {
		value, err := asn1.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		return respond(t, ca, ca, leaf, func(r *ocsp.Response) {
			r.ExtraExtensions = []pkix.Extension{{Id: oidSCTs, Value: value}}
		})
	}
	for _, c := range []struct {
		list []byte
		want int
	}{
		{[]byte{0, 8, 0, 2, 1, 2, 0, 2, 3, 4}, 2}, {[]byte{0, 4, 0, 2, 1, 2}, 1}, {[]byte{0, 0}, 0}, {nil, 0},
		{[]byte{0, 9, 0, 2, 1, 2}, 0}, {[]byte{0, 4, 0, 9, 1, 2}, 0},
	} {
		if got := SCTs(with(c.list), leaf.Raw, ca.Raw); got != c.want {
			t.Errorf("%v: %d, want %d", c.list, got, c.want)
		}
	}
	if n := SCTs(respond(t, ca, ca, leaf), leaf.Raw, ca.Raw); n != 0 {
		t.Errorf("%d in a response without", n)
	}
}

func FuzzReadOCSP(f *testing.F) {
	ca := newCA(f, "CA", nil)
	leaf := newLeaf(f, "a.test", ca)
	f.Add(respond(f, ca, ca, leaf))
	f.Add(respond(f, ca, newResponder(f, ca), leaf))
	f.Add(respond(f, ca, ca, leaf, func(r *ocsp.Response) { r.Status, r.RevokedAt = ocsp.Revoked, now }))
	f.Add(ocsp.TryLaterErrorResponse)
	f.Fuzz(func(t *testing.T, response []byte) {
		got := ReadOCSP(response, leaf.Raw, ca.Raw)
		if (got.Verified == scan.Yes) != (got.Error == "") || got.Verified == scan.Unasked {
			t.Fatalf("%+v", got)
		}
		if got.Verified == scan.Yes && got.Status == "" {
			t.Fatalf("it counts and says nothing: %+v", got)
		}
		SCTs(response, leaf.Raw, ca.Raw)
	})
}
