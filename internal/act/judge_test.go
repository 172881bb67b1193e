package act

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const (
	relA = "acme-aaaaaaaa"
	relB = "acme-bbbbbbbb"
	relC = "acme-cccccccc"
)

var nine = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

// awaiting is a shop that serves A while B waits for approval.
func awaiting() *v1alpha1.Shop {
	s := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme"}}
	s.Spec.Release.Promotion = v1alpha1.PromotionManual
	s.Status.Active = &v1alpha1.ReleaseRef{Release: relA}
	s.Status.Candidate = &v1alpha1.ReleaseRef{Release: relB, Version: "2"}
	says(s, v1alpha1.ReasonAwaitingPromotion, "release acme-bbbbbbbb is ready at the preview")
	return s
}

// switched is a shop that serves B, and keeps A for a way back.
func switched() *v1alpha1.Shop {
	s := awaiting()
	s.Status.Active, s.Status.Candidate = &v1alpha1.ReleaseRef{Release: relB}, nil
	s.Status.Previous = &v1alpha1.PreviousRelease{Release: relA, RetiresAt: &metav1.Time{Time: nine.Add(15 * time.Minute)}}
	says(s, v1alpha1.ReasonRollbackWindow, "release acme-bbbbbbbb serves")
	return s
}

func says(s *v1alpha1.Shop, reason v1alpha1.Reason, message string) {
	s.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionFalse, Reason: string(reason), Message: message}}
}

// record is a ShopRelease; its notes are annotation, value, annotation, value, …
func record(name, version string, age time.Duration, notes ...string) v1alpha1.ShopRelease {
	r := v1alpha1.ShopRelease{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, CreationTimestamp: metav1.NewTime(nine.Add(-age)), Annotations: map[string]string{}}}
	r.Spec.Shop, r.Spec.Version = "acme", version
	for i := 0; i < len(notes); i += 2 {
		r.Annotations[notes[i]] = notes[i+1]
	}
	return r
}

func three() []v1alpha1.ShopRelease {
	return []v1alpha1.ShopRelease{record(relA, "1", 3*time.Hour), record(relB, "2", 2*time.Hour), record(relC, "3", time.Hour)}
}

// row is a request and what becomes of it.
type row struct {
	shop     *v1alpha1.Shop
	releases []v1alpha1.ShopRelease
	release  string
	seen     string
	// code of the refusal, and what it says; 0: it is written.
	code Code
	says string
	// writes is what is written; "": it was so already.
	writes string
}

func (x row) check(t *testing.T, got intent, err error) {
	t.Helper()
	refused := &Refusal{}
	if errors.As(err, &refused); refused.Code != x.code || (err != nil && x.code == 0) {
		t.Fatalf("code %d, want %d: %v", refused.Code, x.code, err)
	}
	if text := got.done + got.warning + refused.Message; !strings.Contains(text, x.says) {
		t.Errorf("it says %q, want %q", text, x.says)
	}
	writes := ""
	if err == nil && !got.already {
		writes = fmt.Sprint(got.value)
	}
	if writes != x.writes {
		t.Errorf("it writes %q, want %q", writes, x.writes)
	}
}

func with(s *v1alpha1.Shop, change func(*v1alpha1.Shop)) *v1alpha1.Shop {
	change(s)
	return s
}

