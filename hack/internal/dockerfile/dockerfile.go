// Package dockerfile reads Dockerfiles: which stages there are, and which of them another one is made from.
package dockerfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// File is a Dockerfile that was read.
type File struct {
	// Arguments are those before the first stage.
	Arguments []instructions.ArgCommand
	// Stages are never none; the last one is the image.
	Stages []instructions.Stage
}

// Parse reads a Dockerfile. Its name is for messages.
func Parse(name string, text []byte) (File, error) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	stages, arguments, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return File{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(stages) == 0 {
		return File{}, fmt.Errorf("reading %s: it has no FROM", name)
	}
	return File{arguments, stages}, nil
}

// Last is the number of the stage that is the image.
func (f File) Last() int { return len(f.Stages) - 1 }

// Find is the number of the stage of this name, or -1.
func (f File) Find(name string) int {
	for i := range f.Stages {
		if strings.EqualFold(f.Stages[i].Name, name) {
			return i
		}
	}
	return -1
}
