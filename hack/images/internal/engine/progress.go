package engine

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
)

// step is the line with which BuildKit names a step of a Dockerfile: "#7 [build 2/4] RUN npm ci".
var step = regexp.MustCompile(`^#\d+ (\[.+ *\d+/\d+\] .+)$`)

// progress shows the steps of a build, each once and with the image's name, and leaves the rest to the log.
type progress struct {
	name  string
	to    io.Writer
	shown map[string]bool
	rest  []byte
}

func newProgress(name string, to io.Writer) *progress {
	return &progress{name: name, to: to, shown: map[string]bool{}}
}

// Write takes the output of buildctl in pieces of any size.
func (p *progress) Write(piece []byte) (int, error) {
	p.rest = append(p.rest, piece...)
	for {
		line, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(piece), nil
		}
		p.rest = rest
		if err := p.line(line); err != nil {
			return 0, err
		}
	}
}

func (p *progress) line(line []byte) error {
	found := step.FindSubmatch(line)
	if found == nil || p.shown[string(found[1])] {
		return nil
	}
	p.shown[string(found[1])] = true
	text := []rune(string(found[1]))
	if len(text) > 140 {
		text = append(text[:139], '…')
	}
	_, err := fmt.Fprintf(p.to, "          %s: %s\n", p.name, string(text))
	return err
}

// failure is what a user wants to see of a build that failed: BuildKit repeats the end of the failed step between two lines of dashes.
func failure(output []byte) string {
	parts := bytes.Split(output, []byte("\n------\n"))
	if len(parts) >= 2 {
		return string(bytes.TrimSpace(bytes.Join(parts[1:], []byte("\n"))))
	}
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}
