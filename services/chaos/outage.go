package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emporium-shop/emporium/services/outage"
	"github.com/emporium-shop/emporium/services/shop"
)

// part is something on a page that is there while a service is.
type part struct {
	service string
	outage.Part
}

// needed tells whether nobody can order without a service. Whoever adds one says so in services/outage, or it is stopped, too.
func needed(name string) bool {
	return slices.ContainsFunc(outage.Needed, func(n outage.Need) bool { return n.Name == name })
}

// parts are those of services/outage that any visitor sees, without an order. A part that is not on its page while all is well is reported: it could
// not go missing. What needs a service that is not in Go, or a customer, is held by the tests of the storefront.
var parts = partsOf(outage.Optional, shop.Members())

func partsOf(all []outage.Service, members []shop.Member) (list []part) {
	for _, s := range all {
		there := slices.ContainsFunc(members, func(m shop.Member) bool { return m.Name == s.Name })
		for _, p := range s.Parts {
			if there && !p.Customer && !strings.Contains(p.Page, "{") {
				list = append(list, part{s.Name, p})
			}
		}
	}
	return list
}

// pages are what visitors look at, again and again. All are storefront's, which has to answer each with 200, whatever is away.
var pages = []string{"/", "/products/KIT-1002", "/products/KIT-1001", "/pages/imprint", "/search?q=pan", "/search/suggestions?q=pa", "/cart", "/sitemap.xml"}

var errOutage = errors.New("an outage of an optional service was more than that: see above")

// outages stops each optional service in turn while customers order and visitors look, and prints what that did.
func outages(ctx context.Context, o options, out io.Writer) error {
	fmt.Fprintf(out, "logs in %s\n", o.dir)
	w, err := newWorld(ctx, o)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return err
	}
	if err := w.open(ctx); err != nil {
		return err
	}
	before, err := w.stock(ctx)
	if err != nil {
		return err
	}
	d := &darkness{world: w, meter: newMeter(w)}
	l, err := d.fall(ctx)
	if err != nil {
		return err
	}
	r := &report{Seed: o.seed, Journal: w.journal.file.Name()}
	quiet, cancel := context.WithTimeout(ctx, o.quiet)
	defer cancel()
	l.settle(quiet)
	if _, err := w.rest(ctx); err != nil {
		w.journal.fault("no rest", err.Error())
	}
	if err := w.compare(ctx, l, before, r); err != nil {
		return err
	}
	r.judge(w.journal, l)
	return d.tell(out, r)
}

// darkness is the outages, one after the other.
type darkness struct {
	world *world
	meter *meter
	rows  []row
}

// optional are the services that are stopped, by name.
func (w *world) optional() (names []string) {
	for _, m := range w.members {
		if !needed(m.Name) {
			names = append(names, m.Name)
		}
	}
	return names
}

// fall lets customers order and visitors look while one service after the other is away.
func (d *darkness) fall(ctx context.Context) (*load, error) {
	enough, stop := context.WithCancel(ctx)
	defer stop()
	patient, cancel := context.WithTimeout(ctx, d.world.lasts+d.world.quiet)
	defer cancel()
	l := d.world.begin(enough, patient, d.meter.saw)
	var visitors sync.WaitGroup
	d.visit(enough, &visitors)
	names := append([]string{""}, d.world.optional()...)
	each := d.world.lasts / time.Duration(len(names))
	for _, name := range names {
		err := d.one(ctx, name, each)
		if err != nil {
			return nil, err
		}
	}
	stop()
	visitors.Wait()
	l.wait.Wait()
	return l, ctx.Err()
}

// visit lets visitors look at pages, and at each optional service's own paths.
func (d *darkness) visit(ctx context.Context, visitors *sync.WaitGroup) {
	c := &customers{front: d.world.front.url, journal: d.world.journal, http: d.world.client(), seen: d.meter.saw}
	look := func(path string) {
		visitors.Go(func() {
			for pauses(ctx, 150*time.Millisecond) {
				c.once(ctx, request{who: "visitor", method: http.MethodGet, path: path})
			}
		})
	}
	for _, p := range pages {
		look(p)
	}
	for _, m := range d.world.members {
		if len(m.Paths) > 0 && slices.Contains(d.world.optional(), m.Name) {
			look(m.Paths[0])
		}
	}
}

// one lets a service and its worker hang, as one does that is out of memory or of threads, then stops them as a lost machine does, and sees that the
// parts of pages are back before it returns. No name: nothing is stopped.
func (d *darkness) one(ctx context.Context, name string, each time.Duration) error {
	if name == "" {
		d.watch(ctx, "", "all is there", each)
		return nil
	}
	s := d.world.front.active.Load()
	var gone []*process
	for _, p := range slices.Concat(s.services, s.workers) {
		if p.name == s.name+"/"+name || p.name == s.name+"/"+worker(name) {
			gone = append(gone, p)
		}
	}
	for _, p := range gone {
		if err := p.hang(); err != nil {
			return fmt.Errorf("stopping %s: %w", p.name, err)
		}
	}
	fade(ctx, name)
	d.watch(ctx, name, "hangs", each/2)
	for _, p := range gone {
		p.kill() // also what hangs
	}
	pauses(ctx, 100*time.Millisecond) // of what was under way the end is noticed
	d.watch(ctx, name, "is dead", each/2)
	for _, p := range gone {
		if err := p.revive(); err != nil {
			return fmt.Errorf("starting %s again: %w", p.name, err)
		}
	}
	soon, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, p := range gone {
		if err := p.ready(soon); err != nil {
			return err
		}
	}
	fade(ctx, name)
	d.watch(ctx, "", "after "+name, 300*time.Millisecond)
	return nil
}

// fade waits as long as the slowest part of a service may take to go, and to come back.
func fade(ctx context.Context, name string) {
	var most time.Duration
	for _, p := range parts {
		if p.service == name {
			most = max(most, p.Fades)
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(most):
	}
}

// slowest is how long is waited at most until enough was seen to tell.
const slowest = 30 * time.Second

// watch counts for a while, and on a slow machine until there is enough to tell.
func (d *darkness) watch(ctx context.Context, away, how string, each time.Duration) {
	d.meter.window(away)
	pauses(ctx, each)
	for began := time.Now(); !d.meter.enough() && time.Since(began) < slowest && pauses(ctx, 100*time.Millisecond); {
	}
	r := d.meter.row()
	r.How = how
	d.rows = append(d.rows, r)
}

// tell prints the table, and says what must not be.
func (d *darkness) tell(out io.Writer, r *report) error {
	var wrong []string
	fmt.Fprintf(out, "\n%-16s %-22s %9s %9s %7s  %s\n", "away", "how", "requests", "of others", "orders", "missing")
	fmt.Fprintf(out, "%-16s %-22s %9s %9s %7s\n", "", "", "", "failed", "placed")
	for _, one := range d.rows {
		fmt.Fprintf(out, "%-16s %-22s %9d %9d %7d  %s\n", cmp.Or(one.Away, "(none)"), one.How, one.Requests, one.failed(), one.Orders, strings.Join(one.missing(), ", "))
		wrong = append(wrong, one.wrong()...)
	}
	for _, v := range r.Violations {
		wrong = append(wrong, v.Rule+": "+v.Detail)
	}
	fmt.Fprintf(out, "\n%d orders, of %d attempts; books compared by %d rules\n", r.Orders, r.Attempts, len(r.Checks))
	for _, w := range wrong {
		fmt.Fprintln(out, "WRONG:", w)
	}
	if len(wrong) > 0 {
		fmt.Fprintln(out, "journal:", r.Journal)
		return errOutage
	}
	return nil
}
