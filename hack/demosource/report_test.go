package main

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/test/load"
)

// kept is a report whose promises are held.
func kept() report {
	r := report{Result: load.Result{Requests: 100}, SameImage: true, NoRelease: true, SameRelease: true, OneRelease: true}
	r.add("one line", trace(served(), "offers", "c1", pushedAt))
	r.add("test fails", way{Source: "offers", Pushed: pushedAt, Built: at(3), Refused: at(5), Failed: &v1alpha1.FailedBuild{Reason: v1alpha1.ReasonTestsFailed}})
	r.add("no new image", way{Source: "wishlist", Pushed: pushedAt, Stored: at(4), Image: "x@1"})
	return r
}

func TestKeptPromisesAreNoError(t *testing.T) {
	if err := kept().broken(); err != nil {
		t.Error(err)
	}
}

func TestEachBrokenPromiseIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(*report){
		"requests":             func(r *report) { r.Requests = 0 },
		"failed":               func(r *report) { r.Failed = 1 },
		"mixedRequests":        func(r *report) { r.MixedRequests = 1 },
		"staleAfterConfirm":    func(r *report) { r.StaleAfterConfirm = 1 },
		"commitToServedMillis": func(r *report) { r.Ways[0].ServedMillis = 20001 },
		"sameImage":            func(r *report) { r.SameImage = false },
		"noRelease":            func(r *report) { r.NoRelease = false },
		"sameRelease":          func(r *report) { r.SameRelease = false },
		"oneRelease":           func(r *report) { r.OneRelease = false },
	} {
		r := kept()
		spoil(&r)
		if err := r.broken(); err == nil || !strings.Contains(err.Error(), name+" is") {
			t.Errorf("%s: want it named, got %v", name, err)
		}
	}
}

func TestACommitThatNeverServedBreaksThePromise(t *testing.T) {
	r := kept()
	r.Ways[0].ServedMillis = 0
	if err := r.broken(); err == nil {
		t.Error("it is held")
	}
}

func TestCommitsOfOneReleaseAreOneSwitch(t *testing.T) {
	r := kept()
	r.add("together", r.Ways[0].way)
	late := load.Record{Start: at(10.95), Answered: at(11), End: at(11), Status: 200, Release: "f-old", Sources: "offers=f-old"}
	r.Ways[0].record.From, r.Ways[3].record.From = "f-old", "f-old"
	r.judge([]load.Record{late})
	if r.StaleAfterConfirm != 1 {
		t.Errorf("one stale answer is counted as %d", r.StaleAfterConfirm)
	}
}

func TestTheTableTellsWhatBecameOfEachCommit(t *testing.T) {
	var out strings.Builder
	kept().table(&out)
	for _, want := range []string{"one line", "10.9s", "f-new", "TestsFailed after 5.0s", "none: the image is the same", "commitToServedMillis"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing:\n%s", want, out.String())
		}
	}
}

func TestThePictureIsWellFormedAndHasARowForEachCommit(t *testing.T) {
	svg := picture(kept().Ways)
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
	for _, want := range []string{"build: 2.0s", "10.9s serves", "5.0s TestsFailed", "failed: 2.0s", "4.0s same image, no release"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is missing:\n%s", want, svg)
		}
	}
}

func TestNothingInThePictureIsOutsideOfIt(t *testing.T) {
	acts := kept().Ways
	acts[0].Name = "a <b> & c"
	svg := picture(acts)
	if strings.Contains(svg, "<b>") {
		t.Error("a name is not escaped")
	}
	if x := along(longest(acts), longest(acts)); x > pictureWidth-textWidth {
		t.Errorf("the longest way ends at %.0f", x)
	}
	if longest(nil) != time.Second || !strings.Contains(picture(nil), "</svg>") {
		t.Error("no commits make no picture")
	}
}

func TestTheTellingLineOfAnOutput(t *testing.T) {
	for output, want := range map[string]string{
		"--- FAIL: TestX\n    offers_test.go:13: got 1989, want 1799\nFAIL": "offers_test.go:13: got 1989, want 1799",
		"# Subtest: x\nnot ok 1 - prices\n...":                              "not ok 1 - prices",
		"a\nb\n":                                                            "b",
		"":                                                                  "",
	} {
		if got := telling(output); got != want {
			t.Errorf("%q: got %q, want %q", output, got, want)
		}
	}
}
