package main

import (
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
)

// needed tells whether nobody can order without a service. Whoever adds one says so in services/outage, or it is stopped, too.
func needed(name string) bool {
	return slices.ContainsFunc(outage.Needed, func(n outage.Need) bool { return n.Name == name })
}

var errOutage = errors.New("an outage of an optional service was more than that: see above")

// outages stops each optional service in turn while customers order and visitors look, and prints what that did.
func outages(ctx context.Context, o options, out io.Writer) error {
	began := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%4.0f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	say("logs in %s", o.dir)
	password, err := invitePassword()
	if err != nil {
		return err
	}
	w, err := newWorld(ctx, o)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return err
	}
	for _, why := range w.leftOut {
		say("LEFT OUT %s", why)
	}
	say("data is there")
	if err := w.open(ctx); err != nil {
		return err
	}
	say("%d processes sell", len(w.stacks[0].services)+len(w.stacks[0].workers)+2)
	if err := w.contract(ctx, w.stacks[0]); err != nil {
		return err
	}
	before, err := w.stock(ctx)
	if err != nil {
		return err
	}
	s := sightOf(outage.Optional, w.members)
	d := &darkness{world: w, meter: newMeter(s, w.front.owner), say: say}
	l, err := d.fall(ctx, password)
	if err != nil {
		return err
	}
	say("waiting for rest")
	r, err := w.closeBooks(ctx, l, before)
	if err != nil {
		return err
	}
	say("done")
	return d.tell(out, r)
}

// closeBooks waits until the shop is quiet, and compares its books.
func (w *world) closeBooks(ctx context.Context, l *load, before map[string]int64) (*report, error) {
	r := &report{Seed: w.seed, Journal: w.journal.file.Name()}
	quiet, cancel := context.WithTimeout(ctx, w.quiet)
	defer cancel()
	l.settle(quiet)
	if _, err := w.rest(ctx); err != nil {
		w.journal.fault("no rest", err.Error())
	}
	if err := w.compare(ctx, l, before, r); err != nil {
		return nil, err
	}
	r.judge(w.journal, l)
	return r, nil
}

// darkness is the outages, one after the other.
type darkness struct {
	world *world
	meter *meter
	rows  []row
	say   func(format string, args ...any)
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
func (d *darkness) fall(ctx context.Context, password string) (*load, error) {
	enough, stop := context.WithCancel(ctx)
	defer stop()
	patient, cancel := context.WithTimeout(ctx, d.world.lasts+d.world.quiet)
	defer cancel()
	l := d.world.newLoad(d.meter.saw)
	who, err := d.world.signIn(ctx, password)
	if err != nil {
		return nil, err
	}
	if err := l.furnish(patient, who); err != nil {
		return nil, err
	}
	var visitors sync.WaitGroup
	visitors.Go(func() { d.meter.feel(enough) })
	d.visit(enough, who, &visitors)
	l.begin(enough, patient)
	rounds := d.meter.rounds(d.world.optional(), d.world.short)
	each := d.world.lasts / time.Duration(len(rounds)+1)
	d.begin(ctx, each)
	for _, away := range rounds {
		if err := d.one(ctx, away, each); err != nil {
			return nil, err
		}
	}
	stop()
	visitors.Wait()
	l.wait.Wait()
	return l, ctx.Err()
}

// begin sees that all parts are there, before anything is stopped: invoices are made, and recommendations count, a little after orders.
func (d *darkness) begin(ctx context.Context, each time.Duration) {
	d.fade(ctx, nil, d.world.optional(), slowest)
	d.watch(ctx, nil, "all is there", each)
}

// visit lets visitors look at pages, and at each optional service's own paths.
func (d *darkness) visit(ctx context.Context, who *account, visitors *sync.WaitGroup) {
	guest := &customers{front: d.world.front.url, journal: d.world.journal, http: d.world.client(), seen: d.meter.saw}
	ann := *guest
	ann.http = who.http
	look := func(c *customers, r request) {
		visitors.Go(func() {
			for pauses(ctx, d.world.calm()) {
				c.once(ctx, r)
			}
		})
	}
	for _, p := range d.meter.pages {
		c := guest
		if forCustomers(p) {
			c = &ann
		}
		look(c, who.look(p))
	}
	for _, m := range d.world.members {
		if len(m.Paths) > 0 && slices.Contains(d.world.optional(), m.Name) {
			look(guest, request{who: "visitor", method: http.MethodGet, path: m.Paths[0]})
		}
	}
}

// calm is about how long a visitor looks at a page.
func (w *world) calm() time.Duration {
	if w.short {
		return 300 * time.Millisecond
	}
	return 150 * time.Millisecond
}

// one lets services and their workers hang, as those do that are out of memory or of threads, then stops them as a lost machine does, and sees that the
// parts of pages are back before it returns.
func (d *darkness) one(ctx context.Context, names []string, each time.Duration) error {
	gone := d.processes(names)
	for _, p := range gone {
		if err := p.hang(); err != nil {
			return fmt.Errorf("stopping %s: %w", p.name, err)
		}
	}
	d.fade(ctx, names, d.fading(names), d.fades(names))
	d.watch(ctx, names, "hangs", each/2)
	for _, p := range gone {
		p.kill() // also what hangs
	}
	pauses(ctx, 100*time.Millisecond) // of what was under way the end is noticed
	d.watch(ctx, names, "is dead", each/2)
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
	d.fade(ctx, nil, names, max(back, d.fades(names)))
	d.watch(ctx, nil, "after "+strings.Join(names, ", "), 300*time.Millisecond)
	return nil
}

// processes are those of services and of their workers.
func (d *darkness) processes(names []string) (all []*process) {
	s := d.world.front.active.Load()
	for _, p := range slices.Concat(s.services, s.workers) {
		if slices.ContainsFunc(names, func(name string) bool { return p.name == s.name+"/"+name || p.name == s.name+"/"+worker(name) }) {
			all = append(all, p)
		}
	}
	return all
}

// fading are those of the services of which pages show a part for a while after they went.
func (d *darkness) fading(names []string) (list []string) {
	for _, p := range d.meter.parts {
		if p.Fades > 0 && slices.Contains(names, p.service) {
			list = append(list, p.service)
		}
	}
	return list
}

// fades is how long the slowest part of services may take to go, and to come back.
func (d *darkness) fades(names []string) (most time.Duration) {
	for _, p := range d.meter.parts {
		if slices.Contains(names, p.service) {
			most = max(most, p.Fades)
		}
	}
	return most
}

// fade waits until pages show what they have to show of services from now on, but no longer than they may take: what is wrong then, watch tells.
func (d *darkness) fade(ctx context.Context, away, services []string, most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end) && len(services) > 0; {
		d.meter.window(away)
		for !d.meter.seen(services) && time.Now().Before(end) && pauses(ctx, 50*time.Millisecond) {
		}
		if d.meter.shows(services) {
			return
		}
	}
}

