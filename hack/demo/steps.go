package main

import (
	"context"
	"fmt"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/services"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// changed are the services that the demo's release changes.
var changed = []string{"storefront", "catalog"}

// base is how long load runs before the release and after the way back, so that there is something to compare with.
const base = 5 * time.Second

type demo struct {
	stage.Stage
	begun  time.Time
	report report
	// next is the tag of the release: new in each run, so that each cuts a release that was not there before.
	next string
}

func newDemo(s stage.Stage) *demo {
	now := time.Now()
	return &demo{Stage: s, begun: now, next: "2." + now.Format("150405")}
}

// step prints what is done and how long it took.
func (d *demo) step(name string, do func() error) error {
	begun := time.Now()
	fmt.Fprintf(d.Out, "%6.1fs  %s …\n", begun.Sub(d.begun).Seconds(), name)
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Fprintf(d.Out, "%6.1fs  %s: done in %.1fs\n", time.Since(d.begun).Seconds(), name, time.Since(begun).Seconds())
	return nil
}

// setUp ends with a shop that serves images :1, whatever an earlier run left.
func (d *demo) setUp(ctx context.Context) error {
	steps := []struct {
		name string
		do   func() error
	}{
		{"cluster", func() error { return d.Cluster(ctx) }},
		{"images of operator and front door", func() error { return d.Images(ctx, "dev", "operator", "gateway") }},
		{"images of the services", func() error { return d.SampleImages(ctx, "1") }},
		{"images of the next release", func() error { return d.Images(ctx, d.next, changed...) }},
		{"image of the database", func() error { return d.Database(ctx) }},
		{"operator", func() error { return d.Operator(ctx) }},
		{"shop", func() error { return d.install(ctx) }},
	}
	for _, s := range steps {
		if err := d.step(s.name, s.do); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) install(ctx context.Context) error {
	if _, err := d.Keys(ctx); err != nil {
		return err
	}
	if err := d.ApplySamples(ctx); err != nil {
		return err
	}
	if err := d.Unpin(ctx); err != nil {
		return err
	}
	if err := d.Settled(ctx); err != nil {
		return err
	}
	if err := d.CloseWindow(ctx); err != nil {
		return err
	}
	return d.ApplySamples(ctx)
}

// play lets customers come through a release and the way back, and fills in the report. Some of them begin to order before
// each switch and end after it.
func (d *demo) play(ctx context.Context) error {
	customers, err := d.crowd(ctx)
	if err != nil {
		return err
	}
	defer customers.Stop()
	if err := pause(ctx, base); err != nil {
		return err
	}
	var there, back v1alpha1.SwitchRecord
	if err := customers.across(ctx, func() error { there, err = d.release(ctx); return err }); err != nil {
		return err
	}
	if err := customers.across(ctx, func() error { back, err = d.wayBack(ctx); return err }); err != nil {
		return err
	}
	if err := pause(ctx, base); err != nil {
		return err
	}
	records, switches := customers.Stop(), []load.Switch{stage.Seen(there), stage.Seen(back)}
	d.report.Result = load.Analyse(records, switches)
	if err := d.plot(records, switches); err != nil {
		return err
	}
	err = d.step("orders and books", func() error {
		d.report.Verdict, err = customers.judge(ctx)
		return err
	})
	d.measure(ctx)
	return err
}

// measure asks for the memory of what serves. Not every cluster lets its users ask the kubelets.
func (d *demo) measure(ctx context.Context) {
	serving, _, err := d.Memory(ctx)
	if err != nil {
		fmt.Fprintln(d.Out, "memory of the shop:", err)
		return
	}
	d.report.MemoryMiB = stage.WorkingSetMiB(serving)
}

func (d *demo) release(ctx context.Context) (record v1alpha1.SwitchRecord, err error) {
	before, err := d.Writes(ctx)
	if err != nil {
		return record, err
	}
	applied := time.Now()
	if record, err = d.apply(ctx, "release of storefront and catalog", d.next); err != nil {
		return record, err
	}
	d.report.AppliedToSwitchedMillis = record.WrittenAt.Sub(applied).Milliseconds()
	d.report.confirmed(record)
	after, err := d.Writes(ctx)
	d.report.APIWritesForRelease = after - before
	if err != nil {
		return record, err
	}
	shop, err := d.Status(ctx)
	if err != nil {
		return record, err
	}
	all, err := d.Stage.Services()
	d.report.Services, d.report.expected = int(shop.Status.Services.Total), parts(all)
	return record, err
}

// parts counts the ShopServices: a service's own, and its worker.
func parts(all []services.Service) (n int) {
	for _, s := range all {
		n += len(s.Shop)
	}
	return n
}

func (d *demo) wayBack(ctx context.Context) (v1alpha1.SwitchRecord, error) {
	applied := time.Now()
	record, err := d.apply(ctx, "way back", "1")
	if err == nil {
		d.report.RollbackMillis = record.ConfirmedAt.Sub(applied).Milliseconds()
		d.report.confirmed(record)
	}
	return record, err
}

func (d *demo) apply(ctx context.Context, name, tag string) (record v1alpha1.SwitchRecord, err error) {
	err = d.step(name, func() error {
		applied := time.Now()
		if err := d.Release(ctx, tag, changed...); err != nil {
			return err
		}
		record, err = d.Switched(ctx, applied)
		return err
	})
	return record, err
}

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(length):
		return nil
	}
}
