package apply

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// mutating is a policy that changes each Deployment which the operator writes.
func (s *site) mutating(change func(*appsv1.Deployment)) {
	s.store.Admit = func(w *cluster.Write) error {
		if d, is := w.After.(*appsv1.Deployment); is && w.Who == "operator" {
			change(d)
		}
		return nil
	}
}

func TestAPolicyThatChangesWhatIsWrittenCostsOneWriteOfEachObject(t *testing.T) {
	s := serving(t)
	s.mutating(func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "mirror.example/rewritten" })
	s.lose("Deployment", "acme-cart-aaaaaaaa")
	if n := s.passWrites(t); n != 1 {
		t.Fatalf("%d writes, want one", n)
	}
	if n := s.passWrites(t); n != 0 {
		t.Errorf("%d writes on the next pass: the policy and the operator take turns", n)
	}
}

func TestWhatAPersonChangesOfAnObjectThatAPolicyChangedIsPutBack(t *testing.T) {
	s := serving(t)
	s.mutating(func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "mirror.example/rewritten" })
	s.lose("Deployment", "acme-cart-aaaaaaaa")
	s.passWrites(t)
	s.user.Set(s.store.Get("Deployment", "shops", "acme-cart-aaaaaaaa"), func(o client.Object) { o.(*appsv1.Deployment).Spec.Replicas = ptr.To[int32](7) })
	s.must(t)
	if got := *s.store.Get("Deployment", "shops", "acme-cart-aaaaaaaa").(*appsv1.Deployment).Spec.Replicas; got != 2 {
		t.Errorf("%d replicas, want 2", got)
	}
}

func TestANewIntentIsWrittenThoughAPolicyChangedTheOld(t *testing.T) {
	s := serving(t)
	s.mutating(func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "mirror.example/rewritten" })
	s.lose("Deployment", "acme-cart-aaaaaaaa")
	s.passWrites(t)
	s.d.Stacks[0].Floors = map[string]int32{"cart": 3, "catalog": 2}
	if n := s.passWrites(t); n == 0 {
		t.Error("a new number of replicas is not written")
	}
}

func TestAnAutoscalerTakesOverTheNumberThatRuns(t *testing.T) {
	auto := func(s *site) {
		s.world.Releases[a].Spec.Services[0].Autoscaling = &v1alpha1.Autoscaling{MinReplicas: 2, MaxReplicas: 9, CPUUtilization: ptr.To[int32](50)}
		s.world.Releases[a].Spec.Services[0].Replicas = nil
	}
	replicas := func(s *site) int32 {
		return ptr.Deref(s.store.Get("Deployment", "shops", "acme-cart-aaaaaaaa").(*appsv1.Deployment).Spec.Replicas, -1)
	}
	t.Run("where the operator set it, it is handed over", func(t *testing.T) {
		s := serving(t)
		s.fieldsOf(t, "acme-cart-aaaaaaaa")
		auto(s)
		s.must(t)
		if got := replicas(s); got != 2 {
			t.Errorf("%d replicas after the take-over, want 2 as before", got)
		}
	})
	t.Run("where an autoscaler moves it already, what a cache held is not put back", func(t *testing.T) {
		s := serving(t)
		auto(s)
		s.must(t)
		cart := s.store.Get("Deployment", "shops", "acme-cart-aaaaaaaa")
		s.user.Set(cart, func(o client.Object) { o.(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Image = "edited:1" })
		s.goesStale()
		s.user.Set(cart, func(o client.Object) { o.(*appsv1.Deployment).Spec.Replicas = ptr.To[int32](8) })
		s.written()
		s.must(t)
		if got, wrote := replicas(s), s.written(); got != 8 || len(wrote) != 1 {
			t.Errorf("%d replicas after %v, want the 8 of the autoscaler and one write, which heals the image", got, wrote)
		}
	})
}

// fieldsOf fails where the cluster of the test keeps no record of who owns the replicas.
func (s *site) fieldsOf(t *testing.T, name string) {
	t.Helper()
	var d appsv1.Deployment
	if err := s.Live.Get(t.Context(), client.ObjectKey{Namespace: "shops", Name: name}, &d); err != nil {
		t.Fatal(err)
	}
	if !ownsReplicas(&d) {
		t.Fatal("the operator set the replicas and does not own them")
	}
}

func TestOnlyWhoAppliedTheReplicasOwnsThem(t *testing.T) {
	managed := func(manager, fields string) []metav1.ManagedFieldsEntry {
		return []metav1.ManagedFieldsEntry{{Manager: "kubelet"}, {Manager: manager, FieldsV1: metav1.NewFieldsV1(fields)}}
	}
	for name, x := range map[string]struct {
		fields []metav1.ManagedFieldsEntry
		want   bool
	}{
		"the operator":                  {managed("emporium", `{"f:spec":{"f:replicas":{}}}`), true},
		"the operator, of other fields": {managed("emporium", `{"f:spec":{"f:template":{}}}`), false},
		"an autoscaler":                 {managed("vpa", `{"f:spec":{"f:replicas":{}}}`), false},
		"nobody knows":                  {nil, false},
		"a record that cannot be read":  {managed("emporium", `{`), false},
	} {
		if got := ownsReplicas(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{ManagedFields: x.fields}}); got != x.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestAnObjectOfSomebodyElseIsNeverWrittenOver(t *testing.T) {
	own := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "shops", Name: name} }
	for name, x := range map[string]client.Object{
		"the shop's Service":         &corev1.Service{ObjectMeta: own("acme")},
		"the front door's Role":      &rbacv1.Role{ObjectMeta: own("acme-front-door")},
		"the front door's pods":      &appsv1.Deployment{ObjectMeta: own("acme-front-door")},
		"the routing table":          &corev1.ConfigMap{ObjectMeta: own("acme-front-door"), Data: map[string]string{"motd": "hello"}},
		"a service of what serves":   &corev1.Service{ObjectMeta: own("acme-cart-aaaaaaaa")},
		"an identity of the gateway": &corev1.ServiceAccount{ObjectMeta: own("acme-front-door")},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			gvk, err := s.Client.GroupVersionKindFor(x)
			if err != nil {
				t.Fatal(err)
			}
			kind := gvk.Kind
			s.lose(kind, x.GetName())
			s.user.Create(x)
			if s.look(); kind == "ConfigMap" {
				s.world.Table = nil // as observed: it is none of the shop's
			}
			s.written()
			_, err = s.pass(t)
			var foreign *ForeignError
			if !errors.As(err, &foreign) || foreign.Name != x.GetName() {
				t.Errorf("it is not told: %v", err)
			}
			if got := s.written(); len(got) > 0 && !(len(got) == 1 && got[0] == "create ConfigMap/acme-front-door") {
				t.Errorf("wrote %v", got)
			}
		})
	}
}

