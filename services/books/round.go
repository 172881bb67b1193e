package books

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/services/internal/pause"
)

const (
	// batch is how many are compared in one transaction.
	batch = 200
	// againPages is how many pages of a whole reading are read in a round: what changes must not wait for it.
	againPages = 50
)

// Times say how often what is done.
type Times struct {
	Policy
	// Every is between two rounds, Lists between two comparisons of what is read whole, Whole between two readings of everything.
	Every, Lists, Whole time.Duration
}

// comparer reads what changed, and compares.
type comparer struct {
	store  *store
	reader reader
	times  Times
	now    func() time.Time
	meters *meters
	// listed is when the whole lists were compared last.
	listed time.Time
}

// run compares in rounds until ctx ends. A round that cannot be finished is begun
// again with the next: what was read is kept, and what is to be compared stays due.
func (c *comparer) run(ctx context.Context) error {
	for {
		err := c.round(ctx)
		if err == nil {
			err = c.tell(ctx)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			slog.WarnContext(ctx, "comparing the books: it is tried again", "error", err)
		}
		if !pause.For(ctx, c.times.Every) {
			return nil
		}
	}
}

// round reads what changed in every book, and then compares what is due. Where one
// cannot be read nothing is compared: half of the books never balances.
func (c *comparer) round(ctx context.Context) error {
	var errs []error
	for _, s := range sources {
		if err := c.advance(ctx, s); err != nil {
			errs = append(errs, fmt.Errorf("reading %s: %w", s.book, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	compared, err := c.compare(ctx)
	if err != nil {
		return err
	}
	if now := c.now(); now.Sub(c.listed) >= c.times.Lists {
		n, err := c.lists(ctx)
		if err != nil {
			return err
		}
		c.listed = now
		compared += n
	}
	return c.store.round(ctx, c.now(), compared)
}

// advance reads a book from where it was read to its end; when it is time, it goes on with reading all of it again.
func (c *comparer) advance(ctx context.Context, s source) error {
	p, err := c.store.position(ctx, s.book, c.now())
	if err != nil {
		return err
	}
	if !p.Again && p.Complete && c.now().Sub(p.WholeAt) >= c.times.Whole {
		p.Again, p.AgainFrom = true, ""
		p.Reading++
	}
	for cursor, more := p.Cursor, true; more; more = cursor != "" {
		if p, cursor, err = c.step(ctx, s, p, cursor); err != nil {
			return err
		}
	}
	if s.book == Sagas {
		if err := c.openSagas(ctx, p); err != nil {
			return err
		}
	}
	return c.readAgain(ctx, s, p)
}

// step reads the next page of what changed. The next time begins where the page says.
func (c *comparer) step(ctx context.Context, s source, p position, cursor string) (position, string, error) {
	page, err := c.reader.page(ctx, s, cursor)
	if err != nil {
		return p, "", err
	}
	list, err := page.entries(s.book)
	if err != nil {
		return p, "", err
	}
	p.Cursor = cmp.Or(page.Since, p.Cursor)
	p.Complete = p.Complete || page.Next == ""
	return p, page.Next, c.store.take(ctx, p, list, c.now())
}

// openSagas reads those that have not ended; the book has the others.
func (c *comparer) openSagas(ctx context.Context, p position) error {
	return c.reader.whole(ctx, openSagas, func(page piece) error {
		list, err := page.entries(Sagas)
		if err != nil {
			return err
		}
		return c.store.take(ctx, p, list, c.now())
	})
}

// readAgain goes on with a whole reading. At its end what it has not seen is forgotten.
func (c *comparer) readAgain(ctx context.Context, s source, p position) error {
	for n := 0; p.Again && n < againPages; n++ {
		page, err := c.reader.page(ctx, s, p.AgainFrom)
		if err != nil {
			return err
		}
		list, err := page.entries(s.book)
		if err != nil {
			return err
		}
		if p.AgainFrom = page.Next; page.Next == "" {
			p.Again, p.WholeAt = false, c.now()
		}
		if err := c.store.take(ctx, p, list, c.now()); err != nil {
			return err
		}
		if !p.Again {
			return c.store.forget(ctx, p, c.now())
		}
	}
	return nil
}

// compare compares what is due by now.
func (c *comparer) compare(ctx context.Context) (compared int, err error) {
	for now := c.now(); ; {
		subjects, err := c.store.due(ctx, now, batch)
		if err != nil || len(subjects) == 0 {
			return compared, err
		}
		facts, err := entries(ctx, c.store.db, subjects)
		if err != nil {
			return compared, err
		}
		all := make([]judged, len(subjects))
		for n, subject := range subjects {
			one, err := CaseOf(facts[subject])
			if err != nil {
				return compared, err
			}
			all[n] = judged{subject, Compare(subject, one, now, c.times.Policy)}
		}
		if err := c.store.judge(ctx, all, now); err != nil {
			return compared, err
		}
		compared += len(all)
	}
}

// lists compares stock and coupons. What is in its list no more has no violation any more.
func (c *comparer) lists(ctx context.Context) (int, error) {
	all, err := c.reader.lists(ctx, c.now(), c.times.Policy)
	if err != nil {
		return 0, err
	}
	for _, prefix := range []string{StockSubject(""), UseSubject("")} {
		left, err := c.store.left(ctx, prefix)
		if err != nil {
			return 0, err
		}
		for _, subject := range left {
			if !slices.ContainsFunc(all, func(j judged) bool { return j.subject == subject }) {
				all = append(all, judged{subject: subject})
			}
		}
	}
	for some := range slices.Chunk(all, batch) {
		if err := c.store.judge(ctx, some, c.now()); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// lists reads and compares what is read whole.
func (r reader) lists(ctx context.Context, now time.Time, p Policy) (all []judged, err error) {
	err = r.whole(ctx, products, func(page piece) error {
		return each(page, func(s Stock) { all = append(all, judged{StockSubject(s.SKU), CompareStock(s, now, p)}) })
	})
	if err != nil {
		return nil, fmt.Errorf("reading the stock: %w", err)
	}
	err = r.whole(ctx, couponUse, func(page piece) error {
		return each(page, func(u Use) { all = append(all, judged{UseSubject(u.Code), CompareUse(u, now, p)}) })
	})
	if err != nil {
		return nil, fmt.Errorf("reading the coupons: %w", err)
	}
	return all, nil
}

// tell writes what is open into the log, once a round, and into the metrics.
func (c *comparer) tell(ctx context.Context) error {
	open, err := c.store.open(ctx)
	if err != nil {
		return err
	}
	status, err := c.store.status(ctx)
	if err != nil {
		return err
	}
	if changed := c.meters.set(open, status); changed && len(open) > 0 {
		slog.ErrorContext(ctx, "the books do not balance", "violations", describe(open))
	}
	return nil
}

// describe is "rule: number" of each rule, in their order.
func describe(open map[string]int) string {
	var parts []string
	for _, r := range Rules {
		if n := open[r.Name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", r.Name, n))
		}
	}
	return strings.Join(parts, ", ")
}
