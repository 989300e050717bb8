package tlsprobe

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A pathCase is a chain as sent, the anchors, and the paths by the names of
// their members.
type pathCase struct {
	name  string
	sent  []*party
	roots []*party
	paths []string
	why   PathError
	loose bool // crypto/x509 differs here, for the reason beside it
}

func nodesOf(list []*party) []*node {
	p := &Prober{facts: newCache[[32]byte, *node](8)}
	out := make([]*node, len(list))
	for i, m := range list {
		out[i] = p.derive(m.Raw, i > 0)
	}
	return out
}

func rootsOf(list []*party) *Roots {
	var ders [][]byte
	for _, r := range list {
		ders = append(ders, r.Raw)
	}
	return NewRoots(ders)
}

func find(sent, roots []*party) ([]string, PathError) {
	p := &Prober{roots: rootsOf(roots), sigs: newCache[pair, string](256)}
	paths, why := p.findPaths(nodesOf(sent))
	var names []string
	for _, path := range paths {
		s := ""
		for _, n := range path {
			s += "/" + n.x.Subject.CommonName
			if o := n.x.Subject.OrganizationalUnit; len(o) > 0 {
				s += "(" + o[0] + ")"
			}
		}
		names = append(names, s)
	}
	return names, why
}

func with(c *x509.Certificate, edits ...func(*x509.Certificate)) *x509.Certificate {
	for _, e := range edits {
		e(c)
	}
	return c
}

func pathLen(n int) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

func dates(from, to time.Time) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
}

func usages(list ...x509.ExtKeyUsage) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.ExtKeyUsage = list }
}

// withSHA1 signs anew with ECDSA and SHA-1, which x509.CreateCertificate does
// not do any more.
func withSHA1(t testing.TB, p *party, by *party) *party {
	t.Helper()
	var cert struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(p.Raw, &cert); err != nil {
		t.Fatal(err)
	}
	// ecdsa-with-SHA256 and ecdsa-with-SHA1 differ in length: 1.2.840.10045.4.3.2
	// and 1.2.840.10045.4.1, so that the inner one is built from its fields.
	var tbs struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   asn1.RawValue
		Subject    asn1.RawValue
		Key        asn1.RawValue
		Extensions []pkix.Extension `asn1:"omitempty,optional,explicit,tag:3"`
	}
	if _, err := asn1.Unmarshal(cert.TBS.FullBytes, &tbs); err != nil {
		t.Fatal(err)
	}
	sha1ECDSA := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}}
	tbs.Algorithm, cert.Algorithm = sha1ECDSA, sha1ECDSA
	raw, err := asn1.Marshal(tbs)
	if err != nil {
		t.Fatal(err)
	}
	cert.TBS = asn1.RawValue{FullBytes: raw}
	sum := sha1.Sum(raw)
	sig, err := by.key.Sign(rand.Reader, sum[:], crypto.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	cert.Signature = asn1.BitString{Bytes: sig, BitLength: len(sig) * 8}
	der, err := asn1.Marshal(cert)
	if err != nil {
		t.Fatal(err)
	}
	x, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &party{x, p.key}
}

