package report

// chunkSize is the number of entries of a chunk; a power of two.
const chunkSize = 4096

// chunks is a list that grows without copying what it has, so that an index of
// a million entries never stands in memory twice.
type chunks[T any] struct {
	parts [][]T
	n     int
}

func (c *chunks[T]) len() int { return c.n }

// at is the i-th entry; the pointer is valid until the next add.
func (c *chunks[T]) at(i uint32) *T { return &c.parts[i/chunkSize][i%chunkSize] }

func (c *chunks[T]) add(v T) {
	if c.n%chunkSize == 0 {
		c.parts = append(c.parts, nil)
	}
	last := &c.parts[len(c.parts)-1]
	if len(*last) == cap(*last) && len(*last) > 0 { // append would leave room beyond the chunk
		*last = append(make([]T, 0, min(4*len(*last), chunkSize)), *last...)
	}
	*last = append(*last, v)
	c.n++
}
