package controllers

import (
	"context"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/randfill"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
)

// filler fills every field of an object with something; times are whole seconds, as in JSON.
func filler(seed uint64) *randfill.Filler {
	return randfill.New().RandSource(rand.NewSource(int64(seed))).NilChance(0.2).NumElements(1, 3).MaxDepth(8).Funcs( //nolint:gosec // a seed, no secret
		func(t *metav1.Time, c randfill.Continue) { *t = metav1.Unix(int64(c.Rand.Uint32()), 0) },
		func(s *string, c randfill.Continue) { *s = fmt.Sprintf("s%x", c.Rand.Uint32()) },
		func(s *corev1.ConditionStatus, c randfill.Continue) {
			*s = []corev1.ConditionStatus{corev1.ConditionTrue, corev1.ConditionFalse}[c.Intn(2)]
		},
		func(t *corev1.PodConditionType, c randfill.Continue) {
			*t = []corev1.PodConditionType{corev1.PodReady, corev1.PodScheduled, corev1.PodInitialized, corev1.DisruptionTarget}[c.Intn(4)]
		},
		func(s *corev1.ContainerState, c randfill.Continue) { *s = state(c) },
		func(m *map[string][]byte, _ randfill.Continue) { *m = map[string][]byte{"key": []byte("value")} },
		func(s *corev1.PodSpec, c randfill.Continue) {
			s.NodeName, s.PriorityClassName = c.String(0), c.String(0)
		},
		func(m *[]metav1.ManagedFieldsEntry, _ randfill.Continue) {
			*m = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
		},
	)
}

func state(c randfill.Continue) corev1.ContainerState {
	return []corev1.ContainerState{
		{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"}},
		{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}},
		{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}},
		{Running: &corev1.ContainerStateRunning{}},
	}[c.Intn(4)]
}

// belongs puts an object into the shop, as if the operator had written it.
func belongs(o client.Object, name, component string) {
	o.SetName(name)
	o.SetNamespace("shops")
	o.SetGenerateName("")
	o.SetDeletionTimestamp(nil)
	o.SetFinalizers(nil)
	o.SetResourceVersion("")
	o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Shop", Name: "acme", UID: "1", Controller: ptr.To(true)}})
	o.SetLabels(map[string]string{resources.LabelManagedBy: resources.ManagedBy, frontdoor.LabelShop: "acme", frontdoor.LabelComponent: component})
	o.SetAnnotations(map[string]string{corev1.LastAppliedConfigAnnotation: "{}", "team": "a"})
}

// shopOf makes a shop with a release of three services, its table, front door, pods and copies.
func shopOf(seed uint64) (*v1alpha1.Shop, []client.Object) {
	fill := filler(seed)
	shop := &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: "shops", UID: "1"}}
	table, _ := frontdoor.Table{Shop: "acme", Active: "acme-1", Releases: []frontdoor.Release{{Name: "acme-1"}}}.Encode()
	cm := &corev1.ConfigMap{Data: map[string]string{frontdoor.TableKey: table}}
	labels := []string{"routing-table", apply.ComponentCopy, ""} // the label may have been lost, or be wrong
	belongs(cm, frontdoor.TableName("acme"), labels[seed%3])
	out := []client.Object{shop, cm}
	for i, component := range []string{"service", frontdoor.ComponentFrontDoor, frontdoor.ComponentMigration} {
		for n := range 3 {
			pod := &corev1.Pod{}
			fill.Fill(pod)
			belongs(pod, fmt.Sprintf("pod-%d-%d", i, n), component)
			if component != frontdoor.ComponentFrontDoor {
				pod.Labels[frontdoor.LabelRelease], pod.Labels[frontdoor.LabelService] = "acme-1", fmt.Sprint("s", n)
				runs(pod, fmt.Sprint("s", n), seed, i)
			}
			out = append(out, pod)
		}
	}
	for n := range 3 {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: ptr.To(int32(n + 2))}, Status: appsv1.DeploymentStatus{AvailableReplicas: int32(n)}}
		belongs(d, fmt.Sprint("acme-s", n, "-1"), "service")
		d.Labels[frontdoor.LabelRelease], d.Labels[frontdoor.LabelService] = "acme-1", fmt.Sprint("s", n)
		out = append(out, d)
	}
	secret, copied := &corev1.Secret{}, &corev1.ConfigMap{}
	fill.Fill(secret)
	fill.Fill(copied)
	belongs(secret, "secret-copy", apply.ComponentCopy)
	belongs(copied, "config-copy", apply.ComponentCopy)
	return shop, append(out, secret, copied)
}

