package returns

import (
	"time"

	"github.com/emporium-shop/emporium/services/internal/calendar"
)

// withdrawFor is for how many days after the one of delivery an order can be withdrawn from (Directive 2011/83/EU Art. 9).
const withdrawFor = 14

// Period knows until when an order can be withdrawn from, by the days of the shop's time zone.
type Period struct{ days calendar.Calendar }

// Of is the last day on which an order can be withdrawn from, and the instant after it; no day as long as the period has not begun.
// It begins when the last of the goods arrived (Art. 9(2)(b)(i)). An order whose arrival nobody told is taken to have arrived when
// it was called complete, in favour of the customer.
func (p Period) Of(o Order) (last string, end time.Time) {
	begin := o.Delivered
	if begin == nil {
		begin = o.CompletedAt
	}
	if begin == nil {
		return "", time.Time{}
	}
	day, err := time.Parse(time.DateOnly, p.days.Day(*begin))
	if err != nil { // written one line above: cannot happen
		return "", time.Time{}
	}
	day = lastDay(day)
	end, err = p.days.Start(day.AddDate(0, 0, 1).Format(time.DateOnly))
	if err != nil { // likewise
		return "", time.Time{}
	}
	return day.Format(time.DateOnly), end
}

// lastDay is the last day of a period that begins with the day after a delivery. One that would end on a Saturday, a Sunday or a
// holiday ends with the next working day (Regulation 1182/71 Art. 3(4)).
func lastDay(delivered time.Time) time.Time {
	day := delivered.AddDate(0, 0, withdrawFor)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday || holiday(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// holiday tells whether all of Germany has a holiday. Those of single states are left out: where they are working days the period may
// end on them.
func holiday(day time.Time) bool {
	switch day.Format("01-02") {
	case "01-01", "05-01", "10-03", "12-25", "12-26":
		return true
	}
	easter := easterSunday(day.Year())
	for _, after := range []int{-2, 1, 39, 50} { // Good Friday, Easter Monday, Ascension, Whit Monday
		if easter.AddDate(0, 0, after).Equal(day) {
			return true
		}
	}
	return false
}

// easterSunday is that of a year, by the anonymous Gregorian algorithm (Meeus).
func easterSunday(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	return time.Date(year, time.Month(month), (h+l-7*m+33*month+19)%32, 0, 0, 0, 0, time.UTC)
}
