package scan

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Evidence may be anybody's. What later work takes for granted of a record is
// checked when it is read: that a code is a code and a digest a digest, because
// they reach lines of text and commands as they are, and that lists which are
// compared with each other are short.

// The bounds on lists. The prober keeps to half of those on an endpoint's.
const (
	mostChain = 200 // certificates of one chain, or of one path
	mostLists = 100 // paths, or chains shown to other clients
	mostCode  = 64  // bytes of a code

	mostEntries = 1 << 30 // of a target list or root store
)

// sound gives a record that was decoded, unless something is wrong with it.
func sound[R interface {
	Record
	sound() error
}](r R, err error) (Record, error) {
	if err == nil {
		err = r.sound()
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (r *RunRecord) sound() error {
	for _, list := range [][]Digest{r.TargetLists, r.Roots} {
		for _, d := range list {
			if d.Count < 0 || d.Count > mostEntries {
				return fmt.Errorf("%d entries of %q", d.Count, clip(d.Name))
			}
		}
	}
	return nil
}

func (r *Endpoint) sound() error {
	for _, f := range []struct {
		name  string
		lists [][]string
	}{{"paths", r.Paths}, {"paths_elsewhere", r.PathsElsewhere}} {
		if len(f.lists) > mostLists {
			return fmt.Errorf("field %q: more than %d paths", f.name, mostLists)
		}
		for _, path := range f.lists {
			if len(path) == 0 {
				return fmt.Errorf("field %q: a path without certificates", f.name)
			}
			if err := soundChain(f.name, path); err != nil {
				return err
			}
		}
	}
	if len(r.OtherChains) > mostLists {
		return fmt.Errorf("field %q: more than %d chains", "other_chains", mostLists)
	}
	for _, o := range r.OtherChains {
		if err := soundChain("other_chains", o.Chain); err != nil {
			return err
		}
	}
	if err := soundChain("chain", r.Chain); err != nil {
		return err
	}
	if r.DHBits < 0 || r.SCTs != nil && (*r.SCTs < 0 || *r.SCTs > mostEntries) {
		return fmt.Errorf("fields %q, %q: no number of bits, or of timestamps", "dh_bits", "scts")
	}
	if err := soundCode("path_error", r.PathError); err != nil {
		return err
	}
	return soundCode("ocsp_error", r.OCSPError)
}

func soundChain(field string, chain []string) error {
	if len(chain) > mostChain {
		return fmt.Errorf("field %q: a chain of more than %d certificates", field, mostChain)
	}
	for _, sum := range chain {
		if err := soundDigest(field, sum); err != nil {
			return err
		}
	}
	return nil
}

func (r *Revocation) sound() error {
	if err := soundDigest("certificate", r.Certificate); err != nil {
		return err
	}
	for _, f := range []struct{ name, value string }{{"issuer", r.Issuer}, {"signer", r.Signer}, {"response_sha256", r.SHA256}} {
		if f.value == "" {
			continue
		}
		if err := soundDigest(f.name, f.value); err != nil {
			return err
		}
	}
	return soundCode("error", r.Error)
}

func (r *NotAssessed) sound() error {
	if err := soundCode("stage", string(r.Stage)); err != nil {
		return err
	}
	return soundCode("reason", string(r.Reason))
}

// soundDigest wants a SHA-256 as evidence writes it.
func soundDigest(field, text string) error {
	if len(text) != hex.EncodedLen(32) || strings.Trim(text, hexDigits) != "" {
		return fmt.Errorf("field %q: %q is no SHA-256", field, clip(text))
	}
	return nil
}

// soundCode wants a code of ours, or of a newer version, or none.
func soundCode(field, text string) error {
	if len(text) > mostCode || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return fmt.Errorf("field %q: %q is no code", field, clip(text))
	}
	return nil
}
