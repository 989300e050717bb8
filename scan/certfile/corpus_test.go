package certfile

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"certaudit/scan"
)

// corpus is a folder of certificate files with the answers of independent
// tools (openssl, certtool, keytool and two parsers). It is not part of this
// repository; the test runs where it stands beside the checkout.
const corpus = "../../../shared/corpus"

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// observeAll scans targets in memory and returns the records in order.
func observeAll(t testing.TB, opt Options, targets ...string) []scan.Record {
	t.Helper()
	for _, arg := range targets {
		opt.Targets = append(opt.Targets, scan.Target{Arg: arg, Kind: scan.PathTarget, Path: arg})
	}
	opt.Now = func() time.Time { return testNow }
	src := New(opt)
	var records []scan.Record
	for _, target := range opt.Targets {
		for u := range src.Units(context.Background(), target) {
			u.Observe(context.Background(), func(r scan.Record) { records = append(records, r) })
		}
	}
	return records
}

type truth struct {
	File         string   `json:"file"`
	Index        int      `json:"index"`
	Format       string   `json:"format"`
	SHA256       string   `json:"sha256"`
	SubjectCN    string   `json:"subject_cn"`
	IssuerCN     string   `json:"issuer_cn"`
	Serial       string   `json:"serial_hex"`
	NotBefore    string   `json:"not_before"`
	NotAfter     string   `json:"not_after"`
	KeyAlg       string   `json:"key_alg"`
	KeyBits      *int     `json:"key_bits"`
	Curve        *string  `json:"curve"`
	IsCA         bool     `json:"is_ca"`
	SelfSigned   *bool    `json:"self_signed"`
	SelfIssued   bool     `json:"self_issued"`
	SANDNS       []string `json:"san_dns"`
	Error        string   `json:"error"`
	Reason       string   `json:"reason"`
	Password     string   `json:"password"`
	Disagree     map[string]json.RawMessage
	Certificates *int `json:"certificates"`
}

func readTruth(t *testing.T) []truth {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "truth.jsonl"))
	if err != nil {
		t.Skipf("SKIPPED: the certificate corpus is not beside this checkout: %v", err)
	}
	defer f.Close()
	var all []truth
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var tr truth
		if err := d.Decode(&tr); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, tr)
	}
}

// TestCorpusCompleteness holds what is found in PEM and DER files against the
// truth: no certificate missing, none extra, every damaged one recorded.
func TestCorpusCompleteness(t *testing.T) {
	want := map[string]string{} // "file #index" → sha256, or "damaged"
	files := map[string]bool{}
	broken := map[string]bool{}
	for _, tr := range readTruth(t) {
		switch tr.Format {
		case "pem", "der":
			key := fmt.Sprintf("%s #%d", tr.File, tr.Index)
			files[tr.File] = true
			want[key] = tr.SHA256
			if tr.Error != "" {
				want[key] = "damaged"
			}
		case "":
			files[tr.File] = true // a file without certificates: nothing may be found there
			if strings.HasSuffix(tr.Reason, "broken or truncated DER") {
				broken[tr.File] = true // we call a truncated certificate damaged, which is stricter
			}
		}
	}
	got := map[string]string{}
	outcomes := map[string]scan.Outcome{}
	for _, r := range observeAll(t, Options{}, corpus) {
		switch r := r.(type) {
		case *scan.Observation:
			if rel := strings.TrimPrefix(r.Path, corpus+"/"); files[rel] && r.Object == scan.ObjectCertificate {
				got[fmt.Sprintf("%s #%d", rel, r.Index)] = r.SHA256
			}
		case *scan.NotAssessed:
			if rel := strings.TrimPrefix(r.Path, corpus+"/"); files[rel] && r.Index >= 0 && r.Object == "" && r.Reason != scan.ReasonUnsupported {
				got[fmt.Sprintf("%s #%d", rel, r.Index)] = "damaged"
			}
		case *scan.File:
			outcomes[r.Path] = r.Outcome
		}
	}
	for key, sha := range want {
		if got[key] != sha {
			t.Errorf("%s: got %q, want %q", key, got[key], sha)
		}
	}
	listed := textExceptions(t)
	for key, sha := range got {
		if _, ok := want[key]; !ok && !broken[strings.Fields(key)[0]] && listed[strings.Fields(key)[0]] == nil {
			t.Errorf("%s: found %q, the truth has nothing there", key, sha)
		}
	}
	onDisk := 0
	filepath.WalkDir(corpus, func(_ string, d os.DirEntry, _ error) error {
		if d.Type().IsRegular() {
			onDisk++
		}
		return nil
	})
	if len(outcomes) != onDisk {
		t.Errorf("%d files have an outcome, %d are on disk", len(outcomes), onDisk)
	}
	t.Logf("%d certificates and damaged ones compared; %d files", len(want), onDisk)
}

// corpusPasswords reads the corpus's own list: a glob and a password a line.
func corpusPasswords(t *testing.T) func(string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(corpus, "passwords.tsv"))
	if err != nil {
		t.Skipf("SKIPPED: the certificate corpus is not beside this checkout: %v", err)
	}
	return func(path string) (all [][]byte) {
		for line := range strings.Lines(string(text)) {
			glob, password, ok := strings.Cut(strings.TrimRight(line, "\n"), "\t")
			if ok && !strings.HasPrefix(glob, "#") && scan.MatchGlob(corpus+"/"+glob, path) {
				all = append(all, []byte(password))
			}
		}
		return all
	}
}

