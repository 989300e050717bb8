package scan

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// corpusFolder is a folder of certificate files with the answers of
// independent tools. It is not part of this repository; the test runs where
// CERTAUDIT_CORPUS names it or it stands beside the checkout.
func corpusFolder(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("CERTAUDIT_CORPUS")
	if folder == "" {
		folder = "../../shared/corpus"
	}
	if _, err := os.Stat(filepath.Join(folder, "truth.jsonl")); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the certificate corpus is not at %s", folder)
	}
	return folder
}

// A truth is what independent tools say of one certificate.
type truth struct {
	File       string   `json:"file"`
	Index      int      `json:"index"`
	Format     string   `json:"format"`
	SHA256     string   `json:"sha256"`
	SubjectCN  string   `json:"subject_cn"`
	IssuerCN   string   `json:"issuer_cn"`
	Serial     string   `json:"serial_hex"`
	NotBefore  *string  `json:"not_before"`
	NotAfter   *string  `json:"not_after"`
	KeyAlg     string   `json:"key_alg"`
	KeyBits    *int     `json:"key_bits"`
	Curve      *string  `json:"curve"`
	SigAlg     string   `json:"sig_alg"`
	Version    int      `json:"version"`
	IsCA       bool     `json:"is_ca"`
	SelfSigned *bool    `json:"self_signed"`
	SelfIssued bool     `json:"self_issued"`
	SANDNS     []string `json:"san_dns"`
	Error      string   `json:"error"`
	Disagree   map[string]json.RawMessage
}

func readTruth(t *testing.T, folder string) (all []truth) {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); ; {
		var tr truth
		if err := d.Decode(&tr); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if (tr.Format == "pem" || tr.Format == "der") && tr.Error == "" {
			all = append(all, tr)
		}
	}
}

// opensslNames are the tools' names that differ from ours.
var opensslNames = map[string]string{
	"EC": "ECDSA", "rsassaPss-sha1": "SHA1-RSAPSS", "rsassaPss-sha256": "SHA256-RSAPSS", "rsassaPss-sha384": "SHA384-RSAPSS", "rsassaPss-sha512": "SHA512-RSAPSS",
	"RSA-SHA3-224": "SHA3-224-RSA", "RSA-SHA3-256": "SHA3-256-RSA", "RSA-SHA3-384": "SHA3-384-RSA", "RSA-SHA3-512": "SHA3-512-RSA",
}

var (
	rsaSignature = regexp.MustCompile(`^(md2|md5|sha\d+)WithRSAEncryption$`)
	dsaSignature = regexp.MustCompile(`^(ec)?dsa-with-SHA(\d+)$`)
)

func ours(name string) string {
	if m := rsaSignature.FindStringSubmatch(name); m != nil {
		return strings.ToUpper(m[1]) + "-RSA"
	}
	if m := dsaSignature.FindStringSubmatch(name); m != nil {
		return strings.ToUpper(m[1]) + "DSA-SHA" + m[2]
	}
	if o, ok := opensslNames[name]; ok {
		return o
	}
	return name
}

// corpusCertificates finds every DER certificate of a file by its digest.
func corpusCertificates(path string) map[string][]byte {
	found := map[string][]byte{}
	content, err := os.ReadFile(path)
	if err != nil {
		return found
	}
	keep := func(b []byte) {
		for len(b) > 0 {
			e, rest, ok := NextTLV(b)
			if !ok {
				return
			}
			sum := sha256.Sum256(e.Full)
			found[hex.EncodeToString(sum[:])] = e.Full
			b = rest
		}
	}
	keep(content)
	if len(content) > 2 && content[0] == 0xff && content[1] == 0xfe {
		content = bytes.ReplaceAll(content[2:], []byte{0}, nil)
	}
	for _, part := range bytes.SplitAfter(bytes.ReplaceAll(content, []byte("\r"), []byte("\n")), []byte("-----END")) {
		begin := bytes.LastIndex(part, []byte("-----BEGIN"))
		if begin < 0 {
			continue
		}
		lines := strings.Split(string(part[begin:]), "\n")
		var text strings.Builder
		for _, l := range lines[1 : len(lines)-1] {
			if !strings.Contains(l, ": ") {
				text.WriteString(strings.Join(strings.Fields(l), ""))
			}
		}
		if block, _ := pem.Decode([]byte("-----BEGIN X-----\n" + text.String() + "\n-----END X-----\n")); block != nil {
			keep(block.Bytes)
		}
	}
	return found
}

// exceptions reads testdata/corpus-exceptions.txt: file, index, field, reason,
// separated by tabs.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/corpus-exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 4 || parts[3] == "" {
			t.Fatalf("corpus-exceptions.txt: %q has not the four parts file, index, field and reason", line)
		}
		out[strings.Join(parts[:3], "\t")] = parts[3]
	}
	return out
}

