package apply

import (
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

func forbidden(what string) error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "things"}, what, errors.New("a policy says no"))
}

// away is what the API server answers while an admission webhook cannot be reached.
func away() error { return apierrors.NewInternalError(errors.New("failed calling webhook")) }

func (s *site) lose(kind, name string) { s.user.Delete(s.store.Get(kind, "shops", name)) }

func (s *site) has(kind, name string) bool { return s.store.Get(kind, "shops", name) != nil }

func TestARefusedCandidateDoesNotKeepWhatServesFromBeingHealedAndPruned(t *testing.T) {
	for name, refuse := range map[string]func(*site){
		"an object of it is refused":       func(s *site) { s.refuse(forbidden("x"), "Deployment/acme-cart-bbbbbbbb") },
		"a webhook of it is away":          func(s *site) { s.refuse(away(), "Service/acme-cart-bbbbbbbb") },
		"its record cannot be annotated":   func(s *site) { s.refuse(away(), "ShopRelease/"+b) },
		"a copy that it needs is gone":     func(s *site) { s.world.Releases[b].Spec.Copies = []v1alpha1.ConfigCopy{lostCopy()} },
		"the release cannot be cut at all": func(s *site) { s.d.Cut = true; s.world.Snapshot.Spec.Copies = []v1alpha1.ConfigCopy{lostCopy()} },
		"and an object of what serves, too": func(s *site) {
			s.refuse(away(), "Deployment/acme-cart-bbbbbbbb", "PodDisruptionBudget/acme-cart-aaaaaaaa")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			s.orphanStack(t, "acme-cccccccc")
			s.lose("Service", "acme-cart-aaaaaaaa")
			s.lose("PodDisruptionBudget", "acme-cart-aaaaaaaa")
			s.comes()
			refuse(s)
			routed, err := s.pass(t)
			if err == nil || !routed {
				t.Errorf("routed %t, error %v: the table is as decided, and what failed is told", routed, err)
			}
			if !s.has("Service", "acme-cart-aaaaaaaa") {
				t.Error("what serves was not healed")
			}
			if s.has("Deployment", "acme-cart-cccccccc") {
				t.Error("what is retired was not pruned")
			}
		})
	}
}

// orphanStack puts objects there of a release that plays no role.
func (s *site) orphanStack(t *testing.T, name string) {
	t.Helper()
	was, record := s.d.Stacks, s.world.Releases[name]
	s.world.Releases[name] = &v1alpha1.ShopRelease{Spec: recordOf(name)}
	s.world.Releases[name].Name = name
	s.d.Stacks = append(slices.Clone(was), plan.StackPlan{Release: name, Role: plan.Previous, Floors: map[string]int32{"cart": 1, "catalog": 1}})
	s.must(t)
	if s.d.Stacks = was; record == nil {
		delete(s.world.Releases, name)
	}
	s.written()
}

func TestNothingOfARefusedCandidateIsLeftBehindWhenItsDryRunFails(t *testing.T) {
	s := serving(t)
	s.comes()
	s.refuse(forbidden("x"), "Deployment/acme-catalog-bbbbbbbb")
	_, err := s.pass(t)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Name != "acme-catalog-bbbbbbbb" {
		t.Errorf("the refused object is not told: %v", err)
	}
	for _, wrote := range s.written() {
		if strings.Contains(wrote, "bbbbbbbb") && !strings.HasPrefix(wrote, "patch ShopRelease") {
			t.Errorf("%s, although a part of the stack is refused", wrote)
		}
	}
}

