package certfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"certaudit/scan"
)

// The marks by which certaudit knows its own output again. They are written by
// the formats; a test over a real output folder holds the two together.
const (
	ownEvidence = `{"kind":"run","schema":`
	ownTool     = `"tool":"certaudit"`
	ownReport   = "{\n  \"schema\": 1,\n  \"tool\": \"certaudit\",\n  \"generator\": \"certaudit "
	ownArchive  = "certaudit report" // ZIP comment of the workbook
	ownProducer = "/Producer"
)

var ownReportEnd = regexp.MustCompile(`"exit_status": [0-3]\n\}\n$`)

var ownSums = regexp.MustCompile(`^([0-9a-f]{64}  [A-Za-z0-9._-]+\n)+$`)

// ownOutput recognises files that certaudit wrote, by their whole form and not
// by a mark alone, so that a certificate cannot hide behind the mark.
func ownOutput(b []byte) bool {
	switch {
	case bytes.HasPrefix(b, []byte(ownEvidence)):
		return isOwnEvidence(b, bytes.NewReader(nil))
	case bytes.HasPrefix(b, []byte(ownReport)):
		return isOwnReport(b)
	case bytes.HasPrefix(b, []byte("%PDF-")):
		return isOwnPDF(b)
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return isOwnWorkbook(b)
	case len(b) > 66 && len(b) < 1<<16 && b[64] == ' ' && ownSums.Match(b):
		return bytes.Contains(b, []byte("  evidence"))
	}
	return false
}

// isOwnEvidence wants evidence that reads to its end, or to where it was cut,
// and has no field that evidence does not have. head is its beginning, which in
// follows.
func isOwnEvidence(head []byte, in io.Reader) bool {
	if !bytes.HasPrefix(head, []byte(ownEvidence)) || !bytes.Contains(head[:min(len(head), 4096)], []byte(ownTool)) {
		return false
	}
	r := scan.NewReader(io.MultiReader(bytes.NewReader(head), in))
	r.Trusted = true
	for {
		_, err := r.Next()
		if err == nil {
			continue
		}
		var fault *scan.EvidenceError
		cut := errors.As(err, &fault) && r.AtEnd()
		return (errors.Is(err, io.EOF) || cut) && r.UnknownFields() == 0 && r.UnknownKinds() == 0
	}
}

// isOwnReport wants the frame of report.json and no certificate in it.
func isOwnReport(b []byte) bool {
	return ownReportEnd.Match(b[max(0, len(b)-64):]) && bytes.Contains(b, []byte(`"evidence_sha256"`)) &&
		!bytes.Contains(b, []byte("-----BEGIN ")) && !holdsBase64Certificate(b) && !bytes.Contains(b, []byte(base64PEM))
}

func isOwnPDF(b []byte) bool {
	i := bytes.LastIndex(b, []byte(ownProducer))
	return i >= 0 && bytes.HasPrefix(b[i+len(ownProducer):], []byte(" (certaudit ")) &&
		bytes.HasSuffix(bytes.TrimSpace(b), []byte("%%EOF")) && !bytes.Contains(b, []byte("-----BEGIN "))
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
