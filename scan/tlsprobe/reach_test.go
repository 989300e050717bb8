package tlsprobe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// resolvesTo is a resolver with one answer.
func resolvesTo(addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) (all []netip.Addr, err error) {
		for _, a := range addrs {
			all = append(all, netip.MustParseAddr(a))
		}
		return all, nil
	}
}

// TestSweepUnits: each endpoint of a block is a unit of its own, and what does
// not answer is not assessed.
func TestSweepUnits(t *testing.T) {
	e := newEstate(t)
	_, port := listen(t, "127.0.0.2:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	target, err := scan.ParseListed("127.0.0.0/30:" + strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for u := range newProber(t, Options{}).Units(t.Context(), target) {
		u.Observe(t.Context(), func(rec scan.Record) {
			switch rec := rec.(type) {
			case *scan.Endpoint:
				got = append(got, rec.Endpoint+" answered "+rec.Address+" "+rec.Target)
			case *scan.NotAssessed:
				got = append(got, rec.Endpoint+" "+string(rec.Stage)+" "+rec.Target)
			}
		})
	}
	var want []string
	for i, what := range []string{"connect", "connect", "answered 127.0.0.2", "connect"} {
		want = append(want, fmt.Sprintf("127.0.0.%d:%d %s %s", i, port, what, target.Arg))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestAllAddresses: every address in ascending order, each with the whole time
// of an endpoint, and the silent ones not assessed.
func TestAllAddresses(t *testing.T) {
	e := newEstate(t)
	_, port := listen(t, "127.0.0.1:0", func(c net.Conn) { io.Copy(io.Discard, c) }) // hangs
	at := strconv.Itoa(port)
	listen(t, "127.0.0.2:"+at, tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf, e.inter)}}))
	listen(t, "127.0.0.10:"+at, tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	r := observe(t, newProber(t, Options{AllAddresses: true, Timeout: time.Second,
		Resolve: resolvesTo("127.0.0.10", "127.0.0.3", "127.0.0.2", "::ffff:127.0.0.1", "127.0.0.2")}), "localhost", port)
	var got []string
	for _, rec := range r.all {
		switch rec := rec.(type) {
		case *scan.Endpoint:
			got = append(got, fmt.Sprint("answered ", rec.Address, " ", rec.ServerName, " ", len(rec.Chain), " ", rec.Attempts))
		case *scan.Observation:
			got = append(got, fmt.Sprint("certificate ", rec.Address, " ", rec.Index))
		case *scan.NotAssessed:
			got = append(got, fmt.Sprint(rec.Stage, " ", rec.Reason, " ", rec.Address))
		}
	}
	want := []string{"handshake timeout 127.0.0.1", "certificate 127.0.0.2 0", "certificate 127.0.0.2 1", "answered 127.0.0.2 localhost 2 1",
		"connect refused 127.0.0.3", "certificate 127.0.0.10 0", "answered 127.0.0.10 localhost 1 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r = observe(t, newProber(t, Options{AllAddresses: true}), "127.0.0.2", port)
	if len(r.observations) != 2 || r.observations[0].Address != "" {
		t.Errorf("an address that was asked for by itself: %+v", r.observations)
	}
}

func TestTooManyAddresses(t *testing.T) {
	var many []netip.Addr
	for a := netip.MustParseAddr("192.0.2.0"); len(many) <= maxEach; a = a.Next() {
		many = append(many, a)
	}
	dialled := map[string]int{}
	p := newProber(t, Options{AllAddresses: true,
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return many, nil },
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialled[address]++
			return nil, errors.New("no network")
		}})
	r := observe(t, p, "many.test", 443)
	last := r.notAssessed[len(r.notAssessed)-1]
	if len(dialled) != maxEach || len(r.all) != maxEach+1 || last.Stage != scan.StageLimit || last.Reason != scan.ReasonTooMany || last.Address != "" {
		t.Errorf("%d dialled, %d records, last %+v", len(dialled), len(r.all), last)
	}
}

// TestServerName: the name that is sent is the one that the certificate is
// judged by, also where the target is an address.
func TestServerName(t *testing.T) {
	e := newEstate(t)
	var sent atomic.Value
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		sent.Store(h.ServerName)
		c := served(e.leaf, e.inter)
		return &c, nil
	}}))
	for _, c := range []struct {
		host, sni, sent string
		match           scan.Answer
	}{
		{host, "", "", scan.Yes},
		{host, "localhost", "localhost", scan.Yes},
		{host, "Other.Example.", "other.example", scan.No},
		{"localhost", "bücher.example", "xn--bcher-kva.example", scan.No},
		{"localhost", "", "localhost", scan.Yes},
	} {
		r := observe(t, newProber(t, Options{ServerName: c.sni, Resolve: resolvesTo("127.0.0.1")}), c.host, port)
		if r.endpoint == nil || r.endpoint.ServerName != c.sent || sent.Load() != c.sent || r.endpoint.HostnameMatch != c.match {
			t.Errorf("%+v: sent %q, %+v", c, sent.Load(), r.endpoint)
		}
	}
	for _, bad := range []string{"192.0.2.1", "2001:db8::1", "a b", strings.Repeat("a", 256)} {
		if _, err := New(Options{Timeout: 1, Now: time.Now, ServerName: bad}); err == nil {
			t.Errorf("%q was taken as a name", bad)
		}
	}
}

