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
const golangSuite = "-trixie"

// madeHere are the images that a Dockerfile begins with and that this machine can make. What else it begins with, BuildKit
// fetches from a registry.
type madeHere struct {
	// debian are the releases by the name used in FROM.
	debian map[string]string
	// golang are the names in FROM that mean this machine's Go.
	golang []string
}

// basesOf reads a Dockerfile. version is that of this machine's Go: 1.26.8.
func basesOf(file string, text []byte, version string) (madeHere, error) {
	read, err := dockerfile.Parse(file, text)
	if err != nil {
		return madeHere{}, err
	}
	found := madeHere{debian: map[string]string{}}
	for i := range read.Stages {
		name := read.Stages[i].BaseName
		repository, tag, _ := strings.Cut(name, ":")
		switch {
		case repository == "debian" && suites[tag] != "":
			found.debian[name] = suites[tag]
		case repository == "golang" && means(tag, version):
			found.golang = append(found.golang, name)
		}
	}
	return found, nil
}

// means tells whether a tag of golang is the given version of Go: 1.26 is 1.26.8, and 1.26.8-trixie, too.
func means(tag, version string) bool {
	tag = strings.TrimSuffix(tag, golangSuite)
	return tag == version || tag != "" && strings.HasPrefix(version, tag+".")
}
