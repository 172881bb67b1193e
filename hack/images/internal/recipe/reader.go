package recipe

import (
	"fmt"
	"path"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// reader goes through the stages and collects the recipe.
type reader struct {
	file   string
	given  map[string]string
	lexer  *shell.Lex
	recipe Recipe
	// values are the arguments and variables known at this line.
	values map[string]string
	// folder is the working directory of each stage, by name.
	folder map[string]string
}

func newReader(file, version string) *reader {
	return &reader{file: file, given: given(version), lexer: shell.NewLex('\\'), values: map[string]string{}, folder: map[string]string{}}
}

func (r *reader) fail(at []parser.Range, format string, args ...any) error {
	line := 0
	if len(at) > 0 {
		line = at[0].Start.Line
	}
	return Refused{fmt.Sprintf("%s:%d: %s", r.file, line, fmt.Sprintf(format, args...))}
}

// Refused says which line of a Dockerfile is no recipe of ours. It may be a good Dockerfile all the same.
type Refused struct{ Why string }

func (r Refused) Error() string { return r.Why }

// stage allows what this machine can stand in for: the Go image to build in, and nothing below the result.
func (r *reader) stage(s *instructions.Stage, final bool) error {
	switch {
	case final && s.BaseName != "scratch":
		return r.fail(s.Location, "the image must be made FROM scratch, not from %s", s.BaseName)
	case !final && s.BaseName != "golang" && !strings.HasPrefix(s.BaseName, "golang:"):
		return r.fail(s.Location, "a stage to build in must be FROM golang, not from %s", s.BaseName)
	}
	r.folder[s.Name] = "/"
	for _, command := range s.Commands {
		var err error
		if final {
			err = r.assemble(command)
		} else {
			err = r.build(s.Name, command)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// build reads a line of a stage to build in. Copying the sources there is nothing to do: the build runs in the checkout.
func (r *reader) build(stage string, command instructions.Command) error {
	switch c := command.(type) {
	case *instructions.WorkdirCommand:
		r.folder[stage] = path.Join(r.folder[stage], c.Path)
		return nil
	case *instructions.ArgCommand:
		return r.arguments(c)
	case *instructions.EnvCommand:
		return r.environment(c)
	case *instructions.CopyCommand:
		if c.From != "" {
			return r.fail(c.Location(), "cannot copy from %q into a stage to build in", c.From)
		}
		return nil
	case *instructions.RunCommand:
		return r.run(c)
	default:
		return r.fail(command.Location(), "cannot do %s in a stage to build in", command.Name())
	}
}

func (r *reader) arguments(c *instructions.ArgCommand) error {
	for _, arg := range c.Args {
		if value, is := r.given[arg.Key]; is {
			r.values[arg.Key] = value
		} else if arg.Value != nil {
			value, err := r.expand(*arg.Value)
			if err != nil {
				return r.fail(c.Location(), "%v", err)
			}
			r.values[arg.Key] = value
		}
	}
	return nil
}

func (r *reader) environment(c *instructions.EnvCommand) error {
	for _, variable := range c.Env {
		value, err := r.expand(variable.Value)
		if err != nil {
			return r.fail(c.Location(), "%v", err)
		}
		r.values[variable.Key] = value
	}
	return nil
}

func (r *reader) expand(word string) (string, error) {
	value, _, err := r.lexer.ProcessWord(word, r)
	return value, err
}

// Get and Keys let the lexer look up values.
func (r *reader) Get(name string) (string, bool) {
	value, known := r.values[name]
	return value, known
}

// Keys lists the known names.
func (r *reader) Keys() (names []string) {
	for name := range r.values {
		names = append(names, name)
	}
	return names
}
