package act

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// judgePromote lets the candidate serve that was looked at, and no other: it is named by its content.
func judgePromote(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, r Request) (intent, error) {
	candidate := shop.Status.Candidate
	if wanted := named(releases, r.Release); candidate == nil || (r.Release != "" && wanted != candidate.Release) {
		return notTheCandidate(shop, wanted)
	}
	out := pinned(shop, candidate.Release)
	out.done = fmt.Sprintf("spec.release.active of Shop %s names %s: it serves when the front door has switched to it", shop.Name, candidate.Release)
	switch {
	case r.Seen != "" && r.Seen != candidate.Release:
		return intent{}, refuse(NotTheCandidate, "%s is the candidate of Shop %s now, and not %s, which you looked at; look at it first: kubectl shop diff %s -n %s",
			candidate.Release, shop.Name, r.Seen, shop.Name, shop.Namespace)
	case out.already:
		out.done = fmt.Sprintf("spec.release.active of Shop %s names %s already", shop.Name, candidate.Release)
		return out, nil
	}
	return out, readyToServe(shop, releases, candidate.Release)
}

// notTheCandidate says what the release is instead. One that serves is no error: that is what was asked for.
func notTheCandidate(shop *v1alpha1.Shop, wanted string) (intent, error) {
	active, candidate := shop.Status.Active, shop.Status.Candidate
	switch {
	case active != nil && wanted == active.Release:
		return intent{already: true, release: wanted, done: fmt.Sprintf("%s serves already", wanted)}, nil
	case candidate != nil:
		return intent{}, refuse(NotTheCandidate, "%s is not the candidate of Shop %s: %s is; look at that first: kubectl shop diff %s -n %s. To go back to an older release: kubectl shop rollback %s %s -n %s",
			wanted, shop.Name, candidate.Release, shop.Name, shop.Namespace, shop.Name, wanted, shop.Namespace)
	}
	return intent{}, refuse(NotTheCandidate, "Shop %s has no candidate to promote: %s; kubectl shop wait %s --for awaiting -n %s waits for one",
		shop.Name, saying(shop), shop.Name, shop.Namespace)
}

// readyToServe refuses to approve what nobody could have tried yet.
func readyToServe(shop *v1alpha1.Shop, releases []v1alpha1.ShopRelease, release string) error {
	reason := readyReason(shop)
	if reason == v1alpha1.ReasonAwaitingPromotion || meta.IsStatusConditionTrue(shop.Status.Conditions, string(v1alpha1.ConditionAwaitingApproval)) {
		return nil
	}
	if why := rejected(releases, release); why != "" {
		return refuse(CannotServe, "%s; change the services, or let %s be tried again: kubectl shop retry %s %s -n %s", why, release, shop.Name, release, shop.Namespace)
	}
	if reason == v1alpha1.ReasonGuardBroken { // held since it holds what was rejected: naming it ships it all the same
		return nil
	}
	if shop.Spec.Release.Promotion != v1alpha1.PromotionManual && shop.Spec.Release.Active == "" {
		return refuse(NotTheCandidate, "spec.release.promotion of Shop %s is Automatic: %s serves by itself as soon as it can: %s", shop.Name, release, saying(shop))
	}
	return refuse(NotTheCandidate, "%s is the candidate of Shop %s, and not ready to serve: %s; kubectl shop wait %s --for awaiting -n %s waits until it is",
		release, shop.Name, saying(shop), shop.Name, shop.Namespace)
}

// saying is what the shop says of itself.
func saying(shop *v1alpha1.Shop) string {
	ready := meta.FindStatusCondition(shop.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil {
		return "the operator has not said anything of it yet"
	}
	return fmt.Sprintf("%s: %s", ready.Reason, ready.Message)
}

func readyReason(shop *v1alpha1.Shop) v1alpha1.Reason {
	if ready := meta.FindStatusCondition(shop.Status.Conditions, string(v1alpha1.ConditionReady)); ready != nil {
		return v1alpha1.Reason(ready.Reason)
	}
	return ""
}

func refuse(code Code, format string, values ...any) error {
	return &Refusal{Code: code, Message: fmt.Sprintf(format, values...)}
}

// ofShop leaves out the releases of other shops, and those that are going.
func ofShop(releases []v1alpha1.ShopRelease, shop string) []v1alpha1.ShopRelease {
	return slices.DeleteFunc(releases, func(r v1alpha1.ShopRelease) bool { return r.Spec.Shop != shop || !r.DeletionTimestamp.IsZero() })
}

// named is the name of the release that is meant, by name or version. What is not known is taken for a name.
func named(releases []v1alpha1.ShopRelease, release string) string {
	if r := find(releases, release); r != nil {
		return r.Name
	}
	return release
}

// find the release of that name; else the first, by name, of that version, which is also whom the operator means.
func find(releases []v1alpha1.ShopRelease, release string) *v1alpha1.ShopRelease {
	var found *v1alpha1.ShopRelease
	for i := range releases {
		r := &releases[i]
		if r.Name == release {
			return r
		}
		if release != "" && r.Spec.Version == release && (found == nil || r.Name < found.Name) {
			found = r
		}
	}
	return found
}

func rejected(releases []v1alpha1.ShopRelease, release string) string {
	if r := find(releases, release); r != nil {
		return r.Annotations[v1alpha1.AnnotationRejected]
	}
	return ""
}
