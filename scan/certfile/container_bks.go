package certfile

import (
	"crypto/sha1"
	"fmt"

	"certaudit/scan"
)

// bksContainer reads Bouncy Castle's BKS, version 1 or 2: salt, iteration
// count, entries in the clear, and an HMAC of them.
func bksContainer() container {
	return container{name: "bks", title: "Bouncy Castle keystore (BKS)", recognises: func(b []byte) bool {
		return startsLikeBouncyCastle(b) && bksFirstEntry(b[bouncyHeader:])
	}, read: readBKS}
}

// bouncyHeader is version, salt of 20 bytes with its length, iteration count.
const bouncyHeader = 4 + 4 + 20 + 4

// startsLikeBouncyCastle is true for the header that BKS and UBER share.
func startsLikeBouncyCastle(b []byte) bool {
	r := byteReader{all: b}
	version, salt := r.uint(4), r.uint(4)
	r.bytes(20)
	rounds := r.uint(4)
	return !r.failed && (version == 1 || version == 2) && salt == 20 && rounds > 0 && rounds < 1<<16
}

// The tags of BKS entries.
const (
	bksEnd         = 0
	bksCertificate = 1
	bksKey         = 2
	bksSecret      = 3
	bksSealed      = 4
)

// bksFirstEntry tells BKS from UBER, whose entries are encrypted: the first
// entry has a known tag, an alias within a sane length, and a date in the
// first 8,000 years.
func bksFirstEntry(b []byte) bool {
	r := byteReader{all: b}
	tag := r.uint(1)
	if r.failed || tag == bksEnd {
		return !r.failed && r.left() >= sha1.Size && r.left() < 2*sha1.Size
	}
	alias := r.uint(2)
	if tag > bksSealed || alias > maxAlias {
		return false
	}
	r.bytes(alias)
	high := r.uint(2)
	return !r.failed && high == 0
}

func readBKS(f *file) {
	r := byteReader{all: f.content}
	version := r.uint(4)
	salt := r.block()
	rounds := r.uint(4)
	start := r.at
	if !f.bksEntries(&r, "bks") {
		return
	}
	end := r.at
	mac := r.bytes(sha1.Size)
	if r.failed {
		f.bad(scan.StageDecode, scan.ReasonTruncated, "bks: it ends before the last entry or the digest")
		return
	}
	f.bksDigest(version, salt, rounds, f.content[start:end], mac)
	f.trailing(r.at)
}

// bksEntries reads the entries of BKS and UBER, up to and with the mark of
// their end. What ends too early leaves r failed; false, with a record, is for
// what is damaged or too much.
func (f *file) bksEntries(r *byteReader, container string) bool {
	for {
		tag := r.uint(1)
		if r.failed || tag == bksEnd {
			return true
		}
		if !f.room() {
			return false
		}
		if err := f.bksEntry(r, container, tag); err != nil {
			f.bad(scan.StageDecode, scan.ReasonCorrupt, container+": "+err.Error())
			return false
		}
	}
}

// bksEntry reads one entry: alias, date, chain, and by tag a trusted
// certificate, a key in the clear, or encrypted bytes.
func (f *file) bksEntry(r *byteReader, container string, tag int) error {
	alias := r.text()
	r.bytes(8)
	chain := r.uint(4)
	var own []byte // the key's certificate
	for i := 0; i < chain && !r.failed && f.room(); i++ {
		e := entry{container: container, alias: alias, use: scan.UseChain, basis: scan.UseByChainPosition}
		if i == 0 {
			e.use, e.basis = scan.UseIdentity, scan.UseByKey
		}
		if der := f.javaCertificate(r, true, e); i == 0 {
			own = der
		}
	}
	about := entry{container: container, alias: alias}
	switch tag {
	case bksCertificate:
		f.javaCertificate(r, true, entry{container: container, alias: alias, use: scan.UseAnchor, basis: scan.UseByStore})
	case bksKey:
		f.hasKey = f.hasKey || chain > 0
		kind := r.uint(1)
		r.text() // format
		r.text() // algorithm
		if key := r.block(); !r.failed {
			f.bksOpenKey(kind, key, own, about)
		}
	case bksSecret, bksSealed:
		f.hasKey = f.hasKey || chain > 0
		if key := r.block(); !r.failed && chain > 0 { // without one it may as well be secret
			f.sealedKey(key, own, about)
		}
	default:
		return damaged(fmt.Sprintf("no entry has the tag %d", tag))
	}
	return nil
}

// The kinds of a key that a BKS holds in the clear.
const (
	bksPrivate = 0
	bksPublic  = 1
)

// bksOpenKey records a key that the store holds in the clear, secret ones apart.
func (f *file) bksOpenKey(kind int, key, certificate []byte, e entry) {
	switch kind {
	case bksPublic:
		f.derObject(scan.ObjectPublicKey, key, "bks: ", e)
	case bksPrivate:
		facts, ok := new(scan.Object), false
		if !f.opt.NoPrivateKeys {
			facts, ok = scan.DerivePrivateKey(key)
		}
		if !ok {
			if facts, ok = scan.DeriveCertificateKey(certificate); !ok {
				facts = new(scan.Object)
			}
			facts.Encrypted = scan.No
		}
		f.object(scan.ObjectPrivateKey, facts, e)
	}
}

// bksDigest looks for the password that confirms the store. Version 1 derives
// a key of 20 bits, by a mistake that became the format.
func (f *file) bksDigest(version int, salt []byte, rounds int, content, mac []byte) {
	size := sha1.Size
	if version == 1 {
		size = sha1.Size / 8
	}
	all, _ := f.candidates()
	for _, c := range all {
		if c.absent {
			continue
		}
		key, err := f.pkcs12Key(sha1.New, c.bouncy(), salt, rounds, forMAC, size)
		if err != nil || !f.spend(len(content)/sha1.BlockSize+1) {
			break
		}
		if macMatches(sha1.New, key, mac, content) {
			if c.common {
				f.noteFrom(0, noteDefaultPassword)
			}
			return
		}
	}
	f.noteFrom(0, noteIntegrity)
}
