package main

import (
	"context"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/test/stage"
)

// namespace of the shop, its sources and the registry. Builds need rights that the Pod Security Standard "baseline" refuses.
const namespace = "factory-demo"

const namespaceManifest = `apiVersion: v1
kind: Namespace
metadata: {name: ` + namespace + `, labels: {pod-security.kubernetes.io/enforce: privileged}}
`

// demo is one run.
type demo struct {
	stage.Stage
	builds stage.Builds
	begun  time.Time
}

func newDemo(s stage.Stage) (*demo, error) {
	builds, err := s.Builds(namespace, goProxy)
	return &demo{Stage: s, builds: builds, begun: time.Now()}, err
}

// step is a part of the demo with a name for people.
type step struct {
	name string
	do   func(context.Context) error
}

// through prints what is done and how long it took.
func (d *demo) through(ctx context.Context, steps ...step) error {
	for _, s := range steps {
		begun := time.Now()
		fmt.Fprintf(d.Out, "%6.1fs  %s …\n", begun.Sub(d.begun).Seconds(), s.name)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(d.Out, "%6.1fs  %s: done in %.1fs\n", time.Since(d.begun).Seconds(), s.name, time.Since(begun).Seconds())
	}
	return nil
}

// prepare makes what is kept, and what a cluster has once. Doing it again takes seconds.
func (d *demo) prepare(ctx context.Context) error {
	return d.through(ctx,
		step{"cluster", d.Cluster},
		step{"images of BuildKit and the registry", d.builds.Images},
		step{"namespace " + namespace, func(ctx context.Context) error { return d.Apply(ctx, namespaceManifest) }},
		step{"registry", d.builds.StartRegistry},
		step{"images that Dockerfiles begin with", d.builds.Bases},
	)
}
