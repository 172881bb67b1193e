// Package affected decides whether a commit concerns a service of a monorepo.
//
// A source names the paths that its image is made of: folders and files, from the root of the repository. For
// a Go service those are the packages that it imports from the repository, go.mod and go.sum (go run
// ./hack/affected prints them). What stands at a path has a hash that changes with everything below it,
// which internal/git asks the server for without a file being fetched. The hashes of all paths together make a
// fingerprint; a commit with the fingerprint of the last image makes no build.
//
// It errs on one side: what is not known is built.
package affected

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
)

// longestPath is what a source may name, in bytes.
const longestPath = 512

// Paths returns the paths that concern a source, as internal/git takes them: sorted, each once, none
// below another. What every build reads is added to what the source lists: the Dockerfile, which is
// below the folder of the build context, and its .dockerignore, and the one of the context. An empty list means
// that every commit concerns the source, and gives nil.
//
// An error names the entry of spec.paths that is wrong.
func Paths(context, dockerfile string, listed []string) ([]string, error) {
	if len(listed) == 0 {
		return nil, nil
	}
	file := path.Join(context, dockerfile)
	all := []string{file, file + ".dockerignore", path.Join(context, ".dockerignore")}
	for i, p := range listed {
		at, err := clean(p)
		if err != nil {
			return nil, fmt.Errorf("spec.paths[%d]: %w", i, err)
		}
		all = append(all, at)
	}
	return Outermost(all), nil
}

// clean takes a path as people write it, ./services/cart/ too.
func clean(p string) (string, error) {
	at := path.Clean(p)
	switch {
	case p == "" || len(p) > longestPath:
		return "", fmt.Errorf("a path has 1 to %d bytes; write . for all of the repository", longestPath)
	case path.IsAbs(p), at == "..", strings.HasPrefix(at, "../"):
		return "", fmt.Errorf("%q leads out of the repository: write the path from its root down, as services/cart", p)
	case strings.ContainsAny(p, "*?[\\"):
		return "", fmt.Errorf("%q is a pattern: name a folder, which means everything below it", p)
	case at == ".":
		return "", nil
	}
	return at, nil
}

// Outermost sorts paths and leaves out what is below another, since that path's hash changes with it. "" is the root.
func Outermost(paths []string) []string {
	slices.Sort(paths)
	paths = slices.Compact(paths)
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool {
		return slices.ContainsFunc(paths, func(above string) bool {
			return p != above && (above == "" || strings.HasPrefix(p, above+"/"))
		})
	})
}

// Fingerprint is the state of paths: 32 hexadecimal digits of the paths and what stands at each. A path that is not there
// counts as such. It is the same for the same content whatever the commit, so a revert has the old one.
func Fingerprint(paths []string, found map[string]string) string {
	sum := sha256.New()
	for _, p := range slices.Sorted(slices.Values(paths)) {
		fmt.Fprintf(sum, "%q %q\n", p, found[p])
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}
