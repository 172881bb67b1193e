package harness

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

func (w *World) deployment(service, rel string) *appsv1.Deployment {
	d, _ := w.Store.Get("Deployment", Namespace, Shop+"-"+service+"-"+strings.TrimPrefix(rel, Shop+"-")).(*appsv1.Deployment)
	return d
}

// B8: a night scaler, or a tired human, sets an autoscaled service to 0. Its autoscaler leaves 0 alone.
func TestAnAutoscaledServiceThatIsScaledToZeroIsLifted(t *testing.T) {
	for _, name := range []string{"cart", "storefront"} { // autoscaled, fixed
		t.Run(name, func(t *testing.T) {
			w := scenario{name: "serving"}.begin()
			defer w.Close()
			w.StartOperator()
			w.For(2 * time.Second)
			w.Chaos().Set(w.deployment(name, w.table().Active), func(o client.Object) { o.(*appsv1.Deployment).Spec.Replicas = ptr.To[int32](0) })
			w.For(5 * time.Second)
			if got := *w.deployment(name, w.table().Active).Spec.Replicas; got != 2 {
				t.Errorf("after 5 s it is to have %d pods, want 2", got)
			}
			w.Load[name] = 4
			w.Rest()
			if got, want := *w.deployment(name, w.table().Active).Spec.Replicas, map[string]int32{"cart": 4, "storefront": 2}[name]; got != want {
				t.Errorf("its autoscaler does not drive it afterwards: %d pods, want %d", got, want)
			}
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

// grown is a shop whose broken release grew to five pods of cart, while the one before it had two
// and there is room for no more.
func grown(change ...func(*v1alpha1.Shop)) (w *World, home string) {
	w = scenario{name: "grown" + fmt.Sprint(len(change)), policy: func(s *v1alpha1.Shop) {
		for _, c := range change {
			c(s)
		}
	}}.begin()
	home = w.table().Active
	w.StartOperator()
	w.Image("cart", "cart:2")
	w.Until(func() bool { return w.table().Active != home && w.Outage() == "" })
	w.Load["cart"] = 5
	w.User().Create(&corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "pods", Namespace: Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(podsIn(w, Namespace)+3, resource.DecimalSI)}},
	})
	w.For(10 * time.Second)
	return w, home
}

// B5: what the broken release grew to is no measure for the way back.
func TestTheWayBackDoesNotWaitForTheLoadThatTheBrokenReleaseMade(t *testing.T) {
	short := func(t *testing.T, w *World, home string) {
		t.Helper()
		if d := w.deployment("cart", home); d == nil || d.Status.AvailableReplicas >= 5 || d.Status.AvailableReplicas < 2 {
			t.Fatalf("the stack to go back to is not short of pods: %v", d.Status)
		}
	}
	back := func(t *testing.T, w *World, home string) {
		t.Helper()
		w.For(5 * time.Second)
		if reason, message := w.Reason(); w.table().Active != home {
			t.Errorf("after 5 s the front door still names %s: %s: %s", w.table().Active, reason, message)
		}
		w.Check(t, "the way back")
	}
	t.Run("by a pin", func(t *testing.T) {
		t.Parallel()
		w, home := grown()
		defer w.Close()
		short(t, w, home)
		w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = home })
		back(t, w, home)
	})
	t.Run("by reverting", func(t *testing.T) {
		t.Parallel()
		w, home := grown()
		defer w.Close()
		short(t, w, home)
		w.Image("cart", "cart:1")
		back(t, w, home)
	})
	t.Run("by the guard", func(t *testing.T) {
		t.Parallel()
		w, home := grown(guarded)
		defer w.Close()
		short(t, w, home)
		w.Errors["cart:2"] = 50
		back(t, w, home)
	})
}

// manyMissing lets cart name Secrets that GitOps has not created yet.
func manyMissing(w *World, n int) {
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		for i := range n {
			s.EnvFrom = append(s.EnvFrom, corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("payments-of-country-%03d", i)}}})
		}
	})
}

