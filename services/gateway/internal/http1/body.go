package http1

import (
	"errors"
	"io"
)

const (
	// maxChunkLine is the longest line with a chunk's size, extensions included.
	maxChunkLine = 4 << 10
	// maxExtensions is how much of a body's chunk lines may be extensions.
	maxExtensions = 16 << 10
	// maxTrailer is the most that the fields behind a body may take.
	maxTrailer = 4 << 10
)

// body hands out the body of a response in pieces.
type body struct {
	in *input
	framing
	// left is what is still to come: of the body, or of this chunk.
	left int64
	// inside: a chunk has been handed out, so its line end comes next.
	inside     bool
	extensions int
	// ended: all of it is handed out, and nothing is left to read.
	ended bool
	// trailer holds the fields behind the last chunk.
	trailer head
}

func (b *body) begin(in *input, f framing) {
	b.in, b.framing, b.left = in, f, f.length
	b.ended = f.end == none || f.end == byLength && f.length == 0
}

// next returns the next piece, which is good until the next call; io.EOF when
// there is none. A body that breaks off is never io.EOF.
func (b *body) next() ([]byte, error) {
	if b.ended {
		return nil, io.EOF
	}
	if b.end == byChunks && b.left == 0 {
		if err := b.beginChunk(); err != nil || b.ended {
			return nil, orEOF(err)
		}
	}
	if len(b.in.unread()) == 0 {
		if b.left > bufferSize {
			b.in.enlarge()
		}
		switch err := b.in.fill(); {
		case b.end == byClosing && err == io.EOF: //nolint:errorlint // the socket's own word for a clean end
			b.ended = true
			return nil, io.EOF
		case err != nil:
			return nil, broken(err)
		}
	}
	return b.piece(), nil
}

func orEOF(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// broken marks an error as the pod's, unless it is about the client.
func broken(err error) error {
	var gone *ClientError
	if errors.As(err, &gone) {
		return err
	}
	return podFailed("reading the body of the response", err)
}

func (b *body) piece() []byte {
	p := b.in.unread()
	if b.end == byClosing {
		b.in.r = b.in.w
		return p
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	b.in.r += len(p)
	b.left -= int64(len(p))
	b.ended = b.end == byLength && b.left == 0
	return p
}
