package gather

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

var nine = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func TestAgesAreByTheClockOfTheAPIServer(t *testing.T) {
	for name, x := range map[string]struct {
		dates []time.Duration // of the answers, beside this machine's clock
		now   time.Duration
	}{
		"nothing was heard":              {nil, 0},
		"this machine is right":          {[]time.Duration{0}, 0},
		"a second is the answer's way":   {[]time.Duration{-time.Second}, 0},
		"this machine is an hour behind": {[]time.Duration{time.Hour}, time.Hour},
		"and ahead":                      {[]time.Duration{-time.Hour}, -time.Hour},
		"it does not jump by a second":   {[]time.Duration{time.Hour, time.Hour - time.Second, time.Hour + time.Second}, time.Hour},
		"this machine was set right":     {[]time.Duration{time.Hour, 0}, 0},
	} {
		c := &Clock{Local: func() time.Time { return nine }}
		for _, d := range x.dates {
			c.heard(nine.Add(d).Format(http.TimeFormat))
		}
		if got := c.Now().Sub(nine); got != x.now {
			t.Errorf("%s: %s, want %s", name, got, x.now)
		}
	}
}

func TestAnAnswerWithoutATimeChangesNoClock(t *testing.T) {
	c := &Clock{Local: func() time.Time { return nine }}
	c.heard(nine.Add(time.Hour).Format(http.TimeFormat))
	c.heard("")
	c.heard("yesterday")
	if c.Now() != nine.Add(time.Hour) {
		t.Error(c.Now())
	}
}

// answering is a server that says a Date, or fails.
type answering struct{ err error }

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{Header: http.Header{"Date": {nine.Add(time.Hour).Format(http.TimeFormat)}}}, nil
}

func TestTheClockFollowsEachAnswerAndLeavesTheConfigAsItIs(t *testing.T) {
	config := &rest.Config{}
	c := &Clock{Local: func() time.Time { return nine }}
	follows := c.Follow(config)
	if config.WrapTransport != nil {
		t.Error("the config of the caller is changed")
	}
	if _, err := follows.WrapTransport(answering{errors.New("no answer")}).RoundTrip(&http.Request{}); err == nil || c.Now() != nine {
		t.Error(err, c.Now())
	}
	if _, err := follows.WrapTransport(answering{}).RoundTrip(&http.Request{}); err != nil || c.Now() != nine.Add(time.Hour) {
		t.Error(err, c.Now())
	}
}