// B15: what would be 30 kB, and lost as an event, is the first of it and how much more there is.
func TestTwoHundredMissingSecretsAreToldInAMessageThatFits(t *testing.T) {
	const mostMessage, mostNote = 1000, 1024
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	operator := w.StartOperator()
	manyMissing(w, 200)
	w.For(10 * time.Second)
	said := 0
	for _, key := range w.Store.Keys() {
		for _, c := range conditionsOf(w.Store.Get(key.Kind, key.Namespace, key.Name)) {
			if len(c.Message) > mostMessage {
				t.Errorf("%s: condition %s has %d bytes", key, c.Type, len(c.Message))
			}
			if strings.Contains(c.Message, "payments-of-country-000") && strings.Contains(c.Message, " more") {
				said++
			}
		}
	}
	if said < 2 {
		t.Errorf("%d conditions name the first Secret and say that there are more", said)
	}
	if len(operator.Events) == 0 {
		t.Error("nothing is told")
	}
	for _, e := range operator.Events {
		if len(e) > mostNote {
			t.Errorf("an event of %d bytes is lost: %.80s…", len(e), e)
		}
	}
	w.Check(t, "missing Secrets")
}

func conditionsOf(o client.Object) []metav1.Condition {
	switch o := o.(type) {
	case *v1alpha1.Shop:
		return o.Status.Conditions
	case *v1alpha1.ShopService:
		return o.Status.Conditions
	case *v1alpha1.ShopRelease:
		return o.Status.Conditions
	}
	return nil
}

// passesIn counts the passes within a time.
func passesIn(w *World, d time.Duration) int {
	before := w.Operators[len(w.Operators)-1].Passes
	w.For(d)
	return w.Operators[len(w.Operators)-1].Passes - before
}

// S6: a cache that does not move, or somebody who writes all the time.
func TestAConflictThatStaysIsTriedEverMoreSlowlyAndCustomersAreServed(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	stays := false
	w.OnCall = func(c cluster.Call) cluster.Fault {
		if stays && c.Key.Name == frontdoor.TableName(Shop) && c.Key.Kind == "ConfigMap" {
			return cluster.Fault{Instead: apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, c.Key.Name, fmt.Errorf("the object has been modified"))}
		}
		return cluster.Fault{}
	}
	w.StartOperator()
	w.For(5 * time.Second)
	stays = true
	w.Image("cart", "cart:2")
	w.For(30 * time.Second) // it is ready, and each switch is refused
	if n := passesIn(w, time.Minute); n > 20 {
		t.Errorf("%d passes within a minute", n)
	}
	if outage := w.Outage(); outage != "" {
		t.Error(outage)
	}
	if reason, message := w.Reason(); reason != v1alpha1.ReasonApplyFailed || !strings.Contains(message, "the object has been modified") {
		t.Errorf("after a minute and a half it says %s: %s", reason, message)
	}
	stays = false
	was := w.table().Active
	w.For(30 * time.Second)
	if w.table().Active == was {
		t.Error("half a minute after the conflict went it is still not switched")
	}
	w.Rest()
	rightEnd(w)
	w.Check(t, "a conflict that stays")
}

// S8: two passes on an old view could cut two releases of one version; somebody restored a backup.
func TestTwoReleasesOfOneVersionDoNotTakeTurns(t *testing.T) {
	for n := range seeds(5) {
		seed := int64(n)
		w := scenario{name: "versions", policy: func(s *v1alpha1.Shop) { s.Spec.Release.Version = "1" }}.begin()
		other := w.Store.Get("ShopRelease", Namespace, w.table().Active).DeepCopyObject().(*v1alpha1.ShopRelease)
		other.ObjectMeta = metav1.ObjectMeta{Name: Shop + "-0", Namespace: Namespace, Labels: other.Labels, OwnerReferences: other.OwnerReferences, Annotations: map[string]string{}}
		other.Name, other.Spec.Revision = Shop+"-00000000", "00000000"
		w.as("operator-before").Create(other)
		w.Shuffle = shuffled(newRand(seed))
		w.StartOperator()
		w.Rest()
		switches := 0
		for _, wr := range w.Store.Journal() {
			if wr.Key.Name == frontdoor.TableName(Shop) && wr.Changed() && tableIn(asTable(wr.Before)).Active != tableIn(asTable(wr.After)).Active {
				switches++
			}
		}
		if switches > 2 { // one to install, and one at most to the first by name
			t.Errorf("seed %d: the front door was switched %d times", seed, switches)
		}
		rightEnd(w)
		w.Check(t, fmt.Sprintf("seed %d", seed))
		w.Close()
	}
}

