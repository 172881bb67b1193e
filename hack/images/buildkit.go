package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/hack/images/internal/engine"
)

// buildKit is started by the first Dockerfile that needs it.
type buildKit struct {
	empty  bool // its cache, at the start and after the end
	once   sync.Once
	engine *engine.Engine
	err    error
}

func (b *buildKit) start(ctx context.Context, checkout string) (*engine.Engine, error) {
	b.once.Do(func() {
		b.engine, b.err = engine.Start(ctx, engine.Options{
			Checkout: checkout, Logs: filepath.Join(checkout, ".cluster", "logs"), Empty: b.empty,
			Note: func(format string, args ...any) { fmt.Printf("          "+format+"\n", args...) },
		})
	})
	return b.engine, b.err
}

// close ends what was started.
func (b *buildKit) close() {
	if b.engine != nil {
		b.engine.Close()
	}
}

// byBuildKit makes an image whose Dockerfile is no recipe of ours.
func (w workshop) byBuildKit(ctx context.Context, name string) (v1.Image, error) {
	started, err := w.engine.start(ctx, w.cluster.Checkout())
	if err != nil {
		return nil, err
	}
	return started.Image(ctx, w.job(name), os.Stdout)
}

// run builds a stage of each Dockerfile, its tests for example. No image comes of it.
func (w workshop) run(ctx context.Context, names []string) error {
	started, err := w.engine.start(ctx, w.cluster.Checkout())
	if err != nil {
		return err
	}
	for _, name := range names {
		job := w.job(name)
		job.Target = w.stage
		if err := started.Run(ctx, job, os.Stdout); err != nil {
			return fmt.Errorf("running stage %s of %s: %w", w.stage, name, err)
		}
		fmt.Printf("          stage %s of %s passed\n", w.stage, name)
	}
	return nil
}

func (w workshop) job(name string) engine.Job {
	file := filepath.Join(w.cluster.Checkout(), w.known[name])
	return engine.Job{
		Name: name, Dockerfile: file, Context: contextOf(w.cluster.Checkout(), file),
		Args: map[string]string{"VERSION": w.tag}, Anew: w.anew,
	}
}

// contextOf is the folder that COPY copies from: the Dockerfile's own, where it has a .dockerignore, as for a service that needs
// nothing from outside; else the checkout.
func contextOf(checkout, dockerfile string) string {
	own := filepath.Dir(dockerfile)
	if _, err := os.Stat(filepath.Join(own, ".dockerignore")); err == nil {
		return own
	}
	return checkout
}
