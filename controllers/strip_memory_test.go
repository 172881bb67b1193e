package controllers

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

// encodedPod is what the API server sends of the n-th pod of a shop: a container with probes,
// resources and five variables.
func encodedPod(t *testing.T, n int) []byte {
	t.Helper()
	p := &corev1.Pod{}
	belongs(p, fmt.Sprint("acme-cart-1-", n), "service")
	p.Labels[frontdoor.LabelRelease], p.Labels[frontdoor.LabelService] = "acme-1", "cart"
	p.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsV1: metav1.NewFieldsV1(`{"f:status":{"f:conditions":{}}}`)}}
	c := corev1.Container{Name: "cart", Image: "registry.example/cart:1", ReadinessProbe: &corev1.Probe{PeriodSeconds: 1}, LivenessProbe: &corev1.Probe{PeriodSeconds: 10}}
	for i := range 5 {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprint("VARIABLE_", i), Value: "a value"})
	}
	c.Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
	p.Spec.Containers = []corev1.Container{c}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "cart", Image: c.Image, ImageID: "sha256:0123456789abcdef", ContainerID: "containerd://0123456789abcdef", Ready: true}}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// held is the memory that a thousand decoded pods take, in bytes a pod.
func held(t *testing.T, transform func(any) (any, error)) uint64 {
	t.Helper()
	encoded := encodedPod(t, 1)
	return heldOf(func() any {
		p := &corev1.Pod{}
		if err := json.Unmarshal(encoded, p); err != nil {
			t.Fatal(err)
		}
		return p
	}, transform)
}

// heldOf is the memory that a thousand objects take, in bytes for each.
func heldOf(decoded func() any, transform func(any) (any, error)) uint64 {
	const objects = 1000
	all := make([]any, 0, objects)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range objects {
		o, err := transform(decoded())
		if err != nil {
			panic(err) // a test's own object
		}
		all = append(all, o)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(all)
	return (after.HeapAlloc - before.HeapAlloc) / objects
}

func TestAStrippedPodTakesHalfOfTheMemory(t *testing.T) {
	whole, stripped := held(t, func(o any) (any, error) { return o, nil }), held(t, strip)
	t.Logf("a pod takes %d bytes, stripped %d", whole, stripped)
	if 2*stripped > whole {
		t.Errorf("a stripped pod takes %d bytes of %d", stripped, whole)
	}
}

func TestWhatManyObjectsSayIsHeldOnce(t *testing.T) {
	at := func(n int) client.Object {
		p := &corev1.Pod{}
		if err := json.Unmarshal(encodedPod(t, n), p); err != nil {
			t.Fatal(err)
		}
		if _, err := strip(p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	a, b := at(1), at(2)
	for what, pair := range map[string][2]string{
		"release":   {a.GetLabels()[frontdoor.LabelRelease], b.GetLabels()[frontdoor.LabelRelease]},
		"owner":     {a.GetOwnerReferences()[0].Name, b.GetOwnerReferences()[0].Name},
		"namespace": {a.GetNamespace(), b.GetNamespace()},
	} {
		if pair[0] == "" || pair[0] != pair[1] || unsafe.StringData(pair[0]) != unsafe.StringData(pair[1]) {
			t.Errorf("%s: %q and %q are two strings", what, pair[0], pair[1])
		}
	}
}

// encodedDeployment is what the API server sends of the Deployment of a service as the samples have them.
func encodedDeployment(t *testing.T) []byte {
	t.Helper()
	pod := &corev1.Pod{}
	if err := json.Unmarshal(encodedPod(t, 1), pod); err != nil {
		t.Fatal(err)
	}
	d := &appsv1.Deployment{}
	belongs(d, "acme-cart-1", "service")
	d.Spec.Template.Labels, d.Spec.Template.Spec = pod.Labels, pod.Spec
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue}}
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAPackedDeploymentTakesTwoThirdsOfTheMemory(t *testing.T) {
	encoded := encodedDeployment(t)
	one := func() any {
		d := &appsv1.Deployment{}
		if err := json.Unmarshal(encoded, d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	whole, packed := heldOf(one, strip), heldOf(one, stripOurs)
	t.Logf("a Deployment takes %d bytes, packed %d", whole, packed)
	if 3*packed > 2*whole {
		t.Errorf("a packed Deployment takes %d bytes of %d", packed, whole)
	}
}
