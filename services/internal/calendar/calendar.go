// Package calendar cuts instants into the days of the shop's time zone (rule R11).
// Services store and compare instants in UTC; a campaign, a tax rate or a report
// begins at a midnight of the shop, and this is where such a midnight is found.
// A range includes its start and excludes its end.
package calendar

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // images hold no zones
)

// Default is the shop's time zone where SHOP_TIME_ZONE does not say another one.
const Default = "Europe/Berlin"

// Pattern is what a day or an instant looks like, for API descriptions: "2026-03-27",
// "2026-03-27T17:00:00Z".
const Pattern = `^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2}))?$`

var (
	errMoment = errors.New("is neither a day (2026-03-27) nor an instant with its offset (2026-03-27T17:00:00Z)")
	errEmpty  = errors.New("ends before it begins")
)

// Calendar knows the days of a time zone.
type Calendar struct{ zone *time.Location }

// In is the calendar of a time zone of the IANA database; "" is the default one.
func In(zone string) (Calendar, error) {
	if zone == "" {
		zone = Default
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Calendar{}, fmt.Errorf("reading the shop's time zone: %w", err)
	}
	return Calendar{loc}, nil
}

// Day is the day of an instant, as text: "2026-03-27". Days compare as text does.
func (c Calendar) Day(t time.Time) string { return t.In(c.zone).Format(time.DateOnly) }

// Start is the instant at which a day begins.
func (c Calendar) Start(day string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, day, c.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q %w", day, errMoment)
	}
	return t.UTC(), nil
}

// DaysBefore is the same time on the wall clock so many days earlier.
func (c Calendar) DaysBefore(t time.Time, days int) time.Time {
	return t.In(c.zone).AddDate(0, 0, -days).UTC()
}

// Range is the time from an instant up to another, which is no part of it. A zero
// Until is no end.
type Range struct{ From, Until time.Time }

// Contains tells whether an instant is in the range.
func (r Range) Contains(t time.Time) bool {
	return !t.Before(r.From) && (r.Until.IsZero() || t.Before(r.Until))
}

// From reads when something begins: an instant, or the beginning of a day. A day
// that is today has begun: it is from now on.
func (c Calendar) From(text string, now time.Time) (time.Time, error) {
	if strings.Contains(text, "T") {
		return instant(text)
	}
	t, err := c.Start(text)
	if err == nil && text == c.Day(now) {
		return now, nil
	}
	return t, err
}

// Until reads when something ends: an instant, or the end of a day, which is the
// beginning of the next one. So "until 29 March" has all of the 29th.
func (c Calendar) Until(text string) (time.Time, error) {
	if strings.Contains(text, "T") {
		return instant(text)
	}
	if _, err := c.Start(text); err != nil {
		return time.Time{}, err
	}
	t, err := time.ParseInLocation(time.DateOnly, text, c.zone)
	return t.AddDate(0, 0, 1).UTC(), err
}

// Range reads both ends; an empty from is now, an empty until is no end.
func (c Calendar) Range(from, until string, now time.Time) (r Range, err error) {
	r.From = now
	if from != "" {
		if r.From, err = c.From(from, now); err != nil {
			return Range{}, err
		}
	}
	if until == "" {
		return r, nil
	}
	if r.Until, err = c.Until(until); err != nil {
		return Range{}, err
	}
	if !r.From.Before(r.Until) {
		return Range{}, errEmpty
	}
	return r, nil
}

func instant(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q %w", text, errMoment)
	}
	return t.UTC(), nil
}
