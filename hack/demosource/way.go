package main

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// way is how far a commit came, and when. A moment that was not seen is zero.
type way struct {
	Source string `json:"source"`
	Commit string `json:"commit"`
	// Pushed is when git push had ended.
	Pushed time.Time `json:"pushed"`
	// Noticed is when the source said that it builds the commit, Building when the build's container ran.
	Noticed  time.Time `json:"noticed,omitzero"`
	Building time.Time `json:"building,omitzero"`
	// Built, Tested: when these containers had ended well. Stored: when the source had the image.
	Built  time.Time `json:"built,omitzero"`
	Tested time.Time `json:"tested,omitzero"`
	Stored time.Time `json:"stored,omitzero"`
	// Cut is when the release was a candidate. Switched and Confirmed are the operator's word.
	Cut       time.Time `json:"cut,omitzero"`
	Switched  time.Time `json:"switched,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero"`
	// Image that the commit made, and the Release that serves it.
	Image   string `json:"image,omitempty"`
	Release string `json:"release,omitempty"`
	// Failed is what the source said of the commit where it failed, at Refused.
	Failed  *v1alpha1.FailedBuild `json:"failed,omitempty"`
	Refused time.Time             `json:"refused,omitzero"`

	record v1alpha1.SwitchRecord
}

// trace tells from what was seen what became of a commit.
func trace(sights []sight, source, commit string, pushed time.Time) way {
	w := way{Source: source, Commit: commit, Pushed: pushed}
	job := ""
	for _, s := range sights {
		if s.at.Before(pushed) {
			continue
		}
		switch object := s.object.(type) {
		case *v1alpha1.ShopSource:
			if object.Name == source {
				w.source(s.at, object, &job)
			}
		case *corev1.Pod:
			if job != "" && object.Labels["batch.kubernetes.io/job-name"] == job {
				w.pod(s.at, object)
			}
		case *v1alpha1.Shop:
			w.shop(s.at, object, sights)
		}
	}
	return w
}

// first keeps the first of several moments.
func first(moment *time.Time, at time.Time) {
	if moment.IsZero() {
		*moment = at
	}
}

func (w *way) source(at time.Time, s *v1alpha1.ShopSource, job *string) {
	if b := s.Status.Building; b != nil && b.Commit == w.Commit {
		first(&w.Noticed, at)
		*job = b.Job // the last attempt counts
	}
	if l := s.Status.Latest; l != nil && l.Commit == w.Commit {
		first(&w.Stored, at)
		w.Image = l.Image
	}
	if f := s.Status.Failed; f != nil && f.Commit == w.Commit {
		first(&w.Refused, at)
		w.Failed = f
	}
}

func (w *way) pod(at time.Time, pod *corev1.Pod) {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		ended := c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
		switch {
		case c.Name == "build" && ended:
			first(&w.Building, c.State.Terminated.StartedAt.Time)
			first(&w.Built, at)
		case c.Name == "build" && c.State.Running != nil:
			first(&w.Building, at)
		case c.Name == "test" && ended:
			first(&w.Tested, at)
		}
	}
}

// shop looks for a switch to a release that has the image. What a shop said before the image was stored is about others.
func (w *way) shop(at time.Time, shop *v1alpha1.Shop, sights []sight) {
	if w.Image == "" || !w.Confirmed.IsZero() {
		return
	}
	if c := shop.Status.Candidate; c != nil && holds(sights, c.Release, w.Image) {
		first(&w.Cut, at)
	}
	last := shop.Status.LastSwitch
	if last == nil || last.ConfirmedAt == nil || !last.WrittenAt.After(w.Pushed) || !holds(sights, last.To, w.Image) {
		return
	}
	w.Release, w.record = last.To, *last
	w.Switched, w.Confirmed = last.WrittenAt.Time, last.ConfirmedAt.Time
}

// holds tells whether a release runs an image.
func holds(sights []sight, release, image string) bool {
	return slices.ContainsFunc(sights, func(s sight) bool {
		r, is := s.object.(*v1alpha1.ShopRelease)
		return is && r.Name == release && slices.ContainsFunc(r.Spec.Services, func(one v1alpha1.ReleaseService) bool { return one.Image == image })
	})
}

// leg is a part of a way, between two moments.
type leg struct {
	name     string
	from, to time.Time
}

// legs are the parts of the way that were seen. One whose end was not seen is part of the next.
func (w way) legs() (legs []leg) {
	at := w.Pushed
	for _, next := range []struct {
		name string
		at   time.Time
	}{
		{"Git is asked", w.Noticed}, {"pod starts", w.Building}, {"build", w.Built}, {"test", w.Tested}, {"push", w.Stored},
		{"waits for the cut", w.Cut}, {"stack starts", w.Switched}, {"switch", w.Confirmed},
	} {
		if next.at.IsZero() {
			continue
		}
		legs = append(legs, leg{next.name, at, later(at, next.at)})
		at = later(at, next.at)
	}
	return legs
}

// later keeps a way in order: clocks differ by what a watch takes.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// took is the time from the push to a moment; 0 for one that was not seen.
func (w way) took(to time.Time) time.Duration {
	if to.IsZero() {
		return 0
	}
	return to.Sub(w.Pushed)
}