func TestAnIrreversibleMigrationIsRememberedBeforeItsJobIsThere(t *testing.T) {
	s := serving(t)
	s.comes()
	s.d.Stacks = s.d.Stacks[:1]
	for i := range s.world.Releases[b].Spec.Services {
		s.world.Releases[b].Spec.Services[i].Migration = &v1alpha1.Migration{Args: []string{"migrate"}, Irreversible: true}
	}
	s.d.Jobs = []plan.JobPlan{{Kind: plan.MigrationJob, Release: b, Name: "cart"}}
	s.d.IrreversibleSince = epoch
	s.refuse(away(), "ShopRelease/"+b)
	if _, err := s.pass(t); err == nil || len(s.store.All("Job")) > 0 {
		t.Errorf("the Job was begun and nothing remembers it: %v", err)
	}
	s.store.Admit = nil
	s.must(t)
	if len(s.store.All("Job")) != 1 || s.store.Get("ShopRelease", "shops", b).GetAnnotations()[v1alpha1.AnnotationIrreversibleSince] == "" {
		t.Error("the migration did not begin when it could be remembered")
	}
}

// ready is a shop whose release b is a stack that is ready, too.
func ready(t *testing.T) *site {
	t.Helper()
	s := serving(t)
	s.comes()
	s.must(t)
	s.isReady(2)
	s.look()
	s.written()
	return s
}

func TestASwitchBackHappensThoughEverythingElseFails(t *testing.T) {
	for name, fails := range map[string]func(*site){
		"healing the front door":   func(s *site) { s.lose("Service", "acme"); s.refuse(away(), "Service/acme") },
		"healing the broken stack": func(s *site) { s.lose("Service", "acme-cart-aaaaaaaa"); s.refuse(away(), "Service/acme-cart-aaaaaaaa") },
		"healing what it goes back to": func(s *site) {
			s.lose("PodDisruptionBudget", "acme-cart-bbbbbbbb")
			s.refuse(away(), "PodDisruptionBudget/acme-cart-bbbbbbbb")
		},
		"annotating its own release": func(s *site) { s.d.Migrated = []string{"cart"}; s.refuse(away(), "ShopRelease/"+b) },
		"cutting the next release":   func(s *site) { s.d.Cut = true; s.world.Snapshot.Spec.Copies = []v1alpha1.ConfigCopy{lostCopy()} },
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(t)
			s.switches(true)
			fails(s)
			routed, err := s.pass(t)
			if s.active(t) != b || !routed {
				t.Errorf("the front door names %s, routed %t: %v", s.active(t), routed, err)
			}
			if err == nil {
				t.Error("what failed is not told")
			}
		})
	}
}

// What a crash right after the way back must not forget is written before it.
func TestARejectionIsRememberedBeforeTheFrontDoorGoesBack(t *testing.T) {
	s := rejecting(t)
	before := len(s.store.Journal())
	s.must(t)
	var writes []string
	for _, w := range s.store.Journal()[before:] {
		writes = append(writes, w.Key.Kind+"/"+w.Key.Name)
	}
	record := slices.IndexFunc(writes, func(w string) bool { return w == "ShopRelease/"+a })
	table := slices.IndexFunc(writes, func(w string) bool { return strings.HasPrefix(w, "ConfigMap/") })
	if record < 0 || table < 0 || record > table {
		t.Errorf("got %v", writes)
	}
	if notes := s.store.Get("ShopRelease", "shops", a).GetAnnotations(); s.active(t) != b || notes[v1alpha1.AnnotationRejected] != "it broke the guard" {
		t.Errorf("active %s, annotations %v", s.active(t), notes)
	}
}

// rejecting is a pass in which the guard goes back from release a.
func rejecting(t *testing.T) *site {
	t.Helper()
	s := ready(t)
	s.switches(true)
	s.d.Rejected, s.d.Verdict, s.d.RejectedServices = a, "it broke the guard", []string{"cart"}
	return s
}

func TestCustomersDoNotWaitUntilARejectionCanBeRecorded(t *testing.T) {
	s := rejecting(t)
	s.refuse(away(), "ShopRelease/"+a)
	if routed, err := s.pass(t); !routed || err == nil || s.active(t) != b {
		t.Errorf("the front door names %s: routed %t, %v", s.active(t), routed, err)
	}
}