func pathCases(t testing.TB) []pathCase {
	keys := testKeys()
	ca := func(name string, key int, by *party, edits ...func(*x509.Certificate)) *party {
		return newParty(t, with(caTemplate(name), edits...), keys[key], by)
	}
	leaf := func(by *party, edits ...func(*x509.Certificate)) *party {
		return newParty(t, with(leafTemplate("www.example.test"), edits...), keys[20], by)
	}
	unit := func(s string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{s} }
	}
	root := ca("R", 0, nil)
	inter := ca("I", 1, root)
	good := leaf(inter)

	root2 := ca("R2", 2, nil)
	cross := ca("R", 0, root2) // R's name and key, signed by R2
	old := func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.AddDate(-9, 0, 0), now.AddDate(-8, 0, 0) }

	other := ca("I", 3, nil) // I's name under another key
	bad := leaf(other)       // which I did not sign
	notCA := newParty(t, with(leafTemplate("I"), func(c *x509.Certificate) { c.Subject.CommonName = "I" }), keys[1], root)
	noSign := ca("I", 1, root, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature })
	zero := ca("Z", 4, root, pathLen(0))
	under := ca("U", 5, zero)
	permit := ca("N", 6, root, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example.test"} })
	exclude := ca("N", 6, root, func(c *x509.Certificate) {
		_, net4, _ := net.ParseCIDR("127.0.0.0/8")
		c.ExcludedIPRanges = []*net.IPNet{net4}
	})
	emailOnly := ca("E", 7, root, usages(x509.ExtKeyUsageEmailProtection))
	anyUse := ca("E", 7, root, usages(x509.ExtKeyUsageAny))
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}
	private := ca("P", 8, nil)
	selfSigned := leaf(nil)
	refused := refusedLeaf(t, root)

	deep := []*party{ca("D0", 9, root)}
	for i := 1; i < 9; i++ {
		deep = append([]*party{ca(fmt.Sprint("D", i), 9+i, deep[0])}, deep...)
	}
	list := func(members ...*party) []*party { return members }

	weakLeaf, weakCA := rsa512(t)

	return []pathCase{
		{name: "one path", sent: list(good, inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "anchor is sent too", sent: list(good, inter, root), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "leaf is the anchor", sent: list(good), roots: list(good), paths: []string{"/www.example.test"}},
		{name: "self-signed leaf is the anchor", sent: list(selfSigned), roots: list(selfSigned, root), paths: []string{"/www.example.test"}},
		{name: "intermediate is an anchor", sent: list(good), roots: list(inter), paths: []string{"/www.example.test/I"}},
		{name: "cross-signed: two anchors", sent: list(good, inter, cross), roots: list(root, root2),
			paths: []string{"/www.example.test/I/R", "/www.example.test/I/R/R2"}},
		{name: "cross-signed: only the new anchor", sent: list(good, inter, cross), roots: list(root2), paths: []string{"/www.example.test/I/R/R2"}},
		{name: "expired leaf", sent: list(leaf(inter, old), inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "expired intermediate", sent: list(leaf(ca("I", 1, root, old)), ca("I", 1, root, old)), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "expired and renewed intermediate", sent: list(good, ca("I", 1, root, old, unit("old")), inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "anchor never valid together with the leaf", sent: list(leaf(inter, old), inter), roots: list(ca("R", 0, nil, dates(now.AddDate(5, 0, 0), now.AddDate(6, 0, 0)))),
			paths: []string{"/www.example.test/I/R"}},

		{name: "self-signed", sent: list(selfSigned), roots: list(root), why: PathSelfSigned},
		{name: "self-signed beside others", sent: list(selfSigned, inter, root), roots: list(root), why: PathSelfSigned},
		{name: "self-signed in an anchor's name", sent: list(newParty(t, caTemplate("R"), keys[21], nil)), roots: list(root), why: PathSelfSigned},
		{name: "issuer not sent", sent: list(good), roots: list(root), why: PathIncompleteChain},
		{name: "issuer of the intermediate not known", sent: list(good, inter), roots: list(root2), why: PathIncompleteChain},
		{name: "own authority", sent: list(leaf(private), private), roots: list(root), why: PathUnknownAuthority},
		{name: "no anchors", sent: list(good, inter, root), why: PathUnknownAuthority},
		{name: "not signed by the one named", sent: list(bad, inter), roots: list(root), why: PathBadSignature},
		{name: "not signed by the anchor named", sent: list(leaf(newParty(t, caTemplate("R"), keys[21], nil))), roots: list(root), why: PathBadSignature},
		{name: "SHA-1", sent: list(withSHA1(t, good, inter), inter), roots: list(root), why: PathWeakSignature},
		{name: "SHA-1 above", sent: list(good, withSHA1(t, inter, root)), roots: list(root), why: PathWeakSignature},
		{name: "SHA-1 of somebody else", sent: list(withSHA1(t, good, other), inter), roots: list(root), why: PathBadSignature},
		{name: "SHA-1 anchor", sent: list(good, inter), roots: list(withSHA1(t, root, root)), paths: []string{"/www.example.test/I/R"}},
		{name: "RSA key of 512 bits", sent: list(weakLeaf), roots: list(weakCA), why: PathWeakSignature},
		{name: "issuer is no CA", sent: list(good, notCA), roots: list(root), why: PathNotACA},
		{name: "anchor is no CA", sent: list(good), roots: list(notCA), why: PathNotACA},
		{name: "issuer may not sign", sent: list(good, noSign), roots: list(root), why: PathNotACA},
		{name: "path length 0 with a leaf", sent: list(leaf(zero), zero), roots: list(root), paths: []string{"/www.example.test/Z/R"}},
		{name: "path length 0 with an intermediate", sent: list(leaf(under), under, zero), roots: list(root), why: PathLength},
		{name: "path length of the anchor", sent: list(leaf(under), under, ca("Z", 4, root)), roots: list(ca("R", 0, nil, pathLen(1))), why: PathLength},
		{name: "path length 0 with a self-issued intermediate", sent: list(leaf(ca("Z", 5, zero)), ca("Z", 5, zero), zero), roots: list(root),
			paths: []string{"/www.example.test/Z/Z/R"}, loose: true}, // RFC 5280 does not count it
		{name: "name permitted", sent: list(leaf(permit), permit), roots: list(root), paths: []string{"/www.example.test/N/R"}},
		{name: "name not permitted", sent: list(leaf(permit, func(c *x509.Certificate) { c.DNSNames = []string{"www.example.org"} }), permit), roots: list(root), why: PathNameConstraint},
		{name: "address excluded", sent: list(leaf(exclude), exclude), roots: list(root), why: PathNameConstraint},
		{name: "address excluded, and expired", sent: list(leaf(exclude, old), exclude), roots: list(root), why: PathNameConstraint},
		{name: "leaf for clients", sent: list(leaf(inter, usages(x509.ExtKeyUsageClientAuth)), inter), roots: list(root), why: PathExtendedKeyUsage},
		{name: "leaf without usages", sent: list(leaf(inter, usages()), inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "intermediate for mail", sent: list(leaf(emailOnly), emailOnly), roots: list(root), why: PathExtendedKeyUsage},
		{name: "intermediate for all", sent: list(leaf(anyUse), anyUse), roots: list(root), paths: []string{"/www.example.test/E/R"}},
		{name: "critical extension", sent: list(leaf(inter, func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{critical} }), inter), roots: list(root), why: PathCriticalExtension},
		{name: "a good path beside a bad one", sent: list(good, notCA, noSign, inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "leaf that the parser refuses", sent: list(refused), roots: list(root), why: PathParserRefused},
		{name: "member that the parser refuses", sent: list(good, refused), roots: list(root), why: PathParserRefused},
		{name: "refused member is not missed", sent: list(good, refused, inter), roots: list(root), paths: []string{"/www.example.test/I/R"}},
		{name: "as deep as may be", sent: append(list(leaf(deep[1])), deep[1:]...), roots: list(root),
			paths: []string{"/www.example.test/D7/D6/D5/D4/D3/D2/D1/D0/R"}},
		{name: "one deeper", sent: append(list(leaf(deep[0])), deep...), roots: list(root), why: PathLimit, loose: true}, // crypto/x509 has no such bound
	}
}

// rsa512 makes a leaf and its CA, with a key of the CA that crypto/rsa would not use any more.
func rsa512(t testing.TB) (leaf, ca *party) {
	t.Helper()
	before := os.Getenv("GODEBUG")
	os.Setenv("GODEBUG", "rsa1024min=0")
	defer os.Setenv("GODEBUG", before)
	key, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	ca = newParty(t, caTemplate("W"), key, nil)
	return newParty(t, leafTemplate("www.example.test"), testKeys()[20], ca), ca
}

func TestFindPaths(t *testing.T) {
	for _, tt := range pathCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			paths, why := find(tt.sent, tt.roots)
			if diff := cmp.Diff(tt.paths, paths); diff != "" || why != tt.why {
				t.Errorf("why %q, want %q\n%s", why, tt.why, diff)
			}
		})
	}
}