func asTable(o client.Object) *corev1.ConfigMap {
	cm, _ := o.(*corev1.ConfigMap)
	return cm
}

// terminating refuses what is new in a namespace that is being deleted.
func terminating(wr *cluster.Write) error {
	if wr.Before != nil {
		return nil
	}
	err := apierrors.NewForbidden(schema.GroupResource{Resource: strings.ToLower(wr.Key.Kind) + "s"}, wr.Key.Name, fmt.Errorf("unable to create new content in namespace %s because it is being terminated", Namespace))
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{Type: corev1.NamespaceTerminatingCause})
	return err
}

// S10: the namespace is being deleted: everything goes, one after the other, and nothing can be created.
func TestANamespaceThatIsBeingDeletedIsNotStormed(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.Store.Admit = terminating
	w.StartOperator()
	w.For(2 * time.Second)
	creates := 0
	w.Store.OnWrite(func(wr *cluster.Write) {
		if strings.HasPrefix(wr.Who, "operator") && wr.Err != nil {
			creates++
		}
	})
	gone, passes := 0, w.Operators[0].Passes
	for _, kind := range writtenKinds() {
		for _, o := range ours(w, kind) {
			w.as("namespace").Delete(o)
			gone++
			w.For(200 * time.Millisecond)
		}
	}
	if n := w.Operators[0].Passes - passes; n > 3*gone {
		t.Errorf("%d passes while %d objects went", n, gone)
	}
	if creates > gone*gone { // each pass asks for what is gone by then
		t.Errorf("%d creates were refused while %d objects went", creates, gone)
	}
	if n := passesIn(w, time.Minute); n > 10 {
		t.Errorf("%d passes within a minute in which nothing changed", n)
	}
	if reason, message := w.Reason(); reason != v1alpha1.ReasonDeleting || !strings.Contains(message, "because it is being terminated") {
		t.Errorf("the shop says %s: %s", reason, message)
	}
	w.as("namespace").Delete(w.Shop())
	creates = 0
	if w.Rest(); creates > 0 {
		t.Errorf("%d creates without a Shop", creates)
	}
	if slices.ContainsFunc(w.Operators[0].Errors, func(err error) bool { return strings.Contains(err.Error(), "panick") }) {
		t.Error(w.Operators[0].Errors)
	}
}

func (w *World) serviceSays(name string) string {
	for _, c := range conditionsOf(w.Store.Get("ShopService", Namespace, name)) {
		if c.Type == string(v1alpha1.ConditionReady) {
			return c.Message
		}
	}
	return ""
}

// Case 17: a policy engine makes a budget for every Deployment, beside the operator's own.
func TestASecondDisruptionBudgetIsNamedOnItsServiceUntilItGoes(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.StartOperator()
	w.For(5 * time.Second)
	second := &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "team-cart", Namespace: Namespace},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "cart"}}},
	}
	w.User().Create(second)
	w.For(5 * time.Second)
	if got := w.serviceSays("cart"); !strings.Contains(got, "no node with its pods can be drained: PodDisruptionBudget team-cart") {
		t.Errorf("cart says: %s", got)
	}
	if got := w.serviceSays("storefront"); strings.Contains(got, "drained") {
		t.Errorf("storefront says: %s", got)
	}
	w.User().Delete(w.Store.Get("PodDisruptionBudget", Namespace, "team-cart"))
	w.For(5 * time.Second)
	if got := w.serviceSays("cart"); strings.Contains(got, "drained") {
		t.Errorf("after it went cart says: %s", got)
	}
	w.Check(t, "a second budget")
}

// A budget that would hold no drain back is not made; the second pod brings one in the stack that serves, and takes it away again.
func TestABudgetComesWithTheSecondPodAndGoesWithIt(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.StartOperator()
	for _, pods := range []int32{1, 2, 1, 3} {
		w.Edit("storefront", func(s *v1alpha1.ShopServiceSpec) { s.Replicas = ptr.To(pods) })
		w.For(15 * time.Second)
		name := w.deployment("storefront", w.table().Active).Name
		if has := w.Store.Get("PodDisruptionBudget", Namespace, name) != nil; has != (pods > 1) {
			t.Errorf("with %d pods there is a budget: %t", pods, has)
		}
	}
	w.Check(t, "a service is scaled")
}