// facts are the fields that the truth has, as text.
func (tr truth) facts() map[string]string {
	text := func(s *string) string {
		if s == nil {
			return ""
		}
		return *s
	}
	bits := 0
	if tr.KeyBits != nil {
		bits = *tr.KeyBits
	}
	f := map[string]string{
		"subject_cn": tr.SubjectCN, "issuer_cn": tr.IssuerCN, "serial_hex": tr.Serial, "not_before": text(tr.NotBefore), "not_after": text(tr.NotAfter),
		"key_alg": ours(tr.KeyAlg), "key_bits": fmt.Sprint(bits), "curve": text(tr.Curve), "sig_alg": ours(tr.SigAlg), "version": fmt.Sprint(tr.Version),
		"is_ca": fmt.Sprint(tr.IsCA), "self_issued": fmt.Sprint(tr.SelfIssued), "san_dns": strings.Join(tr.SANDNS, " "),
	}
	if tr.SelfSigned != nil {
		f["self_signed"] = fmt.Sprint(*tr.SelfSigned)
	}
	for field := range tr.Disagree {
		delete(f, field)
	}
	return f
}

func factsOf(c *Certificate) map[string]string {
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Format(timeLayout)
	}
	return map[string]string{
		"subject_cn": c.SubjectCN, "issuer_cn": c.IssuerCN, "serial_hex": c.Serial, "not_before": date(c.NotBefore), "not_after": date(c.NotAfter),
		"key_alg": c.KeyAlgorithm, "key_bits": fmt.Sprint(c.KeyBits), "curve": c.KeyCurve, "sig_alg": c.SignatureAlgorithm, "version": fmt.Sprint(c.Version),
		"is_ca": fmt.Sprint(c.IsCA), "self_issued": fmt.Sprint(c.SelfIssued), "san_dns": strings.Join(c.DNSNames, " "),
		"self_signed": map[Answer]string{Unasked: "absent", No: "false", Yes: "true"}[c.SelfSigned],
	}
}

// TestCorpusFacts holds every fact of every certificate in PEM and DER files
// against the truth. What differs is listed with its reason, or a defect.
func TestCorpusFacts(t *testing.T) {
	folder := corpusFolder(t)
	excepted := exceptions(t)
	compared := 0
	for _, tr := range readTruth(t, folder) {
		der := corpusCertificates(filepath.Join(folder, tr.File))[tr.SHA256]
		if der == nil {
			t.Errorf("%s #%d: not found in its file", tr.File, tr.Index)
			continue
		}
		got := factsOf(Derive(der))
		for field, want := range tr.facts() {
			compared++
			key := fmt.Sprintf("%s\t%d\t%s", tr.File, tr.Index, field)
			_, isException := excepted[key]
			delete(excepted, key)
			if equal := got[field] == want; equal == isException {
				t.Errorf("%s #%d %s: got %q, the truth has %q (listed as an exception: %v)", tr.File, tr.Index, field, got[field], want, isException)
			}
		}
	}
	for key := range excepted {
		t.Errorf("exception %q names nothing", key)
	}
	t.Logf("%d facts compared", compared)
}

// TestLenientAgrees wants, of every certificate in the corpus that the standard
// parser accepts, the same facts from the lenient reader; and of every other
// one notes that explain why.
func TestLenientAgrees(t *testing.T) {
	folder := corpusFolder(t)
	seen := map[string]bool{}
	for _, tr := range readTruth(t, folder) {
		if seen[tr.SHA256] {
			continue
		}
		seen[tr.SHA256] = true
		der := corpusCertificates(filepath.Join(folder, tr.File))[tr.SHA256]
		c, x := DeriveX509(der)
		if x == nil {
			if slices.Contains(c.ParseNotes, noteUnexplained) {
				t.Errorf("%s #%d: no note explains %q", tr.File, tr.Index, c.Detail)
			}
			t.Logf("%s #%d: %v (%s)", tr.File, tr.Index, c.ParseNotes, c.Detail)
			continue
		}
		if again := lenientOf(t, der); again.Detail == "" {
			if d := cmp.Diff(string(lineOf(c)), string(lineOf(again))); d != "" {
				t.Errorf("%s #%d: the lenient reader differs (-standard +lenient)\n%s", tr.File, tr.Index, d)
			}
		}
	}
}

// lenientOf reads a certificate with the lenient reader alone, without notes.
func lenientOf(t testing.TB, der []byte) *Certificate {
	t.Helper()
	o, ok := readOutline(der)
	if !ok {
		t.Fatalf("the lenient reader refuses what the standard parser accepts: %x", der)
	}
	c := &Certificate{sum: sha256.Sum256(der), DER: der}
	c.SHA256 = hex.EncodeToString(c.sum[:])
	c.lenient(o)
	c.fingerprints(o.spki.Full)
	return c
}

// lineOf is the evidence of a certificate without its notes.
func lineOf(c *Certificate) []byte {
	copied := *c
	copied.ParseNotes = nil
	l := line{}
	copied.appendTo(&l)
	return l.text
}
