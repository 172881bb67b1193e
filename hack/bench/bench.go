package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
	"github.com/emporium-shop/emporium/test/stage"
)

// rate leaves two cores room to start forty pods beside it, in requests a second.
const rate = 30

// bench measures the operator of one checkout.
type bench struct {
	stage.Stage
	// secrets gives each service a Secret.
	secrets bool
	// commit whose operator and front door are measured; empty: those of this checkout.
	commit string
}

func (b bench) setUp(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"cluster", func() error { return b.Cluster(ctx) }},
		{"image of the services", func() error { return b.Images(ctx, "1", "tiny") }},
		{"operator", func() error { return b.install(ctx) }},
		{"an empty place", func() error { return b.clear(ctx) }},
		{"a shop of twenty services", func() error { return b.Apply(ctx, manifest("1", b.secrets)) }},
		{"its first release", func() error { return b.ready(ctx) }},
	} {
		begun := time.Now()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Fprintf(b.Out, "%s: done in %.1fs\n", step.name, time.Since(begun).Seconds())
	}
	return nil
}

func (b bench) install(ctx context.Context) error {
	if b.commit != "" {
		return b.OperatorOf(ctx, b.commit)
	}
	if err := b.Images(ctx, "dev", "operator", "gateway"); err != nil {
		return err
	}
	return b.Operator(ctx)
}

func (b bench) ready(ctx context.Context) error {
	_, err := b.Kubectl(ctx, "-n", name, "wait", "shop/"+name, "--for=condition=Ready", "--timeout=600s")
	return err
}

func (b bench) clear(ctx context.Context) error {
	_, err := b.Kubectl(ctx, "delete", "namespace", name, "--ignore-not-found", "--timeout=300s")
	return err
}

// measure releases another build of every service, and waits until the old stack is retired.
func (b bench) measure(ctx context.Context) (measured, error) {
	f := measured{Services: services, Secrets: b.secrets}
	generator, err := b.load(ctx)
	if err != nil {
		return f, err
	}
	defer generator.Stop()
	before, err := b.operator(ctx)
	if err != nil {
		return f, err
	}
	applied := time.Now()
	if err := b.Apply(ctx, manifest("2", b.secrets)); err != nil {
		return f, err
	}
	last, err := b.retired(ctx, applied)
	if err != nil {
		return f, err
	}
	after, err := b.operator(ctx)
	if err != nil {
		return f, err
	}
	f.count(load.Analyse(generator.Stop(), []load.Switch{stage.Seen(last)}))
	f.AppliedToSwitchedMillis = last.WrittenAt.Sub(applied).Milliseconds()
	f.ConfirmMillis = *last.ConfirmMillis
	took := after.Since(before)
	f.APIRequests, f.APIWrites, f.OperatorMemory, f.WritesByKind = took.AllRequests(), took.AllWrites(), took.Resident, took.Writes
	return f, nil
}

func (f *measured) count(r load.Result) {
	f.Requests, f.Failed, f.MixedRequests = r.Requests, r.Failed, r.MixedRequests
	f.StaleAfterConfirm, f.MixedWindowMillis = r.StaleAfterConfirm, r.MixedWindowMillis
}

func (b bench) load(ctx context.Context) (*load.Generator, error) {
	ip, err := b.Kubectl(ctx, "-n", name, "get", "service", name, "-o", "jsonpath={.spec.clusterIP}")
	if err != nil {
		return nil, err
	}
	return load.Start(ctx, load.Options{Rate: rate, Target: load.Target{URL: "http://" + strings.TrimSpace(ip), Paths: paths()}})
}

// retired waits until the new release serves and nothing else runs.
func (b bench) retired(ctx context.Context, since time.Time) (v1alpha1.SwitchRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		shop, err := b.shop(ctx)
		if last := shop.Status.LastSwitch; err == nil && last != nil && last.WrittenAt.After(since) && last.ConfirmMillis != nil && reason(shop) == v1alpha1.ReasonServing {
			return *last, nil
		}
		select {
		case <-ctx.Done():
			return v1alpha1.SwitchRecord{}, fmt.Errorf("waiting for the release to serve alone: %w; the shop says %v", ctx.Err(), shop.Status.Conditions)
		case <-tick.C:
		}
	}
}

func (b bench) shop(ctx context.Context) (shop v1alpha1.Shop, err error) {
	out, err := b.Kubectl(ctx, "-n", name, "get", "shop", name, "-o", "json")
	if err != nil {
		return shop, err
	}
	return shop, json.Unmarshal([]byte(out), &shop)
}

func reason(shop v1alpha1.Shop) v1alpha1.Reason {
	for _, c := range shop.Status.Conditions {
		if c.Type == string(v1alpha1.ConditionReady) {
			return v1alpha1.Reason(c.Reason)
		}
	}
	return ""
}
