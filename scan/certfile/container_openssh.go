package certfile

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"certaudit/scan"
)

// opensshContainer reads text with OpenSSH public keys and certificates (.pub,
// authorized_keys, known_hosts: sshd(8)), and keys in the form of RFC 4716.
// Whatever else stands in it is read as PEM.
func opensshContainer() container {
	return container{name: "openssh", title: "OpenSSH public keys, certificates, authorized_keys, known_hosts; RFC 4716; private keys in PEM of that label",
		recognises: func(b []byte) bool {
			_, ok := nextSSHKey(b, span{0, len(b)})
			return ok || nextSSH2(b, span{0, len(b)}) >= 0
		}, read: func(f *file) { f.searchPEM(true) }}
}

// An sshLine is one key of a text: where its type begins, and its base64.
type sshLine struct {
	kind span
	blob span
}

// sshBase64 is how base64 of every SSH key begins: with the length of its type,
// in four bytes of which three are zero.
var sshBase64 = []byte("AAAA")

// nextSSHKey finds the next type of key that is followed by base64 of a key of
// that type.
func nextSSHKey(text []byte, within span) (l sshLine, ok bool) {
	for at := within.from; at < within.to; {
		i := bytes.Index(text[at:within.to], sshBase64)
		if i < 0 {
			break
		}
		at += i
		blob := span{at, at}
		for blob.to < within.to && isBase64(text[blob.to]) {
			blob.to++
		}
		at = blob.to
		kind := wordBefore(text, span{within.from, blob.from})
		if kind.from < kind.to && begins(text[blob.from:blob.to], text[kind.from:kind.to]) {
			return sshLine{kind, blob}, true
		}
	}
	return sshLine{}, false
}

// wordBefore is the word that ends before the blanks at the end of a span.
func wordBefore(text []byte, within span) (word span) {
	word.to = within.to
	for word.to > within.from && (text[word.to-1] == ' ' || text[word.to-1] == '\t') {
		word.to--
	}
	if word.to == within.to {
		return span{}
	}
	const longest = 64
	word.from = word.to
	for word.from > within.from && word.to-word.from < longest && isTypeLetter(text[word.from-1]) {
		word.from--
	}
	return word
}

func isTypeLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '@'
}

// begins tells whether base64 begins as that of a key of this type does.
func begins(blob, kind []byte) bool {
	if len(kind) < 4 || bytes.IndexByte(kind, '-') < 0 {
		return false
	}
	head := append([]byte{0, 0, 0, byte(len(kind))}, kind...)
	want := base64.StdEncoding.EncodeToString(head[:len(head)/3*3])
	return bytes.HasPrefix(blob, []byte(want))
}

// searchSSH records the SSH keys in text outside PEM blocks. It returns how far
// the text is done with: unless nothing follows, a key at its end may go on.
func (f *file) searchSSH(text []byte, within span, last bool, lines *lineCounter) (done int) {
	boxed := nextSSH2(text, within)
	for f.room() {
		upTo := within // the next key in a box
		if boxed >= 0 {
			upTo.to = boxed
		}
		if key, found := nextSSHKey(text, upTo); found {
			f.sshKey(text, upTo, key, lines)
			within.from = key.blob.to
			continue
		}
		if boxed < 0 {
			break
		}
		if within.from = f.ssh2Key(text, span{boxed, within.to}, last, lines); within.from < 0 {
			return boxed
		}
		boxed = nextSSH2(text, within)
	}
	return within.to
}

// sshKey records the key of one line, unless the line is a comment.
func (f *file) sshKey(text []byte, within span, key sshLine, lines *lineCounter) {
	start := within.from
	if i := bytes.LastIndexAny(text[within.from:key.kind.from], "\r\n"); i >= 0 {
		start += i + 1
	}
	lead := bytes.TrimSpace(text[start:key.kind.from])
	if bytes.HasPrefix(lead, []byte("#")) {
		return
	}
	alias := ""
	if len(lead) <= maxAlias {
		alias = hostsOf(string(lead))
	}
	if alias == "" {
		comment, _, _ := bytes.Cut(text[key.blob.to:min(within.to, key.blob.to+maxAlias)], []byte("\n"))
		alias = strings.Trim(strings.TrimSpace(string(comment)), `"'`)
	}
	line := f.lineOf(lines.at(key.kind.from))
	blob, err := base64.StdEncoding.DecodeString(string(text[key.blob.from:key.blob.to]))
	what := fmt.Sprintf("line %d: %s", line, text[key.kind.from:key.kind.to])
	if err != nil {
		f.badObject(scan.ObjectPublicKey, scan.StageDecode, scan.ReasonCorrupt, what+": "+err.Error())
		return
	}
	o, reason := scan.DeriveSSHKey(blob)
	f.keyOr(scan.ObjectPublicKey, o, reason, what, entry{container: "openssh", alias: alias, line: line})
}

