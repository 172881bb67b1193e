package cms

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// languages are those that pages are written in; the first is shown where the one that was asked for is missing.
var languages = []string{"en", "de"}

// slugs are what a page may be called: it is part of its address.
var slugs = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const (
	longestSlug  = 80
	longestTitle = 200
	// longestText keeps what is rendered, and held in memory, small: terms of 30 printed pages are 80,000 bytes.
	longestText = 200_000
)

// Version is the text of a page in one language. What it says never changes, for somebody may have agreed to it; when it is shown may.
type Version struct {
	ID         uuid.UUID
	Slug, Lang string
	// Number counts the versions of a page, in all languages, from 1.
	Number int
	// HTML is Markdown as it is shown: rendered, and free of all that could run.
	Title, Markdown, HTML string
	CreatedAt             time.Time
	Schedule
	// Revision rises with each change of the schedule; the ETag is made of it.
	Revision int64
}

// Schedule is when a version is shown: from an instant up to another, which is no part of it.
// Without From it is a draft; without Until there is no end.
type Schedule struct{ From, Until time.Time }

// Draft is what somebody wrote.
type Draft struct{ Slug, Lang, Title, Markdown string }

// New is a version as it begins: rendered, and shown to nobody. The store numbers it.
func New(id uuid.UUID, d Draft, now time.Time) (Version, error) {
	d.Title = strings.TrimSpace(d.Title)
	if err := d.check(); err != nil {
		return Version{}, err
	}
	html, err := render(d.Markdown)
	if err != nil {
		return Version{}, err
	}
	if strings.TrimSpace(html) == "" {
		return Version{}, fault.Invalid("#/markdown", "Nothing of it can be shown. HTML is left out: write Markdown.")
	}
	return Version{
		ID: id, Slug: d.Slug, Lang: d.Lang, Title: d.Title, Markdown: d.Markdown, HTML: html,
		CreatedAt: now.UTC().Truncate(time.Microsecond), Revision: 1,
	}, nil
}

func (d Draft) check() error {
	switch {
	case len(d.Slug) > longestSlug || !slugs.MatchString(d.Slug):
		return fault.Invalid("#/slug", "A slug is words of a-z and 0-9 with - between them, 80 characters at most.")
	case !slices.Contains(languages, d.Lang):
		return fault.Invalid("#/lang", "The shop has pages in "+strings.Join(languages, ", ")+".")
	case d.Title == "" || len([]rune(d.Title)) > longestTitle || strings.ContainsAny(d.Title, "\r\n"):
		return fault.Invalid("#/title", "A title is one line of 200 characters at most, and more than blanks.")
	case len(d.Markdown) > longestText:
		return fault.Invalid("#/markdown", "A text has 200000 bytes at most.")
	}
	return nil
}

// Scheduled is the version with another schedule.
func (v Version) Scheduled(s Schedule) (Version, error) {
	s = s.stored()
	if s.From.IsZero() && !s.Until.IsZero() {
		return Version{}, fault.Invalid("#/publishUntil", "What has an end has a beginning: send publishFrom too.")
	}
	if !s.Until.IsZero() && !s.From.Before(s.Until) {
		return Version{}, fault.Invalid("#/publishUntil", "It ends before it begins.")
	}
	v.Schedule = s
	v.Revision++
	return v, nil
}

// stored is the schedule as the database keeps it, so that a request that is repeated is seen to be the same.
func (s Schedule) stored() Schedule {
	for _, t := range []*time.Time{&s.From, &s.Until} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Microsecond)
		}
	}
	return s
}

// Shows tells whether it is time to show the version.
func (s Schedule) Shows(now time.Time) bool {
	return !s.From.IsZero() && !now.Before(s.From) && (s.Until.IsZero() || now.Before(s.Until))
}

// preferred lists the languages in which a page is looked for, for somebody who asks for one: "de-AT" is content with "de".
func preferred(asked string) []string {
	own, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(asked, "_", "-")), "-")
	if !slices.Contains(languages, own) {
		return languages
	}
	list := []string{own}
	for _, l := range languages {
		if l != own {
			list = append(list, l)
		}
	}
	return list
}