func TestAnApprovalNamesWhatWasLookedAt(t *testing.T) {
	starting := with(awaiting(), func(s *v1alpha1.Shop) { says(s, v1alpha1.ReasonStarting, "0 of 2 services ready") })
	held := with(awaiting(), func(s *v1alpha1.Shop) { says(s, v1alpha1.ReasonGuardBroken, "is not shipped, since it holds cart") })
	automatic := with(awaiting(), func(s *v1alpha1.Shop) {
		s.Spec.Release.Promotion = v1alpha1.PromotionAutomatic
		says(s, v1alpha1.ReasonStarting, "0 of 2 services ready")
	})
	condition := with(awaiting(), func(s *v1alpha1.Shop) {
		says(s, v1alpha1.ReasonDegraded, "")
		s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{Type: string(v1alpha1.ConditionAwaitingApproval), Status: metav1.ConditionTrue})
	})
	for name, x := range map[string]row{
		"the candidate":                     {shop: awaiting(), release: relB, writes: relB, says: "names acme-bbbbbbbb"},
		"the candidate by its version":      {shop: awaiting(), release: "2", writes: relB},
		"whatever is the candidate":         {shop: awaiting(), writes: relB},
		"the candidate that was looked at":  {shop: awaiting(), seen: relB, release: relB, writes: relB},
		"it says so by its condition alone": {shop: condition, release: relB, writes: relB},
		"it was replaced since":             {shop: awaiting(), release: relC, code: NotTheCandidate, says: "acme-cccccccc is not the candidate of Shop acme: acme-bbbbbbbb is; look at that first: kubectl shop diff acme -n acme"},
		"no name, and another was seen":     {shop: awaiting(), seen: relC, code: NotTheCandidate, says: "acme-bbbbbbbb is the candidate of Shop acme now, and not acme-cccccccc, which you looked at"},
		"it serves already":                 {shop: switched(), release: relB, says: "acme-bbbbbbbb serves already"},
		"nothing is there to approve":       {shop: switched(), code: NotTheCandidate, says: "Shop acme has no candidate to promote: RollbackWindow: release acme-bbbbbbbb serves"},
		"it was approved already":           {shop: with(awaiting(), func(s *v1alpha1.Shop) { s.Spec.Release.Active = relB }), release: relB, says: "already"},
		"it is not ready":                   {shop: starting, release: relB, code: NotTheCandidate, says: "not ready to serve: Starting: 0 of 2 services ready; kubectl shop wait acme --for awaiting -n acme waits until it is"},
		"it needs no approval":              {shop: automatic, release: relB, code: NotTheCandidate, says: "Automatic: acme-bbbbbbbb serves by itself"},
		"it holds what was rejected":        {shop: held, release: relB, writes: relB},
		"it was rejected itself": {shop: held, release: relB, code: CannotServe, says: "kubectl shop retry acme acme-bbbbbbbb -n acme",
			releases: []v1alpha1.ShopRelease{record(relA, "1", time.Hour), record(relB, "2", time.Minute, v1alpha1.AnnotationRejected, "release acme-bbbbbbbb broke the guard")}},
	} {
		t.Run(name, func(t *testing.T) {
			releases := x.releases
			if releases == nil {
				releases = three()
			}
			got, err := judgePromote(x.shop, releases, Request{Verb: "promote", Release: x.release, Seen: x.seen})
			x.check(t, got, err)
		})
	}
}

