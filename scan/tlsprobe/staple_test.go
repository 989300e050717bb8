package tlsprobe

import (
	"bytes"
	"crypto/tls"
	"testing"
	"time"

	"certaudit/scan"
)

// TestStaple: what a handshake staples is read with the leaf and its issuer,
// wherever that is known from.
func TestStaple(t *testing.T) {
	e := newEstate(t)
	response := []byte("an OCSP response")
	said := scan.Revocation{Status: "good", Verified: scan.Yes, ProducedAt: now, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, c := range []struct {
		name     string
		chain    tls.Certificate
		roots    *Roots
		response []byte
		scts     [][]byte
		want     int // timestamps
		asked    bool
		code     string
	}{
		{"issuer on a path", served(e.leaf, e.inter), e.roots(), response, [][]byte{{1}, {2}}, 3, true, ""},
		{"issuer sent, no path", served(e.leaf, e.inter), NewRoots(nil), response, nil, 1, true, ""},
		{"issuer among others", served(e.leaf, e.root, e.inter), NewRoots(nil), response, nil, 1, true, ""},
		{"issuer is an anchor", served(e.leaf), NewRoots([][]byte{e.inter.Raw}), response, nil, 1, true, ""},
		{"issuer unknown", served(e.leaf), e.roots(), response, [][]byte{{1}}, 1, false, codeNoIssuer},
		{"nothing stapled", served(e.leaf, e.inter), e.roots(), nil, nil, 0, false, ""},
		{"timestamps alone", served(e.leaf, e.inter), e.roots(), nil, [][]byte{{1}}, 1, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := false
			p := newProber(t, Options{Roots: c.roots, Staple: func(r, leaf, issuer []byte) (scan.Revocation, int) {
				asked = true
				if !bytes.Equal(r, response) || !bytes.Equal(leaf, e.leaf.Raw) || !bytes.Equal(issuer, e.inter.Raw) {
					t.Error("asked about something else")
				}
				return said, 1
			}})
			c.chain.OCSPStaple, c.chain.SignedCertificateTimestamps = c.response, c.scts
			host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{c.chain}}))
			ep := observe(t, p, host, port).endpoint
			if ep.OCSPStapled != scan.Answered(c.response != nil) || asked != c.asked || ep.OCSPError != c.code || ep.SCTs == nil || *ep.SCTs != c.want {
				t.Errorf("stapled %v, asked %v, error %q, timestamps %v", ep.OCSPStapled, asked, ep.OCSPError, ep.SCTs)
			}
			if c.asked && (ep.OCSPStatus != "good" || ep.OCSPVerified != scan.Yes || !ep.OCSPProducedAt.Equal(said.ProducedAt) ||
				!ep.OCSPThisUpdate.Equal(said.ThisUpdate) || !ep.OCSPNextUpdate.Equal(said.NextUpdate)) {
				t.Errorf("%+v", ep)
			}
			if !c.asked && (ep.OCSPStatus != "" || ep.OCSPVerified == scan.Yes) {
				t.Errorf("%q, verified %v", ep.OCSPStatus, ep.OCSPVerified)
			}
		})
	}
}

// TestStapleUnread: without a reader, and where a hello of ours was answered,
// the facts are absent.
func TestStapleUnread(t *testing.T) {
	e := newEstate(t)
	cert := served(e.leaf, e.inter)
	cert.OCSPStaple = []byte("an OCSP response")
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{cert}}))
	ep := observe(t, newProber(t, Options{Roots: e.roots()}), host, port).endpoint
	if ep.OCSPStapled != scan.Yes || ep.OCSPVerified != scan.Unasked || ep.OCSPStatus != "" {
		t.Errorf("%+v", ep)
	}
	v := &visit{p: newProber(t, Options{})}
	raw := new(scan.Endpoint)
	v.stapled(raw, nil, nil, nil)
	if raw.SCTs != nil {
		t.Errorf("%d timestamps that nobody asked for", *raw.SCTs)
	}
}
