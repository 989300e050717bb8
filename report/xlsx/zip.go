package xlsx

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// archiveComment is how the scan recognises a workbook as certaudit's own.
const archiveComment = "certaudit report"

const contentTypesPart = "[Content_Types].xml"

// partTime is the modification time of every part: the first that ZIP can say.
// A clock here would make two renderings of one audit differ.
func partTime() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// An archive is the ZIP writer that excelize fills. It compresses each part to
// a file of its own as it comes, and on Close writes them to w in order of
// name: excelize's own order varies with map iteration, and its own way keeps
// the whole workbook in memory.
type archive struct {
	ctx   context.Context // of one Write; excelize's interface passes none
	dir   string          // for the parts; removed by its owner
	w     io.Writer
	parts []*part
}

// A part is one compressed member of the archive.
type part struct {
	name string
	file *os.File
	buf  *bufio.Writer // before file: the compressor writes little at a time
	flat *flate.Writer
	crc  hash.Hash32
	size uint64
	a    *archive
	text *bytes.Buffer // of the content types, which are sorted before they are written
}

func newArchive(ctx context.Context, dir string, w io.Writer) *archive {
	return &archive{ctx: ctx, dir: dir, w: w}
}

// Create starts the next part; the one before is finished.
func (a *archive) Create(name string) (io.Writer, error) {
	if err := a.finishPart(); err != nil {
		return nil, err
	}
	if name == contentTypesPart {
		p := &part{name: name, a: a, text: &bytes.Buffer{}}
		a.parts = append(a.parts, p)
		return p, nil
	}
	return a.start(name)
}

func (a *archive) start(name string) (*part, error) {
	file, err := os.OpenFile(filepath.Join(a.dir, "part"+strconv.Itoa(len(a.parts))), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("workbook part %s: %w", name, err)
	}
	buf := bufio.NewWriterSize(file, 1<<16)
	flat, err := flate.NewWriter(buf, flate.BestSpeed)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	p := &part{name: name, a: a, file: file, buf: buf, flat: flat, crc: crc32.NewIEEE()}
	a.parts = append(a.parts, p)
	return p, nil
}

// Write compresses b to the part's file.
func (p *part) Write(b []byte) (int, error) {
	if err := p.a.ctx.Err(); err != nil {
		return 0, err
	}
	p.size += uint64(len(b))
	if p.text != nil {
		return p.text.Write(b)
	}
	p.crc.Write(b) // never fails
	return p.flat.Write(b)
}

// finishPart ends the part in the making.
func (a *archive) finishPart() error {
	if len(a.parts) == 0 {
		return nil
	}
	p := a.parts[len(a.parts)-1]
	if p.flat == nil {
		return nil
	}
	err := p.flat.Close()
	p.flat = nil
	return errors.Join(err, p.buf.Flush())
}

// AddFS is part of excelize's interface; excelize does not call it.
func (a *archive) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the archive. Excelize calls it after a failure as well; what
// comes out is then thrown away with the error.
func (a *archive) Close() error {
	defer a.release()
	if err := a.ctx.Err(); err != nil {
		return err
	}
	if err := a.finishPart(); err != nil {
		return err
	}
	if err := a.sortContentTypes(); err != nil {
		return err
	}
	slices.SortFunc(a.parts, func(x, y *part) int { return strings.Compare(x.name, y.name) })
	z := zip.NewWriter(a.w)
	if err := z.SetComment(archiveComment); err != nil {
		return err
	}
	for _, p := range a.parts {
		if err := p.copyTo(a.ctx, z); err != nil {
			return fmt.Errorf("workbook part %s: %w", p.name, err)
		}
	}
	return z.Close()
}

// release closes and removes the files of the parts.
func (a *archive) release() {
	for _, p := range a.parts {
		if p.file != nil {
			p.file.Close()
			os.Remove(p.file.Name())
		}
	}
	a.parts = nil
}

// sortContentTypes replaces the content types by the same ones in order.
func (a *archive) sortContentTypes() error {
	i := slices.IndexFunc(a.parts, func(p *part) bool { return p.text != nil })
	if i < 0 {
		return errors.New("workbook has no content types")
	}
	text, err := sortedTypes(a.parts[i].text.Bytes())
	if err != nil {
		return fmt.Errorf("%s: %w", contentTypesPart, err)
	}
	a.parts = slices.Delete(a.parts, i, i+1)
	p, err := a.start(contentTypesPart)
	if err != nil {
		return err
	}
	if _, err := p.Write(text); err != nil {
		return err
	}
	return a.finishPart()
}

// A typeEntry is one entry of the content types.
type typeEntry struct {
	Extension   string `xml:"Extension,attr,omitempty"`
	PartName    string `xml:"PartName,attr,omitempty"`
	ContentType string `xml:"ContentType,attr"`
}

func sortedTypes(text []byte) ([]byte, error) {
	var types struct {
		XMLName  xml.Name    `xml:"http://schemas.openxmlformats.org/package/2006/content-types Types"`
		Default  []typeEntry `xml:"Default"`
		Override []typeEntry `xml:"Override"`
	}
	if err := xml.Unmarshal(text, &types); err != nil {
		return nil, err
	}
	for _, list := range [][]typeEntry{types.Default, types.Override} {
		slices.SortFunc(list, func(x, y typeEntry) int {
			return strings.Compare(x.Extension+x.PartName, y.Extension+y.PartName)
		})
	}
	body, err := xml.Marshal(types)
	return append([]byte(xml.Header), body...), err
}

// copyTo adds the part, already compressed, to z.
func (p *part) copyTo(ctx context.Context, z *zip.Writer) error {
	size, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	// Excel refuses a part of this size unless its local header says ZIP64,
	// which archive/zip does not write. A sheet goes on in the next one long
	// before; see maxSheetBytes.
	if p.size >= math.MaxUint32 || size >= math.MaxUint32 {
		return errors.New("larger than 4 GiB")
	}
	const version = 20 // of the format: deflate, no ZIP64
	h := &zip.FileHeader{
		Name: p.name, Method: zip.Deflate, CreatorVersion: version, ReaderVersion: version,
		CRC32: p.crc.Sum32(), CompressedSize64: uint64(size), UncompressedSize64: p.size,
	}
	pinned := partTime()
	//lint:ignore SA1019 CreateRaw writes this field and not Modified
	h.ModifiedDate = uint16(pinned.Day() | int(pinned.Month())<<5 | (pinned.Year()-1980)<<9)
	out, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, &contextReader{ctx, p.file})
	return err
}

// A contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