// bySNI shows one chain to clients that name the host, and another, or an
// alert, to those that do not.
func bySNI(named tls.Certificate, other *tls.Certificate) func(net.Conn) {
	return tlsServer(&tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		switch {
		case h.ServerName != "":
			return &named, nil
		case other == nil:
			return nil, errors.New("no name")
		}
		return other, nil
	}})
}

func TestWithoutSNI(t *testing.T) {
	e := newEstate(t)
	fallback := newParty(t, leafTemplate("fallback.test"), nextKey(), e.inter)
	other := served(fallback, e.inter)
	probes := Options{Probes: []string{scan.ProbeNoSNI}, Resolve: resolvesTo("127.0.0.1")}

	_, port := listen(t, "127.0.0.1:0", bySNI(served(e.leaf, e.inter), &other))
	r := observe(t, newProber(t, probes), "localhost", port)
	want := []scan.OtherChain{{For: "no_sni", Chain: []string{hexSum(fallback.Raw), hexSum(e.inter.Raw)}}}
	if diff := cmp.Diff(want, r.endpoint.OtherChains); diff != "" || len(r.notAssessed) > 0 || !slices.Contains(r.endpoint.Probed, "no_sni") {
		t.Errorf("%v %s", r.notAssessed, diff)
	}
	var places []string
	for _, o := range r.observations {
		places = append(places, fmt.Sprint(o.Index, o.Use, " ", o.Alias, " ", o.SHA256 == hexSum(e.inter.Raw)))
	}
	if diff := cmp.Diff([]string{"0identity  false", "1chain  true", "2identity no_sni false", "3chain no_sni true"}, places); diff != "" {
		t.Error(diff)
	}
	if last := r.all[len(r.all)-1]; last != scan.Record(r.endpoint) || !slices.ContainsFunc(r.certificates, func(c *scan.Certificate) bool { return c.SHA256 == hexSum(fallback.Raw) }) {
		t.Errorf("records %v", r.kinds())
	}

	_, port = listen(t, "127.0.0.1:0", bySNI(served(e.leaf), nil))
	r = observe(t, newProber(t, probes), "localhost", port)
	if r.endpoint == nil || len(r.endpoint.OtherChains)+len(r.endpoint.Probed) > 0 || len(r.notAssessed) != 1 || r.notAssessed[0].Stage != scan.StageProbe ||
		r.notAssessed[0].Reason != scan.ReasonHandshakeFailure || !strings.HasPrefix(r.notAssessed[0].Detail, "no_sni: ") {
		t.Errorf("%+v %+v", r.endpoint, r.notAssessed)
	}

	// The same chain is no other one, and an address names no host anyway.
	var handshakes atomic.Int32
	serve := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}})
	_, port = listen(t, "127.0.0.1:0", func(c net.Conn) { handshakes.Add(1); serve(c) })
	for i, host := range []string{"localhost", "127.0.0.1"} {
		r = observe(t, newProber(t, probes), host, port)
		if n := handshakes.Swap(0); r.endpoint == nil || len(r.endpoint.OtherChains) > 0 || len(r.observations) != 1 || n != int32(2-i) || !slices.Contains(r.endpoint.Probed, "no_sni") {
			t.Errorf("%s: %d handshakes, %+v", host, n, r.endpoint)
		}
	}
}

// TestSamples has a server that shows its chains in turn.
func TestSamples(t *testing.T) {
	e := newEstate(t)
	chains := []tls.Certificate{served(e.leaf, e.inter)}
	for i := range 2 {
		chains = append(chains, served(newParty(t, leafTemplate(fmt.Sprintf("host%d.test", i)), nextKey(), e.inter), e.inter))
	}
	var n atomic.Int32
	config := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return &chains[int(n.Add(1)-1)%len(chains)], nil
	}}
	host, port := listen(t, "127.0.0.1:0", tlsServer(config))
	r := observe(t, newProber(t, Options{Samples: 8}), host, port)
	if r.endpoint == nil || n.Load() != 8 || r.endpoint.Samples != 8 || len(r.endpoint.OtherChains) != 2 || len(r.observations) != 6 || len(r.notAssessed) > 0 {
		t.Fatalf("%d handshakes, %+v %+v", n.Load(), r.endpoint, r.notAssessed)
	}
	for i, o := range r.endpoint.OtherChains {
		if o.For != "sample" || o.Chain[0] != hexSum(chains[i+1].Certificate[0]) {
			t.Errorf("%+v", o)
		}
	}
	if r := observe(t, newProber(t, Options{}), host, port); r.endpoint.Samples != 0 || r.endpoint.OtherChains != nil {
		t.Errorf("not asked for: %+v", r.endpoint)
	}
}

