package harness

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// built is a yard whose source has built commit a.
func built(t testing.TB) *yard {
	y := newYard(t)
	y.add("wishlist")
	y.heads["wishlist"] = "a"
	y.start()
	y.rest()
	return y
}

func (y *yard) expect(name, want string) {
	y.t.Helper()
	if got := y.says(name); got != want {
		y.t.Errorf("source %s: %s, want %s", name, got, want)
	}
}

func (y *yard) expectJobs(want map[string]int) {
	y.t.Helper()
	if diff := cmp.Diff(want, y.jobs()); diff != "" {
		y.t.Errorf("Jobs (-want +got):\n%s", diff)
	}
}

func TestACommitIsBuiltByOneJob(t *testing.T) {
	y := built(t)
	y.expect("wishlist", "Ready=UpToDate latest a a")
	y.expectJobs(map[string]int{"wishlist a": 1})
	for kind, name := range map[string]string{"PersistentVolumeClaim": "acme-build-0", "ConfigMap": "acme-build", "NetworkPolicy": "acme-build"} {
		if o := y.store.Get(kind, Namespace, name); o == nil || !metav1.IsControlledBy(o, y.store.Get("Shop", Namespace, "acme")) {
			t.Errorf("%s %s is not there, or not the shop's", kind, name)
		}
	}
}

// TestABuildCostsFewRequestsAndASourceAtRestNone counts those of the second build: the first makes the slot, too.
func TestABuildCostsFewRequestsAndASourceAtRestNone(t *testing.T) {
	y := built(t)
	written, reads := y.written(), y.reads
	y.rest()
	if y.written() != written || y.reads != reads {
		t.Errorf("at rest, %d writes and %d reads", y.written()-written, y.reads-reads)
	}
	y.heads["wishlist"] = "b"
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest b b")
	writes, looks := y.written()-written, y.reads-reads
	t.Logf("a build: %d writes, %d reads past the caches", writes, looks)
	if writes > 3 || writes+looks > 10 {
		t.Errorf("a build costs %d writes and %d reads past the caches", writes, looks)
	}
}

// faults are what happens while a source builds, and what must be in the end.
var buildScenarios = map[string]struct {
	begin func(*yard)
	want  string
}{
	"a commit":           {func(y *yard) { y.heads["wishlist"] = "b" }, "Ready=UpToDate latest b b"},
	"tests that fail":    {func(y *yard) { y.heads["wishlist"] = "b"; y.fails["b"] = source.StepTest }, "Ready=TestsFailed Stalled=TestsFailed latest a a failed b TestsFailed 1"},
	"a build that fails": {func(y *yard) { y.heads["wishlist"] = "b"; y.fails["b"] = source.StepBuild }, "Ready=BuildFailed Stalled=BuildFailed latest a a failed b BuildFailed 1"},
	"clones that fail":   {func(y *yard) { y.heads["wishlist"] = "b"; y.fails["b"] = "away" }, "Ready=GitUnreachable Reconciling=GitUnreachable latest a a failed b GitUnreachable 6"},
	"pods that are lost": {func(y *yard) { y.heads["wishlist"] = "b"; y.fails["b"] = "lost" }, "Ready=EngineLost Stalled=EngineLost latest a a failed b EngineLost 3"},
}

// TestABuildSurvivesADeathAtEveryWrite: nothing is created twice, nothing is forgotten, whatever becomes of one write.
func TestABuildSurvivesADeathAtEveryWrite(t *testing.T) {
	for name, s := range buildScenarios {
		y := built(t)
		before := y.written()
		s.begin(y)
		y.rest()
		y.expect("wishlist", s.want)
		jobs, writes := y.jobs(), y.written()-before
		if writes < 3 {
			t.Fatalf("%s: only %d writes were made", name, writes)
		}
		for n := 1; n <= writes+1; n++ {
			for _, mode := range crashModes {
				t.Run(fmt.Sprintf("%s, write %d %s", name, n, mode.name), func(t *testing.T) {
					y := built(t)
					y.operator.stop()
					y.onCall = atWrite(n, mode.fault)
					y.start()
					s.begin(y)
					y.rest()
					y.expect("wishlist", s.want)
					y.expectJobs(jobs)
				})
			}
		}
	}
}

