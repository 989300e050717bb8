package certfile

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// hidden gives a ZIP archive a member that its directory does not list, between
// the two that it lists.
func hidden(t *testing.T, first, secret, last member) []byte {
	t.Helper()
	all := zipOf(t, first, secret, last)
	directory := bytes.Index(all, []byte("PK\x01\x02"))
	entry := all[directory:]
	skip := 46 + len(first.name)
	listed := append(bytes.Clone(entry[:skip]), entry[skip+46+len(secret.name):]...)
	end := bytes.Index(listed, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint16(listed[end+8:], 2)
	binary.LittleEndian.PutUint16(listed[end+10:], 2)
	binary.LittleEndian.PutUint32(listed[end+12:], uint32(end))
	return append(bytes.Clone(all[:directory]), listed...)
}

// TestPolyglots reads files that are two things at once: every certificate is
// found, and the file's record says what no decoder consumed.
func TestPolyglots(t *testing.T) {
	a, b := newTestCert(t, "a.example"), newTestCert(t, "b.example")
	jks, err := os.ReadFile("testdata/stores/key.jks")
	if err != nil {
		t.Fatal(err)
	}
	p12, err := os.ReadFile("testdata/stores/plain.p12")
	if err != nil {
		t.Fatal(err)
	}
	join := func(parts ...string) []byte { return []byte(strings.Join(parts, "")) }
	der := string(a.der)
	archive := string(zipOf(t, member{"b.pem", b.pem}))
	commented := zipOf(t, member{"a.pem", a.pem})
	binary.LittleEndian.PutUint16(commented[len(commented)-2:], uint16(len(b.pem)))
	for _, tt := range []struct {
		name    string
		content []byte
		want    []string // certificates that must be there, by name, with the notes of their places
		notes   string
	}{
		{"DER with PEM behind it", join(der, "\n", b.pem), []string{"a trailing_data", "b polyglot"}, "trailing_data polyglot"},
		{"DER with garbage behind it", join(der, "garbage"), []string{"a trailing_data"}, "trailing_data"},
		{"DER with white space behind it", join(der, "\r\n"), []string{"a"}, ""},
		{"DER, garbage, DER", join(der, "garbage \xff\x00", string(b.der)), []string{"a trailing_data", "b polyglot"}, "trailing_data polyglot"},
		{"DER with base64 behind it", join(der, "\nhere: ", b.b64), []string{"a trailing_data", "b polyglot"}, "trailing_data polyglot"},
		{"DER with ZIP behind it", join(der, archive), []string{"a polyglot", "!b"}, "leading_data polyglot"},
		{"keystore with ZIP appended", join(string(jks), archive), []string{"store trailing_data", "!b"}, "trailing_data polyglot"},
		{"keystore with PEM appended", join(string(jks), a.pem), []string{"store trailing_data", "a polyglot"}, "trailing_data polyglot"},
		{"PKCS #12 with DER appended", join(string(p12), der), []string{"store trailing_data", "a polyglot"}, "trailing_data polyglot"},
		{"program with ZIP appended", join("#!/bin/sh\nexit\n\x00\x01", archive), []string{"!b"}, "leading_data"},
		{"PEM, then ZIP", join(a.pem, archive), []string{"!b", "a polyglot"}, "leading_data polyglot"},
		{"ZIP with a PEM comment", append(commented, b.pem...), []string{"!a", "b polyglot"}, "trailing_data polyglot"},
		{"ZIP with a member that is not listed", hidden(t, member{"x.txt", "nothing"}, member{"a.pem", a.pem}, member{"b.pem", b.pem}), []string{"!a", "!b"}, "inside_data polyglot"},
		{"gzip with PEM behind it", join(string(gzipOf(t, "x", []byte(a.pem))), b.pem), []string{"!a", "b polyglot"}, "trailing_data polyglot"},
		{"two gzip members", join(string(gzipOf(t, "x", []byte(a.pem))), string(gzipOf(t, "y", []byte(b.pem)))), []string{"!a", "!b"}, ""},
		{"tar, padded", join(string(tarOf(t, tar.FormatUSTAR, member{"a", a.pem})), strings.Repeat("\x00", 8192)), []string{"!a"}, ""},
		{"tar with PEM behind it", join(string(tarOf(t, tar.FormatUSTAR, member{"a", a.pem})), strings.Repeat("\x00", 8192), b.pem), []string{"!a", "b polyglot"}, "trailing_data polyglot"},
		{"PEM, then DER", join(a.pem, string(b.der)), []string{"a trailing_data", "b polyglot"}, "trailing_data polyglot"},
		{"PEM, then a keystore", join(a.pem, string(jks)), []string{"a trailing_data", "store polyglot"}, "trailing_data polyglot"},
		{"DER between PEM blocks", join(a.pem, string(b.der), "\n", a.pem), []string{"a inside_data", "b polyglot", "a"}, "inside_data polyglot"},
		{"base64, then DER, behind PEM", join(a.pem, "\nhere: ", b.b64, "\n", der), []string{"a trailing_data", "b polyglot", "a polyglot"}, "trailing_data polyglot"},
		{"a large bundle, then DER", join(strings.Repeat(a.pem, 3*headSize/len(a.pem)), string(b.der)), []string{"a trailing_data", "b polyglot"}, "trailing_data polyglot"},
		{"a large bundle, then ZIP", join(strings.Repeat(a.pem, 3*headSize/len(a.pem)), archive), []string{"!b", "a polyglot"}, "leading_data polyglot"},
		{"base64 between PEM blocks", join(a.pem, "and ", b.b64, "\n", a.pem), []string{"a", "b", "a"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(file, tt.content, 0o600); err != nil {
				t.Fatal(err)
			}
			var got, trouble []string
			var rec *scan.File
			for _, r := range observeAll(t, Options{}, file) {
				switch r := r.(type) {
				case *scan.Observation:
					if r.Object != scan.ObjectCertificate {
						continue
					}
					who := map[string]string{a.sum: "a", b.sum: "b"}[r.SHA256]
					if who == "" {
						who = "store"
					}
					if strings.Contains(strings.TrimPrefix(r.Path, file), "!") {
						who = "!" + who
					}
					notes := slices.DeleteFunc(slices.Clone(r.Notes), func(n string) bool { return n == noteDefaultPassword || n == noteIntegrity })
					got = append(got, strings.TrimSpace(who+" "+strings.Join(notes, " ")))
				case *scan.NotAssessed:
					trouble = append(trouble, fmt.Sprintf("%s %s %s", r.Path, r.Reason, r.Detail))
				case *scan.File:
					rec = r
				}
			}
			if trouble != nil {
				t.Error(trouble)
			}
			for _, w := range tt.want {
				i := slices.Index(got, w)
				if i < 0 {
					t.Fatalf("found %q, want %q", got, tt.want)
				}
				got = slices.Delete(got, i, i+1)
			}
			if diff := cmp.Diff(strings.Fields(tt.notes), append([]string{}, rec.Notes...)); diff != "" || rec.Outcome != scan.OutcomeRead {
				t.Errorf("%s, %d bytes left over (-want +got):\n%s", rec.Outcome, rec.Leftover, diff)
			}
			if (rec.Leftover > 0) != (tt.notes != "") {
				t.Errorf("%d bytes left over", rec.Leftover)
			}
		})
	}
}

// TestLeftoversAreBounded hides thousands of things that begin like containers
// behind a certificate.
func TestLeftoversAreBounded(t *testing.T) {
	a := newTestCert(t, "a.example")
	content := append(bytes.Clone(a.der), bytes.Repeat([]byte("PK\x03\x04\x30\x82\x01\x00\x00\x00\x00\x00a\x30\x82\x02\x00\xfe\xed\xfe\xed\x00\x00\x00\x02"), 100_000)...)
	records, outcome := readBytes(content, Options{})
	if outcome != scan.OutcomeRead || len(records) > 3*maxParts {
		t.Errorf("%s, %d records", outcome, len(records))
	}
}
