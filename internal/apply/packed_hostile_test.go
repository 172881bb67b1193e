package apply

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Who may write annotations of Deployments could else let the operator believe in a pod template that does not run.
func TestWhatSomebodyWritesIntoTheAnnotationOfTheCacheIsNotBelieved(t *testing.T) {
	lie := &appsv1.Deployment{}
	lie.Spec.Template.Spec.Containers = []corev1.Container{{Name: "cart", Image: "as-intended:1"}}
	Pack(lie)
	live := &appsv1.Deployment{}
	asIf := strings.TrimPrefix(lie.Annotations[AnnotationPacked], seal)
	live.Annotations = map[string]string{AnnotationPacked: strings.Repeat("A", len(seal)) + asIf} // by who cannot know this process's seal
	live.Spec.Template.Spec.Containers = []corev1.Container{{Name: "cart", Image: "hostile:1"}}
	want := live.DeepCopy().Spec
	Pack(live)
	if err := unpack(live); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, live.Spec); diff != "" {
		t.Errorf("a Writer sees (-what runs +what it sees):\n%s", diff)
	}
}
