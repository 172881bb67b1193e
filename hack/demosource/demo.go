package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
)

const (
	// patience bounds a build with nothing in its cache, on a machine that is busy.
	patience = 10 * time.Minute
	// rate of customers' requests a second: two cores carry it beside a build.
	rate = 20
)

// play is a demo whose shop serves.
type play struct {
	*demo
	journal *journal
	work    map[string]repository
	// request is what the sources were asked for at the start: what failed in an earlier run is tried once more.
	request string
	// serving is the release that the last act let serve.
	serving string
	report  report
}

// all is the whole demo.
func (d *demo) all(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	if err := d.operator(ctx); err != nil {
		return err
	}
	p := &play{demo: d, work: map[string]repository{}, request: strconv.FormatInt(time.Now().Unix(), 10)}
	heads := map[string]string{}
	err := d.through(ctx,
		step{"Git server", func(ctx context.Context) error { _, err := d.listen(ctx); return err }},
		step{"repositories", func(ctx context.Context) error { return p.open(ctx, heads) }},
		step{"shop with its sources", func(ctx context.Context) error { return p.ask(ctx) }},
		step{"first images and release", func(ctx context.Context) error { return p.settled(ctx, heads) }},
	)
	if err != nil {
		return err
	}
	if err := p.underLoad(ctx); err != nil {
		return err
	}
	return p.report.end(d.Out, filepath.Join(d.Root, ".cluster"))
}

// operator makes the images of this checkout and lets them run.
func (d *demo) operator(ctx context.Context) error {
	return d.through(ctx,
		step{"images of operator, front door and push", func(ctx context.Context) error { return d.Images(ctx, "dev", "operator", "gateway", "push") }},
		step{"operator", func(ctx context.Context) error { return d.Operator(ctx, d.builds.Flags()...) }},
	)
}

// open brings the repositories to the beginning of the demo, whatever an earlier run left.
func (p *play) open(ctx context.Context, heads map[string]string) error {
	server, err := p.server(ctx)
	if err != nil {
		return err
	}
	for _, name := range repositories {
		if err := server.Create(ctx, name); err != nil {
			return err
		}
		r := repository{name, filepath.Join(p.Root, ".cluster", "demo-source", "work", name), gitURL + name + ".git"}
		if err := r.open(ctx); err != nil {
			return err
		}
		if heads[name], err = r.begin(ctx); err != nil {
			return err
		}
		p.work[name] = r
	}
	return nil
}

// settled waits until the images of the repositories' commits serve.
func (p *play) settled(ctx context.Context, heads map[string]string) (err error) {
	if p.journal, err = follow(ctx, p.Kubeconfig); err != nil {
		return err
	}
	return p.journal.await(ctx, "the first release", 2*patience, func(sights []sight) (bool, error) {
		images, err := stored(sights, heads, p.request)
		if err != nil || len(images) < len(heads) {
			return false, err
		}
		shop := newest[*v1alpha1.Shop](sights, shopName)
		return shop != nil && shop.Status.Active != nil && shop.Status.Candidate == nil && runs(sights, shop.Status.Active.Release, images), nil
	})
}

// ask applies the shop, and lets its sources look at once.
func (p *play) ask(ctx context.Context) error {
	if err := p.Apply(ctx, manifest(p.builds.Host())); err != nil {
		return err
	}
	_, err := p.Kubectl(ctx, "-n", namespace, "annotate", "shopsource", "--all", "--overwrite", v1alpha1.AnnotationRequestedAt+"="+p.request)
	return err
}

// stored are the images of commits, as far as they are there. A commit that failed since the request is an error.
func stored(sights []sight, heads map[string]string, request string) (images []string, err error) {
	for name, commit := range heads {
		source := newest[*v1alpha1.ShopSource](sights, name)
		if source == nil {
			continue
		}
		tried := source.Status.RequestedAt == request && source.Status.Building == nil
		if f := source.Status.Failed; f != nil && f.Commit == commit && tried {
			return nil, fmt.Errorf("building %s: %s: %s", name, f.Reason, f.Output)
		}
		if l := source.Status.Latest; l != nil && l.Commit == commit {
			images = append(images, l.Image)
		}
	}
	return images, nil
}

func runs(sights []sight, release string, images []string) bool {
	for _, image := range images {
		if !holds(sights, release, image) {
			return false
		}
	}
	return true
}

// newest is the last sight of an object; nil when there is none.
func newest[T interface {
	comparable
	GetName() string
}](sights []sight, name string) (last T) {
	for i := len(sights) - 1; i >= 0; i-- {
		if object, is := sights[i].object.(T); is && object.GetName() == name {
			return object
		}
	}
	return last
}

// underLoad lets customers ask while the acts are played.
func (p *play) underLoad(ctx context.Context) error {
	ip, err := p.Kubectl(ctx, "-n", namespace, "get", "service", shopName, "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		return err
	}
	customers, err := load.Start(ctx, load.Options{Rate: rate, Target: load.Target{URL: "http://" + strings.TrimSpace(ip), Paths: paths}, Limit: time.Hour})
	if err != nil {
		return err
	}
	defer customers.Stop()
	if err := p.acts(ctx); err != nil {
		return errors.Join(err, p.sources(ctx))
	}
	p.report.judge(customers.Stop())
	return nil
}

// sources is what the sources say, for who reads why the demo failed.
func (p *play) sources(ctx context.Context) error {
	out, err := p.Kubectl(ctx, "-n", namespace, "get", "shop,shopsource,job,pod", "-o", "wide")
	if err == nil {
		err = errors.New(out)
	}
	return err
}
