package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// watch follows the shop until what is seen of it is what is waited for. One kubectl is told of each change: to ask
// anew each time starts a process each time, which takes CPU from the pods that are waited for. A watch that ends, since the API server went
// away, is begun again.
func (s Stage) watch(ctx context.Context, found func(v1alpha1.Shop) bool) error {
	for {
		done, err := s.follow(ctx, found)
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("watching the shop: %w (%w)", ctx.Err(), err)
		case <-time.After(look):
		}
	}
}

// follow is one watch. It says whether what was waited for was seen, or why the watch ended.
func (s Stage) follow(ctx context.Context, found func(v1alpha1.Shop) bool) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, s.kubectl(), "-n", Shop, "get", "shop", Shop, "-o", "json", "--watch")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.Kubeconfig)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return false, fmt.Errorf("starting kubectl: %w", err)
	}
	seen, err := firstOf(out, found)
	cancel()
	_ = cmd.Wait() // it was ended, or says what the end of its output said
	return seen, err
}

// firstOf reads shops until one is what is waited for.
func firstOf(shops io.Reader, found func(v1alpha1.Shop) bool) (bool, error) {
	for stream := json.NewDecoder(shops); ; {
		var shop v1alpha1.Shop
		if err := stream.Decode(&shop); err != nil {
			return false, fmt.Errorf("reading the shop: %w", err)
		}
		if found(shop) {
			return true, nil
		}
	}
}
