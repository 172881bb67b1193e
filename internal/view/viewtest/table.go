package viewtest

import (
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// worlds are every reason that a shop can be in, with the sentence that the operator says then.
var worlds = []struct {
	reason  v1alpha1.Reason
	message string
	ready   bool
	// away: customers are not served.
	away   bool
	change func(*view.Objects)
}{
	{v1alpha1.ReasonInstalling, "release acme-7c1d09ab: 3 of 4 services ready; waiting for catalog (ImagePullBackOff)", false, true, notYet},
	{v1alpha1.ReasonSettling, "services changed; release acme-7c1d09ab is cut when they were quiet for 5s", false, false, func(o *view.Objects) {
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitSettle, Until: ago(-4 * time.Second)})
	}},
	{v1alpha1.ReasonBuilding, "a release is cut when what is being built is there, or at 2026-11-27T09:24:52Z without it: ShopSource cart (commit 01234567)", false, false, func(o *view.Objects) {
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitBuild, Name: "cart", Until: ago(-10 * time.Minute)})
	}},
	{v1alpha1.ReasonMigrating, "release acme-7c1d09ab: 0 of 1 migrations done", false, false, waitsFor(v1alpha1.Wait{Kind: v1alpha1.WaitMigration, Name: "catalog", Release: Candidate})},
	{v1alpha1.ReasonStarting, "release acme-7c1d09ab: 3 of 4 services ready; waiting for catalog (ImagePullBackOff)", false, false, starting},
	{v1alpha1.ReasonChecking, "release acme-7c1d09ab: 1 of 2 checks passed; waiting for prices", false, false, checks(v1alpha1.JobRunning)},
	{v1alpha1.ReasonAwaitingPromotion, "release acme-7c1d09ab is ready at the preview; set spec.release.active to acme-7c1d09ab to let it serve", false, false, func(o *view.Objects) {
		checks(v1alpha1.JobSucceeded)(o)
		o.Shop.Spec.Release.Promotion, o.Shop.Status.PreviewAddress = v1alpha1.PromotionManual, "http://acme-preview.acme.svc"
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitApproval, Release: Candidate})
	}},
	{v1alpha1.ReasonSwitching, "the front door names acme-c10d3fe3; 1 of 2 replicas confirmed it", false, false, func(o *view.Objects) {
		window(o)
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitFrontDoor, Release: Active})
	}},
	{v1alpha1.ReasonRollbackWindow, "release acme-c10d3fe3 serves; acme-88d2a1b0 is kept for a way back until 2026-11-27T09:17:52Z", true, false, window},
	{v1alpha1.ReasonWaitingForRollbackWindow, "release acme-7c1d09ab waits until 2026-11-27T09:17:52Z, when the stack of acme-88d2a1b0 goes; lower spec.release.rollbackWindow to end this early", false, false, func(o *view.Objects) {
		window(o)
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitWindow, Name: Previous, Until: ago(-3 * time.Minute)})
	}},
	{v1alpha1.ReasonServing, "release acme-c10d3fe3 serves", true, false, nil},
	{v1alpha1.ReasonStartDeadlineExceeded, "release acme-7c1d09ab was not ready within 10m0s: 3 of 4 services ready; waiting for catalog (ImagePullBackOff); it is switched to if it gets ready after all; change the services to replace it", false, false, overdue},
	{v1alpha1.ReasonMigrationFailed, "release acme-7c1d09ab: the migration of catalog (job/acme-catalog-7c1d09ab) failed: `kubectl -n acme logs job/acme-catalog-7c1d09ab` says why; delete the Job to run it again, or change the services", false, false,
		waitsFor(v1alpha1.Wait{Kind: v1alpha1.WaitMigration, Name: "catalog", Release: Candidate, Reason: "Failed"})},
	{v1alpha1.ReasonCheckFailed, "release acme-7c1d09ab is ready, but prices (job/acme-check-prices-1) failed: `kubectl -n acme logs job/acme-check-prices-1` says why; delete the Job to run it again, or change the services", false, false, checks(v1alpha1.JobFailed)},
	{v1alpha1.ReasonGuardBroken, "release acme-7c1d09ab broke the guard: 10 of 200 responses were errors (5.0 %, at most 1 % may be); change the services, or try it again: kubectl -n acme annotate shoprelease acme-7c1d09ab shop.emporium.dev/rejected-", false, false, func(o *view.Objects) {
		comes(o)
		o.Shop.Status.Candidate, o.Shop.Status.Previous = nil, &v1alpha1.PreviousRelease{Release: Candidate, RetiresAt: ago(-3 * time.Minute)}
		o.Releases[len(o.Releases)-1].Annotations = map[string]string{v1alpha1.AnnotationRejected: "10 of 200 responses were errors", v1alpha1.AnnotationRejectedServices: "storefront"}
	}},
	{v1alpha1.ReasonInvalidServices, "ShopService cart: spec.dependsOn names tax, which is no ShopService of this shop; create it or remove the entry", false, false, nil},
	{v1alpha1.ReasonQuotaExceeded, "release acme-7c1d09ab needs 13 of pods and ResourceQuota compute has 5 left; nothing was created; raise the ResourceQuota or lower spec.replicas or spec.resources", false, false,
		waitsFor(v1alpha1.Wait{Kind: v1alpha1.WaitQuota, Name: "compute", Release: Candidate})},
	{v1alpha1.ReasonRollbackRefused, "spec.release.active names acme-00000000, of which no ShopRelease is left; name one of: acme-88d2a1b0 (2026.11.1), acme-c10d3fe3 (2026.11.2), or clear it", false, false, func(o *view.Objects) {
		o.Shop.Spec.Release.Active = "acme-00000000"
	}},
	{v1alpha1.ReasonFrontDoorUnavailable, "release acme-c10d3fe3 is to serve, but no replica of the front door is ready: acme-front-door-5d8f9c7b6d-x2x9q (ImagePullBackOff)", false, true, func(o *view.Objects) {
		o.Deployments[0].Status.ReadyReplicas = 0
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitFrontDoor, Release: Active, Reason: "ImagePullBackOff"})
	}},
	{v1alpha1.ReasonPaused, "spec.paused is true: nothing is changed; set it to false to go on", false, false, func(o *view.Objects) { o.Shop.Spec.Paused = true }},
	{v1alpha1.ReasonDeleting, "the shop is being deleted: nothing of it is healed, scaled or switched any more, and all of it goes with this object; finalizers hold it: foregroundDeletion", false, false, nil},
	{v1alpha1.ReasonDegraded, "release acme-c10d3fe3: 3 of 4 services ready; waiting for cart (CrashLoopBackOff)", false, true, func(o *view.Objects) {
		o.Releases[1].Status.Services[0] = v1alpha1.ReleaseServiceStatus{Name: "cart", Ready: 0, Wanted: 2, Reason: "CrashLoopBackOff"}
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitService, Name: "cart", Release: Active, Reason: "CrashLoopBackOff"})
		o.Gaps = []view.Gap{{Kind: "pods", Namespace: "acme", Why: "you may not list pods"}}
	}},
	{v1alpha1.ReasonApplyFailed, "applying Deployment acme-catalog-7c1d09ab: Internal error occurred: failed calling webhook; it is tried again within half a minute. Meanwhile: release acme-7c1d09ab: 3 of 4 services ready; waiting for catalog", false, false, comes},
	{v1alpha1.ReasonForeignObject, "Service acme exists and is not this shop's: it is left as it is; rename or delete it, or rename the shop", false, true, func(o *view.Objects) {
		notYet(o)
		o.Shop.Status.Candidate, o.Releases, o.Pods = nil, nil, nil
		waits(o, v1alpha1.Wait{Kind: v1alpha1.WaitSettle, Until: ago(-4 * time.Second)})
	}},
	{v1alpha1.ReasonSignatureMissing, "release acme-7c1d09ab does not start: cart: registry.example/cart:1 has no signature by release-key", false, false, comes},
}
