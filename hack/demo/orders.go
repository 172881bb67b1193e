package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/emporium-shop/emporium/test/load"
)

const (
	// rate is how many customers a second two cores carry beside the start of a whole stack.
	rate = 20
	// undecided customers look at a quote while a release is switched, and order afterwards.
	undecided = 5
	// jo may read everybody's orders, and the books: the account of the samples (services/auth/shop/secret.yaml).
	jo, password = "jo", "sample-jo"
)

// crowd are the customers of the demo, and what they found in the shop.
type crowd struct {
	*load.Generator
	url   string
	begun time.Time
	stock map[string]int
}

func (d *demo) crowd(ctx context.Context) (*crowd, error) {
	url, err := d.Address(ctx)
	if err != nil {
		return nil, err
	}
	c := &crowd{url: url, begun: time.Now()}
	door := load.Client{URL: url}
	target, err := door.Goods(ctx)
	if err != nil {
		return nil, err
	}
	if c.stock, err = door.Stock(ctx, target.SKUs); err != nil {
		return nil, err
	}
	c.Generator, err = load.Start(ctx, load.Options{Rate: rate, Target: target, Visits: &load.Visits{Mix: load.Everyday}})
	return c, err
}

// across lets customers ask what their carts cost before something happens, and order after it.
func (c *crowd) across(ctx context.Context, happens func() error) error {
	baskets, err := c.Offered(ctx, undecided)
	if err != nil {
		return fmt.Errorf("asking for quotes: %w", err)
	}
	if err := happens(); err != nil {
		return err
	}
	c.Order(ctx, baskets)
	return nil
}

// judge asks staff, as people do, whether the shop kept what it told its customers.
func (c *crowd) judge(ctx context.Context) (load.Verdict, error) {
	staff, err := load.Client{URL: c.url}.Login(ctx, jo, password)
	if err != nil {
		return load.Verdict{}, fmt.Errorf("logging in as staff: %w", err)
	}
	purchases := c.Purchases()
	found, err := staff.Settled(ctx, c.begun, purchases)
	if err != nil {
		return load.Verdict{}, err
	}
	found.Stock = c.stock
	return load.Judge(purchases, found), nil
}

// plot draws what customers waited for, with the switches in it, beside the report.
func (d *demo) plot(records []load.Record, switches []load.Switch) error {
	var marks []load.Mark
	for _, s := range switches {
		marks = append(marks, load.Mark{At: s.WrittenAt, Label: s.To})
	}
	var svg bytes.Buffer
	load.Plot(&svg, records, marks)
	if err := os.WriteFile(filepath.Join(d.Root, ".cluster", "demo-load.svg"), svg.Bytes(), 0o644); err != nil {
		return fmt.Errorf("drawing latencies: %w", err)
	}
	return nil
}
