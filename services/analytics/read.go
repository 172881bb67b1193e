package analytics

import (
	"context"
	"time"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

const (
	// longest is how many days a range may have.
	longest = 400
	// usual is how many days are shown where nobody says which.
	usual = 30
)

// Range is the days from one up to another, which is no part of it (rule R11).
type Range struct {
	Clock       Clock
	From, Until time.Time
}

// RangeOf reads a range; what is missing is the days up to and with today.
func RangeOf(c Clock, from, until string, now time.Time) (r Range, err error) {
	r.Clock = c
	if r.Until, err = day(c, "query.until", until, c.After(now, 1)); err != nil {
		return r, err
	}
	if r.From, err = day(c, "query.from", from, c.After(r.Until, -usual)); err != nil {
		return r, err
	}
	switch {
	case !r.From.Before(r.Until):
		return r, fault.InvalidParameter("query.until", "The range ends before it begins. until is the first day that is no part of it: for one day, name the next one.")
	case r.Until.After(c.After(r.From, longest)):
		return r, fault.InvalidParameter("query.from", "A range has 400 days at most. Ask for a year at a time.")
	}
	return r, nil
}

func day(c Clock, parameter, text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	t, err := c.Parse(text)
	if err != nil || t.Year() < 1970 {
		return t, fault.InvalidParameter(parameter, "It is no day from 1970 on: write it as 2026-03-29.")
	}
	return t, nil
}

// days are the beginnings of the days of a range.
func (r Range) days() (all []time.Time) {
	for t := r.From; t.Before(r.Until); t = r.Clock.After(t, 1) {
		all = append(all, t)
	}
	return all
}

// DayTotals is what is told of a day.
type DayTotals struct {
	Day   string    `json:"day" format:"date"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Hours int       `json:"hours" doc:"23 or 25 where the clocks are changed"`
	Totals
}

// HourTotals is what is told of an hour.
type HourTotals struct {
	From  time.Time `json:"from" doc:"When the hour begins; where clocks are set back, two have the same time on the wall"`
	Local string    `json:"local" example:"02:00 +02:00" doc:"What the clock on the wall says then, and its offset"`
	Totals
}

// days are the days of a range with what was counted.
func (s *store) days(ctx context.Context, r Range) ([]DayTotals, error) {
	by, err := s.slots(ctx, Day, r)
	if err != nil {
		return nil, err
	}
	all := []DayTotals{}
	for _, t := range r.days() {
		all = append(all, DayTotals{r.Clock.Date(t), t, r.Clock.After(t, 1), len(r.Clock.Hours(t)), TotalsOf(by[t])})
	}
	return all, nil
}

// hours are the hours of one day.
func (s *store) hours(ctx context.Context, r Range) ([]HourTotals, error) {
	by, err := s.slots(ctx, Hour, r)
	if err != nil {
		return nil, err
	}
	all := []HourTotals{}
	for _, t := range r.Clock.Hours(r.From) {
		all = append(all, HourTotals{t, t.In(r.Clock.zone).Format("15:04 -07:00"), TotalsOf(by[t])})
	}
	return all, nil
}

// slots are the sums of each day or hour of a range. Coupons are added up, SKUs are left out: they are no part of what is shown of a day.
func (s *store) slots(ctx context.Context, g Grain, r Range) (map[time.Time]map[Cell]int64, error) {
	found, err := sums(ctx, s.db, `SELECT grain, at, measure, '', currency, sum(value)::bigint FROM analytics.rollups WHERE grain = $1 AND at >= $2 AND at < $3
		AND measure <> ALL($4) GROUP BY grain, at, measure, currency`, g, r.From, r.Until, []string{Units, UnitsCancelled, UnitsGross})
	if err != nil {
		return nil, err
	}
	by := map[time.Time]map[Cell]int64{}
	for slot, v := range found {
		at := slot.At
		if g == Day {
			at = r.Clock.Day(at) // what was compacted by another time zone belongs to the day in which it lies
		}
		if by[at] == nil {
			by[at] = map[Cell]int64{}
		}
		by[at][slot.Cell] += v
	}
	return by, nil
}

// total adds up some measures of a range.
func (s *store) total(ctx context.Context, r Range, measures ...string) (map[Cell]int64, error) {
	found, err := sums(ctx, s.db, `SELECT 'day', $1::timestamptz, measure, key, currency, sum(value)::bigint FROM analytics.rollups WHERE grain = 'day' AND at >= $1 AND at < $2
		AND measure = ANY($3) GROUP BY measure, key, currency`, r.From, r.Until, measures)
	if err != nil {
		return nil, err
	}
	all := map[Cell]int64{}
	for slot, v := range found {
		all[slot.Cell] += v
	}
	return all, nil
}

func (s *store) products(ctx context.Context, r Range) ([]Product, error) {
	found, err := s.total(ctx, r, Units, UnitsCancelled, UnitsGross)
	return ProductsOf(found), err
}

func (s *store) coupons(ctx context.Context, r Range) ([]Coupon, error) {
	found, err := s.total(ctx, r, string(Redeemed), string(Redeemed)+amount)
	return CouponsOf(found), err
}

// summary is what is told of a whole range.
func (s *store) summary(ctx context.Context, r Range) (Totals, error) {
	by, err := s.slots(ctx, Day, r)
	all := map[Cell]int64{}
	for _, day := range by {
		for c, v := range day {
			all[c] += v
		}
	}
	return TotalsOf(all), err
}
