package certfile

import "bytes"

func zipContainer() container {
	return container{name: "zip", title: "ZIP archive (zip, jar, war)", recognises: prefix("PK\x03\x04")}
}

func gzipContainer() container {
	return container{name: "gzip", title: "gzip-compressed file (tar.gz)", recognises: prefix("\x1f\x8b\x08")}
}

// tarContainer recognises POSIX and GNU tar by the magic of the first header.
func tarContainer() container {
	return container{name: "tar", title: "tar archive", recognises: func(b []byte) bool {
		return len(b) >= 512 && bytes.Equal(b[257:262], []byte("ustar"))
	}}
}
