package observe

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
)

func podRunning(imageID string) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{frontdoor.LabelRelease: "acme-1", frontdoor.LabelService: "cart"}}}
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "cart", ImageID: imageID}, {Name: "proxy", ImageID: "mesh/proxy@sha256:" + imageID}}
	return p
}

func ending(p corev1.Pod) corev1.Pod {
	p.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	return p
}

func gone(p corev1.Pod) corev1.Pod {
	p.Status.Phase = corev1.PodFailed
	return p
}

func TestPodsOfOneReleaseThatRunSeveralProgramsAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		pods []corev1.Pod
		want string
	}{
		"one program":                                {[]corev1.Pod{podRunning("r.example/cart@sha256:a"), podRunning("r.example/cart@sha256:a")}, ""},
		"a tag was moved":                            {[]corev1.Pod{podRunning("r.example/cart@sha256:b"), podRunning("r.example/cart@sha256:a"), podRunning("r.example/cart@sha256:b")}, "sha256:a sha256:b"},
		"a tag was moved on a node":                  {[]corev1.Pod{podRunning("sha256:a"), podRunning("sha256:b")}, "sha256:a sha256:b"},
		"one program from two mirrors":               {[]corev1.Pod{podRunning("a.example/cart@sha256:a"), podRunning("docker-pullable://b.example/cart@sha256:a")}, ""},
		"one was pulled and the other put there":     {[]corev1.Pod{podRunning("r.example/cart@sha256:a"), podRunning("docker://sha256:b")}, ""},
		"the one of before is on its way out":        {[]corev1.Pod{ending(podRunning("sha256:a")), podRunning("sha256:b")}, ""},
		"the one of before ended":                    {[]corev1.Pod{gone(podRunning("sha256:a")), podRunning("sha256:b")}, ""},
		"the second did not start yet":               {[]corev1.Pod{podRunning("sha256:a"), podRunning("")}, ""},
		"the program of a Job is no service's":       {[]corev1.Pod{podRunning("sha256:a"), jobRunning("sha256:b")}, ""},
		"another container's program does not count": {[]corev1.Pod{podRunning("r.example/cart@sha256:a")}, ""},
	} {
		if got := strings.Join(programs(c.pods)["acme-1"]["cart"], " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func jobRunning(imageID string) corev1.Pod {
	p := podRunning(imageID)
	delete(p.Labels, frontdoor.LabelService)
	p.Labels[frontdoor.LabelJob] = "cart"
	return p
}

func TestAProgramIsItselfAgain(t *testing.T) {
	for _, id := range []string{"r.example/cart@sha256:a", "docker://sha256:a", "sha256:a", ""} {
		once := Program(&corev1.ContainerStatus{ImageID: id})
		if twice := Program(&corev1.ContainerStatus{ImageID: once}); once != twice || strings.Contains(once, "cart") {
			t.Errorf("%q is %q, and then %q", id, once, twice)
		}
	}
	if got := fmt.Sprint(programs(nil)); got != "map[]" {
		t.Error(got)
	}
}