// TestFindPathsAgrees compares with crypto/x509, dates set aside: a path is
// found where it verifies, and only there.
func TestFindPathsAgrees(t *testing.T) {
	at := now
	timeless := func(x *x509.Certificate) *x509.Certificate {
		c := *x
		c.NotBefore, c.NotAfter = at, at
		return &c
	}
	for _, tt := range pathCases(t) {
		if tt.loose || tt.sent[0].SerialNumber == nil {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			opts := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at}
			for _, r := range tt.roots {
				opts.Roots.AddCert(timeless(r.Certificate))
			}
			for _, m := range tt.sent[1:] {
				if m.SerialNumber != nil {
					opts.Intermediates.AddCert(timeless(m.Certificate))
				}
			}
			chains, err := timeless(tt.sent[0].Certificate).Verify(opts)
			if (err == nil) != (tt.why == "") || len(chains) != len(tt.paths) {
				t.Errorf("crypto/x509 has %d chains, %v; want %d, %q", len(chains), err, len(tt.paths), tt.why)
			}
		})
	}
}

// TestPathsElsewhere has a chain without its intermediate, which the scan knows:
// the chain has no path, and is told from one that nothing mends.
func TestPathsElsewhere(t *testing.T) {
	e := newEstate(t)
	host, port := listen(t, "127.0.0.1:0", tlsServer(&tls.Config{Certificates: []tls.Certificate{served(e.leaf)}}))
	other := newEstate(t)
	for _, tt := range []struct {
		name  string
		known *Roots
		want  [][]string
	}{
		{"nothing known", nil, nil},
		{"known", rootsOf([]*party{other.inter, e.inter}), [][]string{{hexSum(e.leaf.Raw), hexSum(e.inter.Raw), hexSum(e.root.Raw)}}},
		{"others known", rootsOf([]*party{other.inter}), nil},
	} {
		r := observe(t, newProber(t, Options{Roots: e.roots(), Known: tt.known}), host, port)
		if r.endpoint == nil || len(r.endpoint.Paths) > 0 || r.endpoint.PathError != string(PathIncompleteChain) {
			t.Fatalf("%s: %v %+v", tt.name, r.kinds(), r.endpoint)
		}
		if diff := cmp.Diff(tt.want, r.endpoint.PathsElsewhere); diff != "" || len(r.certificates) != 1+2*len(tt.want) {
			t.Errorf("%s: %d certificates\n%s", tt.name, len(r.certificates), diff)
		}
	}
}

