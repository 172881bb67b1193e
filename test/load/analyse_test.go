package load

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var begin = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func at(millis int) time.Time { return begin.Add(time.Duration(millis) * time.Millisecond) }

// good is a request of 10 ms that one release answered.
func good(start int, release string) Record {
	return Record{Path: "/", Intended: at(start), Start: at(start), Answered: at(start + 9), End: at(start + 10), Status: 200,
		Release: release, Sources: "storefront=" + release + ", catalog=" + release}
}

func with(r Record, change func(*Record)) Record {
	change(&r)
	return r
}

func TestAnalyse(t *testing.T) {
	there := []Switch{{From: "a", To: "b", WrittenAt: at(20), ConfirmedAt: at(100)}}
	thereAndBack := append(there, Switch{From: "b", To: "a", WrittenAt: at(150), ConfirmedAt: at(200)})
	cases := map[string]struct {
		records  []Record
		switches []Switch
		want     Result
	}{
		"nothing asked": {},
		"a clean switch is green": {
			[]Record{good(0, "a"), good(50, "b"), good(101, "b")}, there, Result{Requests: 3}},
		"a way back is no staleness": {
			[]Record{good(0, "a"), good(60, "b"), good(101, "b"), good(160, "a"), good(201, "a")}, thereAndBack, Result{Requests: 5}},
		"a 404 is an answer": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Status = 404 })}, nil, Result{Requests: 1}},
		"a transport error fails": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Err = errors.New("reset") })}, nil, Result{Requests: 1, Failed: 1}},
		"a 503 fails": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Status = 503 })}, nil, Result{Requests: 1, Failed: 1}},
		"an answer without sources fails": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Sources = "" })}, nil, Result{Requests: 1, Failed: 1}},
		"an answer without a release fails": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Release = "" })}, nil, Result{Requests: 1, Failed: 1}},
		"services of two releases are mixed": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Sources = "storefront=a, catalog=b" })}, nil, Result{Requests: 1, MixedRequests: 1}},
		"another release than the front door named is mixed": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Sources = "storefront=b" })}, nil, Result{Requests: 1, MixedRequests: 1}},
		"sources that cannot be read are mixed": {
			[]Record{with(good(0, "a"), func(r *Record) { r.Sources = "storefront" })}, nil, Result{Requests: 1, MixedRequests: 1}},
		"the old release after the confirmation is stale": {
			[]Record{good(101, "a")}, there, Result{Requests: 1, StaleAfterConfirm: 1}},
		"the old release begun before the confirmation is not": {
			[]Record{good(99, "a")}, there, Result{Requests: 1}},
		"staleness after the way back": {
			[]Record{good(160, "a"), good(201, "b")}, thereAndBack, Result{Requests: 2, StaleAfterConfirm: 1, MixedWindowMillis: 32}},
		"staleness between two switches": {
			[]Record{good(40, "b"), good(101, "a"), good(110, "b"), good(160, "a")}, thereAndBack, Result{Requests: 4, MixedWindowMillis: 52, StaleAfterConfirm: 1}},
		"old and new answering side by side": {
			[]Record{good(0, "a"), good(20, "b"), good(70, "a")}, there, Result{Requests: 3, MixedWindowMillis: 41}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Analyse(c.records, c.switches), cmpopts.IgnoreFields(Result{}, "Examples")); diff != "" {
				t.Errorf("want - / got +:\n%s", diff)
			}
		})
	}
}
