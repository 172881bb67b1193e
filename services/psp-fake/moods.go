package pspfake

import (
	"encoding/json"
	"fmt"
	"time"
)

// Mood is how badly the provider behaves: probabilities from 0 to 1, each of them
// something that providers do. The zero value is a good day.
type Mood struct {
	// Lose does what was asked and breaks the connection instead of answering.
	Lose float64 `json:"lose,omitempty" minimum:"0" maximum:"1" doc:"It is done, and the connection breaks"`
	// Late answers after LateMillis: half of them are done before that, half after it.
	Late       float64 `json:"late,omitempty" minimum:"0" maximum:"1" doc:"It is done, or begun, late"`
	LateMillis int     `json:"lateMillis,omitempty" minimum:"0" maximum:"20000" doc:"How late; 7000 where it is not set"`
	// Repeat sends a webhook twice, and once more under another id.
	Repeat float64 `json:"repeat,omitempty" minimum:"0" maximum:"1" doc:"Webhooks come twice, and again under another id"`
	// Reorder lets webhooks overtake each other.
	Reorder bool `json:"reorder,omitempty" doc:"Webhooks overtake each other"`
	// WrongAmount and WrongCurrency authorise something else than was asked for.
	WrongAmount   float64 `json:"wrongAmount,omitempty" minimum:"0" maximum:"1" doc:"A whole unit less is authorised"`
	WrongCurrency float64 `json:"wrongCurrency,omitempty" minimum:"0" maximum:"1" doc:"Another currency is authorised"`
	// Away answers nothing but 503.
	Away bool `json:"away,omitempty" doc:"Everything is answered 503"`
}

// parseMood reads PSP_MOOD; without it the day is good.
func parseMood(text string) (Mood, error) {
	var m Mood
	if text == "" {
		return m, nil
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return Mood{}, fmt.Errorf("reading PSP_MOOD: %w", err)
	}
	return m, nil
}

func (m Mood) lateness() time.Duration {
	if m.LateMillis == 0 {
		return slow
	}
	return time.Duration(m.LateMillis) * time.Millisecond
}

// manners are how one request is treated.
type manners struct {
	before, after time.Duration
	lose          bool
}

// manners draws how a request is treated that concerns a card.
func (m Mood) manners(draw func() float64, token string) manners {
	c := cards[token]
	out := manners{after: c.late, lose: c.lost || draw() < m.Lose}
	switch late := draw() < m.Late; {
	case late && draw() < 0.5:
		out.before = m.lateness()
	case late:
		out.after += m.lateness()
	}
	return out
}

// promise is what is authorised where so much was asked for.
func (m Mood) promise(draw func() float64, minor int64, currency string) (int64, string) {
	if draw() < m.WrongAmount {
		minor = max(1, minor-100)
	}
	if draw() < m.WrongCurrency {
		if currency == "USD" {
			return minor, "EUR"
		}
		return minor, "USD"
	}
	return minor, currency
}

// jitter bounds how long a webhook is held back so that others overtake it.
const jitter = 500 * time.Millisecond

// delivery is when a webhook is sent: once, or again, and again under a new id.
type delivery struct {
	after time.Duration
	newID bool
}

// deliveries draws how often an event is told.
func (m Mood) deliveries(draw func() float64) []delivery {
	hold := func() time.Duration {
		if !m.Reorder {
			return 0
		}
		return time.Duration(draw() * float64(jitter))
	}
	out := []delivery{{after: hold()}}
	if draw() < m.Repeat {
		out = append(out, delivery{after: hold()}, delivery{after: hold(), newID: true})
	}
	return out
}
