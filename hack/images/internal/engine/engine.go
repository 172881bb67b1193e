// Package engine builds Dockerfiles with a BuildKit of its own: a daemon that lives as long as one command and leaves nothing but its cache.
//
// BuildKit comes from the Go module proxy, FROM debian from Debian's packages, FROM golang from those and the Go of this machine,
// so no registry is needed. RUN uses the network of this machine, and Go in it finds the modules that this machine has.
package engine

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Job is a Dockerfile to be built.
type Job struct {
	// Name is for messages and the log.
	Name string
	// Context is the folder that COPY copies from.
	Context string
	// Dockerfile is the path of the file.
	Dockerfile string
	// Target is the stage to build; empty is the last one.
	Target string
	// Args are build arguments; those that the Dockerfile does not ask for change nothing.
	Args map[string]string
	// Anew runs every step, even one whose result is in the cache.
	Anew bool
}

// base is a base image made on this machine: its name in FROM, and the layout that holds it.
type base struct {
	name   string
	folder string
	digest string
}

// epoch is the time of all files in an image, and of the image: the time of the build would make each image another one.
const epoch = "0"

// arguments of buildctl. Without a destination the result is not kept, which is what a stage with tests needs.
func (j Job) arguments(bases []base, secrets map[string]string, destination string) []string {
	args := []string{
		"build", "--progress=plain", "--frontend=dockerfile.v0",
		// A line "# syntax=…" would fetch a program from a registry.
		"--opt=cmdline=builtin",
		"--local=context=" + j.Context, "--local=dockerfile=" + filepath.Dir(j.Dockerfile), "--opt=filename=" + filepath.Base(j.Dockerfile),
		"--opt=build-arg:SOURCE_DATE_EPOCH=" + epoch,
	}
	if j.Anew {
		args = append(args, "--no-cache")
	}
	if j.Target != "" {
		args = append(args, "--opt=target="+j.Target)
	}
	for _, key := range sorted(j.Args) {
		args = append(args, "--opt=build-arg:"+key+"="+j.Args[key])
	}
	for i, base := range bases {
		args = append(args, fmt.Sprintf("--oci-layout=base%d=%s", i, base.folder),
			fmt.Sprintf("--opt=context:%s=oci-layout://base%d@%s", base.name, i, base.digest))
	}
	for _, id := range sorted(secrets) {
		args = append(args, "--secret=id="+id+",src="+secrets[id])
	}
	if destination != "" {
		args = append(args, "--output=type=oci,tar=false,rewrite-timestamp=true,dest="+destination)
	}
	return args
}

func sorted(values map[string]string) (keys []string) {
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Unable says why this machine cannot run the engine.
type Unable struct{ Why string }

func (u Unable) Error() string {
	return strings.TrimSpace("this Dockerfile needs BuildKit, which " + u.Why)
}
