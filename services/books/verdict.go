package books

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"
)

const (
	// mostPages bounds what a verdict reads of a book beyond what the worker has read, mostDue what it compares beyond that,
	// mostKnown what it tells of what was found before.
	mostPages, mostDue, mostKnown = 50, 5000, 1000
)

// Outcome is what the books say now.
type Outcome struct {
	Status
	// Violations are those that nobody accepted.
	Violations []Violation
	// Away are the services that could not be read. Behind: there is more to read than can be read at once.
	Away   []string
	Behind bool
}

// unread is what was read beyond what the worker has kept.
type unread struct {
	subjects map[string]map[key]Entry
	seen     map[key]bool
	away     map[string]bool
	behind   bool
}

type key struct {
	book Book
	id   string
}

func (u *unread) add(e Entry) {
	k := key{e.Book, e.ID}
	u.seen[k] = true
	if u.subjects[e.Subject] == nil {
		u.subjects[e.Subject] = map[key]Entry{}
	}
	u.subjects[e.Subject][k] = e
}

// verdict reads what changed and compares it, as a round does, and writes nothing. It
// is for who asks before a release is switched: the services are the candidate's.
func (c *comparer) verdict(ctx context.Context) (Outcome, error) {
	now := c.now()
	status, err := c.store.status(ctx)
	if err != nil {
		return Outcome{}, err
	}
	u, err := c.unread(ctx)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Status: status, Behind: u.behind}
	found := map[string]Verdict{}
	if len(u.away) == 0 && !u.behind {
		if found, err = c.judgeUnread(ctx, u, now); err != nil {
			return Outcome{}, err
		}
		lists, err := c.reader.lists(ctx, now, c.times.Policy)
		if err != nil && !u.lost(err) {
			return Outcome{}, err
		}
		for _, j := range lists {
			found[j.subject] = j.Verdict
		}
	}
	out.Away = slices.Sorted(maps.Keys(u.away))
	out.Violations, err = c.unaccepted(ctx, found)
	return out, err
}

// unread reads each book from where the worker has read it.
func (c *comparer) unread(ctx context.Context) (*unread, error) {
	u := &unread{subjects: map[string]map[key]Entry{}, seen: map[key]bool{}, away: map[string]bool{}}
	for _, s := range append(slices.Clone(sources), openSagas) {
		p, err := c.store.position(ctx, s.book, c.now())
		if err != nil {
			return nil, err
		}
		if s == openSagas {
			p.Cursor = ""
		}
		if err := u.read(ctx, c.reader, s, p.Cursor); err != nil && !u.lost(err) {
			return nil, err
		}
	}
	return u, nil
}

// read reads a book from a cursor on, up to a bound.
func (u *unread) read(ctx context.Context, r reader, s source, cursor string) error {
	for range mostPages {
		page, err := r.page(ctx, s, cursor)
		if err != nil {
			slog.WarnContext(ctx, "reading a book for a verdict", "service", s.owner, "error", err)
			return err
		}
		list, err := page.entries(s.book)
		if err != nil {
			return err
		}
		for _, e := range list {
			u.add(e)
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
	u.behind = true
	return nil
}

// lost notes who was not there, and tells whether that is what an error says.
func (u *unread) lost(err error) bool {
	var one *unreadable
	if !errors.As(err, &one) {
		return false
	}
	u.away[one.why()] = true
	return true
}

// judgeUnread compares what was read, and what has become due meanwhile.
func (c *comparer) judgeUnread(ctx context.Context, u *unread, now time.Time) (map[string]Verdict, error) {
	due, err := c.store.due(ctx, now, mostDue)
	if err != nil {
		return nil, err
	}
	subjects := map[string]bool{}
	for _, s := range due {
		subjects[s] = true
	}
	for s := range u.subjects {
		subjects[s] = true
	}
	found := map[string]Verdict{}
	for some := range slices.Chunk(slices.Sorted(maps.Keys(subjects)), batch) {
		kept, err := entries(ctx, c.store.db, some)
		if err != nil {
			return nil, err
		}
		for _, subject := range some {
			one, err := CaseOf(u.over(subject, kept[subject]))
			if err != nil {
				return nil, err
			}
			found[subject] = Compare(subject, one, now, c.times.Policy)
		}
	}
	return found, nil
}

// over is what is kept of a subject with what was read since.
func (u *unread) over(subject string, kept []Entry) (list []Entry) {
	for _, e := range kept {
		if !u.seen[key{e.Book, e.ID}] {
			list = append(list, e)
		}
	}
	for _, e := range u.subjects[subject] {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return cmp.Or(cmp.Compare(a.Book, b.Book), cmp.Compare(a.ID, b.ID)) })
	return list
}

// unaccepted is what was found now, and before of what was not compared now, without what staff accepted.
func (c *comparer) unaccepted(ctx context.Context, now map[string]Verdict) (out []Violation, err error) {
	known, err := c.store.unresolved(ctx, mostKnown)
	if err != nil {
		return nil, err
	}
	accepted := map[string]bool{}
	for _, f := range known {
		if f.State() != open {
			accepted[f.ID.String()] = true
		} else if _, again := now[f.Subject]; !again {
			out = append(out, f.Violation)
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(now)) {
		for _, v := range now[subject].Violations {
			if !accepted[v.ID.String()] {
				out = append(out, v)
			}
		}
	}
	return out, nil
}
