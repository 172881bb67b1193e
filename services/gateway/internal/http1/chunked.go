package http1

import "bytes"

// beginChunk reads up to the data of the next chunk, or to the end of the body.
func (b *body) beginChunk() error {
	if b.inside {
		if err := b.endChunk(); err != nil {
			return err
		}
	}
	line, err := b.in.until(maxChunkLine, lineEnd)
	if err != nil {
		return broken(err)
	}
	size, extension, err := chunkSize(line)
	if err != nil {
		return err
	}
	if b.extensions += extension; b.extensions > maxExtensions {
		return malformed("too many chunk extensions")
	}
	b.left, b.inside = size, true
	if size == 0 {
		return b.readTrailer()
	}
	return nil
}

func (b *body) endChunk() error {
	line, err := b.in.until(2, func(p []byte, _ int) int {
		if len(p) < 2 {
			return -1
		}
		return 2
	})
	if err != nil {
		return broken(err)
	}
	if line[0] != '\r' || line[1] != '\n' {
		return malformed("a chunk is longer than its size")
	}
	return nil
}

// chunkSize reads a chunk's line. It must end with CRLF, have digits first and
// nothing but an extension behind them (RFC 9112, 7.1).
func chunkSize(line []byte) (size int64, extension int, err error) {
	text, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok || bytes.IndexByte(text, '\r') >= 0 {
		return 0, 0, malformed("not the line of a chunk: %.40q", line)
	}
	digits := 0
	for ; digits < len(text) && digits < 16; digits++ {
		value := hexValue(text[digits])
		if value < 0 {
			break
		}
		if size>>59 != 0 {
			return 0, 0, malformed("a chunk larger than every file: %.40q", line)
		}
		size = size<<4 | int64(value)
	}
	rest := text[digits:]
	if digits == 0 || len(rest) > 0 && rest[0] != ';' && len(bytes.Trim(rest, " \t")) > 0 {
		return 0, 0, malformed("not the size of a chunk: %.40q", line)
	}
	return size, len(rest), nil
}

func hexValue(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// readTrailer reads the fields behind the last chunk. Most bodies have none.
func (b *body) readTrailer() error {
	text, err := b.in.until(maxTrailer, trailerEnd)
	if err != nil {
		return broken(err)
	}
	b.ended = true
	return b.trailer.parseFields(string(text))
}

// trailerEnd is strict: two CRLF, or one when there is no field.
func trailerEnd(p []byte, _ int) int {
	if bytes.HasPrefix(p, []byte("\r\n")) {
		return 2
	}
	if i := bytes.Index(p, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return -1
}
