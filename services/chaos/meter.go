package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// row is what happened while services were away.
type row struct {
	sight
	Away []string
	// How it is away, for people.
	How      string
	Requests int
	// Failed counts requests of others by what was asked for, Own those for the service itself that were answered nonetheless.
	Failed map[string]int
	Own    int
	// Orders counts those that were placed, Signed those of them of who is signed in.
	Orders, Signed int
	// Parts counts pages by part: how many had it, how many had what stands in its place, and how many there were.
	Had, Instead, Could map[part]int
	// Took is how long each answer of a page took.
	Took map[string][]time.Duration
	// Late is how much later than it should this very process had a turn, at most.
	Late time.Duration
}

func newRow(s sight, away []string) row {
	return row{sight: s, Away: away, Failed: map[string]int{}, Had: map[part]int{}, Instead: map[part]int{}, Could: map[part]int{}, Took: map[string][]time.Duration{}}
}

// add notes an answer; owner is the service that the front door asks for it.
func (r *row) add(owner string, q request, a answer) {
	r.Requests++
	switch own, failed := r.gone(owner), a.failed(owner, r.status(q.page)); {
	case own && !failed:
		r.Own++
	case !own && failed:
		r.Failed[q.method+" "+pathOf(q.path)+" "+fmt.Sprint(a.status)]++
	}
	if q.method == http.MethodPost && q.path == "/api/checkout/orders" && a.status == http.StatusCreated {
		r.Orders++
		if q.header["Authorization"] != "" {
			r.Signed++
		}
	}
	for _, p := range r.of(q.page) {
		if a.status == r.status(q.page) {
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

// gone tells whether a service is away.
func (r *row) gone(service string) bool { return slices.Contains(r.Away, service) }

// status is what a page has to be answered with.
func (r *row) status(page string) int {
	for _, p := range r.of(page) {
		if p.Whole && r.gone(p.service) {
			return http.StatusServiceUnavailable
		}
	}
	return http.StatusOK
}

// failed: a page is there or it is not; of an API only what the service itself could not do counts.
func (a answer) failed(owner string, want int) bool {
	if owner == "storefront" {
		return a.status != want
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
	return all
}

// wrong says what must not be: an outage costs its own part, and nothing else.
func (r row) wrong() (all []string) {
	say := func(format string, args ...any) {
		all = append(all, strings.TrimSpace("while "+r.names()+" was away: "+fmt.Sprintf(format, args...)))
	}
	for _, what := range slices.Sorted(maps.Keys(r.Failed)) {
		say("%s, %d times", what, r.Failed[what])
	}
	if r.Orders == 0 {
		say("no order was placed")
	}
	if r.Signed == 0 {
		say("no order of a customer who is signed in was placed")
	}
	if len(r.Away) > 0 && r.Own > 0 {
		say("it answered %d times, so this was no outage", r.Own)
	}
	for _, p := range r.parts {
		if what := r.wrongWith(p); what != "" {
			say("%s", what)
		}
	}
	return append(all, r.slow()...)
}

// busy tells whether a machine that has too much to do may have made all that is wrong: a page does without a part that did not come in time, and takes
// longer. While nothing is away anything may be. What an outage does is there in the next window again.
func (r row) busy() bool {
	if len(r.Away) == 0 || r.Late > starving {
		return len(r.wrong()) > 0
	}
	late := r.slow()
	for _, p := range r.parts {
		if what := r.wrongWith(p); what != "" && !r.gone(p.service) && p.Within > 0 && r.Could[p] > 0 {
			late = append(late, what)
		}
	}
	return len(late) > 0 && len(late) == len(r.wrong())
}

// starving is how late a process has a turn on a machine on which nobody keeps a deadline of a second or less.
const starving = 200 * time.Millisecond

// wrongWith says what must not be of one part; "": nothing.
func (r row) wrongWith(p part) string {
	had, could, gone := r.Had[p], r.Could[p], r.gone(p.service)
	switch {
	case could == 0:
		return "nobody saw " + p.Page
	case !gone && had < could && !p.Kept:
		return fmt.Sprintf("the part of %s was missing on %d of %d pages %s", p.service, could-had, could, p.Page)
	case p.Kept && had < could:
		return fmt.Sprintf("the part of %s, which stays, was missing on %d of %d pages %s", p.service, could-had, could, p.Page)
	case gone && !p.Kept && had > 0:
		return fmt.Sprintf("the part of %s was on %d of %d pages %s, so it is not its part", p.service, had, could, p.Page)
	case gone && r.Instead[p] < could:
		return fmt.Sprintf("nothing stood in the place of the part of %s on %d of %d pages %s", p.service, could-r.Instead[p], could, p.Page)
	}
	return ""
}

// margin is what a busy machine may add to the time of a page. Half of the pages are within it; a page that waits for what hangs never is.
const margin = time.Second

// slow names the pages that took longer than their parts are worth.
func (r row) slow() (all []string) {
	for _, page := range slices.Sorted(maps.Keys(r.Took)) {
		took, within := slices.Sorted(slices.Values(r.Took[page])), margin
		for _, p := range r.of(page) {
			if r.gone(p.service) {
				within = max(within, margin+p.Within)
			}
		}
		if half := took[len(took)/2]; half > within {
			all = append(all, fmt.Sprintf("while %s was away: %s took %s, more than %s", r.names(), page, half.Round(time.Millisecond), within))
		}
	}
	return all
}

// names are those of what is away.
func (r row) names() string { return cmp.Or(strings.Join(r.Away, ", "), "nothing") }

// meter counts answers of the time that goes by. Requests that began before it are not of it: they may have met what was there then.
type meter struct {
	sight
	owner func(path string) string
	mu    sync.Mutex
	began time.Time
	now   row
}

func newMeter(s sight, owner func(path string) string) *meter {
	return &meter{sight: s, owner: owner, now: newRow(s, nil)}
}

// window begins to count anew.
func (m *meter) window(away []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.began, m.now = time.Now(), newRow(m.sight, away)
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
	return m.now.Orders > 0 && m.now.Signed > 0 && len(m.now.Could) == len(m.parts) && len(m.now.Took) == len(m.pages)
}

// shows tells whether the parts of services are where they belong now.
func (m *meter) shows(services []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !slices.ContainsFunc(m.parts, func(p part) bool { return slices.Contains(services, p.service) && m.now.wrongWith(p) != "" })
}

// seen tells whether each page of services was.
func (m *meter) seen(services []string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !slices.ContainsFunc(m.parts, func(p part) bool { return slices.Contains(services, p.service) && len(m.now.Took[p.Page]) == 0 })
}

// feel measures how busy the machine is, until ctx ends.
func (m *meter) feel(ctx context.Context) {
	const turn = 50 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		time.Sleep(turn)
		m.mu.Lock()
		m.now.Late = max(m.now.Late, time.Since(began)-turn)
		m.mu.Unlock()
	}
}

// saw notes an answer to a request that was sent at an instant.
func (m *meter) saw(q request, a answer, sent time.Time) {
	owner := m.owner(q.path)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.began.IsZero() && !sent.Before(m.began) {
		m.now.add(owner, q, a)
		if slices.Contains(m.pages, q.page) {
			m.now.Took[q.page] = append(m.now.Took[q.page], time.Since(sent))
		}
	}
}
