package report

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// A spool keeps rows of any number in a temporary file and yields them in the
// order of their keys, as often as asked. Rows are held in memory up to
// spoolMemory and then written out as one sorted run; reading merges the runs.
type spool[T any] struct {
	dir  string
	file *os.File
	rows []spooled // of the run in memory
	size int
	runs []extent
	end  int64
}

type spooled struct{ key, value []byte }

// An extent is one sorted run in the file.
type extent struct{ from, to int64 }

// spoolMemory is how much a spool holds in memory before it writes a run.
const spoolMemory = 8 << 20

func newSpool[T any](dir string) *spool[T] { return &spool[T]{dir: dir} }

// add takes one row. Rows with equal keys come out in the order of add within
// one run; keys should be distinct for a fixed order.
func (s *spool[T]) add(key []byte, row *T) error {
	value, err := marshal(row)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.rows = append(s.rows, spooled{key, value})
	s.size += len(key) + len(value) + 64
	if s.size < spoolMemory {
		return nil
	}
	return s.flush()
}

func (s *spool[T]) sortRows() {
	slices.SortStableFunc(s.rows, func(a, b spooled) int { return bytes.Compare(a.key, b.key) })
}

func (s *spool[T]) flush() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "certaudit-*")
		if err != nil {
			return fmt.Errorf("spool: %w", err)
		}
		os.Remove(f.Name()) // the open file lives on; where that is refused, Close removes it
		s.file = f
	}
	s.sortRows()
	w := bufio.NewWriterSize(s.file, 1<<16)
	from := s.end
	for _, r := range s.rows {
		head := binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(r.key))), uint64(len(r.value)))
		for _, part := range [][]byte{head, r.key, r.value} {
			if _, err := w.Write(part); err != nil {
				return fmt.Errorf("spool: %w", err)
			}
			s.end += int64(len(part))
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	s.runs = append(s.runs, extent{from, s.end})
	s.rows, s.size = nil, 0
	return nil
}

// marshal encodes as report.json does: characters of markup stay as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), err
}

// all yields the rows in key order. Each row is a fresh value.
func (s *spool[T]) all() iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		for value, err := range s.raw() {
			row := new(T)
			if err == nil {
				err = json.Unmarshal(value, row)
			}
			if err != nil {
				yield(nil, fmt.Errorf("spool: %w", err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// raw yields the rows as they were encoded, in key order; each is valid until
// the next.
func (s *spool[T]) raw() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s.sortRows()
		m := merge{}
		for i, run := range s.runs {
			m = append(m, &cursor{order: i, in: bufio.NewReaderSize(io.NewSectionReader(s.file, run.from, run.to-run.from), 1<<15)})
		}
		m = append(m, &cursor{order: len(s.runs), rows: s.rows})
		live := m[:0]
		for _, c := range m {
			if err := c.advance(); err == nil {
				live = append(live, c)
			} else if !errors.Is(err, io.EOF) {
				yield(nil, err)
				return
			}
		}
		m = live
		heap.Init(&m)
		for len(m) > 0 {
			if !yield(m[0].value, nil) {
				return
			}
			switch err := m[0].advance(); {
			case err == nil:
				heap.Fix(&m, 0)
			case errors.Is(err, io.EOF):
				heap.Pop(&m)
			default:
				yield(nil, err)
				return
			}
		}
	}
}

// close removes the temporary file.
func (s *spool[T]) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	os.Remove(s.file.Name())
	s.file = nil
	return err
}

// A cursor stands on one row of one run.
type cursor struct {
	spooled
	order int
	in    *bufio.Reader // of a run in the file, or
	buf   []byte
	rows  []spooled // the run in memory
}

func (c *cursor) advance() error {
	if c.in == nil {
		if len(c.rows) == 0 {
			return io.EOF
		}
		c.spooled, c.rows = c.rows[0], c.rows[1:]
		return nil
	}
	key, err := binary.ReadUvarint(c.in)
	if err != nil {
		return err // io.EOF at the end of the run
	}
	value, err := binary.ReadUvarint(c.in)
	if err != nil {
		return err
	}
	c.buf = slices.Grow(c.buf[:0], int(key+value))
	b := c.buf[:key+value]
	if _, err := io.ReadFull(c.in, b); err != nil {
		return err
	}
	c.key, c.value = b[:key], b[key:]
	return nil
}

// merge is a heap of cursors by key.
type merge []*cursor

func (m merge) Len() int { return len(m) }
func (m merge) Less(i, j int) bool {
	if c := bytes.Compare(m[i].key, m[j].key); c != 0 {
		return c < 0
	}
	return cmp.Less(m[i].order, m[j].order)
}
func (m merge) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)   { *m = append(*m, x.(*cursor)) }
func (m *merge) Pop() any {
	old := *m
	last := old[len(old)-1]
	*m = old[:len(old)-1]
	return last
}
