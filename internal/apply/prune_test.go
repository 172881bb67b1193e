package apply

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
)

const c = "acme-cccccccc"

// retired is a shop of which release c has a stack that plays no role any more.
func retired(t *testing.T) *site {
	t.Helper()
	s := serving(t)
	s.orphanStack(t, c)
	return s
}

// labelled is what an object of release c carries.
func labelled(s *site, name string) metav1.ObjectMeta {
	meta := s.meta(s.world.Shop, name, "service")
	meta.Labels[frontdoor.LabelRelease], meta.Labels[frontdoor.LabelService] = c, "cart"
	return meta
}

func (s *site) left() (out []string) {
	for _, key := range s.store.Keys() {
		if strings.HasSuffix(key.Name, "cccccccc") {
			out = append(out, key.Kind+"/"+key.Name)
		}
	}
	return out
}

func TestARetiredStackGoes(t *testing.T) {
	s := retired(t)
	if len(s.left()) < 6 {
		t.Fatalf("there is only %v", s.left())
	}
	s.must(t)
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if n := s.passWrites(t); n == 0 {
		t.Error("nothing was deleted")
	}
	if n := s.passWrites(t); n > 0 {
		t.Errorf("and a pass after it makes %d writes", n)
	}
}

func TestWhatLeadsToPodsStaysWhileOneOfThemIsThere(t *testing.T) {
	for name, x := range map[string]struct {
		phase   corev1.PodPhase
		service string
		stays   bool
	}{
		"a pod answers its last requests":   {corev1.PodRunning, "cart", true},
		"a pod has not begun":               {corev1.PodPending, "cart", true},
		"its pods ended":                    {corev1.PodSucceeded, "cart", false},
		"its pods failed":                   {corev1.PodFailed, "cart", false},
		"only a pod of a Job is left of it": {corev1.PodRunning, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := retired(t)
			pod := &corev1.Pod{ObjectMeta: labelled(s, "p")}
			pod.Labels[frontdoor.LabelService], pod.Status.Phase = x.service, x.phase
			s.user.Create(pod)
			s.must(t)
			for _, kind := range []string{"Service", "NetworkPolicy"} {
				stays := slices.ContainsFunc(s.left(), func(o string) bool { return strings.HasPrefix(o, kind+"/") })
				if stays != x.stays {
					t.Errorf("%s stays: %t, want %t", kind, stays, x.stays)
				}
			}
			if slices.ContainsFunc(s.left(), func(o string) bool { return strings.HasPrefix(o, "Deployment/") }) {
				t.Errorf("its Deployments stay: %v", s.left())
			}
		})
	}
}

