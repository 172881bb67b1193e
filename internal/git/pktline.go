package git

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// kind is what a packet of Git's protocol is.
type kind int

const (
	data  kind = iota
	flush      // 0000: the end of a message
	delim      // 0001: the end of a section
)

// packets reads Git's pkt-lines: four hexadecimal digits of length, then as many bytes.
type packets struct{ r *bufio.Reader }

func newPackets(r io.Reader) *packets { return &packets{bufio.NewReaderSize(r, 8<<10)} }

// next returns one packet. io.EOF is the end of the stream before a packet began.
func (p *packets) next() (kind, []byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(p.r, length[:]); err != nil {
		return 0, nil, cutShort(err)
	}
	n, err := strconv.ParseUint(string(length[:]), 16, 16)
	switch {
	case err != nil || n == 3 || n > 65520:
		return 0, nil, errNotGit
	case n == 0, n == 2: // 0002 ends a response of a stateless connection
		return flush, nil, nil
	case n == 1:
		return delim, nil, nil
	}
	line := make([]byte, n-4)
	if _, err := io.ReadFull(p.r, line); err != nil {
		return 0, nil, cutShort(errors.Join(io.ErrUnexpectedEOF, err))
	}
	return data, line, nil
}

// cutShort leaves errors as they are but the end within a packet, which is a broken connection.
func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errTooLarge) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return err
}

// text returns one packet without its line feed, and ok=false at the end of a message.
func (p *packets) text() (line string, ok bool, err error) {
	k, raw, err := p.next()
	if err != nil || k != data {
		return "", false, err
	}
	line = string(bytes.TrimSuffix(raw, []byte("\n")))
	if said, isError := bytes.CutPrefix(raw, []byte("ERR ")); isError {
		return "", false, serverError(said)
	}
	return line, true, nil
}

// serverError is what the server says in an ERR packet. It is told apart by, and never shown.
type serverError []byte

func (serverError) Error() string { return "the server answers with an error" }

// message writes pkt-lines: what a client asks.
type message struct{ bytes.Buffer }

func (m *message) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...) + "\n"
	fmt.Fprintf(m, "%04x%s", len(text)+4, text)
}

func (m *message) delim() { m.WriteString("0001") }
func (m *message) flush() { m.WriteString("0000") }

// budget ends reading with errTooLarge when all that a call may read is used up.
type budget struct {
	r    io.Reader
	left *int64
}

func (b budget) Read(p []byte) (int, error) {
	if *b.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > *b.left {
		p = p[:*b.left]
	}
	n, err := b.r.Read(p)
	*b.left -= int64(n)
	return n, err
}
