package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed repositories
var templates embed.FS

// repositories are the services, each in a repository of its own.
var repositories = []string{"offers", "pages", "wishlist"}

// repository is a working copy, as a team has it.
type repository struct {
	name string
	// folder of the working copy.
	folder string
	// url to push to.
	url string
}

// open takes the working copy to what the server has, whatever an earlier run left in it.
func (r repository) open(ctx context.Context) error {
	if err := os.RemoveAll(r.folder); err != nil {
		return fmt.Errorf("opening repository %s: %w", r.name, err)
	}
	if err := os.MkdirAll(filepath.Dir(r.folder), 0o755); err != nil {
		return fmt.Errorf("opening repository %s: %w", r.name, err)
	}
	return r.gitIn(ctx, filepath.Dir(r.folder), nil, "clone", "--quiet", r.url, r.folder)
}

// begin pushes what the service is at the beginning of the demo, unless it is that already.
func (r repository) begin(ctx context.Context) (commit string, err error) {
	if err := r.clear(); err != nil {
		return "", err
	}
	if err := r.write(); err != nil {
		return "", fmt.Errorf("writing repository %s: %w", r.name, err)
	}
	if err := r.git(ctx, "add", "--all"); err != nil {
		return "", err
	}
	if r.git(ctx, "diff", "--cached", "--quiet", "--exit-code", "HEAD") == nil {
		return r.head(ctx)
	}
	return r.commit(ctx, "Begin the demo")
}

// clear removes all files but git's own.
func (r repository) clear() error {
	entries, err := os.ReadDir(r.folder)
	for _, entry := range entries {
		if entry.Name() != ".git" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(r.folder, entry.Name())))
		}
	}
	return err
}

// write writes the templates. Their names end in .tmpl: a go.mod would hide a folder from go:embed.
func (r repository) write() error {
	root := "repositories/" + r.name
	return fs.WalkDir(templates, root, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := templates.ReadFile(at)
		if err != nil {
			return err
		}
		target := filepath.Join(r.folder, filepath.FromSlash(strings.TrimSuffix(strings.TrimPrefix(at, root+"/"), ".tmpl")))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

// replace changes a file. What is to be replaced must be there once: else the demo would show something else than it says.
func (r repository) replace(file, old, with string) error {
	path := filepath.Join(r.folder, filepath.FromSlash(file))
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("changing repository %s: %w", r.name, err)
	}
	if n := strings.Count(string(text), old); n != 1 {
		return fmt.Errorf("changing %s of repository %s: %q is there %d times, not once", file, r.name, old, n)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o644)
}

// commit commits all that changed and pushes it.
func (r repository) commit(ctx context.Context, message string) (commit string, err error) {
	if err := r.git(ctx, "commit", "--quiet", "--all", "--message", message); err != nil {
		return "", err
	}
	return r.push(ctx)
}

// revert takes back all commits after one, and pushes that.
func (r repository) revert(ctx context.Context, after string) (commit string, err error) {
	if err := r.git(ctx, "revert", "--no-edit", after+"..HEAD"); err != nil {
		return "", err
	}
	return r.push(ctx)
}

func (r repository) push(ctx context.Context) (commit string, err error) {
	if err := r.git(ctx, "push", "--quiet", "origin", "HEAD:main"); err != nil {
		return "", err
	}
	return r.head(ctx)
}

func (r repository) head(ctx context.Context) (commit string, err error) {
	var out strings.Builder
	err = r.gitIn(ctx, r.folder, &out, "rev-parse", "HEAD")
	return strings.TrimSpace(out.String()), err
}

func (r repository) git(ctx context.Context, args ...string) error {
	return r.gitIn(ctx, r.folder, nil, args...)
}

// gitIn runs git as the demo's team: this user's own settings, a signing key for example, have no say.
func (r repository) gitIn(ctx context.Context, folder string, out *strings.Builder, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=factory", "GIT_AUTHOR_EMAIL=factory@example.org", "GIT_COMMITTER_NAME=factory", "GIT_COMMITTER_EMAIL=factory@example.org",
		"no_proxy=*", "NO_PROXY=*") // the server is this machine
	var errs strings.Builder
	cmd.Stderr = &errs
	if out != nil {
		cmd.Stdout = out
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("running git %s in repository %s: %w: %s", args[0], r.name, err, strings.TrimSpace(errs.String()))
	}
	return nil
}
