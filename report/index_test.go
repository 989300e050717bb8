package report

import (
	"slices"
	"testing"
	"time"
	"unsafe"
)

// TestEntrySizes: what an audit of a million certificates in one bundle keeps
// of each is an entry of each kind, some 45 bytes of the map by digest, and 8
// bytes of two sorted lists; the whole of `audit -f json` has 600.
func TestEntrySizes(t *testing.T) {
	for name, c := range map[string]struct{ got, want uintptr }{
		"certEntry":   {unsafe.Sizeof(certEntry{}), 120},
		"placement":   {unsafe.Sizeof(placement{}), 24},
		"objectEntry": {unsafe.Sizeof(objectEntry{}), 32},
		"saidEntry":   {unsafe.Sizeof(saidEntry{}), 16}, // of each answer about revocation
		"endpoint":    {unsafe.Sizeof(endpointEntry{}), 32},
		"authority":   {unsafe.Sizeof(authority{}), 24}, // of those that may issue
	} {
		if c.got > c.want {
			t.Errorf("%s has %d bytes, at most %d are in the budget", name, c.got, c.want)
		}
	}
}

func TestChunks(t *testing.T) {
	var c chunks[int]
	for _, n := range []int{0, 1, 2, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 7} {
		for c.len() < n {
			c.add(c.len() * 3)
		}
		if c.len() != n {
			t.Fatalf("%d entries, want %d", c.len(), n)
		}
		for i := range uint32(n) {
			if got := *c.at(i); got != int(i)*3 {
				t.Fatalf("of %d, entry %d is %d", n, i, got)
			}
		}
		for i, part := range c.parts {
			if cap(part) > chunkSize || i < len(c.parts)-1 && len(part) != chunkSize {
				t.Errorf("of %d, chunk %d has %d of %d entries", n, i, len(part), cap(part))
			}
		}
	}
}

func TestKeyIDs(t *testing.T) {
	const sum = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef"
	k, ok := keyIDOf(sum)
	if !ok || k != (keyID{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}) {
		t.Errorf("%x, %v", k, ok)
	}
	for _, bad := range []string{"", sum[2:], sum + "00", "zz" + sum[2:], sum[:62] + "zz"} {
		if k, ok := keyIDOf(bad); ok || k != (keyID{}) {
			t.Errorf("%q is taken for key %x", bad, k)
		}
	}
}

// TestCertificateEntryText holds the hand-made encoding against encoding/json.
func TestCertificateEntryText(t *testing.T) {
	after, before := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(49, 1, 1, 0, 0, 0, 0, time.UTC)
	days, past := 12, -7
	for _, e := range []CertificateEntry{
		{SHA256: "aa", Uses: []string{}, Relations: Relations{PrivateKeysAt: []Place{}}},
		{SHA256: "aa", Uses: []string{"identity"}, Placements: 1, NotAfter: &after, DaysLeft: &days, Failures: 3, Worst: "critical", Revocation: "revoked (crl http://a.test/<\"\u2028>&)",
			Relations: Relations{SharesKey: 2, SameKeyAs: "bb", PrivateKeys: 21, PrivateKeysAt: []Place{{Path: "a<b>&\"\\\n\u2028.key", Alias: "\xff", Line: 4}, {}}, Issuer: "cc"}},
		{Uses: []string{"chain", "anchor", "unknown"}, NotAfter: &before, DaysLeft: &past, Placements: -1, Relations: Relations{PrivateKeysAt: []Place{}}},
	} {
		want, err := marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.appendTo([]byte("before"))
		if err != nil || string(got) != "before"+string(want) {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	}
}

// TestNamedAuthorities: the entries of a name, with an identifier or with any.
func TestNamedAuthorities(t *testing.T) {
	a := authorities{list: []authority{{3, 1, 8}, {2, 7, 4}, {2, 0, 6}, {1, 7, 1}, {2, 9, 2}, {2, 7, 3}, {2, 8, 5}}}
	for _, c := range []struct {
		name nameID
		id   uint64
		any  bool
		want []uint32
	}{
		{2, 7, false, []uint32{3, 4}}, {2, 8, false, []uint32{5}}, {2, 9, false, []uint32{2}}, {2, 0, false, []uint32{6}},
		{2, 5, false, nil}, {2, 10, false, nil}, {0, 7, false, nil}, {9, 7, false, nil},
		{2, 0, true, []uint32{6, 3, 4, 5, 2}}, {1, 0, true, []uint32{1}}, {3, 0, true, []uint32{8}}, {4, 0, true, nil},
	} {
		var got []uint32
		for _, x := range a.named(c.name, c.id, c.any) {
			got = append(got, x.cert)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("name %d, identifier %d, any %v: %v, want %v", c.name, c.id, c.any, got, c.want)
		}
	}
}