func TestASwitchForwardWaitsForWhatIsComing(t *testing.T) {
	s := ready(t)
	s.switches(false)
	s.lose("Service", "acme-cart-bbbbbbbb")
	s.refuse(away(), "Service/acme-cart-bbbbbbbb")
	if routed, err := s.pass(t); routed || err == nil || s.active(t) != a {
		t.Errorf("the front door names %s, routed %t, %v", s.active(t), routed, err)
	}
}

func TestAfterASwitchThatFailedNothingIsPruned(t *testing.T) {
	s := ready(t)
	s.orphanStack(t, "acme-cccccccc")
	s.look()
	s.switches(false)
	s.d.Drop = []string{a} // beyond the history, where b serves
	s.refuse(away(), "ConfigMap/acme-front-door")
	routed, err := s.pass(t)
	if routed || err == nil {
		t.Errorf("routed %t, %v", routed, err)
	}
	for _, wrote := range s.written() {
		if strings.HasPrefix(wrote, "delete") {
			t.Errorf("%s, though the front door may name either release", wrote)
		}
	}
}

func TestTheFrontDoorIsNotSwitchedToAStackThatIsGone(t *testing.T) {
	for name, happens := range map[string]func(*site){
		"a pod ended":              func(s *site) { s.isReady(1) },
		"a Deployment was deleted": func(s *site) { s.lose("Deployment", "acme-cart-bbbbbbbb") },
		"the other was deleted":    func(s *site) { s.lose("Deployment", "acme-catalog-bbbbbbbb") },
		"a Deployment is being deleted": func(s *site) {
			s.user.Report(s.store.Get("Deployment", "shops", "acme-cart-bbbbbbbb"), func(o client.Object) { o.SetDeletionTimestamp(ptr.To(metav1.NewTime(epoch))) })
		},
		"somebody else's took over": func(s *site) {
			s.user.Set(s.store.Get("Deployment", "shops", "acme-cart-bbbbbbbb"), func(o client.Object) {
				refs := slices.Clone(o.GetOwnerReferences())
				refs[0].UID = "another"
				o.SetOwnerReferences(refs)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := ready(t)
			s.switches(false)
			s.d.Back = true // the switch comes before anything is healed
			happens(s)
			if routed, err := s.pass(t); routed || err == nil || s.active(t) != a {
				t.Errorf("the front door names %s, routed %t, %v", s.active(t), routed, err)
			}
		})
	}
}

func TestASwitchThatWasDecidedOnAnOldTableIsNotWritten(t *testing.T) {
	s := ready(t)
	s.switches(false)
	s.user.Set(s.store.Get("ConfigMap", "shops", "acme-front-door"), func(o client.Object) {
		o.SetLabels(map[string]string{"another": "leader"})
	})
	_, err := s.pass(t)
	if !hasConflict(err) || s.active(t) != a {
		t.Errorf("the front door names %s: %v", s.active(t), err)
	}
}

func hasConflict(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return slices.ContainsFunc(joined.Unwrap(), hasConflict)
	}
	return apierrors.IsConflict(err)
}

func TestATableOfAnotherUIDIsNotOverwritten(t *testing.T) {
	s := ready(t)
	s.lose("ConfigMap", "acme-front-door")
	s.switches(false)
	if _, err := s.pass(t); !hasConflict(err) || s.has("ConfigMap", "acme-front-door") {
		t.Errorf("a table that is gone was written as if it were there: %v", err)
	}
}

// Kubernetes lets nobody change what is immutable, nor the field itself.
func TestATableThatSomebodyMadeImmutableKeepsNoWayBackWaiting(t *testing.T) {
	s := ready(t)
	before := s.store.Get("ConfigMap", "shops", "acme-front-door").DeepCopyObject().(*corev1.ConfigMap)
	s.user.Set(s.store.Get("ConfigMap", "shops", "acme-front-door"), func(o client.Object) { o.(*corev1.ConfigMap).Immutable = ptr.To(true) })
	s.look()
	s.written()
	if s.must(t); len(s.written()) > 0 {
		t.Error("a policy that makes each new one immutable, too, would keep the operator writing for ever")
	}
	s.switches(true)
	s.must(t)
	after := s.store.Get("ConfigMap", "shops", "acme-front-door").(*corev1.ConfigMap)
	if s.active(t) != b || after.Immutable != nil || after.UID == before.UID {
		t.Errorf("%s serves, immutable %v, the same object %t", s.active(t), after.Immutable, after.UID == before.UID)
	}
}

