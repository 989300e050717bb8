package revoke

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"certaudit/scan"
)

// Lists is a folder of revocation lists. What it keeps of them is who made
// them: each is read again when it is asked.
type Lists struct {
	files  []listFile
	sha256 string
}

// A listFile is one list of a file that may have several.
type listFile struct {
	path   string // as reported
	number int    // of the list in its file, from 0
	sha256 string
	issuer nameID
}

// The bounds of a folder.
const (
	maxFiles = 10_000
	maxFile  = maxList / 3 * 4 // as PEM
)

// ReadLists looks at every file of a folder and those below it; each must have
// revocation lists, in DER or PEM. Files whose name begins with a dot are passed
// over.
func ReadLists(dir string) (*Lists, error) {
	l := new(Lists)
	all := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path != dir && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		ders, err := readListFile(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, der := range ders {
			o, ok := scan.DeriveRevocationList(der)
			switch {
			case !ok:
				return fmt.Errorf("%s: list %d is damaged", path, i+1)
			case len(l.files) == maxFiles:
				return fmt.Errorf("more than %d lists", maxFiles)
			}
			all.Write(der)
			l.files = append(l.files, listFile{filepath.ToSlash(path), i, digest(der), nameIDOf(o.Issuer)})
		}
		return nil
	})
	if err == nil && len(l.files) == 0 {
		err = errors.New("no revocation list in it")
	}
	l.sha256 = hex.EncodeToString(all.Sum(nil))
	return l, err
}

// Len is the number of lists.
func (l *Lists) Len() int { return len(l.files) }

// SHA256 is the digest of all lists, one after the other.
func (l *Lists) SHA256() string { return l.sha256 }

func readListFile(path string) ([][]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("no regular file")
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := readAll(in, info.Size(), maxFile)
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return splitLists(text)
}

// splitLists takes DER as it is, and the lists of PEM.
func splitLists(text []byte) (ders [][]byte, err error) {
	if bytes.HasPrefix(text, []byte{tagSequence}) {
		return [][]byte{text}, nil
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" || block.Type == "CRL" {
			ders = append(ders, block.Bytes)
		}
	}
	if len(ders) == 0 {
		return nil, errors.New("no revocation list in PEM or DER")
	}
	return ders, nil
}

// read gives a list again.
func (f *listFile) read() ([]byte, string) {
	ders, err := readListFile(filepath.FromSlash(f.path))
	if err != nil {
		return nil, codeReadFailed
	}
	if f.number >= len(ders) || digest(ders[f.number]) != f.sha256 {
		return nil, codeChanged
	}
	return ders[f.number], ""
}
