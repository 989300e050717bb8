package certfile

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// A candidate is one password to try. It goes into no record.
type candidate struct {
	text   []byte // UTF-8
	absent bool   // no password at all, which PKCS #12 keeps apart from the empty one
	common bool   // one that everybody tries first: opening with it is worth a note
}

// commonPasswords are tried on every store.
var commonPasswords = []string{"", "changeit", "changeme", "password"}

// maxCandidates bounds the passwords that are tried on one file.
const maxCandidates = 1000

// noteDefaultPassword marks what a store held that one of commonPasswords opens.
const noteDefaultPassword = "default_password"

// noteIntegrity marks what a store held whose keyed digest no password
// confirmed.
const noteIntegrity = "integrity_unverified"

// candidates gives the passwords to try on this file in order, each once, and
// tells whether the user gave any.
func (f *file) candidates() (all []candidate, given bool) {
	var texts [][]byte
	if f.opt.Passwords != nil {
		texts = f.opt.Passwords(f.path)
	}
	given = len(texts) > 0
	texts = texts[:min(len(texts), maxCandidates)]
	for _, p := range commonPasswords {
		texts = append(texts[:len(texts):len(texts)], []byte(p))
	}
	seen := map[string]bool{}
	for _, p := range texts {
		if seen[string(p)] {
			continue
		}
		seen[string(p)] = true
		all = append(all, candidate{text: p, common: isCommon(p)})
		if len(p) == 0 {
			all = append(all, candidate{absent: true, common: true})
		}
	}
	return all, given
}

func isCommon(p []byte) bool {
	for _, c := range commonPasswords {
		if bytes.Equal(p, []byte(c)) {
			return true
		}
	}
	return false
}

// utf16be is the password as Java hashes it: two bytes for each UTF-16 unit.
// What is no UTF-8 is taken for Latin-1.
func (c candidate) utf16be() []byte {
	var runes []rune
	if utf8.Valid(c.text) {
		runes = []rune(string(c.text))
	} else {
		for _, b := range c.text {
			runes = append(runes, rune(b))
		}
	}
	out := make([]byte, 0, 2*len(runes)+2)
	for _, u := range utf16.Encode(runes) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

// bmp is the password as PKCS #12 hashes it (RFC 7292 appendix B.1): with a
// terminator, and nothing at all where there is no password.
func (c candidate) bmp() []byte {
	if c.absent {
		return nil
	}
	return append(c.utf16be(), 0, 0)
}

// bouncy is the password as Bouncy Castle's own stores hash it: as PKCS #12
// does, but with the empty password as none.
func (c candidate) bouncy() []byte {
	c.absent = len(c.text) == 0
	return c.bmp()
}

// spend takes rounds of key derivation from what the outermost file may cost,
// with all that lies in it; false when there is no more.
func (f *file) spend(rounds int) bool {
	if rounds > f.budget.rounds {
		return false
	}
	f.budget.rounds -= rounds
	return true
}