// TestFindPathsBounds has chains made to be expensive.
func TestFindPathsBounds(t *testing.T) {
	keys := testKeys()
	root := newParty(t, caTemplate("R"), keys[0], nil)
	leaf := newParty(t, leafTemplate("www.example.test"), keys[20], newParty(t, caTemplate("X"), keys[1], nil))

	sameName := []*party{leaf}
	for range 100 {
		tmpl := caTemplate("X")
		tmpl.SubjectKeyId = leaf.AuthorityKeyId
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		sameName = append(sameName, newParty(t, tmpl, key, nil))
	}
	var mesh []*party // each signs each
	for i := range 10 {
		for j := range 10 {
			if i != j {
				mesh = append(mesh, newParty(t, caTemplate(fmt.Sprint("M", i)), keys[i], &party{newParty(t, caTemplate(fmt.Sprint("M", j)), keys[j], nil).Certificate, keys[j]}))
			}
		}
	}
	meshed := append([]*party{newParty(t, leafTemplate("www.example.test"), keys[20], mesh[0])}, mesh...)
	for name, sent := range map[string][]*party{"a hundred of one name": sameName, "a mesh": meshed} {
		t.Run(name, func(t *testing.T) {
			p := &Prober{roots: rootsOf([]*party{root}), sigs: newCache[pair, string](256)}
			s := &search{roots: p.roots, shared: p.sigs, verified: map[pair]PathError{}}
			nodes := nodesOf(sent)
			s.sent = nodes
			s.run(nodes[0])
			if !s.cut || len(s.verified) > maxSignatures || s.steps > maxSteps+1 || len(s.paths) != 0 {
				t.Errorf("cut %v after %d signatures and %d steps", s.cut, len(s.verified), s.steps)
			}
			if _, why := p.findPaths(nodes); why != PathLimit {
				t.Errorf("path error %q", why)
			}
		})
	}
	t.Run("a mesh with an anchor", func(t *testing.T) {
		p := &Prober{roots: rootsOf([]*party{newParty(t, caTemplate("M9"), keys[9], nil)}), sigs: newCache[pair, string](256)}
		paths, why := p.findPaths(nodesOf(meshed))
		if len(paths) == 0 || len(paths) > maxPaths || len(paths[0]) != 3 || why != "" {
			t.Errorf("%d paths, %q", len(paths), why)
		}
	})
}

