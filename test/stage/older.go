package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// older are the images that a version of the operator brings.
var older = []string{"operator", "gateway"}

// OperatorOf installs the operator of an earlier commit, from this checkout's history: its CRDs, its rights and its images, tagged
// with the commit.
func (s Stage) OperatorOf(ctx context.Context, commit string) error {
	source, err := os.MkdirTemp("", "emporium-")
	if err != nil {
		return fmt.Errorf("making room for commit %s: %w", commit, err)
	}
	defer os.RemoveAll(source)
	archive := filepath.Join(source, "archive.tar")
	if _, err := s.run(ctx, "", "git", "archive", "--output="+archive, commit); err != nil {
		return err
	}
	if _, err := s.run(ctx, "", "tar", "-xf", archive, "-C", source); err != nil {
		return err
	}
	if err := s.olderImages(ctx, source, commit); err != nil {
		return err
	}
	return s.installOlder(ctx, source, commit)
}

// olderImages makes the images in the sources of the commit. Its cluster would be its own, so they are loaded from here.
func (s Stage) olderImages(ctx context.Context, source, commit string) error {
	there := s
	there.Root = source
	if s.Foreign {
		return there.Images(ctx, commit, older...)
	}
	if _, err := there.run(ctx, "", "go", append([]string{"run", "./hack/images", "-tag", commit}, older...)...); err != nil {
		return err
	}
	load := []string{"run", "./hack/cluster", "load-image"}
	for _, name := range older {
		load = append(load, filepath.Join(source, ".cluster", "images", name+"-"+commit+".tar"))
	}
	_, err := s.run(ctx, "", "go", load...)
	return err
}

func (s Stage) installOlder(ctx context.Context, source, commit string) error {
	manifest, err := s.Kubectl(ctx, "kustomize", filepath.Join(source, "config", "default"))
	if err != nil {
		return err
	}
	for _, name := range older {
		manifest = strings.ReplaceAll(manifest, LocalRegistry+"/"+name+":dev", LocalRegistry+"/"+name+":"+commit)
	}
	if err := s.Apply(ctx, manifest); err != nil {
		return err
	}
	_, err = s.Kubectl(ctx, "-n", System, "rollout", "status", "deployment/emporium", "--timeout=180s")
	return err
}
