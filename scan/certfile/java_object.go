package certfile

// A JCEKS store holds each secret key as a serialised Java object without its
// length, so that what comes behind is reached only by going through the
// object. This walks the part of the grammar (Java Object Serialization
// Specification, section 6.4.2) that SealedObjectForKeyProtector uses, builds
// nothing, and loads no class.

// The type codes of the grammar.
const (
	tcNull       = 0x70
	tcReference  = 0x71
	tcClassDesc  = 0x72
	tcObject     = 0x73
	tcString     = 0x74
	tcArray      = 0x75
	tcBlockData  = 0x77
	tcEndBlock   = 0x78
	tcBlockLong  = 0x7a
	tcLongString = 0x7c
	tcEnum       = 0x7e
)

const (
	maxJavaDepth  = 32
	maxJavaFields = 64
	maxJavaItems  = 10_000 // elements of one stream
	firstHandle   = 0x7e0000
)

// A javaClass is what is needed of a class description to go over an object.
type javaClass struct {
	flags  int
	fields string // type codes in order
	parent *javaClass
}

type javaWalk struct {
	byteReader
	classes map[int]*javaClass // by handle
	handle  int
	items   int
}

// javaObjectSize is the length of the serialisation stream at the start of b.
func javaObjectSize(b []byte) (int, error) {
	w := javaWalk{byteReader: byteReader{all: b}, classes: map[int]*javaClass{}, handle: firstHandle}
	const magicAndVersion = 0xaced0005
	if w.uint(4) != magicAndVersion {
		return 0, damaged("a secret key that is no serialised object")
	}
	w.content(maxJavaDepth)
	if w.failed {
		return 0, damaged("the serialised object of a secret key")
	}
	return w.at, nil
}

func (w *javaWalk) newHandle() int {
	w.handle++
	return w.handle - 1
}

// content goes over one element.
func (w *javaWalk) content(depth int) {
	code := w.uint(1)
	if w.items++; depth == 0 || w.items > maxJavaItems {
		w.failed = true
	}
	if w.failed {
		return
	}
	switch code {
	case tcNull:
	case tcReference:
		w.bytes(4)
	case tcString:
		w.newHandle()
		w.bytes(w.uint(2))
	case tcLongString:
		w.newHandle()
		w.bytes(w.uint(8))
	case tcBlockData:
		w.bytes(w.uint(1))
	case tcBlockLong:
		w.bytes(w.uint(4))
	case tcArray:
		w.array(depth)
	case tcObject:
		class := w.class(depth - 1)
		w.newHandle()
		w.object(class, depth)
	case tcEnum:
		w.class(depth - 1)
		w.newHandle()
		w.content(depth - 1)
	case tcClassDesc:
		w.at--
		w.class(depth)
	default:
		w.failed = true
	}
}

// array goes over an array; its class has one field, the element's type.
func (w *javaWalk) array(depth int) {
	class := w.class(depth - 1)
	w.newHandle()
	count := w.uint(4)
	if class == nil || class.fields == "" {
		w.failed = true
	}
	for range count {
		if w.failed {
			return
		}
		if size := primitiveSizes[class.fields[0]]; size > 0 {
			w.bytes(size * count)
			return
		}
		w.content(depth - 1)
	}
}

// object goes over the fields of an object, of its topmost class first.
func (w *javaWalk) object(class *javaClass, depth int) {
	if class == nil || w.failed {
		w.failed = w.failed || class == nil
		return
	}
	if class.parent != nil {
		w.object(class.parent, depth)
	}
	const writesItself, serialisable = 1, 2
	if class.flags&serialisable == 0 {
		w.failed = true // its form is known to its class alone
		return
	}
	for i := range len(class.fields) {
		if size := primitiveSizes[class.fields[i]]; size > 0 {
			w.bytes(size)
		} else {
			w.content(depth - 1)
		}
	}
	if class.flags&writesItself != 0 {
		w.annotation(depth - 1)
	}
}

// annotation goes over what a class adds, up to its end mark.
func (w *javaWalk) annotation(depth int) {
	for !w.failed {
		if w.at < len(w.all) && w.all[w.at] == tcEndBlock {
			w.at++
			return
		}
		w.content(depth)
	}
}

// class reads a class description, new or referred to. Nil stands for none.
func (w *javaWalk) class(depth int) *javaClass {
	code := w.uint(1)
	switch {
	case w.failed || depth <= 0:
		w.failed = true
		return nil
	case code == tcNull:
		return nil
	case code == tcReference:
		class, ok := w.classes[w.uint(4)]
		w.failed = w.failed || !ok
		return class
	case code != tcClassDesc:
		w.failed = true
		return nil
	}
	name := w.bytes(w.uint(2))
	w.bytes(8) // serialVersionUID
	class := &javaClass{}
	w.classes[w.newHandle()] = class
	class.flags = w.uint(1)
	fields := w.uint(2)
	if fields > maxJavaFields {
		w.failed = true
	}
	for i := 0; i < fields && !w.failed; i++ {
		kind := w.uint(1)
		w.bytes(w.uint(2))
		class.fields += string(rune(kind))
		if kind == 'L' || kind == '[' {
			w.content(depth - 1) // the name of its type
		}
	}
	if len(name) > 1 && name[0] == '[' {
		class.fields = string(name[1:2])
	}
	w.annotation(depth - 1)
	class.parent = w.class(depth - 1)
	for p, n := class.parent, 0; p != nil; p, n = p.parent, n+1 {
		if p == class || n > maxJavaDepth { // a class cannot descend from itself
			class.parent, w.failed = nil, true
			break
		}
	}
	return class
}

// primitiveSizes gives the bytes of a primitive value by its type code.
var primitiveSizes = map[byte]int{'B': 1, 'Z': 1, 'C': 2, 'S': 2, 'I': 4, 'F': 4, 'J': 8, 'D': 8}
