package analytics

import (
	"fmt"
	"time"
	_ "time/tzdata" // images hold no zones
)

// defaultZone is the shop's where SHOP_TIME_ZONE does not say another one (rule R11).
const defaultZone = "Europe/Berlin"

// Clock cuts instants into the days and hours of a time zone. A day has 23 or 25 hours where the clocks are changed.
type Clock struct{ zone *time.Location }

// ClockOf is the clock of a time zone of the IANA database; "" is the default one.
func ClockOf(zone string) (Clock, error) {
	if zone == "" {
		zone = defaultZone
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return Clock{}, fmt.Errorf("reading the shop's time zone: %w", err)
	}
	return Clock{loc}, nil
}

// Zone is the clock's name.
func (c Clock) Zone() string { return c.zone.String() }

// Date is the day of an instant: "2026-03-29".
func (c Clock) Date(t time.Time) string { return t.In(c.zone).Format(time.DateOnly) }

// Day is the instant at which the day of an instant begins.
func (c Clock) Day(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	return c.first(y, m, d)
}

// After is the beginning of the day so many days after that of an instant.
func (c Clock) After(t time.Time, days int) time.Time {
	y, m, d := t.In(c.zone).Date()
	return c.first(y, m, d+days)
}

// first is the first instant of a day. In some zones clocks are changed at midnight: then a day begins at one, or has two midnights.
func (c Clock) first(y int, m time.Month, d int) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, c.zone)
	want := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	if c.Date(t) < want {
		_, t = t.ZoneBounds()
	}
	if start, _ := t.ZoneBounds(); !start.IsZero() {
		_, before := start.Add(-1).Zone()
		_, after := t.Zone()
		if other := t.Add(time.Duration(after-before) * time.Second); other.Before(start) && c.Date(other) == want {
			t = other
		}
	}
	return t.UTC()
}

// Hour is the instant at which the hour of an instant begins on the wall clock.
func (c Clock) Hour(t time.Time) time.Time {
	local := t.In(c.zone)
	start := local.Add(-time.Duration(local.Minute())*time.Minute - time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
	if bound, _ := local.ZoneBounds(); start.Before(bound) { // the clocks were changed within the hour
		start = bound
	}
	return start.UTC()
}

// Hours are the beginnings of the hours of the day that begins then.
func (c Clock) Hours(day time.Time) (all []time.Time) {
	for t, end := day, c.After(day, 1); t.Before(end); {
		all = append(all, t)
		next := c.Hour(t.Add(time.Hour))
		if _, bound := t.In(c.zone).ZoneBounds(); bound.After(t) && bound.Before(next) { // an hour that the clocks cut
			next = bound.UTC()
		}
		t = next
	}
	return all
}

// Parse reads a day: "2026-03-29".
func (c Clock) Parse(day string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return time.Time{}, err
	}
	return c.first(t.Year(), t.Month(), t.Day()), nil
}
