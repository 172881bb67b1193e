package auth

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// C41: K2 is published, after the cache time used for signing; K1 is withdrawn 15 minutes later. Whenever the worker looks, and
// however long it is away: there is a key to sign with, every key was published long enough before it signs, and stays until its
// last token has ended.
func TestC41WheneverKeysTurnOverEveryTokenIsTaken(t *testing.T) {
	const tokenLife, cached = 5 * time.Minute, 5 * time.Minute
	rapid.Check(t, func(t *rapid.T) {
		turning := Turning{Every: time.Duration(rapid.IntRange(80, 1000).Draw(t, "every")) * time.Minute, Ahead: ahead, After: after}
		now := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
		var keys []Key
		published, lastSigned := map[string]time.Time{}, map[string]time.Time{}
		for n := range 200 {
			step := turning.Next(now, keys)
			var left []Key
			for _, k := range keys {
				gone := false
				for _, id := range step.Withdraw {
					gone = gone || id == k.ID
				}
				if !gone {
					left = append(left, k)
				} else if end := lastSigned[k.ID].Add(tokenLife); now.Before(end) {
					t.Fatalf("%s is withdrawn at %s, a token of its lives until %s", k.ID, now, end)
				}
			}
			if keys = left; step.Make {
				k := Key{ID: fmt.Sprint("k", n), SignsFrom: step.SignsFrom}
				keys, published[k.ID] = append(keys, k), now
			}
			k, there := Signing(now, keys)
			if !there {
				t.Fatalf("at %s nothing signs", now)
			}
			if first := len(published) == 1; !first && now.Sub(published[k.ID]) < cached {
				t.Fatalf("%s signs %s after it was published", k.ID, now.Sub(published[k.ID]))
			}
			lastSigned[k.ID] = now
			if len(keys) > 3 {
				t.Fatalf("%d keys live", len(keys))
			}
			now = now.Add(time.Duration(rapid.SampledFrom([]int{1, 1, 1, 1, 7, 30, 200}).Draw(t, "pause")) * time.Minute)
		}
	})
}

func TestAKeyIsMadeInTimeAndTheOldOneGoesLater(t *testing.T) {
	t0 := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	turning := Turning{Every: 24 * time.Hour, Ahead: time.Hour, After: 15 * time.Minute}
	one, two := Key{ID: "k1", SignsFrom: t0}, Key{ID: "k2", SignsFrom: t0.Add(24 * time.Hour)}
	for name, c := range map[string]struct {
		after  time.Duration
		keys   []Key
		want   string
		signer string
	}{
		"none":                  {0, nil, "make 0s []", ""},
		"young":                 {22 * time.Hour, []Key{one}, "[]", "k1"},
		"an hour before":        {23 * time.Hour, []Key{one}, "make 1h0m0s []", "k1"},
		"published":             {23*time.Hour + time.Minute, []Key{one, two}, "[]", "k1"},
		"it signs":              {24 * time.Hour, []Key{one, two}, "[]", "k2"},
		"its tokens still live": {24*time.Hour + 14*time.Minute, []Key{two, one}, "[]", "k2"},
		"all have ended":        {24*time.Hour + 15*time.Minute, []Key{two, one}, "[k1]", "k2"},
	} {
		now := t0.Add(c.after)
		step := turning.Next(now, c.keys)
		got := fmt.Sprint(step.Withdraw)
		if step.Make {
			got = fmt.Sprint("make ", step.SignsFrom.Sub(now), " ", step.Withdraw)
		}
		if k, _ := Signing(now, c.keys); got != c.want || k.ID != c.signer {
			t.Errorf("%s: %s by %q, want %s by %q", name, got, k.ID, c.want, c.signer)
		}
	}
}