// corpusExceptions reads the files for which our answer differs on purpose:
// path, answer, reason, with tabs between.
func corpusExceptions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/corpus-exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != 3 || fields[2] == "" {
			t.Fatalf("corpus-exceptions.txt: want path, answer and reason: %q", line)
		}
		all[fields[0]] = fields[1]
	}
	return all
}

// TestCorpusStores holds what is found in keystores and in CMS against the
// truth. Stores have no order, so certificates are compared as a set; "damaged"
// stands for any record that the file could not be read in full.
func TestCorpusStores(t *testing.T) {
	want := map[string][]string{}
	containers := map[string]string{}
	listed := corpusPasswords(t)
	opened := map[string]string{} // by the makers of the truth
	for _, tr := range readTruth(t) {
		switch tr.Format {
		case "jks", "jceks", "pkcs7-pem", "pkcs7-der", "pkcs12":
			containers[tr.File] = tr.Format
			opened[corpus+"/"+tr.File] = tr.Password
			sha := tr.SHA256
			if tr.Error != "" {
				sha = "damaged"
			}
			want[tr.File] = append(want[tr.File], sha)
		}
	}
	got := map[string][]string{}
	passwords := func(path string) [][]byte {
		all := listed(path)
		if p := opened[path]; p != "" {
			all = append(all, []byte(p))
		}
		return all
	}
	for _, r := range observeAll(t, Options{Passwords: passwords}, corpus) {
		switch r := r.(type) {
		case *scan.Observation:
			rel := strings.TrimPrefix(r.Path, corpus+"/")
			if format, ok := containers[rel]; ok && r.Object == scan.ObjectCertificate {
				got[rel] = append(got[rel], r.SHA256)
				if r.Container != format {
					t.Errorf("%s: container %s, want %s", rel, r.Container, format)
				}
			}
		case *scan.NotAssessed:
			if rel := strings.TrimPrefix(r.Path, corpus+"/"); containers[rel] != "" && r.Object == "" {
				got[rel] = append(got[rel], "damaged")
				t.Logf("%s: %s %s %s", rel, r.Stage, r.Reason, r.Detail)
			}
		}
	}
	exceptions := corpusExceptions(t)
	for file, sums := range want {
		if answer, ok := exceptions[file]; ok {
			sums = strings.Split(answer, ",")
		}
		slices.Sort(sums)
		slices.Sort(got[file])
		if !slices.Equal(got[file], sums) {
			t.Errorf("%s: found %d %.12q, want %d %.12q", file, len(got[file]), got[file], len(sums), sums)
		}
	}
	t.Logf("%d stores compared", len(want))
}

// textFormats are the truth's names for certificates in structured text.
var textFormats = []string{"saml-xml", "sfdx-xml", "k8s-secret", "yaml", "json", "jwks", "xml", "base64"}

// textExceptions reads where we differ from the truth, and why: for each file
// the number of certificates that are more than the truth has.
func textExceptions(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("testdata/text-exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string][]string{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 0 && fields[0] != "#" {
			if len(fields) < 3 {
				t.Fatalf("testdata/text-exceptions.txt: no reason in %q", lines.Text())
			}
			all[fields[0]] = append(all[fields[0]], strings.Replace(fields[1], ":", " ", 1))
		}
	}
	return all
}

// TestCorpusText holds what is found in structured text against the truth. The
// truth numbers the certificates of one file by decoder and we by their order
// in the file, so that they are compared as sets with counts.
func TestCorpusText(t *testing.T) {
	want, got := map[string][]string{}, map[string][]string{}
	for _, tr := range readTruth(t) {
		if !slices.Contains(textFormats, tr.Format) {
			continue
		}
		what := tr.Format + " " + tr.SHA256
		if tr.Error != "" {
			what = "damaged"
		}
		want[tr.File] = append(want[tr.File], what)
	}
	for file, more := range textExceptions(t) {
		want[file] = append(want[file], more...)
	}
	containers := map[string]int{}
	for _, r := range observeAll(t, Options{}, corpus) {
		switch r := r.(type) {
		case *scan.Observation:
			if rel := strings.TrimPrefix(r.Path, corpus+"/"); want[rel] != nil && r.Object == scan.ObjectCertificate {
				got[rel] = append(got[rel], r.Container+" "+r.SHA256)
				containers[r.Container]++
				if r.Container != "base64" && r.Alias == "" && !strings.Contains(rel, "benchmarks__") {
					t.Errorf("%s #%d: no alias", rel, r.Index)
				}
			}
		case *scan.NotAssessed:
			if rel := strings.TrimPrefix(r.Path, corpus+"/"); want[rel] != nil && r.Index >= 0 && r.Object == "" {
				got[rel] = append(got[rel], "damaged")
			}
		}
	}
	n := 0
	for file := range want {
		slices.Sort(want[file])
		slices.Sort(got[file])
		if diff := cmp.Diff(want[file], got[file]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		n += len(want[file])
	}
	t.Logf("%d certificates and damaged ones compared in %d files: %v", n, len(want), containers)
}
