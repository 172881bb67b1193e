package http1

import (
	"bytes"
	"sync"
)

const (
	// bufferSize is how much of a response is read at once: more than a typical
	// page fragment, and small enough for ten thousand slow clients.
	bufferSize = 16 << 10
	// largeSize is the same while more than that of a body is still to come.
	largeSize = 32 << 10
	// maxHead is the most that the heads of one response may take, in bytes.
	maxHead = 1 << 20
)

// source is what more is read from.
type source interface {
	// read adds to in. Without wait it may add nothing.
	read(in *input, wait bool) error
}

// input is what has arrived of a response and was not used yet. It borrows its
// buffer for bytes only: who waits for a slow pod holds none.
type input struct {
	source source
	buffer []byte
	r, w   int
	lent   *[bufferSize]byte
	large  *[largeSize]byte
	// beforeWait is called before a read that has to wait. Nil: nothing is.
	beforeWait func() error
}

var (
	buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}
	larges  = sync.Pool{New: func() any { return new([largeSize]byte) }}
)

func (in *input) unread() []byte { return in.buffer[in.r:in.w] }

// space returns where to read to. A buffer that is full of one line or head
// becomes larger; until and fill bound how often.
func (in *input) space() []byte {
	switch {
	case in.buffer == nil:
		in.lent = buffers.Get().(*[bufferSize]byte)
		in.buffer = in.lent[:]
	case in.w < len(in.buffer):
	case in.r > 0:
		in.w = copy(in.buffer, in.unread())
		in.r = 0
	default:
		in.buffer = append(in.buffer, make([]byte, len(in.buffer))...)
	}
	return in.buffer[in.w:]
}

// add takes over n bytes that were read into space.
func (in *input) add(n int) {
	if in.w += n; in.r == in.w {
		in.giveBack()
	}
}

func (in *input) giveBack() {
	if in.lent != nil {
		buffers.Put(in.lent)
	}
	if in.large != nil {
		larges.Put(in.large)
	}
	in.buffer, in.lent, in.large, in.r, in.w = nil, nil, nil, 0, 0
}

// enlarge makes the next reads larger. Nothing may be unread.
func (in *input) enlarge() {
	if in.large == nil {
		in.giveBack()
		in.large = larges.Get().(*[largeSize]byte)
		in.buffer = in.large[:]
	}
}

// fill waits for more bytes. What is unread stays.
func (in *input) fill() error {
	if in.r == in.w {
		in.r, in.w = 0, 0
	}
	if in.beforeWait != nil {
		before := len(in.unread())
		if err := in.source.read(in, false); err != nil || len(in.unread()) > before {
			return err
		}
		if err := in.beforeWait(); err != nil {
			return err
		}
	}
	return in.source.read(in, true)
}

// until reads up to the end that find tells, and returns all up to it. find gets
// what there is and where to go on searching; -1 asks for more.
func (in *input) until(limit int, find func(b []byte, from int) int) ([]byte, error) {
	for from := 0; ; {
		b := in.unread()
		if end := find(b, from); end >= 0 && end <= limit {
			in.r += end
			return b[:end], nil
		}
		if len(b) >= limit {
			return nil, malformed("more than %d bytes without an end", limit)
		}
		from = max(0, len(b)-2) // an end of three bytes may have begun
		if err := in.fill(); err != nil {
			return nil, err
		}
	}
}

// lineEnd finds the end of a line.
func lineEnd(b []byte, from int) int {
	if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
		return from + i + 1
	}
	return -1
}

// headEnd finds the end of a head: an empty line. A line may end with LF alone
// (RFC 9112, 2.2).
func headEnd(b []byte, from int) int {
	for i := from; ; {
		next := bytes.IndexByte(b[i:], '\n')
		if next < 0 {
			return -1
		}
		i += next + 1
		switch rest := b[i:]; {
		case len(rest) > 0 && rest[0] == '\n':
			return i + 1
		case len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n':
			return i + 2
		}
	}
}