// TestABuildIsSeenRightWithCachesThatLag: a pod that is seen ended after its Job counts as ended, and not as lost.
func TestABuildIsSeenRightWithCachesThatLag(t *testing.T) {
	for name, s := range buildScenarios {
		for _, late := range []string{"Pod", "Job", "ShopSource", "PersistentVolumeClaim"} {
			y := newYard(t)
			y.delay = func(kind string) int {
				if kind == late {
					return 9
				}
				return 0
			}
			y.add("wishlist")
			y.heads["wishlist"] = "a"
			y.start()
			y.rest()
			s.begin(y)
			y.rest()
			t.Run(name+", "+late+" is seen late", func(t *testing.T) {
				y.t = t
				y.expect("wishlist", s.want)
				attempts := 1
				for reason, n := range map[string]int{"EngineLost": 3, "GitUnreachable": 6} {
					if strings.Contains(s.want, reason) {
						attempts = n
					}
				}
				y.expectJobs(map[string]int{"wishlist a": 1, "wishlist b": attempts})
			})
		}
	}
}

func TestCommitsDuringABuildAreSkippedButTheNewest(t *testing.T) {
	y := built(t)
	y.user.Set(y.source("wishlist"), func(o client.Object) { o.(*v1alpha1.ShopSource).Spec.Interval = duration(2 * time.Second) })
	y.rest()
	for _, letter := range []string{"b", "c", "d"} {
		y.heads["wishlist"] = letter
		for range 4 {
			y.step()
		}
	}
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest d d")
	if got := y.jobs(); got["wishlist d"] != 1 || len(got) > 3 {
		t.Errorf("Jobs: %v", got)
	}
}

func TestOneSlotBuildsOneSourceAtATimeAndEachGetsItsTurn(t *testing.T) {
	y := newYard(t)
	names := []string{"cart", "catalog", "orders", "wishlist", "tax"}
	for _, name := range names {
		y.add(name)
		y.heads[name] = "a"
	}
	y.start()
	for range 3000 {
		y.step()
		running := 0
		for _, o := range y.store.All("Job") {
			if j := o.(*batchv1.Job); !y.ended(j) {
				running++
			}
		}
		if running > 1 {
			t.Fatalf("%d builds run in one slot", running)
		}
	}
	y.rest()
	for _, name := range names {
		y.expect(name, "Ready=UpToDate latest a a")
		if n := y.jobs()[name+" a"]; n != 1 {
			t.Errorf("source %s had %d Jobs", name, n)
		}
	}
}

func (y *yard) ended(j *batchv1.Job) bool { return len(j.Status.Conditions) > 0 }

func TestARepositoryThatChangesDuringABuildIsBuiltAnew(t *testing.T) {
	y := built(t)
	y.heads["wishlist"] = "b"
	y.until(func() bool { return y.source("wishlist").Status.Building != nil })
	y.user.Set(y.source("wishlist"), func(o client.Object) { o.(*v1alpha1.ShopSource).Spec.Git.URL = "https://git.example/other.git" })
	y.heads["wishlist"] = "c"
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest c c")
	y.expectJobs(map[string]int{"wishlist a": 1, "wishlist b": 1, "wishlist c": 1})
	for _, w := range y.store.Journal() {
		if s, is := w.After.(*v1alpha1.ShopSource); is && s.Status.Latest != nil && strings.HasPrefix(s.Status.Latest.Commit, "b") {
			t.Error("the image of the old repository was taken for the new one's")
		}
	}
}

// until lets things happen until something is.
func (y *yard) until(is func() bool) {
	y.t.Helper()
	for range 2000 {
		if is() {
			return
		}
		y.step()
	}
	y.t.Fatal("it does not come to that")
}

func TestAJobThatSomebodyDeletesIsMadeAnew(t *testing.T) {
	y := built(t)
	y.heads["wishlist"] = "b"
	y.until(func() bool { return y.source("wishlist").Status.Building != nil })
	y.user.Delete(y.store.Get("Job", Namespace, y.source("wishlist").Status.Building.Job))
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest b b")
	y.expectJobs(map[string]int{"wishlist a": 1, "wishlist b": 2})
}

