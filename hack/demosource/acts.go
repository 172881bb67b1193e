package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// The texts that the demo changes.
const (
	slogan   = `const Slogan = "Cheaper today"`
	greeting = `export const greeting = 'Welcome';`
	rounding = "cents * (100 - percent) / 100"
	// dearer is what a customer would have to pay too much: the test sees it.
	dearer = "cents - percent"
	// nearest is right, and another image.
	nearest = "cents - (cents*percent+99)/100"
)

// acts are the demo. Each commit's way is in the report.
func (p *play) acts(ctx context.Context) error {
	now := time.Now().Format("15:04:05") // new content in each run: what was built before is in the cache, and nothing to see
	offers := p.work["offers"]
	var first way
	return p.through(ctx,
		step{"a line of offers changes", func(ctx context.Context) (err error) {
			first, err = p.changed(ctx, "one line", offers, "offers.go", slogan, fmt.Sprintf("const Slogan = %q", "Cheaper since "+now))
			return err
		}},
		step{"a commit whose test fails", func(ctx context.Context) error { return p.refused(ctx, offers) }},
		step{"its fix", func(ctx context.Context) error {
			_, err := p.changed(ctx, "the fix", offers, "offers.go", dearer, nearest)
			return err
		}},
		step{"a commit that changes no image", p.readme},
		step{"git revert of both", func(ctx context.Context) error { return p.reverted(ctx, offers, first) }},
		step{"offers (Go) and pages (Node) together", func(ctx context.Context) error { return p.together(ctx, now) }},
	)
}

// changed pushes a change and waits until it serves.
func (p *play) changed(ctx context.Context, what string, r repository, file, old, with string) (way, error) {
	if err := r.replace(file, old, with); err != nil {
		return way{}, err
	}
	commit, err := r.commit(ctx, "Change "+file)
	if err != nil {
		return way{}, err
	}
	w, err := p.served(ctx, r.name, commit, time.Now())
	p.report.add(what, w)
	return w, err
}

// served waits until a commit serves.
func (p *play) served(ctx context.Context, source, commit string, pushed time.Time) (w way, err error) {
	err = p.journal.await(ctx, fmt.Sprintf("commit %.8s of %s to serve", commit, source), patience, func(sights []sight) (bool, error) {
		w = trace(sights, source, commit, pushed)
		if w.Failed != nil {
			return false, fmt.Errorf("commit %.8s of %s: %s: %s", commit, source, w.Failed.Reason, w.Failed.Output)
		}
		return !w.Confirmed.IsZero(), nil
	})
	p.serving = w.Release
	return w, err
}

// refused pushes a change that the test does not let pass, and waits for the word of the source.
func (p *play) refused(ctx context.Context, r repository) error {
	if err := r.replace("offers.go", rounding, dearer); err != nil {
		return err
	}
	commit, err := r.commit(ctx, "Reduce by cents")
	if err != nil {
		return err
	}
	var w way
	pushed := time.Now()
	err = p.journal.await(ctx, fmt.Sprintf("commit %.8s of %s to be refused", commit, r.name), patience, func(sights []sight) (bool, error) {
		w = trace(sights, r.name, commit, pushed)
		if !w.Stored.IsZero() {
			return false, fmt.Errorf("commit %.8s of %s has an image, though its test fails", commit, r.name)
		}
		return w.Failed != nil, nil
	})
	if err != nil {
		return err
	}
	p.report.add("test fails", w)
	if w.Failed.Reason != v1alpha1.ReasonTestsFailed {
		return fmt.Errorf("commit %.8s of %s was refused for %s, not for its test: %s", commit, r.name, w.Failed.Reason, w.Failed.Output)
	}
	fmt.Fprintf(p.Out, "          the source says: %s: %s\n", w.Failed.Reason, telling(w.Failed.Output))
	return nil
}

// readme pushes a commit to a file that is in no image. That it makes no release shows in the next switch: it is one from the
// release that serves now.
func (p *play) readme(ctx context.Context) error {
	r := p.work["wishlist"]
	if err := r.replace("README.md", "What customers wish for", "What customers wish for since "+time.Now().Format("15:04:05")); err != nil {
		return err
	}
	before, _ := p.journal.read()
	source := newest[*v1alpha1.ShopSource](before, r.name)
	if source == nil || source.Status.Latest == nil {
		return errors.New("the source wishlist has no image")
	}
	commit, err := r.commit(ctx, "Say since when")
	if err != nil {
		return err
	}
	pushed := time.Now()
	var w way
	err = p.journal.await(ctx, fmt.Sprintf("commit %.8s of %s to be built", commit, r.name), patience, func(sights []sight) (bool, error) {
		w = trace(sights, r.name, commit, pushed)
		if w.Failed != nil {
			return false, fmt.Errorf("commit %.8s of %s: %s: %s", commit, r.name, w.Failed.Reason, w.Failed.Output)
		}
		return !w.Stored.IsZero(), nil
	})
	p.report.add("no new image", w)
	p.report.SameImage = err == nil && w.Image == source.Status.Latest.Image
	return err
}

// reverted takes the commits after one back, and waits for its release.
func (p *play) reverted(ctx context.Context, r repository, to way) error {
	before := p.serving
	commit, err := r.revert(ctx, to.Commit)
	if err != nil {
		return err
	}
	w, err := p.served(ctx, r.name, commit, time.Now())
	p.report.add("git revert", w)
	p.report.NoRelease = w.record.From == before
	p.report.SameRelease = w.Image == to.Image && w.Release == to.Release
	return err
}

// together pushes to two repositories at the same time: both commits are one release.
func (p *play) together(ctx context.Context, now string) error {
	offers, pages := p.work["offers"], p.work["pages"]
	err := errors.Join(
		offers.replace("offers.go", "Cheaper since "+now, "Cheaper still since "+now),
		pages.replace("src/page.js", greeting, fmt.Sprintf("export const greeting = 'Welcome at %s';", now)),
	)
	if err != nil {
		return err
	}
	first, err := offers.commit(ctx, "Change the slogan")
	if err != nil {
		return err
	}
	second, err := pages.commit(ctx, "Change the greeting")
	if err != nil {
		return err
	}
	pushed := time.Now()
	a, err := p.served(ctx, offers.name, first, pushed)
	if err != nil {
		return err
	}
	b, err := p.served(ctx, pages.name, second, pushed)
	p.report.add("together, Go", a)
	p.report.add("together, Node", b)
	p.report.OneRelease = a.Release == b.Release
	return err
}
