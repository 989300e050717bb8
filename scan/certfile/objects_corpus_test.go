package certfile

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"certaudit/scan"
)

// An objectTruth is what openssl says of one object. Fields that are absent or
// null say nothing.
type objectTruth struct {
	File        string
	Index       int
	Kind        string
	Encrypted   *bool
	KeyBits     *int    `json:"key_bits"`
	KeyAlg      *string `json:"key_alg"`
	Curve       *string
	SigAlg      *string `json:"sig_alg"`
	SubjectCN   *string `json:"subject_cn"`
	SignatureOK *bool   `json:"signature_ok"`
	ThisUpdate  *string `json:"this_update"`
	NextUpdate  *string `json:"next_update"`
	Revoked     *int
	Error       string
}

// objectKinds turns the truth's kinds into ours.
var objectKinds = map[string]string{"csr": scan.ObjectCSR, "crl": scan.ObjectCRL, "key": scan.ObjectPrivateKey}

func (o objectTruth) name() string {
	return fmt.Sprintf("%s #%d %s", o.File, o.Index, objectKinds[o.Kind])
}

func readObjectTruth(t *testing.T) (all []objectTruth) {
	t.Helper()
	f, err := os.Open(filepath.Join(corpus, "truth-objects.jsonl"))
	if err != nil {
		t.Skipf("SKIPPED: the certificate corpus is not beside this checkout: %v", err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var o objectTruth
		if err := d.Decode(&o); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
}

// objectExceptions reads where our answer differs on purpose: name, tab, what
// we say, tab, reason. The name is that of one object, or a glob on the file
// with its kind for objects that the truth does not list.
func objectExceptions(t *testing.T) (all [][3]string) {
	t.Helper()
	text, err := os.ReadFile("testdata/object-exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || fields[2] == "" {
			t.Fatalf("object-exceptions.txt: want object, answer and reason: %q", line)
		}
		all = append(all, [3]string(fields))
	}
	return all
}

// keyAlgorithms and signatureAlgorithms turn openssl's names into ours.
var (
	keyAlgorithms = map[string]string{"rsaEncryption": "RSA", "RSA": "RSA", "id-ecPublicKey": "ECDSA", "EC": "ECDSA", "DSA": "DSA", "ED25519": "Ed25519", "ED448": "Ed448"}

	signatureAlgorithms = map[string]string{
		"md5WithRSAEncryption": "MD5-RSA", "sha1WithRSAEncryption": "SHA1-RSA", "sha256WithRSAEncryption": "SHA256-RSA",
		"sha384WithRSAEncryption": "SHA384-RSA", "sha512WithRSAEncryption": "SHA512-RSA", "rsassaPss": "SHA256-RSAPSS", "ED25519": "Ed25519",
		"ecdsa-with-SHA1": "ECDSA-SHA1", "ecdsa-with-SHA256": "ECDSA-SHA256", "ecdsa-with-SHA384": "ECDSA-SHA384", "ecdsa-with-SHA512": "ECDSA-SHA512",
	}
)

// differences compares every field that the truth has.
func (o objectTruth) differences(got *scan.Object) (all []string) {
	differ := func(field string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			all = append(all, fmt.Sprintf("%s %v, want %v", field, got, want))
		}
	}
	if o.Encrypted != nil {
		differ("encrypted", got.Encrypted, scan.Answered(*o.Encrypted))
	}
	if o.KeyBits != nil {
		differ("key_bits", got.KeyBits, *o.KeyBits)
	}
	if o.KeyAlg != nil {
		differ("key_algorithm", strings.TrimSuffix(got.KeyAlgorithm, "-PSS"), keyAlgorithms[*o.KeyAlg]) // openssl prints RSA for both
	}
	if o.Curve != nil {
		differ("key_curve", got.KeyCurve, *o.Curve)
	}
	if o.SigAlg != nil {
		differ("signature_algorithm", got.SignatureAlgorithm, signatureAlgorithms[strings.TrimSpace(*o.SigAlg)])
	}
	if o.SubjectCN != nil {
		differ("subject_cn", got.SubjectCN, *o.SubjectCN)
	}
	if o.SignatureOK != nil {
		differ("signature_valid", got.SignatureValid, scan.Answered(*o.SignatureOK))
	}
	if o.ThisUpdate != nil {
		differ("this_update", instant(got.ThisUpdate), *o.ThisUpdate)
	}
	if o.Kind == "crl" {
		want := ""
		if o.NextUpdate != nil {
			want = *o.NextUpdate
		}
		differ("next_update", instant(got.NextUpdate), want)
		differ("revoked", *got.Revoked, *o.Revoked)
	}
	return all
}

func TestCorpusObjects(t *testing.T) {
	truth := readObjectTruth(t)
	listed, opened := corpusPasswords(t), map[string]string{} // by the makers of the truth
	for _, tr := range readTruth(t) {
		opened[corpus+"/"+tr.File] = tr.Password
	}
	passwords := func(path string) [][]byte { return append(listed(path), []byte(opened[path])) }
	observed := map[string]*scan.Object{}
	damaged := map[string]string{}
	for _, r := range observeAll(t, Options{Passwords: passwords}, corpus) {
		switch r := r.(type) {
		case *scan.Observation:
			if r.Object != scan.ObjectCertificate {
				observed[fmt.Sprintf("%s #%d %s", strings.TrimPrefix(r.Path, corpus+"/"), r.Index, r.Object)] = r.Facts
			}
		case *scan.NotAssessed:
			if r.Object != "" {
				damaged[fmt.Sprintf("%s #%d %s", strings.TrimPrefix(r.Path, corpus+"/"), r.Index, r.Object)] = string(r.Stage) + "/" + string(r.Reason)
			}
		}
	}
	exceptions := objectExceptions(t)
	used := map[string]bool{}
	excepted := func(name, answer string) bool {
		for _, e := range exceptions {
			glob, kind, _ := strings.Cut(e[0], " ")
			file, rest, _ := strings.Cut(name, " ")
			if scan.MatchGlob(glob, file) && strings.HasSuffix(rest, kind) && (e[1] == "*" || e[1] == answer) {
				used[e[0]+e[1]] = true
				return true
			}
		}
		return false
	}
	told := map[string]bool{}
	compared := 0
	for _, o := range truth {
		name := o.name()
		told[name] = true
		got, answer := observed[name], damaged[name]
		if got != nil {
			answer = strings.Join(o.differences(got), "; ")
			if o.Error != "" {
				answer = "read as " + got.KeyAlgorithm
			}
		} else if answer == "" {
			answer = "missing"
		} else if o.Error != "" {
			answer = "" // both refuse it
		}
		if answer != "" && !excepted(name, answer) {
			t.Errorf("%s\t%s\t(openssl: %s)", name, answer, o.Error)
		}
		compared++
	}
	for name, o := range observed {
		if !told[name] && !excepted(name, "extra") {
			t.Errorf("%s\textra\t%s %s %d %s", name, o.Format, o.KeyAlgorithm, o.KeyBits, o.Encryption)
		}
	}
	for name, why := range damaged {
		if !told[name] && !excepted(name, why) {
			t.Errorf("%s\t%s\tnot in the truth", name, why)
		}
	}
	for _, e := range exceptions {
		if !used[e[0]+e[1]] {
			t.Errorf("object-exceptions.txt: nothing is as %q says", e[0])
		}
	}
	t.Logf("%d objects compared, %d observed, %d damaged", compared, len(observed), len(damaged))
}

// instant writes a time as evidence does; "" for none.
func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339)
}
