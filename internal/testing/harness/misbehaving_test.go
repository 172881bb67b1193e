package harness

import (
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// misbehaviour is an app that misbehaves, and what becomes of its release.
type misbehaviour struct {
	app     string
	policy  func(*v1alpha1.Shop)
	behaves Behaviour
	errors  int64
	migrate string
	// then is how long it is looked at; reason and says are of the shop, serves tells whether the new release does.
	then   time.Duration
	reason v1alpha1.Reason
	says   string
	serves bool
}

func misbehaviours() []misbehaviour {
	return []misbehaviour{
		{app: "starts slowly", behaves: Behaviour{Start: 90 * time.Second}, then: 3 * time.Minute, reason: v1alpha1.ReasonRollbackWindow, serves: true},
		{app: "still starts", behaves: Behaviour{Start: 90 * time.Second}, then: time.Minute, reason: v1alpha1.ReasonStarting, says: "waiting for cart"},
		{app: "never starts", behaves: Behaviour{Never: true, Trouble: "ImagePullBackOff"}, then: 4 * time.Minute, reason: v1alpha1.ReasonStartDeadlineExceeded, says: "ImagePullBackOff"},
		{app: "is refused by Kubernetes", behaves: Behaviour{Refused: "pods is forbidden: violates PodSecurity"}, then: time.Minute, says: "violates PodSecurity"},
		{app: "gets ready and fails, again and again", behaves: Behaviour{Start: time.Second, Dies: 2 * time.Second, Flaps: true}, then: 4 * time.Minute, says: "cart"},
		{app: "serves and dies", behaves: Behaviour{Dies: time.Minute}, then: 3 * time.Minute, reason: v1alpha1.ReasonDegraded, says: "cart", serves: true},
		{app: "is deaf to SIGTERM", behaves: Behaviour{Grace: 45 * time.Second}, then: 20 * time.Minute, reason: v1alpha1.ReasonServing, serves: true},
		{app: "answers 500 with a ready probe", policy: guarded, errors: 50, then: 2 * time.Minute, reason: v1alpha1.ReasonGuardBroken, says: "responses were errors"},
		{app: "has a failing migration", migrate: "fail", then: time.Minute, reason: v1alpha1.ReasonMigrationFailed, says: "logs job/"},
		{app: "has a slow migration", migrate: "slow", then: time.Minute, reason: v1alpha1.ReasonMigrating, says: "0 of 1 migrations"},
		{app: "fails its check", policy: func(s *v1alpha1.Shop) {
			s.Spec.Release.Checks = []v1alpha1.Check{{Name: "smoke", Image: "fail"}}
		}, then: time.Minute, reason: v1alpha1.ReasonCheckFailed, says: "smoke"},
	}
}

// TestMisbehavingApps: what becomes of a release of an app that misbehaves, and what is said
// of it. In none of these do customers notice anything that the app did not do itself.
func TestMisbehavingApps(t *testing.T) {
	budget := newBudget(t)
	for _, c := range some(misbehaviours()) {
		t.Run(c.app, func(t *testing.T) {
			t.Parallel()
			budget.made.Add(1)
			c.ships(t, nil)
		})
	}
}

func (c misbehaviour) ships(t testing.TB, rig func(*World) func(*Operator)) {
	t.Helper()
	// The check of the first release must not fail, so the policy comes after it.
	w := scenario{name: "serving", rig: rig}.begin()
	defer w.Close()
	w.StartOperator()
	if c.policy != nil {
		shop := w.Shop().DeepCopy()
		c.policy(shop)
		w.Policy(func(s *v1alpha1.ShopSpec) { *s = shop.Spec })
		w.For(5 * time.Second)
	}
	home := w.table().Active
	w.Behave["cart:new"], w.Errors["cart:new"] = c.behaves, c.errors
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		if s.Image = "cart:new"; c.migrate != "" {
			s.Migration = &v1alpha1.Migration{Args: []string{c.migrate}, Deadline: duration(5 * time.Minute)}
		}
	})
	w.For(c.then)
	reason, message := w.Reason()
	if c.reason != "" && reason != c.reason {
		t.Errorf("the shop says %s: %s; want %s", reason, message, c.reason)
	}
	if !strings.Contains(message, c.says) {
		t.Errorf("the shop says %s: %s; want %q in it", reason, message, c.says)
	}
	if serves := w.table().Active != home; serves != c.serves {
		t.Errorf("the new release serves: %t", serves)
	}
	if outage := w.Outage(); outage != "" && !c.serves {
		t.Errorf("customers are not served: %s", outage)
	}
	w.Check(t, c.app)
}