func TestASourceThatIsDeletedDuringABuildLeavesNothingToDo(t *testing.T) {
	y := built(t)
	y.heads["wishlist"] = "b"
	y.until(func() bool { return y.source("wishlist").Status.Building != nil })
	y.user.Delete(y.source("wishlist"))
	before := y.written()
	y.rest()
	if y.written() != before {
		t.Errorf("%d writes for a source that is gone", y.written()-before)
	}
}

func TestASecretMustAllowTheSource(t *testing.T) {
	y := newYard(t)
	s := y.add("wishlist")
	y.user.Set(s, func(o client.Object) { o.(*v1alpha1.ShopSource).Spec.PushSecret = "push" })
	y.heads["wishlist"] = "a"
	y.start()
	y.rest()
	y.expect("wishlist", "Ready=InvalidSource Stalled=InvalidSource")
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "push", Namespace: Namespace}}
	y.user.Create(secret)
	y.rest()
	y.expect("wishlist", "Ready=InvalidSource Stalled=InvalidSource")
	y.expectJobs(map[string]int{})
	y.user.Set(secret, func(o client.Object) {
		o.SetAnnotations(map[string]string{v1alpha1.AnnotationAllowedSources: "wishlist"})
	})
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest a a")
}

func TestAFailedCommitIsTriedOnceMoreOnRequest(t *testing.T) {
	y := built(t)
	y.heads["wishlist"], y.fails["b"] = "b", source.StepTest
	y.rest()
	y.user.Set(y.source("wishlist"), func(o client.Object) { o.SetAnnotations(map[string]string{v1alpha1.AnnotationRequestedAt: "1"}) })
	y.rest()
	y.expect("wishlist", "Ready=TestsFailed Stalled=TestsFailed latest a a failed b TestsFailed 2")
	delete(y.fails, "b")
	y.user.Set(y.source("wishlist"), func(o client.Object) { o.SetAnnotations(map[string]string{v1alpha1.AnnotationRequestedAt: "2"}) })
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest b b")
	y.expectJobs(map[string]int{"wishlist a": 1, "wishlist b": 3})
}

func TestABranchThatIsForcedBackTakesTheImageThatIsThere(t *testing.T) {
	y := built(t)
	y.heads["wishlist"] = "b"
	y.rest()
	y.heads["wishlist"] = "a"
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest a a")
	y.expectJobs(map[string]int{"wishlist a": 1, "wishlist b": 1})
}

func TestABranchThatIsGoneLeavesTheImage(t *testing.T) {
	y := built(t)
	y.trouble = "the repository has no branch main"
	y.rest()
	y.expect("wishlist", "Ready=GitUnreachable Reconciling=GitUnreachable latest a a")
	y.trouble = ""
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest a a")
	y.expectJobs(map[string]int{"wishlist a": 1})
}

func TestASourceThatPushesToAnothersRepositoryIsNotBuilt(t *testing.T) {
	y := built(t)
	y.now = y.now.Add(time.Minute)
	other := y.add("wish")
	y.user.Set(other, func(o client.Object) { o.(*v1alpha1.ShopSource).Spec.Image = repository })
	y.heads["wish"] = "b"
	y.rest()
	y.expect("wish", "Ready=InvalidSource Stalled=InvalidSource")
	y.user.Delete(y.source("wishlist"))
	y.rest()
	if got := y.jobs()["wish b"]; got == 0 {
		t.Error("the other source is gone, and its repository is still nobody's")
	}
}

// TestAJobThatKubernetesRefusesIsTold, and nothing counts as built.
func TestAJobThatKubernetesRefusesIsTold(t *testing.T) {
	y := newYard(t)
	y.add("wishlist")
	y.heads["wishlist"] = "a"
	y.store.Admit = func(w *cluster.Write) error {
		if w.Key.Kind == "Job" && w.Verb == "create" {
			return forbiddenJob
		}
		return nil
	}
	y.start()
	y.until(func() bool { return len(y.source("wishlist").Status.Conditions) > 0 })
	s := y.source("wishlist")
	if s.Status.Building != nil || !strings.Contains(s.Status.Conditions[0].Message, "Kubernetes refused Job wishlist-aaaaaaaa") {
		t.Errorf("it says %+v", s.Status)
	}
	y.store.Admit = nil
	y.rest()
	y.expect("wishlist", "Ready=UpToDate latest a a")
}
