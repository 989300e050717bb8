package scan

import (
	"bytes"
	"fmt"
	"io"
)

// ReadAt decodes the one line of evidence that begins at an offset which a
// [Reader] gave. Unless trusted, a certificate's facts are derived again. buf
// is used for the text and returned, so that a caller may pass it again.
func ReadAt(r io.ReaderAt, offset int64, trusted bool, buf []byte) (Record, []byte, error) {
	const step = 4096
	buf = buf[:0]
	for {
		have := len(buf)
		if have > maxLine {
			return nil, buf, fmt.Errorf("evidence at byte %d: line longer than %d bytes", offset, maxLine)
		}
		buf = append(buf, make([]byte, max(step, have))...)
		n, err := r.ReadAt(buf[have:], offset+int64(have))
		buf = buf[:have+n]
		if end := bytes.IndexByte(buf[have:], '\n'); end >= 0 {
			var unknown int
			rec, err := DecodeLine(buf[:have+end], trusted, &unknown)
			if err != nil {
				return nil, buf, fmt.Errorf("evidence at byte %d: %w", offset, err)
			}
			return rec, buf, nil
		}
		if err != nil {
			return nil, buf, fmt.Errorf("evidence at byte %d: %w", offset, err)
		}
	}
}