// runs makes the pods of a service, of which there are two, run programs that differ in some seeds.
func runs(pod *corev1.Pod, service string, seed uint64, i int) {
	pod.Status.Phase = corev1.PodRunning
	if len(pod.Status.ContainerStatuses) == 0 {
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{}}
	}
	pod.Status.ContainerStatuses[0].Name = service
	pod.Status.ContainerStatuses[0].ImageID = []string{"registry.example/a@sha256:1", "sha256:1"}[seed%2] + fmt.Sprint(uint64(i)*(seed%3))
}

// indexing lets a fake client be indexed as the operator's cache is.
type indexing struct{ builder *fake.ClientBuilder }

func (i indexing) IndexField(_ context.Context, o client.Object, field string, by client.IndexerFunc) error {
	i.builder.WithIndex(o, field, by)
	return nil
}

func observed(t *testing.T, shop *v1alpha1.Shop, objects []client.Object) *observe.World {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	for _, o := range objects {
		o.SetManagedFields(nil) // the fake client wants them true
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...)
	if err := observe.Index(t.Context(), indexing{builder}); err != nil {
		t.Fatal(err)
	}
	c := builder.Build()
	r := &observe.Reader{Cache: c, Configs: &observe.Configs{Metadata: c, Live: c}}
	w, err := r.Read(context.Background(), shop)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhatIsObservedOfStrippedObjectsIsWhatIsObservedOfWholeOnes(t *testing.T) {
	several := 0
	for seed := range uint64(24) {
		shop, whole := shopOf(seed)
		var stripped []client.Object
		for _, o := range whole {
			s, err := stripOurs(o.DeepCopyObject())
			if err != nil {
				t.Fatal(err)
			}
			stripped = append(stripped, s.(client.Object))
		}
		want, got := observed(t, shop, whole), observed(t, shop, stripped)
		if len(want.Observed.Stacks["acme-1"]) != 3 || want.Table == nil {
			t.Fatalf("seed %d: the shop is not observed: %+v", seed, want.Observed)
		}
		if diff := cmp.Diff(want.Observed, got.Observed, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: observed (-whole +stripped):\n%s", seed, diff)
		}
		if diff := cmp.Diff(want.Programs, got.Programs, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("seed %d: programs (-whole +stripped):\n%s", seed, diff)
		}
		several += len(want.Programs)
		if diff := cmp.Diff(want.Table.Data[frontdoor.TableKey], got.Table.Data[frontdoor.TableKey]); diff != "" {
			t.Fatalf("seed %d: the routing table was stripped:\n%s", seed, diff)
		}
	}
	if several == 0 {
		t.Error("in no seed the pods of a service ran several programs")
	}
}

func TestStrippedPodsWakeTheirShopWhenWholeOnesDo(t *testing.T) {
	told := podTold()
	for seed := range uint64(200) {
		before, after := &corev1.Pod{}, &corev1.Pod{}
		filler(seed).Fill(before)
		filler(seed + 1000).Fill(after)
		whole := told.Update(event.UpdateEvent{ObjectOld: before.DeepCopy(), ObjectNew: after.DeepCopy()})
		stripPod(before)
		stripPod(after)
		if got := told.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); got != whole {
			t.Fatalf("seed %d: wakes %t, whole it wakes %t", seed, got, whole)
		}
	}
}

func TestStrippedObjectsAreSmallAndKeepWhatWritesNeed(t *testing.T) {
	for seed := range uint64(20) {
		_, objects := shopOf(seed)
		for _, o := range objects {
			o.SetUID(types.UID(fmt.Sprint(seed)))
			o.SetResourceVersion("7")
			before := o.DeepCopyObject().(client.Object)
			s, _ := stripOurs(o)
			after := s.(client.Object)
			if after.GetUID() != before.GetUID() || after.GetResourceVersion() != "7" || !cmp.Equal(after.GetLabels(), before.GetLabels()) ||
				!cmp.Equal(after.GetOwnerReferences(), before.GetOwnerReferences()) || after.GetGeneration() != before.GetGeneration() {
				t.Fatalf("%T lost what a deletion or a decision rests on", o)
			}
			if len(after.GetManagedFields()) > 0 || after.GetAnnotations()[corev1.LastAppliedConfigAnnotation] != "" {
				t.Errorf("%T keeps who wrote it", o)
			}
			if secret, is := after.(*corev1.Secret); is && len(secret.Data) > 0 {
				t.Error("a copy of a Secret is held in memory")
			}
			if pod, is := after.(*corev1.Pod); is && !slices.Equal(pod.Status.Conditions, before.(*corev1.Pod).Status.Conditions) {
				t.Error("a pod lost its conditions")
			}
		}
	}
}

func TestASecretOfSomebodyElseIsNotStripped(t *testing.T) {
	s := &corev1.Secret{Data: map[string][]byte{"key": []byte("value")}}
	if _, err := strip(s); err != nil || len(s.Data) != 1 {
		t.Errorf("data %v, %v", s.Data, err)
	}
}
