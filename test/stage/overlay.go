package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/emporium-shop/emporium/hack/services"
)

// ApplyOverlay applies the samples with changes, as a team does whose Git holds a kustomize overlay: each patch is a part of
// a manifest that names the object by apiVersion, kind and metadata. What an earlier overlay changed and this one does not is
// as in the samples again.
func (s Stage) ApplyOverlay(ctx context.Context, patches ...string) error {
	folder, err := os.MkdirTemp("", "overlay-")
	if err != nil {
		return fmt.Errorf("making an overlay: %w", err)
	}
	defer os.RemoveAll(folder)
	if err := s.writeOverlay(folder, patches); err != nil {
		return fmt.Errorf("making an overlay: %w", err)
	}
	return s.applyFolder(ctx, folder)
}

// writeOverlay copies the samples, and what services bring to them: kustomize takes no absolute path.
func (s Stage) writeOverlay(folder string, patches []string) error {
	all, err := services.Find(s.Root)
	if err != nil {
		return err
	}
	parts := []string{samples}
	for _, one := range all {
		parts = append(parts, one.Folder+"/shop")
	}
	for _, part := range parts {
		part = filepath.FromSlash(part)
		if err := os.CopyFS(filepath.Join(folder, part), os.DirFS(filepath.Join(s.Root, part))); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(overlay(patches)), 0o600)
}

func overlay(patches []string) string {
	var b strings.Builder
	b.WriteString("resources: [" + samples + "]\npatches:\n")
	for _, patch := range patches {
		b.WriteString("- patch: |-\n    " + strings.ReplaceAll(strings.TrimSpace(patch), "\n", "\n    ") + "\n")
	}
	return b.String()
}