func TestWhatLostItsOwnerGetsItBack(t *testing.T) {
	s := serving(t)
	s.user.Set(s.store.Get("Service", "shops", "acme-cart-aaaaaaaa"), func(o client.Object) { o.SetOwnerReferences(nil) })
	s.must(t)
	if !metav1.IsControlledBy(s.store.Get("Service", "shops", "acme-cart-aaaaaaaa"), s.world.Shop) {
		t.Error("it would stay behind when the shop goes")
	}
}

func TestATableThatAppearedMeanwhileIsNotOverwritten(t *testing.T) {
	s := serving(t)
	before := s.store.Get("ConfigMap", "shops", "acme-front-door").GetResourceVersion()
	s.world.Table = nil // the pass looked before another operator wrote it
	if _, err := s.pass(t); !hasConflict(err) {
		t.Errorf("got %v", err)
	}
	if s.store.Get("ConfigMap", "shops", "acme-front-door").GetResourceVersion() != before {
		t.Error("it was written over")
	}
}

func TestARecordOfTheSameNameIsTakenAsItIsOnlyWhereItIsThisShops(t *testing.T) {
	cut := func(s *site) {
		s.d.Cut = true
		s.world.Snapshot = release.Snapshot{Name: b, Spec: recordOf(b)}
	}
	s := serving(t)
	cut(s)
	if s.must(t); len(s.written()) != 1 {
		t.Error("a record that is there is more than one try to create it")
	}
	s = serving(t)
	s.user.Set(s.store.Get("ShopRelease", "shops", b), func(o client.Object) {
		refs := append([]metav1.OwnerReference{}, o.GetOwnerReferences()...)
		refs[0].UID = "of-a-shop-that-was-deleted"
		o.SetOwnerReferences(refs)
	})
	cut(s)
	_, err := s.pass(t)
	var foreign *ForeignError
	if !errors.As(err, &foreign) {
		t.Errorf("the record of a deleted shop, which goes with it, was taken: %v", err)
	}
}

func TestARecordThatIsWrittenAgainKeepsWhatItWas(t *testing.T) {
	s := serving(t)
	lost := s.world.Releases[b].DeepCopy()
	lost.UID, lost.Annotations = "first", map[string]string{v1alpha1.AnnotationMigrated: "cart"}
	s.lose("ShopRelease", b)
	if err := s.Restore(t.Context(), s.world.Shop, lost); err != nil {
		t.Fatal(err)
	}
	notes := s.store.Get("ShopRelease", "shops", b).GetAnnotations()
	if notes[v1alpha1.AnnotationRestored] != "first" || notes[v1alpha1.AnnotationMigrated] != "cart" {
		t.Errorf("got %v", notes)
	}
	again := s.store.Get("ShopRelease", "shops", b).DeepCopyObject().(*v1alpha1.ShopRelease)
	s.lose("ShopRelease", b)
	if err := s.Restore(t.Context(), s.world.Shop, again); err != nil {
		t.Fatal(err)
	}
	if got := s.store.Get("ShopRelease", "shops", b).GetAnnotations()[v1alpha1.AnnotationRestored]; got != "first" {
		t.Errorf("restored twice it is %q, want the first of all", got)
	}
}

func TestADryRunAsksWhatATeamWroteAndOneOfWhatIsTheSameForAll(t *testing.T) {
	s := serving(t)
	s.comes()
	asked := map[string]int{}
	var coming []intent
	for _, in := range s.intents(t) {
		if in.release() == b {
			coming = append(coming, in)
		}
	}
	for _, in := range telling(append(coming, intent{err: errors.New("x")}), nil) {
		asked[in.kind()]++
	}
	for kind, want := range map[string]int{"Deployment": 2, "HorizontalPodAutoscaler": 1, "Service": 1, "PodDisruptionBudget": 1, "Job": 0} {
		if asked[kind] != want {
			t.Errorf("%d of kind %s are asked, want %d", asked[kind], kind, want)
		}
	}
	s.must(t)
	if s.look(); len(s.world.Observed.Stacks[b]) == 0 {
		t.Fatal("the stack is not there")
	}
	before := len(s.store.Journal())
	s.must(t)
	for _, w := range s.store.Journal()[before:] {
		if w.DryRun {
			t.Errorf("%s is asked again, of a stack that runs", w.Key)
		}
	}
}
