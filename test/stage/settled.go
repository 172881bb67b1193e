package stage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Unpin takes away a release that an earlier visitor pinned.
func (s Stage) Unpin(ctx context.Context) error {
	_, err := s.Kubectl(ctx, "-n", Shop, "patch", "shop", Shop, "--type=merge", "-p", `{"spec":{"release":{"active":null}}}`)
	return err
}

// Settled waits until the images that the ShopServices name are the ones that serve, and the shop is Ready. Ready alone may
// still speak of what was before the last change.
func (s Stage) Settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 4*time.Minute)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	defer s.still(quiet, func() string { return s.says(ctx) })()
	for {
		waiting, err := s.waitingFor(ctx)
		if err == nil && waiting == "" {
			return s.Ready(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s to serve what it asks for: %w (%w)", waiting, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// says is what the shop says of itself.
func (s Stage) says(ctx context.Context) string {
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "shop", Shop, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}`)
	if err != nil {
		return err.Error()
	}
	return out
}

func (s Stage) waitingFor(ctx context.Context) (string, error) {
	out, err := s.Kubectl(ctx, "-n", Shop, "get", "shopsvc", "-o", "json")
	if err != nil {
		return "", err
	}
	var list v1alpha1.ShopServiceList
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		return "", fmt.Errorf("reading the services: %w", err)
	}
	for _, svc := range list.Items {
		if svc.Status.ObservedGeneration != svc.Generation || svc.Status.ActiveImage != svc.Spec.Image {
			return svc.Name, nil
		}
	}
	return "", nil
}

// CloseWindow ends a rollback window that an earlier release left open, so that the next one need not wait for it. Applying
// the samples afterwards puts the window back.
func (s Stage) CloseWindow(ctx context.Context) error {
	if _, err := s.Kubectl(ctx, "-n", Shop, "get", "shop", Shop); err != nil {
		return nil //nolint:nilerr // there is no shop yet, so there is no window
	}
	if _, err := s.Kubectl(ctx, "-n", Shop, "patch", "shop", Shop, "--type=merge", "-p", `{"spec":{"release":{"rollbackWindow":"0s"}}}`); err != nil {
		return err
	}
	_, err := s.Kubectl(ctx, "-n", Shop, "wait", "shop/"+Shop, "--for=jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}=Serving", "--timeout=180s")
	return err
}
