package parts

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
)

// Flux is what runs Flux without its command line: the controllers that read Git and apply what is there, and their CRDs.
type Flux struct {
	// SourceController and KustomizeController are paths of programs.
	SourceController, KustomizeController string
	// CRDs are paths of manifests.
	CRDs []string
}

// Flux builds them the first time, which takes long: they hold the clients of all clouds.
func (s Store) Flux(ctx context.Context) (f Flux, err error) {
	for _, one := range []struct {
		component build.Component
		program   *string
	}{{build.FluxSource, &f.SourceController}, {build.FluxKustomize, &f.KustomizeController}} {
		folder, err := s.maker.Ensure(ctx, one.component)
		if err != nil {
			return f, err
		}
		for name := range one.component.Binaries {
			*one.program = filepath.Join(folder, name)
		}
		crds, err := s.files(ctx, one.component, filepath.Join("config", "crd", "bases", "*.yaml"))
		if err != nil {
			return f, err
		}
		f.CRDs = append(f.CRDs, crds...)
	}
	return f, nil
}

// files are those of a pattern in the module that a component is built from; there is at least one.
func (s Store) files(ctx context.Context, c build.Component, pattern string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", c.Module)
	cmd.Dir = filepath.Join(s.maker.Sources, c.Name)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	folder, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("finding the module of %s: %w: %s", c.Name, err, errs.String())
	}
	found, err := filepath.Glob(filepath.Join(string(bytes.TrimSpace(folder)), pattern))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("finding the manifests of %s: there is no %s in %s", c.Name, pattern, bytes.TrimSpace(folder))
	}
	return found, err
}