// TestSamplesCutShort has a server that takes three connections and no more, one
// that hangs after the first, and one that shows a new chain each time.
func TestSamplesCutShort(t *testing.T) {
	e := newEstate(t)
	serve := tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}})
	var n atomic.Int32
	host, port := listen(t, "127.0.0.1:0", func(c net.Conn) {
		if n.Add(1) <= 3 {
			serve(c)
		}
	})
	r := observe(t, newProber(t, Options{Samples: 9}), host, port)
	if r.endpoint == nil || r.endpoint.Samples != 3 || len(r.notAssessed) != 1 || r.notAssessed[0].Stage != scan.StageProbe || !strings.HasPrefix(r.notAssessed[0].Detail, "samples: 3 of 9 made") {
		t.Errorf("%+v %+v", r.endpoint, r.notAssessed)
	}

	n.Store(0)
	host, port = listen(t, "127.0.0.1:0", func(c net.Conn) {
		if n.Add(1) == 1 {
			serve(c)
		}
		io.Copy(io.Discard, c) // hangs
	})
	before := inUse()
	r = observe(t, newProber(t, Options{Samples: 9, Timeout: time.Second}), host, port)
	if r.endpoint == nil || r.endpoint.Samples != 1 || len(r.notAssessed) != 1 || r.notAssessed[0].Reason != scan.ReasonTimeout {
		t.Errorf("%+v %+v", r.endpoint, r.notAssessed)
	}
	noLeak(t, before)

	host, port = listen(t, "127.0.0.1:0", tlsServer(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c := served(newParty(t, leafTemplate("localhost"), e.leaf.key, e.inter))
		return &c, nil
	}}))
	r = observe(t, newProber(t, Options{Samples: MaxSamples, Timeout: 20 * time.Second}), host, port)
	if r.endpoint == nil || r.endpoint.Samples != MaxSamples || len(r.endpoint.OtherChains) != maxOtherChains || len(r.observations) != maxOtherChains+1 ||
		len(r.notAssessed) != 1 || r.notAssessed[0].Reason != scan.ReasonTooMany {
		t.Errorf("%d observations, %+v", len(r.observations), r.notAssessed)
	}
	if _, err := New(Options{Timeout: 1, Now: time.Now, Samples: MaxSamples + 1}); err == nil {
		t.Error("more samples than the bound were accepted")
	}
}

// TestAddChain: a chain that another kind of client is shown, too, is named for
// both and placed once.
func TestAddChain(t *testing.T) {
	e := newEstate(t)
	var all []scan.Record
	v := &visit{p: newProber(t, Options{}), budget: newBudget(""), emit: func(r scan.Record) { all = append(all, r) }, placed: 2}
	ep := &scan.Endpoint{Chain: []string{hexSum(e.leaf.Raw), hexSum(e.inter.Raw)}}
	for _, label := range []string{"RSA", "RSA", "no_sni"} {
		v.addChain(ep, label, [][]byte{e.leaf.Raw})
	}
	v.addChain(ep, "sample", [][]byte{e.leaf.Raw, e.inter.Raw})
	v.addChain(ep, "sample", nil)
	if len(ep.OtherChains) != 2 || len(all) != 2 {
		t.Errorf("%+v, %d records", ep.OtherChains, len(all))
	}
}

// TestOfflineAsksNobody: with Offline nothing is dialled and nothing resolved,
// whatever else was asked for.
func TestOfflineAsksNobody(t *testing.T) {
	calls := 0
	px, err := NewProxy("http://proxy.test:3128", "")
	if err != nil {
		t.Fatal(err)
	}
	base := Options{Offline: true, Samples: 4, Probes: []string{scan.ProbeNoSNI, "versions<=TLS 1.1"}, ServerName: "a.test",
		Resolve: func(context.Context, string) ([]netip.Addr, error) { calls++; return nil, errors.New("asked") },
		Dial:    func(context.Context, string, string) (net.Conn, error) { calls++; return nil, errors.New("dialled") }}
	all, proxied := base, base
	all.AllAddresses, proxied.Proxy = true, px
	for _, o := range []Options{base, all, proxied} {
		for host, stage := range map[string]scan.Stage{"name.test": scan.StageResolve, "192.0.2.1": scan.StageConnect} {
			r := observe(t, newProber(t, o), host, 443)
			if len(r.all) != 1 || r.notAssessed[0].Stage != stage || r.notAssessed[0].Reason != scan.ReasonOffline {
				t.Errorf("%s: %v %+v", host, r.kinds(), r.notAssessed)
			}
		}
	}
	if calls > 0 {
		t.Errorf("%d calls of the network", calls)
	}
}