func TestAWayBackNamesWhatCanServe(t *testing.T) {
	const since = "2026-11-27T08:30:00Z"
	irreversible := []v1alpha1.ShopRelease{record(relA, "1", 3*time.Hour), record(relB, "2", time.Hour, v1alpha1.AnnotationIrreversibleSince, since, v1alpha1.AnnotationLeftBehind, relA)}
	cutAnew := []v1alpha1.ShopRelease{record(relA, "1", time.Minute), irreversible[1]} // the name was left behind, though the record is newer
	older := []v1alpha1.ShopRelease{record(relA, "1", 3*time.Hour), record(relB, "2", time.Hour, v1alpha1.AnnotationIrreversibleSince, since)}
	retired := with(switched(), func(s *v1alpha1.Shop) { s.Status.Previous = nil })
	automatic := with(switched(), func(s *v1alpha1.Shop) { s.Spec.Release.Promotion = v1alpha1.PromotionAutomatic })
	for name, x := range map[string]row{
		"the one before":                  {shop: switched(), writes: relA, says: "the front door goes back to it"},
		"by its name":                     {shop: switched(), release: relA, writes: relA},
		"by its version":                  {shop: switched(), release: "1", writes: relA},
		"what serves was looked at":       {shop: switched(), seen: relB, writes: relA},
		"promotion is automatic":          {shop: automatic, writes: relA, says: "kubectl shop unpin acme -n acme clears the pin"},
		"one that waits for the window":   {shop: switched(), release: relC, writes: relC, says: "acme-cccccccc starts when the stack of acme-aaaaaaaa goes, at 2026-11-27T09:15:00Z"},
		"it is retired, and last served":  {shop: with(retired, func(s *v1alpha1.Shop) { s.Status.LastSwitch = &v1alpha1.SwitchRecord{From: relA, To: relB} }), writes: relA},
		"it is named already":             {shop: with(switched(), func(s *v1alpha1.Shop) { s.Spec.Release.Active = relA }), release: relA, says: "names acme-aaaaaaaa already"},
		"what serves, to hold it":         {shop: switched(), release: relB, writes: relB, says: "so that nothing newer follows"},
		"another serves by now":           {shop: switched(), seen: relC, code: NotTheCandidate, says: "acme-bbbbbbbb serves Shop acme now, and not acme-cccccccc"},
		"it is the candidate":             {shop: awaiting(), release: relB, code: NotTheCandidate, says: "kubectl shop promote acme acme-bbbbbbbb -n acme lets it serve"},
		"it is not known":                 {shop: switched(), release: "acme-00000000", code: CannotServe, says: "name one of: acme-aaaaaaaa, acme-cccccccc"},
		"nothing served before":           {shop: awaiting(), code: CannotServe, says: "no release served Shop acme before acme-aaaaaaaa; name one of: acme-bbbbbbbb, acme-cccccccc"},
		"a migration closed the way":      {shop: switched(), releases: irreversible, release: relA, code: CannotServe, says: "acme-bbbbbbbb ran an irreversible migration after it"},
		"though it was cut anew":          {shop: switched(), releases: cutAnew, release: relA, code: CannotServe, says: "irreversible"},
		"an operator that kept no names":  {shop: switched(), releases: older, release: relA, code: CannotServe, says: "irreversible"},
		"it broke the guard":              {shop: switched(), releases: []v1alpha1.ShopRelease{record(relA, "1", time.Hour, v1alpha1.AnnotationRejected, "it broke the guard")}, release: relA, code: CannotServe, says: "it broke the guard; name another release"},
		"all that is left is left behind": {shop: switched(), releases: irreversible, release: relC, code: CannotServe, says: "there is none: apply the manifests of then again"},
	} {
		t.Run(name, func(t *testing.T) {
			releases := x.releases
			if releases == nil {
				releases = three()
			}
			got, err := judgeRollback(x.shop, releases, Request{Verb: "rollback", Release: x.release, Seen: x.seen})
			x.check(t, got, err)
		})
	}
}