func TestATableThatNamesNoReleaseIsNotWrittenWhileReplicasRouteToOne(t *testing.T) {
	s := serving(t)
	s.lose("ConfigMap", "acme-front-door")
	s.look()
	s.d.Table = plan.TablePlan{}
	s.world.Routed = []string{a}
	routed, err := s.pass(t)
	if err == nil || routed || !strings.Contains(err.Error(), a) || s.has("ConfigMap", "acme-front-door") {
		t.Errorf("routed %t, table there %t: %v", routed, s.has("ConfigMap", "acme-front-door"), err)
	}
	s.world.Routed = nil
	s.must(t)
	if !s.has("ConfigMap", "acme-front-door") {
		t.Error("a shop that begins has no table")
	}
}

func TestAFrozenShopIsLeftAsItIs(t *testing.T) {
	s := serving(t)
	s.lose("Service", "acme-cart-aaaaaaaa")
	s.d = &plan.Decision{Frozen: true}
	if routed, err := s.pass(t); !routed || err != nil || len(s.written()) > 0 {
		t.Errorf("routed %t, %v", routed, err)
	}
}

func TestASwitchIsOneWriteOfTheTable(t *testing.T) {
	s := ready(t)
	s.switches(false)
	s.d.Stacks[0].Role, s.d.Stacks[1].Role, s.d.Candidate = plan.Previous, plan.Active, ""
	s.must(t)
	if got := slices.DeleteFunc(s.written(), func(w string) bool { return !strings.Contains(w, "ConfigMap") }); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if table, _ := frontdoor.Decode(s.store.Get("ConfigMap", "shops", "acme-front-door").(*corev1.ConfigMap).Data[frontdoor.TableKey]); table.Switch == nil || table.Switch.From != a {
		t.Errorf("the switch does not tell what was before: %+v", table.Switch)
	}
}

// Writes are begun in the order of the list, several at once; when each ends is up to the server.
func TestPodsComeFirst(t *testing.T) {
	s := serving(t)
	s.comes()
	s.must(t)
	coming := s.intents(t)
	pods, others := 0, 0
	for _, in := range podsFirst(coming) {
		if in.kind() != "Deployment" {
			others++
			continue
		}
		if pods++; others > 0 {
			t.Errorf("Deployment %s comes after %d objects that start no pod", in.name(), others)
		}
	}
	if pods < 2 || others < 4 || pods+others != len(coming) {
		t.Errorf("%d Deployments and %d other objects of %d", pods, others, len(coming))
	}
}

func TestNobodySwitchesToAReleaseThatWasRejectedAMomentAgo(t *testing.T) {
	for _, back := range []bool{false, true} {
		s := ready(t)
		s.switches(back)
		s.user.Set(s.store.Get("ShopRelease", "shops", b), func(o client.Object) {
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationRejected: "another operator saw its errors"})
		})
		if _, err := s.pass(t); !hasConflict(err) || s.active(t) != a {
			t.Errorf("back %t: the front door names %s: %v", back, s.active(t), err)
		}
	}
}

// Pods of before a Deployment was healed do not show that those after it are ready.
func TestASwitchForwardWaitsUntilWhatWasHealedIsCounted(t *testing.T) {
	for _, back := range []bool{false, true} {
		s := ready(t)
		s.switches(back)
		s.user.Report(s.store.Get("Deployment", "shops", "acme-cart-bbbbbbbb"), func(o client.Object) {
			d := o.(*appsv1.Deployment)
			d.Status.ObservedGeneration = d.Generation - 1
		})
		if _, err := s.pass(t); hasConflict(err) == back {
			t.Errorf("back %t: the front door names %s: %v", back, s.active(t), err)
		}
	}
}
