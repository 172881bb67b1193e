package stage

import (
	"context"
	"path/filepath"
)

// KubectlShop builds the plugin into .cluster/bin, and returns its path.
func (s Stage) KubectlShop(ctx context.Context) (string, error) {
	path := filepath.Join(s.Root, ".cluster", "bin", "kubectl-shop")
	_, err := s.run(ctx, "", "go", "build", "-buildvcs=false", "-o", path, "./cmd/kubectl-shop")
	return path, err
}

// Told is what kubectl shop says of the sample shop.
func (s Stage) Told(ctx context.Context) (string, error) {
	plugin, err := s.KubectlShop(ctx)
	if err != nil {
		return "", err
	}
	return s.run(ctx, "", plugin, "status", Shop, "-n", Shop)
}
