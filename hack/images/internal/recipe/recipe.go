// Package recipe reads a Dockerfile of ours and says what to do on a machine without Docker: which go build to run, and what the image holds.
// It reads no other file and runs nothing. What it does not understand it refuses, with the line, rather than make another image than Docker would:
// such a Dockerfile is for BuildKit.
package recipe

import (
	"runtime"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/internal/dockerfile"
)

// Recipe is what a Dockerfile comes to.
type Recipe struct {
	Builds []Build
	Copies []Copy
	Config v1.Config
}

// Build is a go build to run in the checkout.
type Build struct {
	// Env are the variables set for the command.
	Env []string
	// Args come after "go", without the output.
	Args []string
	// Output is the path the Dockerfile gives to the binary.
	Output string
}

// Origin says where a copied file comes from.
type Origin string

const (
	Built   Origin = "built"   // From is the Output of a Build
	Context Origin = "context" // From is relative to the checkout
	Host    Origin = "host"    // From is a file of this machine that every machine has
)

// Copy is a file or folder of the image.
type Copy struct {
	Origin Origin
	From   string
	// To is the path in the image. It ends with a slash where it is the folder to copy into.
	To string
}

// Read reads a Dockerfile. The file's name is for messages, the version for its ARG VERSION.
func Read(file string, text []byte, version string) (Recipe, error) {
	read, err := dockerfile.Parse(file, text)
	if err != nil {
		return Recipe{}, err
	}
	r := newReader(file, version)
	for i := range read.Arguments {
		if err := r.arguments(&read.Arguments[i]); err != nil {
			return Recipe{}, err
		}
	}
	return r.stages(read)
}

// given are the arguments that Docker, or our caller, sets; they have a value only where ARG asks for it.
func given(version string) map[string]string {
	return map[string]string{"VERSION": version, "TARGETOS": "linux", "TARGETARCH": runtime.GOARCH}
}

// stages reads those stages that the last one needs, as BuildKit builds only those: a stage for tests beside them changes nothing.
func (r *reader) stages(read dockerfile.File) (Recipe, error) {
	needed := read.Needs(read.Last())
	for i := range read.Stages {
		if !needed[i] {
			continue
		}
		if err := r.stage(&read.Stages[i], i == read.Last()); err != nil {
			return Recipe{}, err
		}
	}
	return r.recipe, nil
}
