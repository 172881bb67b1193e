package act

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// judgeRollback names an older release, where it can serve.
func judgeRollback(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, r Request) (intent, error) {
	active := activeOf(shop)
	if r.Seen != "" && r.Seen != active {
		return intent{}, refuse(NotTheCandidate, "%s serves Shop %s now, and not %s, which you looked at; look first: kubectl shop status %s -n %s",
			orNothing(active), shop.Name, r.Seen, shop.Name, shop.Namespace)
	}
	wanted := r.Release
	if wanted == "" {
		wanted = lastBefore(shop)
	}
	to := find(releases, wanted)
	if to == nil {
		return intent{}, unknown(shop, releases, wanted)
	}
	if c := shop.Status.Candidate; c != nil && c.Release == to.Name {
		return intent{}, refuse(NotTheCandidate, "%s is the candidate of Shop %s, and nothing to go back to: kubectl shop promote %s %s -n %s lets it serve",
			to.Name, shop.Name, shop.Name, to.Name, shop.Namespace)
	}
	if err := canServe(shop, releases, to); err != nil {
		return intent{}, err
	}
	out := pinned(shop, to.Name)
	out.warning = afterwards(shop, to.Name)
	out.done = fmt.Sprintf("spec.release.active of Shop %s names %s: the front door goes back to it", shop.Name, to.Name)
	if out.already || to.Name == active {
		out.done = fmt.Sprintf("spec.release.active of Shop %s names %s already", shop.Name, to.Name)
		if !out.already {
			out.done = fmt.Sprintf("%s serves Shop %s already: spec.release.active names it now, so that nothing newer follows", to.Name, shop.Name)
		}
	}
	return out, nil
}

// canServe refuses what the operator would.
func canServe(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, to *v1alpha1.ShopRelease) error {
	if past := Behind(releases, to); past != nil {
		return refuse(CannotServe, "%s cannot serve: %s ran an irreversible migration after it; ship a release that goes forward, or, where you restored the data, remove the annotation %s from ShopRelease %s in namespace %s",
			to.Name, past.Name, v1alpha1.AnnotationIrreversibleSince, past.Name, shop.Namespace)
	}
	if why := to.Annotations[v1alpha1.AnnotationRejected]; why != "" {
		return refuse(CannotServe, "%s; name another release, or let it be tried again: kubectl shop retry %s %s -n %s", why, shop.Name, to.Name, shop.Namespace)
	}
	return nil
}

// leftBehindLimit is as many names as the operator keeps in the annotation.
const leftBehindLimit = 500

// Behind returns the release whose irreversible migration closed the way back to one; nil: none did. Who was there before it is
// known by name; only where that list is missing, or full, times are asked, as the operator does.
func Behind(releases []v1alpha1.ShopRelease, of *v1alpha1.ShopRelease) *v1alpha1.ShopRelease {
	for i := range releases {
		r := &releases[i]
		since, err := time.Parse(time.RFC3339, r.Annotations[v1alpha1.AnnotationIrreversibleSince])
		if r.Name == of.Name || err != nil || since.IsZero() {
			continue
		}
		left := strings.Fields(r.Annotations[v1alpha1.AnnotationLeftBehind])
		byTime := len(left) == 0 || len(left) >= leftBehindLimit
		if slices.Contains(left, of.Name) || (byTime && since.After(of.CreationTimestamp.Time)) {
			return r
		}
	}
	return nil
}

func unknown(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, wanted string) error {
	if wanted == "" {
		return refuse(CannotServe, "no release served Shop %s before %s; name one of: %s", shop.Name, orNothing(activeOf(shop)), known(releases, shop))
	}
	return refuse(CannotServe, "no ShopRelease of Shop %s is named %s, or has that version; name one of: %s", shop.Name, wanted, known(releases, shop))
}

// known names what one can go back to.
func known(releases []v1alpha1.ShopRelease, shop *v1alpha1.Shop) string {
	var out []string
	for i := range releases {
		if r := &releases[i]; r.Name != activeOf(shop) && Behind(releases, r) == nil {
			out = append(out, r.Name)
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return "(there is none: apply the manifests of then again)"
	}
	return strings.Join(out, ", ")
}

// lastBefore is the release that served before, whether it still runs or not.
func lastBefore(shop *v1alpha1.Shop) string {
	if p := shop.Status.Previous; p != nil {
		return p.Release
	}
	if s := shop.Status.LastSwitch; s != nil {
		return s.From
	}
	return ""
}

// afterwards is what the person has to know of what follows.
func afterwards(shop *v1alpha1.Shop, release string) string {
	var window, pin string
	if p := shop.Status.Previous; p != nil && p.Release != release && activeOf(shop) != release && p.RetiresAt != nil {
		window = fmt.Sprintf("%s starts when the stack of %s goes, at %s; a shorter spec.release.rollbackWindow ends that early",
			release, p.Release, p.RetiresAt.UTC().Format(time.RFC3339))
	}
	if shop.Spec.Release.Promotion != v1alpha1.PromotionManual {
		pin = fmt.Sprintf("no newer release serves until the services are repaired and kubectl shop unpin %s -n %s clears the pin", shop.Name, shop.Namespace)
	}
	return sentences(window, pin)
}

func activeOf(shop *v1alpha1.Shop) string {
	if shop.Status.Active == nil {
		return ""
	}
	return shop.Status.Active.Release
}

func orNothing(release string) string {
	if release == "" {
		return "nothing"
	}
	return release
}
