package certfile

import "bytes"

// Structured text is recognised by what it must contain to hold a certificate;
// text without such a mark has none and is not claimed here.

// base64PEM is how base64 of "-----BEGIN CERTIFICATE" begins, as in a
// Kubernetes Secret.
const base64PEM = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS"

// minBase64Certificate is shorter than any real certificate in base64.
const minBase64Certificate = 200

func firstText(b []byte) []byte {
	return bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n")
}

// filledElement is true where an element of that local name has text.
func filledElement(b []byte, name string) bool {
	for {
		i := bytes.Index(b, []byte(name))
		if i < 0 {
			return false
		}
		b = b[i+len(name):]
		end := bytes.IndexByte(b, '>')
		if end < 0 {
			return false
		}
		if end > 0 && b[end-1] == '/' {
			continue
		}
		if text := bytes.TrimLeft(b[end+1:], " \t\r\n"); len(text) > 0 && text[0] != '<' {
			return true
		}
	}
}

// holdsBase64Certificate is true where a long run of base64 begins like a DER
// SEQUENCE with a two-byte length.
func holdsBase64Certificate(b []byte) bool {
	for {
		i := bytes.Index(b, []byte("MII"))
		if i < 0 {
			return false
		}
		b = b[i:]
		n := 0
		for n < len(b) && (isBase64(b[n]) || b[n] == '\r' || b[n] == '\n' || b[n] == ' ' || b[n] == '\\') {
			n++
		}
		if n >= minBase64Certificate {
			return true
		}
		b = b[3:]
	}
}

// holdsQuotedPEM is true where PEM stands inside a string, its lines joined by
// escapes.
func holdsQuotedPEM(b []byte) bool {
	for {
		i := bytes.Index(b, []byte("-----BEGIN "))
		if i < 0 {
			return false
		}
		b = b[i:]
		line, _, _ := bytes.Cut(b[:min(len(b), 2*maxLabel)], []byte{'\n'}) // a long line must not be searched from each mark
		if isObjectBegin(line) && (bytes.Contains(line, []byte(`-----\n`)) || bytes.Contains(line, []byte(`-----\r`))) {
			return true
		}
		b = b[11:]
	}
}

// holdsBlockPEM is true where a YAML block scalar (key: |) has PEM as its
// first line.
func holdsBlockPEM(b []byte) bool {
	at := 0
	for {
		i := bytes.Index(b[at:], []byte("-----BEGIN "))
		if i < 0 {
			return false
		}
		at += i
		if isObjectBegin(b[at:]) && opensBlock(b, at) {
			return true
		}
		at += 11
	}
}

// storeMarks are how base64 begins of the stores that are no DER: JKS, JCEKS,
// BKS and UBER in both versions, Windows serialized stores.
func storeMarks() []string {
	return []string{"/u3+7Q", "zs7Ozg", "AAAAAQAAAB", "AAAAAgAAAB", "AAAAAENFUl"}
}

// opensBlock is true where what stands at an offset is the first text of a YAML
// block scalar.
func opensBlock(b []byte, at int) bool {
	lineStart := bytes.LastIndexByte(b[:at], '\n') + 1
	if lineStart == 0 || at == lineStart || len(bytes.TrimSpace(b[lineStart:at])) > 0 {
		return false
	}
	before := bytes.TrimRight(b[:lineStart-1], " \t\r")
	before = bytes.TrimRight(before, "-+0123456789")
	return bytes.HasSuffix(before, []byte("|")) || bytes.HasSuffix(before, []byte(">"))
}

// isObjectBegin is true where a line begins a PEM block of a certificate or of
// another object.
func isObjectBegin(line []byte) bool {
	at, label, _ := nextMark(line[:min(len(line), 2*maxLabel)], 0, beginMark)
	return at == 0 && (certificateLabels[label] || labelled(label) != "")
}

func isBase64(c byte) bool {
	return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}

func onlyBase64(b []byte) bool {
	for _, c := range b {
		if !isBase64(c) && c != '\r' && c != '\n' && c != ' ' && c != '\t' {
			return false
		}
	}
	return true
}
