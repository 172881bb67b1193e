package engine

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// suites are the Debian releases that FROM may name, by tag.
var suites = map[string]string{
	"bookworm": "bookworm", "bookworm-slim": "bookworm", "12": "bookworm", "12-slim": "bookworm",
	"trixie": "trixie", "trixie-slim": "trixie", "13": "trixie", "13-slim": "trixie",
}

// debianBases finds the Debian images that a Dockerfile begins with: the release by the name used in FROM.
// What else it begins with, BuildKit fetches from a registry.
func debianBases(text []byte) (map[string]string, error) {
	parsed, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the Dockerfile: %w", err)
	}
	found := map[string]string{}
	for i := range stages {
		name := stages[i].BaseName
		if tag, is := strings.CutPrefix(name, "debian:"); is && suites[tag] != "" {
			found[name] = suites[tag]
		}
	}
	return found, nil
}
