package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// row is what happened while a service was away; "" is none.
type row struct {
	Away string
	// How it is away, for people.
	How      string
	Requests int
	// Failed counts requests of others by what was asked for, Own those for the service itself that were answered nonetheless.
	Failed map[string]int
	Own    int
	// Orders counts those that were placed.
	Orders int
	// Parts counts pages by part: how many had it, how many had what stands in its place, and how many there were.
	Had, Instead, Could map[part]int
	// Took is how long each answer of a page took.
	Took map[string][]time.Duration
}

func newRow(away string) row {
	return row{Away: away, Failed: map[string]int{}, Had: map[part]int{}, Instead: map[part]int{}, Could: map[part]int{}, Took: map[string][]time.Duration{}}
}

// add notes an answer; owner is the service that the front door asks for it.
func (r *row) add(owner string, q request, a answer) {
	r.Requests++
	switch failed := a.failed(owner); {
	case owner == r.Away && !failed:
		r.Own++
	case owner != r.Away && failed:
		r.Failed[q.method+" "+pathOf(q.path)+" "+fmt.Sprint(a.status)]++
	}
	if q.method == http.MethodPost && q.path == "/api/checkout/orders" && a.status == http.StatusCreated {
		r.Orders++
	}
	for _, p := range parts {
		if p.Page == q.path && a.status == http.StatusOK {
			r.Could[p]++
			if strings.Contains(string(a.body), p.Text) {
				r.Had[p]++
			}
			if strings.Contains(string(a.body), p.Instead) {
				r.Instead[p]++
			}
		}
	}
}

// failed: a page is there or it is not; of an API only what the service itself could not do counts.
func (a answer) failed(owner string) bool {
	if owner == "storefront" {
		return a.status != http.StatusOK
	}
	return a.status == 0 || a.status == http.StatusTooManyRequests || a.status >= 500
}

// pathOf is a path without what differs from customer to customer.
func pathOf(path string) string {
	segments := strings.Split(path, "/")
	return strings.Join(segments[:min(len(segments), 3)], "/")
}

func (r row) failed() (n int) {
	for _, k := range r.Failed {
		n += k
	}
	return n
}

// missing names the parts that some page lacked.
func (r row) missing() (all []string) {
	for p, n := range r.Could {
		if r.Had[p] < n {
			all = append(all, p.service+" on "+p.Page)
		}
	}
	slices.Sort(all)
	if r.Away != "" {
		all = append([]string{r.Away + "'s own paths"}, all...)
	}
	return all
}

// wrong says what must not be: an outage costs its own part, and nothing else.
func (r row) wrong() (all []string) {
	say := func(format string, args ...any) {
		all = append(all, strings.TrimSpace("while "+orNothing(r.Away)+" was away: "+fmt.Sprintf(format, args...)))
	}
	for _, what := range slices.Sorted(maps.Keys(r.Failed)) {
		say("%s, %d times", what, r.Failed[what])
	}
	if r.Orders == 0 {
		say("no order was placed")
	}
	if r.Away != "" && r.Own > 0 {
		say("it answered %d times, so this was no outage", r.Own)
	}
	for _, p := range parts {
		if what := r.wrongWith(p); what != "" {
			say("%s", what)
		}
	}
	return append(all, r.slow()...)
}

// wrongWith says what must not be of one part; "": nothing.
func (r row) wrongWith(p part) string {
	had, could := r.Had[p], r.Could[p]
	switch {
	case could == 0:
		return "nobody saw " + p.Page
	case p.service != r.Away && had < could && !p.Kept:
		return fmt.Sprintf("the part of %s was missing on %d of %d pages %s", p.service, could-had, could, p.Page)
	case p.Kept && had < could:
		return fmt.Sprintf("the part of %s, which stays, was missing on %d of %d pages %s", p.service, could-had, could, p.Page)
	case p.service == r.Away && !p.Kept && had > 0:
		return fmt.Sprintf("its part was on %d of %d pages %s, so it is not its part", had, could, p.Page)
	case p.service == r.Away && r.Instead[p] < could:
		return fmt.Sprintf("nothing stood in the place of its part on %d of %d pages %s", could-r.Instead[p], could, p.Page)
	}
	return ""
}

// margin is what a busy machine may add to the time of a page. Half of the pages are within it; a page that waits for what hangs never is.
const margin = time.Second

// slow names the pages that took longer than their parts are worth.
func (r row) slow() (all []string) {
	for _, page := range slices.Sorted(maps.Keys(r.Took)) {
		took, within := slices.Sorted(slices.Values(r.Took[page])), margin
		for _, p := range parts {
			if p.service == r.Away && p.Page == page {
				within = max(within, margin+p.Within)
			}
		}
		if half := took[len(took)/2]; half > within {
			all = append(all, fmt.Sprintf("while %s was away: %s took %s, more than %s", orNothing(r.Away), page, half.Round(time.Millisecond), within))
		}
	}
	return all
}

func orNothing(name string) string {
	if name == "" {
		return "nothing"
	}
	return name
}

// meter counts answers of the time that goes by. Requests that began before it are not of it: they may have met what was there then.
type meter struct {
	world *world
	mu    sync.Mutex
	began time.Time
	now   row
}

func newMeter(w *world) *meter { return &meter{world: w, now: newRow("")} }

// window begins to count anew.
func (m *meter) window(away string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.began, m.now = time.Now(), newRow(away)
}

// row is what was counted; from here on nothing is counted until the next window.
func (m *meter) row() row {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.began = time.Time{}
	return m.now
}

// enough tells whether what was seen so far says anything.
func (m *meter) enough() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now.Orders > 0 && len(m.now.Could) == len(parts) && len(m.now.Took) == len(pages)
}

// saw notes an answer to a request that was sent at an instant.
func (m *meter) saw(q request, a answer, sent time.Time) {
	owner := m.world.front.owner(q.path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.began.IsZero() && !sent.Before(m.began) {
		m.now.add(owner, q, a)
		if slices.Contains(pages, q.path) {
			m.now.Took[q.path] = append(m.now.Took[q.path], time.Since(sent))
		}
	}
}
