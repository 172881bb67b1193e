package git

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"
)

// Bounds of what Trees looks up, and so of how often it asks.
const (
	// MostPaths is how many paths one call takes.
	MostPaths = 256
	// DeepestPath is how many folders a path may have.
	DeepestPath = 16
)

// Trees returns what stands at each path of a commit: its mode and hash, which change when anything at or
// below it does. A path that is not there has no entry. "" is all of the repository. A path within a
// submodule gives the submodule's commit. Not a file is fetched: the commit, then one folder after the other.
//
// A path that is or goes through a symbolic link is refused (InvalidPath), because what it points to may
// change without it. Where the server cannot send trees alone the reason is CannotFilter.
func (c *Client) Trees(ctx context.Context, remote Remote, commit string, paths []string) (map[string]string, error) {
	if !isHash(commit) {
		return nil, refuse(CommitNotFound, "a commit is 40 or 64 hexadecimal digits")
	}
	if err := checkPaths(paths); err != nil {
		return nil, err
	}
	found := map[string]string{}
	err := c.talk(ctx, remote, &keeper{}, func(ctx context.Context, t *talk) error {
		if !t.filters() {
			return cannotFilter()
		}
		return t.walk(ctx, commit, paths, found)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func checkPaths(paths []string) error {
	if len(paths) > MostPaths {
		return refuse(InvalidPath, "spec.paths has more than %d entries: name folders in the place of what is in them", MostPaths)
	}
	for _, p := range paths {
		if p != "" && (p != path.Clean(p) || p[0] == '/' || p == "." || p == ".." || strings.HasPrefix(p, "../")) || strings.Count(p, "/") >= DeepestPath {
			return refuse(InvalidPath, "spec.paths has an entry that is no path from the root of the repository down, or has more than %d folders: "+
				"write services/cart, without ./, .. and a / at an end", DeepestPath)
		}
	}
	return nil
}

// pending is a path that is not yet found: what is left of it below a tree.
type pending struct{ path, left string }

// walk goes down all paths together, a level a question.
func (t *talk) walk(ctx context.Context, commit string, paths []string, found map[string]string) error {
	objects, err := t.fetch(ctx, []string{commit}, true)
	if err != nil {
		return err
	}
	root, err := treeOf(objects[commit].content)
	if err != nil || objects[commit].kind != packCommit || len(root) != len(commit) {
		return errNotGit
	}
	level := map[string][]pending{}
	for _, p := range paths {
		if p == "" {
			found[p] = modeTree + " " + root
			continue
		}
		level[root] = append(level[root], pending{p, p})
	}
	for len(level) > 0 {
		if level, err = t.descend(ctx, level, found); err != nil {
			return err
		}
	}
	return nil
}

// descend fetches the trees of one level, and returns those of the next.
func (t *talk) descend(ctx context.Context, level map[string][]pending, found map[string]string) (map[string][]pending, error) {
	hashes := slices.Sorted(maps.Keys(level))
	objects, err := t.fetch(ctx, hashes, false)
	if err != nil {
		return nil, err
	}
	next := map[string][]pending{}
	for _, at := range hashes {
		entries, err := readTree(objects[at].content, len(at))
		if err != nil || objects[at].kind != packTree {
			return nil, errNotGit
		}
		for _, p := range level[at] {
			if err := p.step(entries, found, next); err != nil {
				return nil, err
			}
		}
	}
	return next, nil
}

// step takes one folder of a path: it is found, not there, or goes on below.
func (p pending) step(entries map[string]entry, found map[string]string, next map[string][]pending) error {
	name, left, deeper := strings.Cut(p.left, "/")
	e, there := entries[name]
	switch {
	case !there:
	case e.mode == modeLink:
		return refuse(InvalidPath, "spec.paths: %q is or goes through a symbolic link, so its changes cannot be seen: name what the link points to", p.path)
	case !deeper, e.mode == modeSubmodule:
		found[p.path] = e.mode + " " + e.hash
	case e.mode == modeTree:
		next[e.hash] = append(next[e.hash], pending{p.path, left})
	}
	return nil
}