const (
	// back is how long the parts of a service that is ready may take until pages show them again.
	back = 3 * time.Second
	// slowest is how long is waited at most until enough was seen to tell.
	slowest = 30 * time.Second
)

// window counts for a while, and on a slow machine until there is enough to tell.
func (d *darkness) window(ctx context.Context, away []string, each time.Duration) row {
	began := time.Now()
	d.meter.window(away)
	pauses(ctx, each)
	for !d.meter.enough() && time.Since(began) < slowest && pauses(ctx, 100*time.Millisecond) {
	}
	return d.meter.row()
}

// watch looks, and on a busy machine looks again.
func (d *darkness) watch(ctx context.Context, away []string, how string, each time.Duration) {
	began := time.Now()
	r := d.window(ctx, away, each)
	for r.busy() && time.Since(began) < slowest && ctx.Err() == nil {
		r = d.window(ctx, away, each)
	}
	r.How = how
	d.rows = append(d.rows, r)
	d.say("%s: %s (%s)", r.names(), how, time.Since(began).Round(100*time.Millisecond))
}

// tell prints the table, and says what must not be.
func (d *darkness) tell(out io.Writer, r *report) error {
	var wrong []string
	fmt.Fprintf(out, "\n%9s %9s %7s %9s  %s\n", "requests", "of others", "orders", "of these", "while")
	fmt.Fprintf(out, "%9s %9s %7s %9s\n", "", "failed", "placed", "signed in")
	for _, one := range d.rows {
		fmt.Fprintf(out, "%9d %9d %7d %9d  %s: %s\n", one.Requests, one.failed(), one.Orders, one.Signed, one.names(), one.How)
		for _, missing := range one.missing() {
			fmt.Fprintf(out, "%38s without the part of %s\n", "", missing)
		}
		wrong = append(wrong, one.wrong()...)
	}
	for _, v := range r.Violations {
		wrong = append(wrong, v.Rule+": "+v.Detail)
	}
	fmt.Fprintf(out, "\n%d orders, of %d attempts; books compared by %d rules\n", r.Orders, r.Attempts, len(r.Checks))
	for _, why := range d.world.leftOut {
		fmt.Fprintln(out, "LEFT OUT", why)
	}
	for _, w := range wrong {
		fmt.Fprintln(out, "WRONG:", w)
	}
	if len(wrong) > 0 {
		fmt.Fprintln(out, "journal:", r.Journal)
		return errOutage
	}
	return nil
}