// Case 12: the serving pods keep the old password until another release serves.
func TestARotatedSecretIsToldWhileNothingShips(t *testing.T) {
	const told = "Secret mail changed since"
	for name, policy := range map[string]func(*v1alpha1.ShopSpec){
		"Manual promotion": func(s *v1alpha1.ShopSpec) { s.Release.Promotion = v1alpha1.PromotionManual },
		"paused":           func(s *v1alpha1.ShopSpec) { s.Paused = true },
		"a pin":            nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := scenario{name: "serving"}.begin()
			defer w.Close()
			if policy == nil {
				home := w.table().Active
				policy = func(s *v1alpha1.ShopSpec) { s.Release.Active = home }
			}
			w.StartOperator()
			w.Policy(policy)
			w.For(5 * time.Second)
			if _, message := w.Reason(); strings.Contains(message, told) {
				t.Fatalf("before anything changed it says: %s", message)
			}
			w.User().Set(w.Store.Get("Secret", Namespace, "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"key": []byte("rotated")} })
			w.For(40 * time.Second)
			if reason, message := w.Reason(); !strings.Contains(message, told) {
				t.Errorf("it says %s: %s", reason, message)
			}
			w.Policy(func(s *v1alpha1.ShopSpec) {
				s.Paused, s.Release.Promotion, s.Release.Active = false, v1alpha1.PromotionAutomatic, ""
			})
			w.Rest()
			if reason, message := w.Reason(); strings.Contains(message, told) {
				t.Errorf("when the new one serves it says %s: %s", reason, message)
			}
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

// B11: a webhook that is away, an answer of 500: whatever is no refusal.
func TestAnErrorThatRepeatsIsToldAndTriedAgainWithinAMinute(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	away := true
	w.OnCall = func(c cluster.Call) cluster.Fault {
		if away && c.Key.Kind == "Deployment" {
			return cluster.Fault{Instead: apierrors.NewInternalError(fmt.Errorf("failed calling webhook"))}
		}
		return cluster.Fault{}
	}
	w.StartOperator()
	home := w.table().Active
	w.Image("cart", "cart:2")
	w.For(time.Minute)
	reason, message := w.Reason()
	if reason != v1alpha1.ReasonApplyFailed || !strings.Contains(message, "failed calling webhook") || !strings.Contains(message, "it is tried again within half a minute") {
		t.Errorf("after a minute the shop says %s: %s", reason, message)
	}
	if s := w.Shop().Status; s.Active == nil || s.Active.Release != home || s.ObservedGeneration != w.Shop().Generation {
		t.Errorf("the rest of the status is not as observed: %+v", s)
	}
	w.For(20 * time.Minute) // however long it lasts
	away = false
	w.For(time.Minute)
	if w.table().Active == home {
		t.Error("a minute after the webhook is back the release does not serve")
	}
	w.Rest()
	rightEnd(w)
	w.Check(t, "a webhook that is away")
}

func TestAPausedShopIsNotChangedByALostRecord(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.StartOperator()
	w.For(2 * time.Second)
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = true })
	w.For(2 * time.Second)
	home := w.table().Active
	w.Chaos().Delete(w.Store.Get("ShopRelease", Namespace, home))
	w.For(20 * time.Second)
	if w.Store.Get("ShopRelease", Namespace, home) != nil {
		t.Error("the record is written again although spec.paused is true")
	}
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Paused = false })
	w.Rest()
	rightEnd(w)
	w.Check(t, "a record that is lost in a pause")
}

// With --cascade=foreground, or a finalizer of somebody's, the Shop is there while its objects go.
func TestAShopThatIsBeingDeletedIsNotBuiltAnew(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.Chaos().Report(w.Shop(), func(o client.Object) {
		o.SetFinalizers([]string{"foregroundDeletion"})
		o.SetDeletionTimestamp(ptr.To(metav1.NewTime(w.Now)))
	})
	w.StartOperator()
	for _, kind := range []string{"Deployment", "Service", "ConfigMap"} {
		for _, o := range ours(w, kind) {
			w.as("garbage-collector").Delete(o)
		}
	}
	w.For(20 * time.Second)
	for _, wr := range w.Store.Journal() {
		if strings.HasPrefix(wr.Who, "operator") && wr.Verb != "status" {
			t.Errorf("%s %s is written", wr.Verb, wr.Key)
		}
	}
}

