package books

import (
	"embed"
	"fmt"
	"html/template"
	"time"

	"github.com/emporium-shop/emporium/services/internal/desk"
)

// How the page of staff looks.

const (
	// mostShown bounds the violations and the checkouts of the page.
	mostShown = 100
	// leastReason and mostReason are characters, as the API has them.
	leastReason, mostReason = 3, 500
)

//go:embed templates
var files embed.FS

// pages are the views.
var pages = desk.Parse(files, template.FuncMap{"mend": mend, "stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, "clock": clocked, "age": age, "says": says}, "books")

// standing is how the books stand, for the page.
type standing struct {
	Status     statusBody
	Violations []Found
	// More tells that there are more violations than are shown.
	More     bool
	Troubles []Trouble
	// Unknown is who did not say which checkouts are in trouble; empty where that is known.
	Unknown string
	Typed   typed
	// Accepts tells whether who looks may accept a violation.
	Accepts bool
	Now     time.Time
}

// Heading is the page's, in words: whether they balance.
func (s standing) Heading() string {
	switch {
	case s.Status.Balanced:
		return "The books balance"
	case s.Status.Open > 0:
		return "The books do not balance"
	}
	return "The books are not compared yet"
}

// Mood is the class of the heading.
func (s standing) Mood() string {
	switch {
	case s.Status.Balanced:
		return "good"
	case s.Status.Open > 0:
		return "bad"
	}
	return "waits"
}

// State is what a rule's row says.
func (s standing) State(r ruleBody) string {
	switch {
	case r.Open == 1:
		return "1 violation"
	case r.Open > 1:
		return fmt.Sprintf("%d violations", r.Open)
	case s.Status.ComparedAt.IsZero() || !s.Status.Complete:
		return "not compared yet"
	}
	return "holds"
}

// Late tells that nobody has compared for a while: what the page says is old.
func (s standing) Late() bool {
	return !s.Status.ComparedAt.IsZero() && s.Now.Sub(s.Status.ComparedAt) > late
}

// late is how old a comparison may be; rounds are seconds apart.
const late = 5 * time.Minute

// says is a rule's sentence. One that an older release knew has none.
func says(name string) string {
	r, _ := rule(name)
	return r.Says
}

// clocked is a moment, for people.
func clocked(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// age is how long ago something was, for people.
func age(now, then time.Time) string {
	d := max(0, now.Sub(then))
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours())/24)
}