func TestARetryNamesWhatFailed(t *testing.T) {
	checks := with(awaiting(), func(s *v1alpha1.Shop) {
		says(s, v1alpha1.ReasonCheckFailed, "prices failed")
		s.Status.WaitingFor = []v1alpha1.Wait{
			{Kind: v1alpha1.WaitCheck, Name: "smoke", Release: relB}, // it has not ended
			{Kind: v1alpha1.WaitCheck, Name: "prices", Release: relB, Reason: "Failed"},
			{Kind: v1alpha1.WaitCheck, Name: "links", Release: relB, Reason: "DeadlineExceeded"},
		}
	})
	running := with(checks.DeepCopy(), func(s *v1alpha1.Shop) { says(s, v1alpha1.ReasonChecking, "waiting for prices") })
	migration := with(awaiting(), func(s *v1alpha1.Shop) {
		says(s, v1alpha1.ReasonMigrationFailed, "")
		s.Status.WaitingFor = []v1alpha1.Wait{{Kind: v1alpha1.WaitMigration, Name: "catalog", Release: relB, Reason: "Failed"}}
	})
	late := with(awaiting(), func(s *v1alpha1.Shop) { says(s, v1alpha1.ReasonStartDeadlineExceeded, "") })
	guard := with(switched(), func(s *v1alpha1.Shop) { says(s, v1alpha1.ReasonGuardBroken, "") })
	bad := append(three(), record("acme-dddddddd", "4", time.Minute, v1alpha1.AnnotationRejected, "it broke the guard"))
	const at = "@2026-11-27T09:00:00Z"
	asked := with(migration.DeepCopy(), func(s *v1alpha1.Shop) {
		s.Annotations = map[string]string{v1alpha1.AnnotationRetry: relB + "/catalog@2026-11-27T08:59:00Z"}
	})
	followed := with(asked.DeepCopy(), func(s *v1alpha1.Shop) { s.Status.Retried = s.Annotations[v1alpha1.AnnotationRetry] })
	for name, x := range map[string]row{
		"the first check that failed":    {shop: checks, writes: relB + "/prices" + at, says: "the check prices of acme-bbbbbbbb of Shop acme runs again"},
		"and the others are told of":     {shop: checks, writes: relB + "/prices" + at, says: "acme-bbbbbbbb/links failed as well: name it"},
		"a check by its name":            {shop: checks, release: "links", writes: relB + "/links" + at},
		"a check of a release":           {shop: checks, release: relB + "/links", writes: relB + "/links" + at},
		"a check that has not ended":     {shop: checks, release: "smoke", code: CannotServe, says: "by the name smoke (acme-bbbbbbbb/prices, acme-bbbbbbbb/links can)"},
		"checks that have trouble still": {shop: running, code: CannotServe, says: "nothing of Shop acme failed"},
		"a migration":                    {shop: migration, writes: relB + "/catalog" + at, says: "the migration catalog"},
		"a release that was late":        {shop: late, writes: relB + "/-" + at, says: "as if it had not failed"},
		"as the annotation names it":     {shop: late, release: relB + "/-", writes: relB + "/-" + at},
		"a release that was rejected":    {shop: guard, releases: bad, writes: "acme-dddddddd/-" + at},
		"nothing failed":                 {shop: switched(), code: CannotServe, says: "nothing of Shop acme failed that could be tried again: RollbackWindow"},
		"asked for, and not followed":    {shop: asked, says: "asked for already"},
		"it failed again since":          {shop: followed, writes: relB + "/catalog" + at},
	} {
		t.Run(name, func(t *testing.T) {
			releases := x.releases
			if releases == nil {
				releases = three()
			}
			got, err := judgeRetry(x.shop, releases, Request{Verb: "retry", Release: x.release}, nine)
			x.check(t, got, err)
		})
	}
}

func TestAPauseAndAPinAreTakenAwayWhereTheyAre(t *testing.T) {
	paused := with(awaiting(), func(s *v1alpha1.Shop) { s.Spec.Paused = true })
	pinned := with(awaiting(), func(s *v1alpha1.Shop) { s.Spec.Release.Active = relA })
	for name, x := range map[string]struct {
		got     intent
		already bool
		value   any
	}{
		"pause":                    {judgePause(awaiting()), false, true},
		"pause what is paused":     {judgePause(paused), true, true},
		"resume":                   {judgeResume(paused), false, nil},
		"resume what is not":       {judgeResume(awaiting()), true, nil},
		"unpin":                    {judgeUnpin(pinned), false, nil},
		"unpin what is not pinned": {judgeUnpin(awaiting()), true, nil},
	} {
		if x.got.already != x.already || x.got.value != x.value || x.got.done == "" {
			t.Errorf("%s: %+v", name, x.got)
		}
	}
}

func TestReleasesOfAnotherShopAreNotMeant(t *testing.T) {
	other := record("shoes-aaaaaaaa", "1", time.Hour)
	other.Spec.Shop = "shoes"
	going := record(relC, "1", time.Hour)
	going.DeletionTimestamp = &metav1.Time{Time: nine}
	got := ofShop([]v1alpha1.ShopRelease{other, going, record(relA, "1", time.Hour)}, "acme")
	if len(got) != 1 || got[0].Name != relA {
		t.Errorf("%v", got)
	}
}
