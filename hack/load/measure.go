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
	records, purchases, err := o.come(ctx, target)
	if err != nil {
		return report{}, err
	}
	if staff, err = o.login(ctx); err != nil { // the first token may have run out
		return report{}, err
	}
	found, err := staff.Settled(ctx, begun, purchases)
	if err != nil {
		return report{}, err
	}
	found.Stock = stock
	return o.report(begun, records, purchases, found)
}

func (o options) login(ctx context.Context) (load.Client, error) {
	c := load.Client{URL: strings.TrimSuffix(o.address, "/"), Token: o.token}
	if c.Token != "" {
		return c, nil
	}
	name, password, _ := strings.Cut(o.staff, ":")
	return c.Login(ctx, name, password)
}

// prepare lets there be as much of the flash sale's product as is wanted, and returns what there is of all.
func (o options) prepare(ctx context.Context, staff load.Client, t load.Target) (map[string]int, error) {
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

func (o options) come(ctx context.Context, t load.Target) ([]load.Record, []load.Purchase, error) {
	g, err := load.Start(ctx, load.Options{
		Target: t, Rate: o.rate, Clients: o.clients, InFlight: 2048, Limit: o.length, Visits: &load.Visits{Mix: o.mix, Flash: o.flash},
	})
	if err != nil {
		return nil, nil, err
	}
	records := g.Wait()
	return records, g.Purchases(), ctx.Err()
}

// report judges all, and takes figures of what was due after the warm-up.
func (o options) report(begun time.Time, records []load.Record, purchases []load.Purchase, found load.Found) (report, error) {
	first := begun
	if len(records) > 0 {
		first = slices.MinFunc(records, func(a, b load.Record) int { return a.Intended.Compare(b.Intended) }).Intended
	}
	from := first.Add(o.warm)
	warm := slices.DeleteFunc(slices.Clone(records), func(r load.Record) bool { return r.Intended.Before(from) })
	bought := slices.DeleteFunc(slices.Clone(purchases), func(p load.Purchase) bool { return p.Intended.Before(from) })
	r := report{Rate: o.rate, Mix: o.mixText, Flash: o.flash, Figures: load.Measure(warm, bought), Verdict: load.Judge(purchases, found), goal: o.goal, p95: o.p95}
	for _, m := range load.Releases(records) {
		r.Switches = append(r.Switches, change{m.At.Sub(first).Seconds(), m.Label})
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
