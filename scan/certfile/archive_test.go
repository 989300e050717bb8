package certfile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A member is one file of an archive that a test makes.
type member struct{ name, text string }

func zipOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		in, err := w.Create(m.name)
		if err == nil {
			_, err = in.Write([]byte(m.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, format tar.Format, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		err := w.WriteHeader(&tar.Header{Name: m.name, Size: int64(len(m.text)), Mode: 0o600, Format: format})
		if err == nil {
			_, err = w.Write([]byte(m.text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, name string, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = name
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// oldTar takes the magic off every header, as in the tar of Version 7 Unix.
func oldTar(t testing.TB, b []byte) []byte {
	t.Helper()
	h := b[:512]
	clear(h[257:265])
	sum := 8 * 0x20
	for i, c := range h {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	copy(h[148:156], []byte{byte('0' + sum>>15&7), byte('0' + sum>>12&7), byte('0' + sum>>9&7), byte('0' + sum>>6&7), byte('0' + sum>>3&7), byte('0' + sum&7), 0, ' '})
	return b
}

func TestArchives(t *testing.T) {
	a, b := newTestCert(t, "a.example"), newTestCert(t, "b.example")
	zeros := strings.Repeat("\x00", 40<<20)
	good := zipOf(t, member{"a.pem", a.pem}, member{"b.pem", b.pem})
	nest := []byte(a.pem)
	nested := map[int][]byte{}
	for depth := 1; depth <= 6; depth++ {
		nest = zipOf(t, member{"n", string(nest)})
		nested[depth] = nest
	}
	encrypted := zipOf(t, member{"a.pem", a.pem}, member{"b.pem", b.pem})
	encrypted[6] |= 1
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	flipped := bytes.Clone(good)
	flipped[bytes.Index(flipped, []byte("b.pem"))+5+40] ^= 0xff
	strange := bytes.Clone(good)
	strange[bytes.Index(strange, []byte("PK\x01\x02"))+10] = 93 // Zstandard

	for _, tt := range []struct {
		name    string
		opt     Options
		content []byte
		want    []string
	}{
		{"zip", Options{}, zipOf(t, member{"dir/", ""}, member{"dir/a.pem", a.pem + b.pem}, member{"README", "nothing"}, member{"s.yaml", "kind: Secret\nmetadata: {name: s}\ndata:\n  x: " + b.b64pem}),
			[]string{"!dir/a.pem #0 A pem [] line 1 anchor", "!dir/a.pem #1 B pem [] line 10 anchor", "!s.yaml #0 B k8s-secret [s/x] line 4 unknown", "read"}},
		{"names", Options{}, zipOf(t, member{"../../etc/a.pem", a.pem}, member{"/etc/a.pem", a.pem}, member{`..\w\b.der`, string(b.der)}),
			[]string{"!etc/a.pem #0 A pem [] line 1 unknown", "!etc/a.pem#2 #0 A pem [] line 1 unknown", "!w/b.der #0 B der [] line 0 unknown", "read"}},
		{"empty zip", Options{}, zipOf(t), []string{"no_certificates"}},
		{"nothing in it", Options{}, zipOf(t, member{"x", "text"}), []string{"no_certificates"}},
		{"nested", Options{}, nested[4], []string{"!n!n!n!n #0 A pem [] line 1 unknown", "read"}},
		{"nested too deep", Options{}, nested[5], []string{"!n!n!n!n #-1 limit/too_deep", "not_assessed"}},
		{"nested too deep for the option", Options{Limits: Limits{ArchiveDepth: 1}}, nested[2], []string{"!n #-1 limit/too_deep", "not_assessed"}},
		{"encrypted member", Options{}, encrypted, []string{"!a.pem #-1 decrypt/password_needed", "!b.pem #0 B pem [] line 1 unknown", "read"}},
		{"unknown method", Options{}, strange, []string{"!a.pem #-1 decode/unsupported", "!b.pem #0 B pem [] line 1 unknown", "read"}},
		{"directory lost", Options{}, good[:bytes.Index(good, []byte("PK\x01\x02"))], []string{" #-1 decode/corrupt", "!a.pem #0 A pem [] line 1 unknown", "!b.pem #0 B pem [] line 1 unknown", "read"}},
		{"damaged member", Options{Limits: Limits{Objects: 5}}, flipped, nil},
		{"zip bomb, ratio", Options{}, zipOf(t, member{"a.pem", a.pem}, member{"zeros", zeros}, member{"b.pem", b.pem}), []string{"!a.pem #0 A pem [] line 1 unknown", " #-1 limit/expansion_limit", "read"}},
		{"expansion bound", Options{Limits: Limits{Expansion: 1000}}, zipOf(t, member{"a.pem", a.pem}, member{"b", strings.Repeat("b", 2000)}), []string{"!a.pem #0 A pem [] line 1 unknown", " #-1 limit/expansion_limit", "read"}},
		{"member bound", Options{Limits: Limits{Members: 1}}, good, []string{"!a.pem #0 A pem [] line 1 unknown", " #-1 limit/too_many_objects", "read"}},
		{"member size", Options{Limits: Limits{MemberSize: 4000}}, zipOf(t, member{"b", strings.Repeat("b", 5000)}, member{"a.pem", a.pem}), []string{"!b #-1 limit/too_large", "!a.pem #0 A pem [] line 1 unknown", "read"}},
		{"anchors by the archive's path", Options{Anchors: []string{"**/f.zip"}}, good, []string{"!a.pem #0 A pem [] line 1 anchor", "!b.pem #0 B pem [] line 1 anchor", "read"}},

		{"tar", Options{}, tarOf(t, tar.FormatPAX, member{"a.pem", a.pem}, member{"x.json", `{"x5c":["` + b.b64 + `"]}`}),
			[]string{"!a.pem #0 A pem [] line 1 unknown", "!x.json #0 B jwks [x5c[0]] line 1 unknown", "read"}},
		{"tar, old", Options{}, oldTar(t, tarOf(t, tar.FormatUSTAR, member{"a.pem", a.pem})), []string{"!a.pem #0 A pem [] line 1 unknown", "read"}},
		{"tar, cut", Options{}, tarOf(t, tar.FormatUSTAR, member{"a.pem", a.pem}, member{"b.pem", b.pem + strings.Repeat(" ", 2000)})[:1536+1500],
			[]string{"!a.pem #0 A pem [] line 1 unknown", "!b.pem #0 B pem [] line 1 unknown", "!b.pem #-1 decode/corrupt", "read"}},
		{"tar.gz", Options{}, gzipOf(t, "", tarOf(t, tar.FormatGNU, member{"a.pem", a.pem}, member{"in.zip", string(good)})),
			[]string{"!a.pem #0 A pem [] line 1 unknown", "!in.zip!a.pem #0 A pem [] line 1 unknown", "!in.zip!b.pem #0 B pem [] line 1 unknown", "read"}},
		{"gzip", Options{}, gzipOf(t, "", []byte(a.pem)), []string{"!f.zip #0 A pem [] line 1 unknown", "read"}},
		{"gzip, name", Options{}, gzipOf(t, "../a.pem", []byte(a.pem)), []string{"!a.pem #0 A pem [] line 1 unknown", "read"}},
		{"gzip bomb", Options{}, gzipOf(t, "", []byte(zeros)), []string{" #-1 limit/expansion_limit", "not_assessed"}},
		{"gzip, cut", Options{}, gzipOf(t, "", append([]byte(a.pem), random(5000)...))[:3000], []string{"!f.zip #0 A pem [] line 1 unknown", "!f.zip #-1 decode/corrupt", "read"}},
		{"gzip, header only", Options{}, []byte("\x1f\x8b\x08\x00"), []string{" #-1 decode/corrupt", "not_assessed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			got := seen(t, tt.opt, "f.zip", tt.content, a, b)
			if tt.want == nil { // the checksum tells; what could be unpacked depends on the bytes
				if got[0] != "!a.pem #0 A pem [] line 1 unknown" || !strings.Contains(strings.Join(got, "\n"), "!b.pem #-1 decode/corrupt") || got[len(got)-1] != "read" {
					t.Errorf("got %q", got)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// random is text that does not compress, the same on every run.
func random(n int) []byte {
	var b []byte
	for x := uint32(1); len(b) < n; {
		x = x*1664525 + 1013904223
		b = append(b, byte(x>>24))
	}
	return []byte(base64.StdEncoding.EncodeToString(b))
}

// TestNestedBomb: archives within archives share one budget.
func TestNestedBomb(t *testing.T) {
	inner := zipOf(t, member{"zeros", strings.Repeat("\x00", 8<<20)})
	var many []member
	for i := range 40 {
		many = append(many, member{string(rune('a'+i%26)) + strings.Repeat("x", i), string(inner)})
	}
	got := seen(t, Options{Limits: Limits{Expansion: 64 << 20}}, "f", zipOf(t, many...))
	if len(got) < 2 || !strings.HasSuffix(got[0], " #-1 limit/expansion_limit") || got[len(got)-1] != "not_assessed" || len(got) > 4 {
		t.Errorf("got %q", got)
	}
}

func FuzzZIP(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add(zipOf(f, member{"a.pem", a.pem}, member{"b", string(zipOf(f, member{"c", a.b64}))}))
	good := zipOf(f, member{"a.pem", a.pem}, member{"b.pem", a.pem})
	f.Add(good[:len(good)-30])
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readZIP) })
}

func FuzzTar(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add(tarOf(f, tar.FormatPAX, member{"a.pem", a.pem}, member{"b", a.b64}))
	f.Add(tarOf(f, tar.FormatGNU, member{strings.Repeat("n", 200), a.pem}))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, tarContainer().read) })
}

func FuzzGzip(f *testing.F) {
	a := newTestCert(f, "a.example")
	f.Add(gzipOf(f, "a.pem", []byte(a.pem)))
	f.Add(gzipOf(f, "", tarOf(f, tar.FormatUSTAR, member{"a.pem", a.pem})))
	f.Fuzz(func(t *testing.T, b []byte) { fuzzFile(t, b, readGzip) })
}
