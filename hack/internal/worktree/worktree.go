// Package worktree checks another commit of this repository out beside it, so that two
// versions can be measured in the same run.
package worktree

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Tree is a checkout of another commit.
type Tree struct {
	// Path of the checkout.
	Path string

	root string
}

// At checks a commit out into a temporary folder. Remove takes it away again.
func At(ctx context.Context, root, commit string) (Tree, error) {
	folder, err := os.MkdirTemp("", "emporium-against-")
	if err != nil {
		return Tree{}, fmt.Errorf("making a folder for %s: %w", commit, err)
	}
	t := Tree{Path: filepath.Join(folder, "checkout"), root: root}
	if err := git(ctx, root, "worktree", "add", "--detach", t.Path, commit); err != nil {
		_ = os.RemoveAll(folder)
		return Tree{}, fmt.Errorf("checking %s out: %w", commit, err)
	}
	return t, nil
}

// Remove takes the checkout away, also when the context of At has ended.
func (t Tree) Remove() {
	_ = git(context.Background(), t.root, "worktree", "remove", "--force", t.Path) // what is left is in a temporary folder
	_ = os.RemoveAll(filepath.Dir(t.Path))
}

func git(ctx context.Context, folder string, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("running git %s: %w: %s", args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
