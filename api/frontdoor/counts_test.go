package frontdoor

import (
	"reflect"
	"testing"
	"time"
)

func sample() Counts {
	return Counts{
		Requests: 10, Errors: 2, Slow: 1,
		Services: map[string]Counts{"cart": {Requests: 4, Errors: 2}, "web": {Requests: 6, Slow: 1}},
		Before:   &Counts{Requests: 100, Errors: 1, Services: map[string]Counts{"web": {Requests: 100, Errors: 1}}},
	}
}

func TestPlusAddsServicesAndBefore(t *testing.T) {
	other := Counts{Requests: 5, Errors: 5, Services: map[string]Counts{"cart": {Requests: 3, Errors: 3}, "pay": {Requests: 2, Errors: 2}}}
	want := Counts{
		Requests: 15, Errors: 7, Slow: 1,
		Services: map[string]Counts{"cart": {Requests: 7, Errors: 5}, "web": {Requests: 6, Slow: 1}, "pay": {Requests: 2, Errors: 2}},
		Before:   &Counts{Requests: 100, Errors: 1, Services: map[string]Counts{"web": {Requests: 100, Errors: 1}}},
	}
	one := sample()
	for _, got := range []Counts{one.Plus(other), other.Plus(one)} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if !reflect.DeepEqual(one, sample()) {
		t.Errorf("adding changed what was added to: %+v", one)
	}
	twice := one.Plus(one)
	if twice.Before.Requests != 200 || twice.Before.Services["web"].Errors != 2 {
		t.Errorf("what was before the switch is not added: %+v", twice.Before)
	}
}

func TestAReportComesBackFromALeaseAsItWasWritten(t *testing.T) {
	counts := sample()
	at := time.Unix(1000, 5).UTC()
	report := Report{TableHash: "h", Active: "a", Switch: at, AppliedAt: at.Add(time.Millisecond), Counts: &counts}
	got, err := ReportFrom(report.Annotations())
	if err != nil || !reflect.DeepEqual(got, report) {
		t.Errorf("got %+v, %v, want %+v", got, err, report)
	}
}