// TestFindPathsMany has more paths than are listed.
func TestFindPathsMany(t *testing.T) {
	keys := testKeys()
	inter := newParty(t, caTemplate("I"), keys[1], newParty(t, caTemplate("R"), keys[0], nil))
	var roots []*party
	for range maxPaths + 1 {
		roots = append(roots, newParty(t, caTemplate("R"), keys[0], nil))
	}
	leaf := newParty(t, leafTemplate("www.example.test"), keys[20], inter)
	for _, n := range []int{maxPaths - 1, maxPaths, maxPaths + 1} {
		if paths, why := find([]*party{leaf, inter}, roots[:n]); len(paths) != min(n, maxPaths) || why != "" {
			t.Errorf("%d anchors: %d paths, %q", n, len(paths), why)
		}
	}
}

// TestSignatureMemory makes sure that what is remembered changes no result.
func TestSignatureMemory(t *testing.T) {
	e := newEstate(t)
	p := &Prober{roots: e.roots(), sigs: newCache[pair, string](256)}
	chain := nodesOf([]*party{e.leaf, e.inter})
	for range 2 {
		paths, why := p.findPaths(chain)
		if len(paths) != 1 || why != "" {
			t.Fatalf("%v %q", paths, why)
		}
	}
	// A verdict that somebody else's search left behind is used.
	p.sigs.put(pairOf(chain[0], chain[1]), string(PathBadSignature))
	if _, why := p.findPaths(chain); why != PathBadSignature {
		t.Errorf("path error %q", why)
	}
}

func TestCheckSignatureBounds(t *testing.T) {
	e := newEstate(t)
	for _, tt := range []struct {
		bits int
		want PathError
	}{{maxRSABits, PathBadSignature}, {maxRSABits + 1, PathLimit}} {
		issuer := *e.inter.Certificate
		issuer.PublicKey = &rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(tt.bits)), big.NewInt(1)), E: 65537}
		issuer.PublicKeyAlgorithm = x509.RSA
		if got := checkSignature(e.leaf.Certificate, &issuer); got != tt.want {
			t.Errorf("%d bits: %q, want %q", tt.bits, got, tt.want)
		}
	}
	issuer := *e.inter.Certificate
	issuer.PublicKey = nil
	if got := checkSignature(e.leaf.Certificate, &issuer); got != PathUnsupportedAlgorithm {
		t.Errorf("unknown key: %q", got)
	}
}

func TestRoots(t *testing.T) {
	e := newEstate(t)
	odd := refusedLeaf(t, e.root)
	r := NewRoots([][]byte{e.root.Raw, odd.Raw, e.root.Raw, []byte("rubbish")})
	if r.Len() != 1 {
		t.Errorf("%d anchors", r.Len())
	}
	if diff := cmp.Diff([]string{hexSum(odd.Raw), hexSum([]byte("rubbish"))}, r.Refused()); diff != "" {
		t.Error(diff)
	}
}

func TestCache(t *testing.T) {
	c := newCache[int, string](4)
	c.put(0, "kept")
	for i := 1; i < 100; i++ {
		c.put(i, "once")
		if v, ok := c.get(0); !ok || v != "kept" {
			t.Fatalf("what is asked for was dropped after %d", i)
		}
		if n := len(c.young) + len(c.old); n > 4 {
			t.Fatalf("%d values", n)
		}
	}
	if _, ok := c.get(1); ok {
		t.Error("nothing was dropped")
	}
}
