package recipe

import (
	"path"
	"regexp"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// run reads a RUN line: a go build is done, fetching modules is the machine's own business, and there is nothing else.
func (r *reader) run(c *instructions.RunCommand) error {
	line := strings.Join(c.CmdLine, " ")
	// Only this makes the parser read the mounts.
	if err := c.Expand(r.expand); err != nil {
		return r.fail(c.Location(), "%v", err)
	}
	for _, mount := range instructions.GetMounts(c) {
		if mount.Type != instructions.MountTypeCache {
			return r.fail(c.Location(), "cannot mount anything but a cache: %s", mount.Type)
		}
	}
	words, err := r.lexer.ProcessWords(line, r)
	if err != nil {
		return r.fail(c.Location(), "%v", err)
	}
	env, words := leading(words)
	switch {
	case startsWith(words, "go", "mod", "download"):
		return nil
	case startsWith(words, "go", "build"):
		return r.goBuild(c, env, words[1:])
	default:
		return r.fail(c.Location(), "can run only go build and go mod download, not: %s", line)
	}
}

func leading(words []string) (env, rest []string) {
	for i, word := range words {
		if !assignment.MatchString(word) {
			return words[:i], words[i:]
		}
	}
	return words, nil
}

func startsWith(words []string, start ...string) bool {
	return len(words) >= len(start) && strings.Join(words[:len(start)], " ") == strings.Join(start, " ")
}

// goBuild takes the output out of the command, because it lies elsewhere on this machine.
func (r *reader) goBuild(c *instructions.RunCommand, env, words []string) error {
	build := Build{Env: env}
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "-o" && i+1 < len(words):
			i++
			build.Output = words[i]
		case strings.ContainsAny(word, "&|;<>`"):
			return r.fail(c.Location(), "can run only one command in a line, not: %s", word)
		default:
			build.Args = append(build.Args, word)
		}
	}
	if !path.IsAbs(build.Output) || strings.HasSuffix(build.Output, "/") {
		return r.fail(c.Location(), "go build needs -o with the absolute path of a file")
	}
	r.recipe.Builds = append(r.recipe.Builds, build)
	return nil
}