// After a quota is raised nobody has to do anything else.
func TestAReleaseThatWaitsForRoomStartsWhenTheQuotaIsRaised(t *testing.T) {
	w := scenario{name: "serving"}.begin()
	defer w.Close()
	w.StartOperator()
	w.User().Create(&corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "pods", Namespace: Namespace},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(podsIn(w, Namespace), resource.DecimalSI)}},
	})
	home := w.table().Active
	w.Image("cart", "cart:2")
	w.For(time.Hour) // longer than a deadline and a window
	if reason, message := w.Reason(); reason != v1alpha1.ReasonQuotaExceeded || w.table().Active != home {
		t.Fatalf("without room it says %s: %s", reason, message)
	}
	w.User().Set(w.Store.Get("ResourceQuota", Namespace, "pods"), func(o client.Object) {
		o.(*corev1.ResourceQuota).Spec.Hard[corev1.ResourcePods] = *resource.NewQuantity(50, resource.DecimalSI)
	})
	w.For(20 * time.Second)
	if w.table().Active == home {
		reason, message := w.Reason()
		t.Errorf("20 s after there is room it says %s: %s", reason, message)
	}
	w.Rest()
	rightEnd(w)
	w.Check(t, "a quota that is raised")
}

// Somebody deletes all Deployments of the stack that is kept for a way back: it is made again, and one can go back.
func TestAWayBackThatSomebodyDeletedIsMadeAgain(t *testing.T) {
	w := scenario{name: "new image", script: []Stage{at(nil, ships("cart", "cart:2"))}}.begin()
	defer w.Close()
	home := w.table().Active
	w.StartOperator()
	w.Until(func() bool { r, _ := w.Reason(); return w.table().Active != home && r == v1alpha1.ReasonRollbackWindow })
	w.Operators[0].Kill() // so that no pass sees one that is left
	for _, o := range ours(w, "Deployment") {
		if strings.HasSuffix(o.GetName(), strings.TrimPrefix(home, Shop)) {
			w.Chaos().Delete(o)
		}
	}
	w.StartOperator()
	w.For(30 * time.Second)
	for _, service := range []string{"cart", "storefront"} {
		if d := w.deployment(service, home); d == nil || d.Status.AvailableReplicas < 2 {
			t.Fatalf("after 30 s %s of the way back is not there at full strength: %v", service, d)
		}
	}
	if r, said := w.Reason(); r != v1alpha1.ReasonRollbackWindow || strings.Contains(said, "could not serve") {
		t.Errorf("%s: %s", r, said)
	}
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.Active = home })
	w.For(10 * time.Second)
	if got := w.table().Active; got != home {
		t.Errorf("10 s after the pin %s serves, want %s", got, home)
	}
	w.Check(t, "a way back that was deleted")
}

// Somebody ends a rollback window early, and makes it long again: what was retired stays away.
func TestAStackThatWasRetiredDoesNotComeBackWhenTheWindowIsMadeLonger(t *testing.T) {
	w := scenario{name: "new image", script: []Stage{at(nil, ships("cart", "cart:2"))}}.begin()
	defer w.Close()
	home := w.table().Active
	w.StartOperator()
	w.Until(func() bool { r, _ := w.Reason(); return w.table().Active != home && r == v1alpha1.ReasonRollbackWindow })
	window := w.Shop().Spec.Release.RollbackWindow
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.RollbackWindow = &metav1.Duration{} })
	if !w.Until(func() bool { return w.deployment("cart", home) == nil }) {
		t.Fatal("the stack is not retired")
	}
	w.For(time.Second)
	w.Policy(func(s *v1alpha1.ShopSpec) { s.Release.RollbackWindow = window })
	w.For(30 * time.Second)
	if d := w.deployment("cart", home); d != nil {
		t.Errorf("%s is there again", d.Name)
	}
	if r, said := w.Reason(); r != v1alpha1.ReasonServing {
		t.Errorf("%s: %s", r, said)
	}
	w.Check(t, "a window that was made longer")
}
