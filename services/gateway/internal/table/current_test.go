package table

import (
	"bytes"
	"log/slog"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

func encode(t *testing.T, active, preview string, at time.Time) string {
	t.Helper()
	table := frontdoor.Table{Shop: "demo", Active: active, Preview: preview}
	for _, name := range slices.Compact([]string{active, preview}) {
		if name != "" {
			table.Releases = append(table.Releases, frontdoor.Release{Name: name, Routes: []frontdoor.Route{{Path: "/", Service: "web", Upstream: "web-" + name}}})
		}
	}
	if !at.IsZero() {
		table.Switch = &frontdoor.Switch{At: at}
	}
	data, err := table.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// clock moves a second with each look, so two looks never agree by chance.
func clock() func() time.Time {
	at := time.Unix(1000, 0)
	return func() time.Time { at = at.Add(time.Second); return at }
}

func TestAppliedAtBelongsToTheSwitch(t *testing.T) {
	current := New("", clock(), slog.New(slog.DiscardHandler))
	first, second := time.Unix(1, 0), time.Unix(2, 5)
	for i, step := range []struct {
		data  string
		moved bool
	}{
		{encode(t, "", "a", time.Time{}), false},
		{encode(t, "a", "", first), true},
		{encode(t, "a", "b", first), false}, // the candidate appears: no switch
		{encode(t, "b", "a", second), true},
		{encode(t, "b", "", second), false},
		{encode(t, "a", "", time.Unix(3, 0)), true}, // and back
	} {
		before := current.Report()
		if err := current.Apply(step.data); err != nil {
			t.Fatal(err)
		}
		after := current.Report()
		if moved := !after.AppliedAt.Equal(before.AppliedAt); moved != step.moved {
			t.Errorf("step %d: AppliedAt moved = %t, want %t", i, moved, step.moved)
		}
		if after.TableHash != frontdoor.Hash(step.data) {
			t.Errorf("step %d: reports %s, not the new table", i, after.TableHash)
		}
	}
}

// A reader that looks when the clock is read must already see the new table.
func TestTheTableIsSwappedBeforeTheClockIsRead(t *testing.T) {
	var current *Current
	seen := ""
	current = New("", func() time.Time { seen = current.Load().Source.Active; return time.Unix(9, 0) }, slog.New(slog.DiscardHandler))
	if err := current.Apply(encode(t, "new", "", time.Unix(1, 0))); err != nil {
		t.Fatal(err)
	}
	if seen != "new" {
		t.Errorf("when AppliedAt was taken, requests were routed to %q", seen)
	}
}

func TestAnUnusableOrMissingTableKeepsTheLast(t *testing.T) {
	var sights []Sight
	var log bytes.Buffer
	current := New("", clock(), slog.New(slog.NewTextHandler(&log, nil)), func(s Sight, _ *Compiled) { sights = append(sights, s) })
	store := NewStore(current, slog.New(slog.NewTextHandler(&log, nil)))
	good := encode(t, "a", "", time.Unix(1, 0))
	cm := func(data string) *corev1.ConfigMap {
		return &corev1.ConfigMap{Data: map[string]string{frontdoor.TableKey: data}}
	}
	store.Replace([]*corev1.ConfigMap{cm(good)})
	report := current.Report()
	store.Set(cm("{"))
	store.Set(cm(`{"schema":2,"shop":"demo"}`))
	store.Set(&corev1.ConfigMap{})
	store.Set(cm(`{"schema":1,"active":"nowhere"}`))
	store.Delete(nil)
	store.Replace(nil)
	store.Set(cm(good))
	if got := current.Load().Stack(Active); got == nil || got.Release != "a" || current.Report() != report {
		t.Errorf("the last good table is not routed by any more: %v", got)
	}
	want := []Sight{Swapped, Rejected, Rejected, Rejected, Rejected, Missing, Missing, Same}
	if !slices.Equal(sights, want) {
		t.Errorf("sights = %v, want %v", sights, want)
	}
	if lines := bytes.Count(log.Bytes(), []byte("Keeping the last routing table")); lines != 6 {
		t.Errorf("%d log lines about keeping the last table, want 6:\n%s", lines, &log)
	}
}

func TestPreviewIsNotActive(t *testing.T) {
	current := New("", clock(), slog.New(slog.DiscardHandler))
	if current.Load().Stack(Active) != nil {
		t.Error("there is a stack before there is a table")
	}
	if err := current.Apply(encode(t, "a", "b", time.Unix(1, 0))); err != nil {
		t.Fatal(err)
	}
	if a, p := current.Load().Stack(Active).Release, current.Load().Stack(Preview).Release; a != "a" || p != "b" {
		t.Errorf("active %s, preview %s", a, p)
	}
}
