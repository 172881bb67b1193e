package engine

import (
	"strings"

	"github.com/emporium-shop/emporium/hack/internal/dockerfile"
)

// suites are the Debian releases that FROM debian may name, by tag.
var suites = map[string]string{
	"bookworm": "bookworm", "bookworm-slim": "bookworm", "12": "bookworm", "12-slim": "bookworm",
	"trixie": "trixie", "trixie-slim": "trixie", "13": "trixie", "13-slim": "trixie",
}

// golangSuite is the Debian release of golang:1.26, as of the public image.
const golangSuite = "trixie"

// recipe is how a base image is made on this machine: a Debian release, and this machine's Go in it.
type recipe struct {
	suite  string
	golang bool
}

// basesOf finds the images that a Dockerfile begins with and that this machine can make, by the name used in FROM; version is
// that of its Go: 1.26.8. What else the Dockerfile begins with, BuildKit fetches from a registry.
func basesOf(file string, text []byte, version string) (map[string]recipe, error) {
	read, err := dockerfile.Parse(file, text)
	if err != nil {
		return nil, err
	}
	found := map[string]recipe{}
	for i := range read.Stages {
		name := read.Stages[i].BaseName
		repository, tag, _ := strings.Cut(name, ":")
		switch {
		case repository == "debian" && suites[tag] != "":
			found[name] = recipe{suite: suites[tag]}
		case repository == "golang":
			if suite, is := golangOf(tag, version); is {
				found[name] = recipe{suite, true}
			}
		}
	}
	return found, nil
}

// golangOf is the Debian release of a tag of golang, if that means the given Go: 1.26, 1.26.8-bookworm.
func golangOf(tag, version string) (suite string, is bool) {
	asked, suite, named := strings.Cut(tag, "-")
	if !named {
		suite = golangSuite
	}
	if asked != version && !strings.HasPrefix(version, asked+".") {
		return "", false
	}
	return suite, suite != "" && suites[suite] == suite
}