// kubectl delete shop --cascade=orphan, and the shop applied again.
func TestARetiredStackThatLostItsOwnerGoesToo(t *testing.T) {
	s := retired(t)
	for _, kind := range []string{"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"} {
		for _, o := range s.store.All(kind) {
			if o.GetLabels()[frontdoor.LabelRelease] == c {
				s.user.Set(o, func(o client.Object) { o.SetOwnerReferences(nil) })
			}
		}
	}
	s.must(t)
	if left := s.left(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestObjectsOfOthersAreNotDeletedWhateverLabelsTheyCarry(t *testing.T) {
	for name, change := range map[string]func(*metav1.ObjectMeta){
		"nobody controls it":       func(m *metav1.ObjectMeta) { m.OwnerReferences = nil },
		"another shop controls it": func(m *metav1.ObjectMeta) { m.OwnerReferences[0].UID = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			s := retired(t)
			for _, o := range []client.Object{
				&appsv1.Deployment{ObjectMeta: labelled(s, "mine")}, &corev1.Service{ObjectMeta: labelled(s, "mine")}, &batchv1.Job{ObjectMeta: labelled(s, "mine")},
			} {
				meta := labelled(s, "mine")
				change(&meta)
				o.SetOwnerReferences(meta.OwnerReferences)
				s.user.Create(o)
			}
			s.must(t)
			for _, kind := range []string{"Deployment", "Service", "Job"} {
				if !s.has(kind, "mine") {
					t.Errorf("the %s was deleted", kind)
				}
			}
			if left := s.left(); len(left) > 0 {
				t.Errorf("and the shop's own were left: %v", left)
			}
		})
	}
}

func TestNothingIsDeletedThatTheFrontDoorCameBackTo(t *testing.T) {
	for name, table := range map[string]string{
		"another leader switched back to it":           `{"schema":1,"shop":"acme","active":"` + c + `","switch":{"at":"2026-11-27T10:00:00Z","from":"` + a + `"},"releases":[{"name":"` + c + `","routes":[]}]}`,
		"it is shown at the preview":                   `{"schema":1,"shop":"acme","active":"` + a + `","preview":"` + c + `","switch":{"at":"2026-11-27T09:00:00Z"},"releases":[{"name":"` + a + `","routes":[]},{"name":"` + c + `","routes":[]}]}`,
		"somebody went there and back in the meantime": `{"schema":1,"shop":"acme","active":"` + a + `","switch":{"at":"2026-11-27T10:00:00Z","from":"` + c + `"},"releases":[{"name":"` + a + `","routes":[]}]}`,
		"nobody can read what it says now":             `{`,
	} {
		t.Run(name, func(t *testing.T) {
			s := retired(t)
			before := s.left()
			s.look()
			s.goesStale()
			s.user.Set(s.store.Get("ConfigMap", "shops", "acme-front-door"), func(o client.Object) {
				o.(*corev1.ConfigMap).Data = map[string]string{frontdoor.TableKey: table}
			})
			if _, err := s.pass(t); err == nil {
				t.Error("nothing is told")
			}
			if left := s.left(); !slices.Equal(left, before) {
				t.Errorf("left: %v", left)
			}
		})
	}
}

func TestWhatARunningStackNeedsNoMoreGoesAlthoughTheFrontDoorNamesIt(t *testing.T) {
	s := serving(t)
	s.comes()
	s.d.Table.Preview = b
	s.must(t)
	s.look()
	if !s.has("HorizontalPodAutoscaler", "acme-catalog-bbbbbbbb") {
		t.Fatal("it has no autoscaler to lose")
	}
	catalog := &s.world.Releases[b].Spec.Services[1]
	catalog.Autoscaling, catalog.Replicas = nil, ptr.To[int32](2)
	s.must(t)
	if s.has("HorizontalPodAutoscaler", "acme-catalog-bbbbbbbb") || !s.has("Deployment", "acme-catalog-bbbbbbbb") {
		t.Error("the autoscaler stays, or the stack went")
	}
}

func TestWhatChangedSinceItWasLookedAtIsNotDeleted(t *testing.T) {
	s := serving(t)
	s.user.Create(&appsv1.Deployment{ObjectMeta: labelled(s, "acme-cart-cccccccc")})
	s.goesStale()
	s.user.Set(s.store.Get("Deployment", "shops", "acme-cart-cccccccc"), func(o client.Object) { o.SetLabels(map[string]string{"mine": "now"}) })
	if _, err := s.pass(t); !hasConflict(err) || !s.has("Deployment", "acme-cart-cccccccc") {
		t.Errorf("it was deleted by what a cache held of it: %v", err)
	}
	s.lose("Deployment", "acme-cart-cccccccc")
	s.user.Create(&appsv1.Deployment{ObjectMeta: labelled(s, "acme-cart-cccccccc")})
	if _, err := s.pass(t); !hasConflict(err) || !s.has("Deployment", "acme-cart-cccccccc") {
		t.Errorf("another object of the same name was deleted: %v", err)
	}
}

func TestTheStackOfAReleaseWithoutARecordIsLeftAsItIs(t *testing.T) {
	s := retired(t)
	before := s.left()
	s.d.Keep = []string{c}
	s.must(t)
	if left := s.left(); !slices.Equal(left, before) {
		t.Errorf("left: %v", left)
	}
}

func TestJobsStayAsLongAsTheirReleasePlaysARole(t *testing.T) {
	for name, x := range map[string]struct {
		release string
		change  func(*plan.Decision)
		stays   bool
	}{
		"of the release that serves":   {a, func(*plan.Decision) {}, true},
		"of a candidate without stack": {b, func(d *plan.Decision) { d.Candidate = b }, true},
		"of one that waits no more":    {b, func(*plan.Decision) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			job := &batchv1.Job{ObjectMeta: labelled(s, "migration")}
			job.Labels[frontdoor.LabelRelease] = x.release
			s.user.Create(job)
			x.change(s.d)
			s.must(t)
			if s.has("Job", "migration") != x.stays {
				t.Errorf("stays: %t, want %t", !x.stays, x.stays)
			}
		})
	}
}

func TestRecordsBeyondTheHistoryAreDeletedAsTheyWereSeen(t *testing.T) {
	s := serving(t)
	s.d.Drop = []string{b}
	s.user.Set(s.store.Get("ShopRelease", "shops", b), func(o client.Object) { o.SetAnnotations(map[string]string{v1alpha1.AnnotationRejected: "just now"}) })
	if _, err := s.pass(t); !hasConflict(err) || !s.has("ShopRelease", b) {
		t.Errorf("a record that says something new was deleted: %v", err)
	}
	s.look()
	if s.must(t); s.has("ShopRelease", b) {
		t.Error("it stays")
	}
}
