package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/release"
)

// client-go does so with what an informer begins with, where it begins with a stream.
func twice(t *testing.T, o runtime.Object) (once, again client.Object) {
	t.Helper()
	first, err := stripOurs(o.DeepCopyObject())
	if err != nil {
		t.Fatal(err)
	}
	second, err := stripOurs(first.(runtime.Object).DeepCopyObject())
	if err != nil {
		t.Fatal(err)
	}
	return first.(client.Object), second.(client.Object)
}

func TestWhatIsStrippedTwiceIsAsIfItWereStrippedOnce(t *testing.T) {
	for seed := range uint64(20) {
		_, objects := shopOf(seed)
		for _, o := range []client.Object{&autoscalingv2.HorizontalPodAutoscaler{}, &networkingv1.NetworkPolicy{}, &policyv1.PodDisruptionBudget{}, &appsv1.Deployment{}} {
			filler(seed).Fill(o)
			objects = append(objects, o)
		}
		for _, o := range objects {
			if once, again := twice(t, o); !cmp.Equal(once, again) {
				t.Fatalf("%T, seed %d (-once +twice):\n%s", o, seed, cmp.Diff(once, again))
			}
		}
	}
}

// A copy that lost what it is a copy of would be read again, past the cache, in each pass after a restart.
func TestACopyThatIsStrippedTwiceIsStillACopy(t *testing.T) {
	secret, config := &corev1.Secret{Data: map[string][]byte{"key": []byte("value")}}, &corev1.ConfigMap{Data: map[string]string{"key": "value"}}
	bySecret, err := release.HashSecret(secret)
	if err != nil {
		t.Fatal(err)
	}
	byConfig, err := release.HashConfigMap(config)
	if err != nil {
		t.Fatal(err)
	}
	for o, hash := range map[client.Object]string{secret: bySecret, config: byConfig} {
		o.SetName("acme-copy-" + hash[:8])
		o.SetLabels(map[string]string{frontdoor.LabelComponent: apply.ComponentCopy})
		o.SetAnnotations(map[string]string{observe.AnnotationCopiedFrom: "7"})
		if _, again := twice(t, o); again.GetAnnotations()[observe.AnnotationCopiedFrom] != "7" {
			t.Errorf("%T does not say any more what it is a copy of", o)
		}
	}
}

// Who may write Secrets could else put another content into a copy, and keep what it says of itself.
func TestWhatSomebodyPutIntoACopyIsNotBelievedWhateverItsAnnotationsSay(t *testing.T) {
	forged := &corev1.Secret{Data: map[string][]byte{"key": []byte("other")}}
	forged.SetName("acme-copy-12345678")
	forged.SetLabels(map[string]string{frontdoor.LabelComponent: apply.ComponentCopy})
	forged.SetAnnotations(map[string]string{observe.AnnotationCopiedFrom: "7", apply.AnnotationPacked: "AAAABBBBCCCCDDDDEEEEFFFFGG"})
	once, _ := twice(t, forged)
	if from := once.GetAnnotations()[observe.AnnotationCopiedFrom]; from != "" || len(once.(*corev1.Secret).Data) > 0 {
		t.Errorf("it says that it is a copy of version %s, and holds %v", from, once.(*corev1.Secret).Data)
	}
}