// hostsOf is the host names in front of a known host's key, with their marker;
// "" where options of an authorized key, or something else, stand there.
func hostsOf(lead string) string {
	words := strings.Fields(lead)
	if len(words) == 2 && strings.HasPrefix(words[0], "@") {
		words = words[1:]
	}
	if len(words) != 1 || strings.ContainsAny(words[0], `"'=;(){}`) || strings.HasSuffix(words[0], ":") || strings.Trim(words[0], "-+") == "" {
		return ""
	}
	option, _, _ := strings.Cut(words[0], ",")
	switch {
	case strings.HasPrefix(option, "no-"), strings.HasPrefix(option, "permit-"), strings.HasSuffix(option, "-required"), strings.HasSuffix(option, "-forwarding"),
		option == "restrict", option == "cert-authority", option == "pty", option == "user-rc":
		return ""
	}
	return lead
}

// The lines around a key in RFC 4716 section 3.
var (
	ssh2Begin = []byte("---- BEGIN SSH2 PUBLIC KEY ----")
	ssh2End   = []byte("---- END SSH2 PUBLIC KEY ----")
)

// nextSSH2 finds where the next key in the form of RFC 4716 begins; -1 where
// none does.
func nextSSH2(text []byte, within span) int {
	for at := within.from; at < within.to; at += len(ssh2Begin) {
		i := bytes.Index(text[at:within.to], ssh2Begin)
		if i < 0 {
			break
		}
		if at += i; startsLine(text, at) {
			return at
		}
	}
	return -1
}

// ssh2Key records one key in the form of RFC 4716 and returns where it ends; -1
// where it may go on in what follows.
func (f *file) ssh2Key(text []byte, within span, last bool, lines *lineCounter) (end int) {
	line := f.lineOf(lines.at(within.from))
	body := text[within.from+len(ssh2Begin) : within.to]
	again := bytes.Index(body, ssh2Begin)
	if again >= 0 { // looked for first: a file of BEGIN lines alone must not be searched for an END from each
		body = body[:again]
	}
	size := bytes.Index(body, ssh2End)
	if size < 0 {
		if again < 0 && !last {
			return -1
		}
		f.badObject(scan.ObjectPublicKey, scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("line %d: BEGIN SSH2 PUBLIC KEY has no END", line))
		return within.from + len(ssh2Begin)
	}
	comment, blob, err := ssh2Body(body[:size])
	what := fmt.Sprintf("line %d: SSH2 public key", line)
	if err != nil {
		f.badObject(scan.ObjectPublicKey, scan.StageDecode, scan.ReasonCorrupt, what+": "+err.Error())
	} else {
		o, reason := scan.DeriveSSHKey(blob)
		if reason == "" {
			o.Format = scan.FormatSSH2
		}
		f.keyOr(scan.ObjectPublicKey, o, reason, what, entry{container: "openssh", alias: comment, line: line})
	}
	return within.from + len(ssh2Begin) + size + len(ssh2End)
}

// ssh2Body takes the comment off the headers, which may go on behind a
// backslash (RFC 4716 section 3.3), and decodes the rest.
func ssh2Body(body []byte) (comment string, blob []byte, err error) {
	var packed []byte
	header, goesOn := "", false
	for line := range bytes.FieldsFuncSeq(body, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if !goesOn && bytes.IndexByte(line, ':') < 0 {
			packed = append(packed, bytes.TrimSpace(line)...)
			continue
		}
		if !goesOn {
			header = ""
		}
		rest, more := bytes.CutSuffix(line, []byte(`\`))
		header, goesOn = header+string(rest), more
		if name, value, _ := strings.Cut(header, ":"); !more && strings.EqualFold(name, "Comment") {
			comment = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	n, err := base64.StdEncoding.Decode(packed, packed)
	return comment, packed[:n], err
}
