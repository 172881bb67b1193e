package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/test/load"
)

// measure lets customers come, and asks the shop afterwards.
func (o options) measure(ctx context.Context) (report, error) {
	begun := time.Now()
	staff, err := o.login(ctx)
	if err != nil {
		return report{}, err
	}
	target, err := staff.Goods(ctx)
	if err != nil {
		return report{}, err
	}
	stock, err := o.prepare(ctx, staff, target)
	if err != nil {
		return report{}, err
	}
	var climbed []tried
	if o.most != "" {
		if climbed, err = o.climb(ctx, target); err != nil {
			return report{}, err
		}
		if o.rate = best(climbed); o.rate == 0 {
			return report{}, fmt.Errorf("not even one %s a second was answered within %.0f ms", o.most, o.bound())
		}
	}
	records, purchases, used, err := o.come(ctx, target)
	if err != nil {
		return report{}, err
	}
	found, err := o.settled(ctx, begun, purchases)
	if err != nil {
		return report{}, err
	}
	found.Stock = stock
	r, err := o.report(begun, records, purchases, found)
	r.Climbed, r.CPU = climbed, used
	return r, err
}

// settled is what the shop says afterwards. Where nobody orders there is nothing to ask.
func (o options) settled(ctx context.Context, begun time.Time, purchases []load.Purchase) (load.Found, error) {
	if o.mix.Order == 0 {
		return load.Found{}, nil
	}
	staff, err := o.login(ctx) // the first token may have run out
	if err != nil {
		return load.Found{}, err
	}
	return staff.Settled(ctx, begun, purchases)
}

// login is for orders: who only looks needs no staff.
func (o options) login(ctx context.Context) (load.Client, error) {
	c := load.Client{URL: strings.TrimSuffix(o.address, "/"), Token: o.token}
	if c.Token != "" || o.mix.Order == 0 && o.flash == "" {
		return c, nil
	}
	name, password, _ := strings.Cut(o.staff, ":")
	return c.Login(ctx, name, password)
}

// prepare lets there be as much of the flash sale's product as is wanted, and returns what there is of all.
func (o options) prepare(ctx context.Context, staff load.Client, t load.Target) (map[string]int, error) {
	if o.mix.Order == 0 && o.flash == "" {
		return nil, nil
	}
	stock, err := staff.Stock(ctx, t.SKUs)
	if err != nil || o.flash == "" {
		return stock, err
	}
	there, counted := stock[o.flash]
	if !counted && !slices.Contains(t.SKUs, o.flash) {
		return nil, fmt.Errorf("-flash: the shop does not sell %s", o.flash)
	}
	if o.stock == 0 || o.stock == there {
		return stock, nil
	}
	stock[o.flash] = o.stock
	return stock, staff.Count(ctx, uuid.NewString(), o.flash, o.stock-there)
}

// come lets customers come, and measures what the cluster uses meanwhile.
func (o options) come(ctx context.Context, t load.Target) ([]load.Record, []load.Purchase, *cpu, error) {
	m, err := o.meterOn(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	g, err := load.Start(ctx, load.Options{
		Target: t, Rate: o.rate, Clients: o.clients, InFlight: 2048, Limit: o.length, Visits: &load.Visits{Mix: o.mix, Flash: o.flash},
	})
	if err != nil {
		return nil, nil, nil, err
	}
	records := g.Wait()
	from := first(records)
	used, err := m.end(ctx, from.Add(o.warm), from.Add(o.length), load.Measure(due(records, o.warm), nil).RequestsPerSec)
	if err != nil { // the rest of what was measured stands
		fmt.Fprintln(os.Stderr, "load: measuring what the cluster uses:", err)
	}
	return records, g.Purchases(), used, ctx.Err()
}

// first is when the first request was due.
func first(records []load.Record) time.Time {
	if len(records) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(records, func(a, b load.Record) int { return a.Intended.Compare(b.Intended) }).Intended
}

// due are the records of what was due after the warm-up.
func due(records []load.Record, warm time.Duration) []load.Record {
	from := first(records).Add(warm)
	return slices.DeleteFunc(slices.Clone(records), func(r load.Record) bool { return r.Intended.Before(from) })
}

// report judges all, and takes figures of what was due after the warm-up.
func (o options) report(begun time.Time, records []load.Record, purchases []load.Purchase, found load.Found) (report, error) {
	came := first(records)
	if len(records) == 0 {
		came = begun
	}
	from := came.Add(o.warm)
	bought := slices.DeleteFunc(slices.Clone(purchases), func(p load.Purchase) bool { return p.Intended.Before(from) })
	r := report{
		Rate: o.rate, Mix: o.mixText, Flash: o.flash, Figures: load.Measure(due(records, o.warm), bought), Verdict: load.Judge(purchases, found),
		goal: o.goal, p95: o.p95, aims: o.aims, most: o.most,
	}
	if o.most != "" {
		r.p95 = o.bound()
	}
	for _, m := range load.Releases(records) {
		r.Switches = append(r.Switches, change{m.At.Sub(came).Seconds(), m.Label})
	}
	return r, o.draw(records)
}

func (o options) draw(records []load.Record) error {
	if o.plot == "" {
		return nil
	}
	var svg bytes.Buffer
	load.Plot(&svg, records, load.Releases(records))
	err := os.MkdirAll(filepath.Dir(o.plot), 0o755)
	if err == nil {
		err = os.WriteFile(o.plot, svg.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("drawing the plot: %w", err)
	}
	return nil
}
