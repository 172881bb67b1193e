package kube

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/emporium-shop/emporium/hack/cluster/internal/layout"
)

func volume(name, class string, phase corev1.PersistentVolumePhase) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       corev1.PersistentVolumeSpec{StorageClassName: class, ClaimRef: &corev1.ObjectReference{Name: "claim"}},
		Status:     corev1.PersistentVolumeStatus{Phase: phase},
	}
}

func TestReclaimFreesReleasedVolumesOnly(t *testing.T) {
	cluster := layout.Cluster{State: t.TempDir()}
	for _, name := range []string{"released", "bound", "other"} {
		if err := os.MkdirAll(cluster.Volumes(name, "data"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	client := fake.NewClientset(
		volume("released", storageClass, corev1.VolumeReleased),
		volume("bound", storageClass, corev1.VolumeBound),
		volume("other", "another-class", corev1.VolumeReleased),
	)
	got, err := (&API{cluster, client}).ReclaimVolumes(t.Context())
	if err != nil || !slices.Equal(got, []string{"released"}) {
		t.Fatalf("got %v, %v", got, err)
	}
	for name, free := range map[string]bool{"released": true, "bound": false, "other": false} {
		now, err := client.CoreV1().PersistentVolumes().Get(t.Context(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		left, _ := filepath.Glob(cluster.Volumes(name, "*"))
		if (now.Spec.ClaimRef == nil) != free || (len(left) == 0) != free {
			t.Errorf("%s: claim %v, data %v", name, now.Spec.ClaimRef, left)
		}
	}
}
