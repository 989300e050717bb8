package pdf

// A block is a framed piece of the document with a coloured edge. It is made
// of atoms, from top to bottom, and kept on one page; only a block that is
// taller than a page is split, between atoms.
type block struct {
	d     *doc
	edge  string // colour
	atoms []atom
}

// An atom is a part of a block that is never split.
type atom struct {
	height float64
	draw   func(y float64)
}

const (
	blockTop    = 3.2 // mm inside the frame
	blockBottom = 2.8
	blockEdge   = 1.6
	blockPad    = 6.0 // from the margin to the text
)

func (d *doc) block(edge string) *block { return &block{d: d, edge: edge} }

func (b *block) add(height float64, draw func(y float64)) {
	b.atoms = append(b.atoms, atom{height, draw})
}

func (b *block) space(height float64) { b.add(height, func(float64) {}) }

// finish draws the block and leaves the document below it. started is called
// once the block's place is known.
func (b *block) finish(started func(y float64)) {
	d := b.d
	total := blockTop + blockBottom
	for _, a := range b.atoms {
		total += a.height
	}
	if total <= d.bottom()-d.body {
		d.need(total)
	} else {
		d.need(110)
	}
	started(d.y)
	for rest := b.atoms; len(rest) > 0; {
		n, tall := b.fits(rest)
		d.frame(d.y, tall, b.edge)
		y := d.y + blockTop
		for _, a := range rest[:n] {
			a.draw(y)
			y += a.height
		}
		d.y += tall
		if rest = rest[n:]; len(rest) > 0 {
			d.newPage(d.wide)
		}
	}
	d.y += 5.5
}

// fits counts the atoms that fit on the page, at least one, and the height of
// their frame. A split leaves no tail that would stand on a page alone.
func (b *block) fits(atoms []atom) (n int, tall float64) {
	const tail = 8
	tall = blockTop + blockBottom
	for _, a := range atoms {
		if n > 0 && tall+a.height > b.d.room()+1e-6 {
			break
		}
		tall += a.height
		n++
	}
	for n > tail && n < len(atoms) && len(atoms)-n < tail {
		n--
		tall -= atoms[n].height
	}
	return n, tall
}

func (d *doc) frame(y, h float64, edge string) {
	x, w := margin, d.textWidth()
	d.rule(x, y, x+w, y, hair, "hairline")
	d.rule(x, y+h, x+w, y+h, hair, "hairline")
	d.rule(x+w, y, x+w, y+h, hair, "hairline")
	d.fill(x, y-hair/2, blockEdge, h+hair, edge)
}

// lines adds one atom for each line.
func (b *block) lines(x float64, lines []line, st style) {
	for _, ln := range lines {
		b.add(st.lead, func(y float64) { b.d.draw(x, y, ln, st) })
	}
}

const blockLabels = 18.0 // mm that labels take

// labelled adds a label with paragraphs of one style at its right.
func (b *block) labelled(label string, st style, paras ...[]piece) {
	d := b.d
	x := margin + blockPad
	width := d.textWidth() - blockPad - blockLabels - 5
	first := true
	for _, p := range paras {
		for _, ln := range d.wrapPieces(p, st, width) {
			head := first
			b.add(st.lead, func(y float64) {
				if head {
					lb := stLabel
					lb.lead = st.lead
					d.draw(x, y, d.fit(label, lb, blockLabels-1), lb)
				}
				d.draw(x+blockLabels, y, ln, st)
			})
			first = false
		}
	}
	if !first {
		b.space(1)
	}
}
