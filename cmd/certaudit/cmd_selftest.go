package main

import (
	"bytes"
	"embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"certaudit/policies"
	"certaudit/scan"
)

//go:embed selftest/*.pem
var selftestFiles embed.FS

// A knownAnswer is what openssl says of one certificate, and which checks of
// the policy selftestPolicy must fail on it at selftestAsOf.
type knownAnswer struct {
	file                 string
	sha256               string
	subject, serial      string
	notBefore, notAfter  string
	algorithm, curve     string
	bits                 int
	signature            string
	selfSigned           scan.Answer
	fails                []string
	failsOneSecondLonger []string // also one second after the end of good.pem
}

// selftestAsOf is the last second of good.pem.
const selftestAsOf = "2027-02-20T23:57:16Z"

func knownAnswers() []knownAnswer {
	return []knownAnswer{
		{file: "ca.pem", sha256: "2f3a3e7667be9b470b0b75410f666f8a542cc46c43656ed096df5757321ce82d", subject: "CN=Known Answer Root,O=certaudit selftest",
			serial: "714318b9626e06e7344430ce2788682ca1caba5", notBefore: "2026-11-22T23:57:16Z", notAfter: "2036-11-19T23:57:16Z",
			algorithm: "ECDSA", curve: "P-256", bits: 256, signature: "ECDSA-SHA256", selfSigned: scan.Yes},
		{file: "good.pem", sha256: "9b24d7c0918e6fccbc9fb14b210ba46e19f837856c382292d503454d5456115d", subject: "CN=good.example.test",
			serial: "7b", notBefore: "2026-11-22T23:57:16Z", notAfter: selftestAsOf,
			algorithm: "ECDSA", curve: "P-384", bits: 384, signature: "ECDSA-SHA256", selfSigned: scan.No,
			failsOneSecondLonger: []string{"expired"}},
		{file: "weak.pem", sha256: "c0e26c6b6c4a13673a4e386eb384e66d84c3e4931dd51e5d8c0acd9b296db16e", subject: "CN=weak.example.test,O=certaudit selftest,C=DE",
			serial: "f00ba", notBefore: "2026-11-22T23:57:16Z", notAfter: "2029-08-18T23:57:16Z",
			algorithm: "RSA", bits: 1024, signature: "ECDSA-SHA1", selfSigned: scan.No,
			fails: []string{"key-size", "signature-algorithm"}},
	}
}

func (a *app) selftestCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "selftest",
		Short:   "Check this program against known answers",
		Long:    "selftest reads fixed certificates, compares every fact with what openssl says of\nthem, judges them by a fixed policy, and checks that edited evidence is refused. The\nresult and the program's digest also go into the run record of every scan.",
		Example: "  certaudit selftest",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := selftest(); err != nil {
				return fmt.Errorf("selftest: %w", err)
			}
			sum, err := binarySHA256()
			if err != nil {
				return err
			}
			a.out.printf("selftest passed: facts, verdicts and evidence\nbinary sha256 %s\n", sum)
			return nil
		},
	}
}

// selftestPolicy uses each check with its own defaults.
const selftestPolicy = `
language: 1
id: selftest
title: Known answers
version: "1"
rules:
  - {id: size, check: key-size, severity: high}
  - {id: signature, check: signature-algorithm, severity: high}
  - {id: expired, check: expired, severity: high}
  - {id: early, check: not-yet-valid, severity: high}
`

// selftest returns the first known answer that was missed.
func selftest() error {
	set, err := policies.Load([]string{"./selftest.yaml"}, policies.LoadOptions{
		Open: func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(selftestPolicy))), nil },
	})
	if err != nil {
		return err
	}
	asOf, err := time.Parse(time.RFC3339, selftestAsOf)
	if err != nil {
		return err
	}
	for _, known := range knownAnswers() {
		text, err := selftestFiles.ReadFile("selftest/" + known.file)
		if err != nil {
			return err
		}
		block, _ := pem.Decode(text)
		if block == nil {
			return fmt.Errorf("%s: no PEM block", known.file)
		}
		c := scan.Derive(block.Bytes)
		if err := known.compare(c); err != nil {
			return fmt.Errorf("%s: %w", known.file, err)
		}
		if err := judged(set, c, asOf, known.fails); err != nil {
			return fmt.Errorf("%s: %w", known.file, err)
		}
		if err := judged(set, c, asOf.Add(time.Second), slices.Sorted(slices.Values(append(known.failsOneSecondLonger, known.fails...)))); err != nil {
			return fmt.Errorf("%s: one second later: %w", known.file, err)
		}
	}
	return evidenceHolds()
}

func (k knownAnswer) compare(c *scan.Certificate) error {
	for _, fact := range []struct{ name, got, want string }{
		{"sha256", c.SHA256, k.sha256},
		{"subject", c.Subject, k.subject},
		{"serial", c.Serial, k.serial},
		{"not_before", c.NotBefore.Format(time.RFC3339), k.notBefore},
		{"not_after", c.NotAfter.Format(time.RFC3339), k.notAfter},
		{"key_algorithm", c.KeyAlgorithm, k.algorithm},
		{"key_curve", c.KeyCurve, k.curve},
		{"key_bits", fmt.Sprint(c.KeyBits), fmt.Sprint(k.bits)},
		{"signature_algorithm", c.SignatureAlgorithm, k.signature},
		{"self_signed", fmt.Sprint(c.SelfSigned), fmt.Sprint(k.selfSigned)},
	} {
		if fact.got != fact.want {
			return fmt.Errorf("%s is %q, the known answer is %q", fact.name, fact.got, fact.want)
		}
	}
	return nil
}

func judged(set *policies.Set, c *scan.Certificate, asOf time.Time, want []string) error {
	subject := &policies.Subject{Unit: policies.UnitCertificate, Certificate: c, Places: []policies.Place{{Use: scan.UseIdentity, Path: c.SubjectCN}}}
	var failed []string
	for _, r := range set.Evaluate(subject, asOf) {
		switch r.Result {
		case policies.Fail:
			failed = append(failed, r.Rule.Check.ID)
		case policies.Pass:
		default:
			return fmt.Errorf("check %s answers %s", r.Rule.Check.ID, r.Result)
		}
	}
	slices.Sort(failed)
	if !slices.Equal(failed, want) {
		return fmt.Errorf("checks that failed: %v; the known answer is %v", failed, want)
	}
	return nil
}

// evidenceHolds writes a small evidence file, reads it, and reads it again with
// one digit changed, which must be refused.
func evidenceHolds() error {
	var b bytes.Buffer
	w, err := scan.NewWriter(&b, scan.RunRecord{Version: version, Targets: []string{"selftest"}})
	if err == nil {
		err = w.Finish(time.Unix(0, 0), true)
	}
	if err == nil {
		err = readAll(b.Bytes())
	}
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	edited := bytes.Replace(b.Bytes(), []byte("selftest"), []byte("selftesT"), 1)
	var refused *scan.EvidenceError
	if err := readAll(edited); !errors.As(err, &refused) {
		return fmt.Errorf("evidence: an edited file was accepted")
	}
	return nil
}

func readAll(text []byte) error {
	r := scan.NewReader(bytes.NewReader(text))
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
