package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"certaudit/report"
)

// The names of the files in an output folder.
const (
	evidenceName = "evidence.jsonl"
	partialName  = "evidence.jsonl.partial"
	sumsName     = "SHA256SUMS"
)

// A workshop knows the temporary files of every output folder, so that a second
// interrupt can remove them.
type workshop struct {
	mu        sync.Mutex
	files     map[string]bool
	abandoned bool
}

var errAbandoned = errors.New("interrupted")

// open creates a temporary file unless the run was abandoned.
func (w *workshop) open(name string) (*os.File, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.abandoned {
		return nil, errAbandoned
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		if w.files == nil {
			w.files = map[string]bool{}
		}
		w.files[name] = true
	}
	return f, err
}

// rename puts a finished file in place, or removes it where to is "".
func (w *workshop) settle(name, to string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.abandoned {
		return errAbandoned
	}
	delete(w.files, name)
	if to == "" {
		return os.Remove(name)
	}
	return os.Rename(name, to)
}

// abandon removes what is half written; nothing can be put in place after it.
func (w *workshop) abandon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.abandoned = true
	for name := range w.files {
		os.Remove(name)
	}
}

// A folder is one output folder. Files appear in it complete or not at all, and
// nothing is written through a symbolic link.
type folder struct {
	dir     string
	work    *workshop
	written []string          // names, in the order of writing
	sums    map[string]string // SHA-256 of what was written, by name
}

// openFolder makes the folder, for the user alone.
func (w *workshop) openFolder(dir string) (*folder, error) {
	dir = filepath.Clean(dir) // "link/" would name what the link leads to
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if parent := filepath.Dir(dir); parent != "." {
			if err := os.MkdirAll(parent, 0o755); err != nil {
				return nil, fmt.Errorf("output folder: %w", err)
			}
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, fmt.Errorf("output folder: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("output folder: %w", err)
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, fmt.Errorf("output folder %s is a symbolic link; name the folder itself", dir)
	case !info.IsDir():
		return nil, fmt.Errorf("output folder %s is a file", dir)
	}
	return &folder{dir: dir, work: w, sums: map[string]string{}}, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// write makes one file: temporary file, sync, rename.
func (f *folder) write(name string, fill func(io.Writer) error) (err error) {
	temp := f.path("." + name + ".tmp")
	os.Remove(temp) // left by a run that was killed
	out, err := f.work.open(temp)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			out.Close()
			f.work.settle(temp, "")
			err = fmt.Errorf("write %s: %w", name, err)
		}
	}()
	digest := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(out, digest), 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if err := f.work.settle(temp, f.path(name)); err != nil {
		return err
	}
	f.done(name, hex.EncodeToString(digest.Sum(nil)))
	return nil
}

// done remembers a file that is in place.
func (f *folder) done(name, sum string) {
	f.written = append(f.written, name)
	f.sums[name] = sum
}

// begin opens the evidence in the making. It stays, under its name, when the
// run is stopped: it is what a scan can be continued from.
func (f *folder) begin() (*os.File, error) {
	name := f.path(partialName)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("write %s: %w", partialName, err)
	}
	out, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", partialName, err)
	}
	return out, nil
}

// finish puts complete evidence in place. out stays open for reading.
func (f *folder) finish(out *os.File, sum string) error {
	if err := f.clearStale(); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", evidenceName, err)
	}
	if err := f.work.settle(f.path(partialName), f.path(evidenceName)); err != nil {
		return fmt.Errorf("write %s: %w", evidenceName, err)
	}
	f.done(evidenceName, sum)
	return nil
}

// maxSums bounds a SHA256SUMS that may be anybody's.
const maxSums = 1 << 16

// clearStale removes what an earlier run wrote here, as its SHA256SUMS lists,
// but for the evidence that is read: a report must not lie beside another run's
// evidence, not even when this run fails half-way.
func (f *folder) clearStale(inputs ...report.Input) error {
	text, err := readBounded(f.path(sumsName), maxSums)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		_, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || name != filepath.Base(name) || !isOwnName(name) || f.isInput(name, inputs) {
			continue
		}
		if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("output folder: %w", err)
		}
	}
	if err := os.Remove(f.path(sumsName)); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	return nil
}

func (f *folder) isInput(name string, inputs []report.Input) bool {
	there, err := os.Stat(f.path(name))
	if err != nil {
		return false
	}
	for _, in := range inputs {
		if read, err := in.File.Stat(); err == nil && os.SameFile(there, read) {
			return true
		}
	}
	return false
}

// isOwnName bounds what clearStale may remove to names that certaudit writes.
func isOwnName(name string) bool {
	return name == evidenceName || strings.HasPrefix(name, "evidence-") && strings.HasSuffix(name, ".jsonl") ||
		slices.ContainsFunc(formats(), func(f formatEntry) bool { return f.file == name })
}

// seal writes SHA256SUMS over everything written, in the form of sha256sum -c.
func (f *folder) seal() error {
	names := slices.Sorted(slices.Values(f.written))
	var sums strings.Builder
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(&sums, "%s  %s\n", f.sums[name], name)
	}
	return f.write(sumsName, func(w io.Writer) error {
		_, err := io.WriteString(w, sums.String())
		return err
	})
}

func fileSHA256(name string) (string, error) {
	in, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(h, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
