package certfile

import (
	"bytes"
	"encoding/base64"
)

// base64Container reads base64 without armour: one object, or one certificate
// on each line.
func base64Container() container {
	return container{name: "base64", title: "base64 without armour", recognises: func(b []byte) bool {
		t := firstText(bytes.TrimSpace(b))
		if len(t) < 128 || !onlyBase64(t) {
			return false
		}
		if bytes.HasPrefix(t, []byte(base64Begin)) {
			return true
		}
		head := make([]byte, 48)
		n, err := base64.StdEncoding.Decode(head, t[:64])
		return bytes.HasPrefix(t, []byte("MI")) && err == nil && n > 8 && head[0] == tagSequence
	}, read: readBase64}
}

func readBase64(f *file) {
	text := f.content
	if bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
		text = text[3:]
	}
	lines := lineCounter{text: text}
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	if !oneOnEachLine(text) {
		raw, _ := decodeLoose(text)
		if c := findStore(f.opt.containers, raw); c != nil && !startsLikeCertificate(raw) {
			f.content, f.whole, f.base = raw, raw, 0
			f.readAs(c)
			return
		}
		f.value(text, "base64", "", lines.at(start))
		return
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if f.value(line, "base64", "", number); f.full {
			return
		}
	}
}

// oneOnEachLine is true where every line is long enough to be a certificate
// and begins like one.
func oneOnEachLine(text []byte) bool {
	n := 0
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(line) < minBase64Certificate || !bytes.HasPrefix(line, []byte("MI")) {
			return false
		}
		n++
	}
	return n > 1
}
