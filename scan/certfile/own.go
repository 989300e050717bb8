package certfile

import (
	"archive/zip"
	"bytes"
	"regexp"
	"strings"
)

// The marks by which certaudit knows its own output again. They are written by
// the formats; a test over a real output folder holds the two together.
const (
	ownEvidence = `{"kind":"run","schema":`
	ownTool     = `"tool":"certaudit"`
	ownReport   = `"tool": "certaudit"`
	ownArchive  = "certaudit report" // ZIP comment of the workbook
	ownProducer = "/Producer"
)

var ownSums = regexp.MustCompile(`^([0-9a-f]{64}  [A-Za-z0-9._-]+\n)+$`)

// ownOutput recognises files that certaudit wrote. A file that holds a PEM
// block is never taken for one, so that a certificate cannot hide behind the
// mark.
func ownOutput(b []byte) bool {
	if bytes.Contains(b, []byte("-----BEGIN ")) && !bytes.HasPrefix(b, []byte("{")) {
		return false
	}
	head := b[:min(len(b), 4096)]
	switch {
	case bytes.HasPrefix(b, []byte(ownEvidence)):
		return bytes.Contains(head, []byte(ownTool)) && everyLineIsRecord(b)
	case bytes.HasPrefix(b, []byte("{")):
		return bytes.Contains(head, []byte(ownReport)) && bytes.Contains(head, []byte(`"evidence_sha256"`)) && !holdsQuotedPEM(b)
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return isOwnPDF(b)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return isOwnWorkbook(b)
	case len(b) > 66 && len(b) < 1<<16 && ownSums.Match(b):
		return bytes.Contains(b, []byte("  evidence.jsonl\n"))
	}
	return false
}

// everyLineIsRecord wants nothing but evidence lines; the last may be cut in a
// partial file.
func everyLineIsRecord(b []byte) bool {
	for line := range bytes.Lines(b) {
		if !bytes.HasPrefix(line, []byte(`{"kind":"`)) {
			return false
		}
	}
	return true
}

func isOwnPDF(b []byte) bool {
	i := bytes.LastIndex(b, []byte(ownProducer))
	if i < 0 {
		return false
	}
	value := b[i:min(len(b), i+200)]
	return bytes.Contains(value, []byte("certaudit")) || bytes.Contains(value, []byte("\x00c\x00e\x00r\x00t\x00a\x00u\x00d\x00i\x00t"))
}

// isOwnWorkbook wants the comment and nothing but the parts of a workbook.
func isOwnWorkbook(b []byte) bool {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || r.Comment != ownArchive {
		return false
	}
	for _, f := range r.File {
		if f.Name != "[Content_Types].xml" && !strings.HasPrefix(f.Name, "_rels/") &&
			!strings.HasPrefix(f.Name, "xl/") && !strings.HasPrefix(f.Name, "docProps/") {
			return false
		}
	}
	return true
}
