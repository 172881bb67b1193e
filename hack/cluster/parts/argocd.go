package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/emporium-shop/emporium/hack/cluster/internal/build"
)

// ArgoCD is what runs Argo CD without its user interface. It needs a Redis, and Git, beside it.
type ArgoCD struct {
	// Server, RepoServer and ApplicationController are paths of one program, which does what its name says.
	Server, RepoServer, ApplicationController string
	// Manifest is the path of install.yaml, which holds all objects of an installation: CRDs, accounts with their rights, settings,
	// and Deployments of images that are not here.
	Manifest string
}

// ArgoCD builds it the first time, which takes long: it holds the clients of every Git host.
func (s Store) ArgoCD(ctx context.Context) (a ArgoCD, err error) {
	folder, err := s.maker.Ensure(ctx, build.ArgoCD)
	if err != nil {
		return a, err
	}
	a.Server = filepath.Join(folder, "argocd-server")
	a.RepoServer = filepath.Join(folder, "argocd-repo-server")
	a.ApplicationController = filepath.Join(folder, "argocd-application-controller")
	for _, name := range []string{a.Server, a.RepoServer, a.ApplicationController} {
		if err := os.Symlink("argocd", name); err != nil && !errors.Is(err, fs.ErrExist) {
			return a, fmt.Errorf("naming a component of Argo CD: %w", err)
		}
	}
	manifests, err := s.files(ctx, build.ArgoCD, filepath.Join("manifests", "install.yaml"))
	if err != nil {
		return a, err
	}
	a.Manifest = manifests[0]
	return a, nil
}
