package certfile

import (
	"crypto/sha1"
	"crypto/subtle"
	"fmt"

	"certaudit/scan"
)

// jksContainer reads Sun's keystore (sun.security.provider.JavaKeyStore): a
// magic, a version, a count, entries, and a keyed digest of it all.
// Certificates stand in it unencrypted.
func jksContainer() container {
	return container{name: "jks", title: "Java keystore (JKS)", recognises: prefix("\xfe\xed\xfe\xed"), read: func(f *file) { readJKS(f, "jks") }}
}

// The tags of entries of JKS and JCEKS.
const (
	javaPrivateKey = 1
	javaTrusted    = 2
	javaSecretKey  = 3 // JCEKS only
)

// readJKS reads JKS and JCEKS, which differ in the magic, in how keys are
// encrypted, and in JCEKS's secret keys.
func readJKS(f *file, container string) {
	r := byteReader{all: f.content, at: 4}
	version, count := r.uint(4), r.uint(4)
	if !r.failed && version != 1 && version != 2 {
		f.bad(scan.StageDecode, scan.ReasonUnsupported, fmt.Sprintf("%s version %d", container, version))
		return
	}
	for n := 0; n < count && !r.failed; n++ {
		if !f.room() {
			return
		}
		if err := f.javaEntry(&r, container, version); err != nil {
			f.bad(scan.StageDecode, scan.ReasonCorrupt, fmt.Sprintf("%s: entry %d of %d: %v", container, n+1, count, err))
			return
		}
	}
	end := r.at
	digest := r.bytes(sha1.Size)
	if r.failed {
		f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("%s: it ends before the last of %d entries or the digest", container, count))
		return
	}
	f.javaDigest(f.content[:end], digest)
	f.trailing(r.at)
}

// javaEntry reads one entry. What ends too early leaves r failed.
func (f *file) javaEntry(r *byteReader, container string, version int) error {
	tag, alias := r.uint(4), r.text()
	r.bytes(8) // date of creation
	if r.failed {
		return nil
	}
	switch tag {
	case javaPrivateKey:
		key := r.block()
		chain := r.uint(4)
		if r.failed {
			return nil
		}
		f.hasKey = true
		var own []byte // the key's certificate
		for i := 0; i < chain && !r.failed && f.room(); i++ {
			e := entry{container: container, alias: alias, use: scan.UseChain, basis: scan.UseByChainPosition}
			if i == 0 {
				e.use, e.basis = scan.UseIdentity, scan.UseByKey
			}
			if der := f.javaCertificate(r, version > 1, e); i == 0 {
				own = der
			}
		}
		f.sealedKey(key, own, entry{container: container, alias: alias})
	case javaTrusted:
		f.javaCertificate(r, version > 1, entry{container: container, alias: alias, use: scan.UseAnchor, basis: scan.UseByStore})
	case javaSecretKey:
		if container != "jceks" {
			return damaged("a secret key")
		}
		n, err := javaObjectSize(r.all[r.at:])
		if err != nil {
			return err
		}
		r.bytes(n)
	default:
		return damaged(fmt.Sprintf("no entry has the tag %d", tag))
	}
	return nil
}

// javaCertificate reads the type, which version 1 of a JKS leaves out, and the
// encoding, which it returns.
func (f *file) javaCertificate(r *byteReader, typed bool, e entry) []byte {
	kind := "X.509"
	if typed {
		kind = r.text()
	}
	der := r.block()
	switch {
	case r.failed:
	case kind != "X.509" && kind != "X509":
		f.bad(scan.StageDecode, scan.ReasonUnsupported, fmt.Sprintf("%s: a certificate of the type %q", e.container, cleanAlias(kind)))
	default:
		f.store(der, e)
	}
	return der
}

// sealedKey records a private key that its store keeps encrypted. What it is is
// told by its certificate.
func (f *file) sealedKey(key, certificate []byte, e entry) {
	facts, ok := scan.DeriveCertificateKey(certificate)
	if !ok {
		facts = new(scan.Object)
	}
	facts.Encrypted = scan.Yes
	if !f.opt.NoPrivateKeys {
		if protected, ok := scan.DerivePrivateKey(key); ok {
			facts.Format, facts.Encryption = protected.Format, protected.Encryption
		}
	}
	f.object(scan.ObjectPrivateKey, facts, e)
}

// javaDigest looks for the password that confirms the store: SHA-1 over the
// password, a fixed text and the content.
func (f *file) javaDigest(content, digest []byte) {
	all, _ := f.candidates()
	for _, c := range all {
		if c.absent {
			continue
		}
		if !f.spend(len(content)/sha1.BlockSize + 1) {
			break
		}
		h := sha1.New()
		h.Write(c.utf16be())
		h.Write([]byte("Mighty Aphrodite"))
		h.Write(content)
		if subtle.ConstantTimeCompare(h.Sum(nil), digest) == 1 {
			if c.common {
				f.noteFrom(0, noteDefaultPassword)
			}
			return
		}
	}
	f.noteFrom(0, noteIntegrity)
}
