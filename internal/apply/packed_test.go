package apply

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/apitesting/fuzzer"
	metafuzzer "k8s.io/apimachinery/pkg/apis/meta/fuzzer"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// packables are one of each kind that is packed.
func packables() []client.Object {
	return []client.Object{&appsv1.Deployment{}, &policyv1.PodDisruptionBudget{}, &networkingv1.NetworkPolicy{}, &autoscalingv2.HorizontalPodAutoscaler{}}
}

// asCompared is an object as a Writer compares it with an intent.
func asCompared(t *testing.T, o client.Object) map[string]any {
	t.Helper()
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// packedAndUnpacked is what a Writer gets of an object from a cache that packs.
func packedAndUnpacked(t *testing.T, o client.Object) client.Object {
	t.Helper()
	held := o.DeepCopyObject().(client.Object)
	Pack(held)
	if held.GetAnnotations()[AnnotationPacked] == "" {
		t.Fatalf("%T is not packed", o)
	}
	if err := unpack(held); err != nil {
		t.Fatal(err)
	}
	if held.GetAnnotations()[AnnotationPacked] != "" {
		t.Errorf("%T is compared with the bytes of its cache", o)
	}
	if len(o.GetAnnotations()) == 0 {
		held.SetAnnotations(o.GetAnnotations())
	}
	return held
}

func TestWhatIsPackedIsComparedAsIfItWereNot(t *testing.T) {
	golden, err := filepath.Glob("../resources/testdata/*.golden")
	if err != nil || len(golden) == 0 {
		t.Fatalf("no golden objects: %v", err)
	}
	packed := map[string]int{}
	for _, file := range golden {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range bytes.Split(content, []byte("\n---\n")) {
			for _, o := range packables() {
				var head struct{ Kind string }
				if yaml.Unmarshal(document, &head) != nil || head.Kind != kindName(o) {
					continue
				}
				if err := yaml.Unmarshal(document, o); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				if diff := cmp.Diff(asCompared(t, o), asCompared(t, packedAndUnpacked(t, o))); diff != "" {
					t.Errorf("%s: %s (-whole +packed):\n%s", file, o.GetName(), diff)
				}
				packed[head.Kind]++
			}
		}
	}
	if len(packed) != len(packables()) {
		t.Errorf("the golden objects hold only %v", packed)
	}
}

func kindName(o client.Object) string {
	kinds, _, err := clientgoscheme.Scheme.ObjectKinds(o)
	if err != nil {
		panic(err) // a kind of Kubernetes
	}
	return kinds[0].Kind
}

// What others write into an object has any form that the API allows.
func TestAnythingThatIsPackedComesOutTheSame(t *testing.T) {
	fill := fuzzer.FuzzerFor(fuzzer.MergeFuzzerFuncs(metafuzzer.Funcs), rand.NewSource(1), serializer.NewCodecFactory(clientgoscheme.Scheme))
	for range 200 {
		for _, o := range packables() {
			fill.Fill(o)
			o.SetAnnotations(map[string]string{"of": "somebody"})
			// What holds nothing is sent as what is not there; so is it by a real API server.
			if diff := cmp.Diff(withoutEmpty(asCompared(t, o)), withoutEmpty(asCompared(t, packedAndUnpacked(t, o)))); diff != "" {
				t.Fatalf("%T (-whole +packed):\n%s", o, diff)
			}
		}
	}
}

// withoutEmpty leaves out the lists and maps that hold nothing: the wire form does not tell them from none, nor does a comparison with an intent.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if list, is := e.([]any); e == nil || (is && len(list) == 0) {
				continue
			}
			out[k] = withoutEmpty(e)
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, withoutEmpty(e))
		}
		return out
	}
	return v
}

func TestAPackedObjectHoldsNothingOfItsSpecDecoded(t *testing.T) {
	d := &appsv1.Deployment{}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "cart", Image: "registry.example/cart:1"}}
	d.Spec.Paused = true
	Pack(d)
	if len(d.Spec.Template.Spec.Containers) > 0 || !d.Spec.Paused {
		t.Errorf("held: %+v", d.Spec)
	}
}

func TestWhatCannotBeUnpackedIsAnError(t *testing.T) {
	d := &appsv1.Deployment{}
	d.Name = "cart"
	d.Annotations = map[string]string{AnnotationPacked: seal + "\xff\xff"}
	if err := unpack(d); err == nil {
		t.Error("bytes that are none of a template make one")
	}
}
