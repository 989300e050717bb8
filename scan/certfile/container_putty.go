package certfile

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"certaudit/scan"
)

// puttyMark begins a PuTTY private key of any version.
const puttyMark = "PuTTY-User-Key-File-"

// puttyContainer reads PuTTY's private keys, versions 1 to 3 (PuTTY's manual,
// appendix C): the public key stands in them in the clear.
func puttyContainer() container {
	return container{name: "putty", title: "PuTTY private key (ppk)", recognises: func(b []byte) bool {
		return bytes.HasPrefix(firstText(b), []byte(puttyMark))
	}, read: readPuTTY}
}

// A ppk is what may be known of one PuTTY key.
type ppk struct {
	version, algorithm, encryption, comment, derivation string
	public                                              []byte
	private                                             bool // the private part is there in full
}

func readPuTTY(f *file) {
	f.hasKey = true
	k, err := splitPPK(firstText(f.content))
	e := entry{container: "putty", alias: k.comment, line: 1}
	switch {
	case isTruncated(err):
		f.badObject(scan.ObjectPrivateKey, scan.StageDecode, scan.ReasonTruncated, "putty: "+err.Error())
		return
	case errors.Is(err, errUnsupported):
		f.badObject(scan.ObjectPrivateKey, scan.StageDecode, scan.ReasonUnsupported, "putty: "+err.Error())
		return
	case err != nil:
		f.badObject(scan.ObjectPrivateKey, scan.StageDecode, scan.ReasonCorrupt, "putty: "+err.Error())
		return
	}
	protection := func(o *scan.Object) *scan.Object {
		o.Format, o.Encrypted = scan.FormatPuTTY, scan.Answered(k.encryption != "none")
		if o.Encrypted == scan.Yes {
			o.Encryption = strings.TrimSpace(k.encryption + " " + k.derivation)
		}
		return o
	}
	if f.opt.NoPrivateKeys {
		f.object(scan.ObjectPrivateKey, protection(new(scan.Object)), e)
		return
	}
	o, reason := scan.DeriveSSHKey(k.public)
	if reason == "" {
		protection(o)
	}
	f.keyOr(scan.ObjectPrivateKey, o, reason, "putty: "+k.algorithm, e)
}

// splitPPK reads the headers and the public part. Of the private part it only
// sees that it is there.
func splitPPK(text []byte) (k ppk, err error) {
	lines := bytes.FieldsFunc(text[:min(len(text), maxPPK)], func(r rune) bool { return r == '\n' || r == '\r' })
	for n := 0; n < len(lines); n++ {
		head, rest, isHeader := bytes.Cut(lines[n], []byte(": "))
		if !isHeader {
			return k, damaged(fmt.Sprintf("line %d is no header", n+1))
		}
		name, value := cleanAlias(string(head)), cleanAlias(string(rest))
		switch name {
		case "Encryption":
			k.encryption = value
		case "Comment":
			k.comment = value
		case "Key-Derivation":
			k.derivation = value
		case "Public-Lines", "Private-Lines":
			count, err := strconv.Atoi(value)
			switch {
			case err != nil || count < 0:
				return k, damaged(name)
			case count > len(lines)-n-1:
				return k, fmt.Errorf("%w: inside its %s", errTruncated, name)
			}
			if name == "Private-Lines" {
				k.private = true
			} else if k.public, err = base64.StdEncoding.DecodeString(string(bytes.Join(lines[n+1:n+1+count], nil))); err != nil {
				return k, damaged("public part: " + err.Error())
			}
			n += count
		default:
			if version, ok := strings.CutPrefix(name, puttyMark); ok {
				k.version, k.algorithm = version, value
			}
		}
	}
	switch {
	case k.version != "1" && k.version != "2" && k.version != "3":
		return k, fmt.Errorf("%w: version %q", errUnsupported, cleanAlias(k.version))
	case !k.private || k.encryption == "" || k.public == nil:
		return k, fmt.Errorf("%w: it has no private part", errTruncated)
	}
	return k, nil
}

// maxPPK bounds the text of a key; that of RSA 16384 has 14 KiB.
const maxPPK = 1 << 20
