package certfile

import (
	"bytes"
	"fmt"

	"certaudit/scan"
)

// derContainer reads one or more DER certificates that stand one after the
// other.
func derContainer() container {
	return container{name: "der", title: "DER certificate", recognises: startsLikeCertificate, read: readDER}
}

// startsLikeCertificate also accepts a certificate whose end is missing: a
// complete outline, or a truncated SEQUENCE that begins as one would.
func startsLikeCertificate(b []byte) bool {
	if len(b) > 1 && b[0] == tagSequence && looksLikeCertificate(b) {
		return true
	}
	_, _, complete := scan.NextTLV(b)
	return !complete && truncatedCertificate(b)
}

// truncatedCertificate is true where the file ends inside a SEQUENCE whose
// beginning has the shape of TBSCertificate: version, serial, algorithm.
func truncatedCertificate(b []byte) bool {
	inner, ok := insideSequence(b)
	if !ok {
		return false
	}
	tbs, ok := insideSequence(inner)
	const version = 5 // bytes of the field
	if !ok || len(tbs) < version || !bytes.HasPrefix(tbs, []byte{tagExplicit0, 3, tagInteger, 1}) {
		return false
	}
	serial, rest, ok := scan.NextTLV(tbs[version:])
	if !ok || serial.Tag != tagInteger {
		return false
	}
	alg, _, ok := scan.NextTLV(rest)
	return ok && alg.Tag == tagSequence
}

func readDER(f *file) {
	rest := f.content
	for len(rest) > 0 && startsLikeCertificate(rest) {
		cert, after, ok := scan.NextTLV(rest)
		if !ok {
			f.bad(scan.StageDecode, scan.ReasonTruncated, fmt.Sprintf("a certificate of %d bytes that the file ends inside", len(rest)))
			return
		}
		at := len(f.content) - len(rest)
		f.certificate(cert.Full, span{at, at + len(cert.Full)}, "der", 0)
		rest = after
	}
	f.trailing(len(f.content) - len(rest))
}
