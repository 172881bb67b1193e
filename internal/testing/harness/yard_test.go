package harness

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/poll"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

const repository = "reg.example/acme/wishlist"

// yard is a namespace in which sources are built: the reconciler with its real watches, a Git server, and a kubelet whose
// builds take six seconds.
type yard struct {
	t        testing.TB
	now      time.Time
	store    *cluster.Store
	user     cluster.As
	operator *builder
	// onCall decides what becomes of a write, delay in how many steps a cache sees one.
	onCall func(cluster.Call) cluster.Fault
	delay  func(kind string) int
	// heads are what Git says, by source; trouble is said in their place.
	heads   map[string]string
	trouble string
	// fails names the container in which builds of a commit fail; "lost": their pod goes; "away": they cannot fetch it.
	fails map[string]string
	reads int
}

// builder is one process of the operator.
type builder struct {
	client         *cluster.Client
	cache, sources *cluster.Cache
	reconciler     *controllers.SourceReconciler
	queue          *queue
	stop           context.CancelFunc
}

func newYard(t testing.TB) *yard {
	y := &yard{t: t, now: time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC), heads: map[string]string{}, fails: map[string]string{}}
	y.store = cluster.NewStore(func() time.Time { return y.now })
	y.user = cluster.As{Store: y.store, Who: "user"}
	y.user.Create(&v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Name: "acme", Namespace: Namespace}})
	return y
}

func (y *yard) add(name string) *v1alpha1.ShopSource {
	s := &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: Namespace}, Spec: v1alpha1.ShopSourceSpec{
		Git: v1alpha1.GitSource{URL: "https://git.example/" + name + ".git", Branch: "main"}, Image: "reg.example/acme/" + name,
	}}
	y.user.Create(s)
	return s
}

// Ask implements controllers.Poller, at once.
func (y *yard) Ask(q poll.Question) (poll.Answer, time.Duration) {
	letter := y.heads[q.Source.Name]
	switch {
	case y.trouble != "":
		return poll.Answer{Answered: true, Trouble: y.trouble, Request: q.Request}, q.Interval
	case letter == "":
		return poll.Answer{}, q.Interval
	}
	return poll.Answer{Answered: true, Commit: strings.Repeat(letter, 40), Version: letter, Request: q.Request}, q.Interval
}

// Forget implements controllers.Poller.
func (y *yard) Forget(types.NamespacedName) {}

// live counts the reads past the caches.
type live struct {
	client.Reader
	of *yard
}

func (l live) Get(ctx context.Context, k client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	l.of.reads++
	return l.Reader.Get(ctx, k, o, opts...)
}

func (l live) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	l.of.reads++
	return l.Reader.List(ctx, list, opts...)
}

func (y *yard) clock() time.Time { return y.now }

func (y *yard) start() {
	ctx, stop := context.WithCancel(context.Background())
	b := &builder{cache: cluster.NewCache(y.store, controllers.CacheOptions()), sources: cluster.NewCache(y.store, controllers.SourceCacheOptions()), queue: newQueue(y.clock), stop: stop}
	b.cache.Delay, b.sources.Delay = y.delay, y.delay
	b.client = &cluster.Client{Reader: b.cache, Store: y.store, Who: "operator", OnCall: y.onCall}
	past := live{&cluster.Client{Reader: cluster.Live{Store: y.store}, Store: y.store, Who: "operator"}, y}
	b.reconciler = &controllers.SourceReconciler{
		Reader:   &observe.Reader{Cache: b.client, Configs: &observe.Configs{Metadata: b.sources, Live: past}},
		Writer:   &apply.Writer{Client: b.client, Live: past, Writes: controllers.NewMetrics(prometheus.NewRegistry()).Writes, AtOnce: 1},
		Poller:   y,
		Recorder: recorder{&Operator{}}, Now: y.clock, Progress: &controllers.Progress{Now: y.clock},
		Builds: resources.BuildOptions{Isolation: resources.Rootless, EngineImage: "buildkit:1", PushImage: "push:1"},
	}
	m := &testManager{client: b.client, cache: b.cache}
	err := b.reconciler.Setup(m, b.sources)
	if err == nil {
		err = m.watch(ctx, b.queue)
	}
	if err != nil {
		y.t.Fatal(err)
	}
	for _, s := range y.store.All("ShopSource") {
		b.queue.Add(ctrl.Request{NamespacedName: keyOf(s)})
	}
	y.operator = b
}

// pass makes a pass if one is due. An operator that died is started anew, once.
func (y *yard) pass() bool {
	b := y.operator
	if b.client.Dead() {
		b.stop()
		y.onCall = nil
		y.start()
		return true
	}
	req, due := b.queue.pop()
	if !due {
		return false
	}
	result, err := b.reconciler.Reconcile(context.Background(), req)
	switch {
	case b.client.Dead():
	case err != nil:
		b.queue.AddRateLimited(req)
	default:
		b.queue.Forget(req)
		if result.RequeueAfter > 0 {
			b.queue.AddAfter(req, result.RequeueAfter)
		}
	}
	return true
}

// step lets one thing happen.
func (y *yard) step() {
	busy := y.pass()
	for _, c := range []*cluster.Cache{y.operator.cache, y.operator.sources} {
		c.Step()
		busy = busy || c.Pending()
	}
	if !busy {
		y.kubelet()
		y.now = y.now.Add(time.Second)
	}
}

// quietFor is how long nothing may happen in a yard that rests: three intervals.
const quietFor = 200

// rest lets things happen until nothing changes any more.
func (y *yard) rest() {
	y.t.Helper()
	quiet, seen := 0, int64(0)
	for range 20000 {
		y.step()
		if r := y.store.Revision(); r != seen {
			quiet, seen = 0, r
			continue
		}
		if quiet++; quiet > quietFor {
			return
		}
	}
	y.t.Fatal("it does not come to rest")
}

const buildTime = 6 * time.Second

// kubelet starts the pods of Jobs, and ends them.
func (y *yard) kubelet() {
	node := cluster.As{Store: y.store, Who: "kubelet"}
	for _, o := range y.store.All("Job") {
		j := o.(*batchv1.Job)
		if observe.BuildEnded(j) || !j.DeletionTimestamp.IsZero() {
			continue
		}
		pod := y.podOf(j)
		if pod == nil {
			node.Create(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{
				Name: j.Name + "-abcde", Namespace: j.Namespace, Labels: withJob(j), OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(j, batchv1.SchemeGroupVersion.WithKind("Job"))},
			}, Status: corev1.PodStatus{Phase: corev1.PodRunning}})
			continue
		}
		if y.now.Sub(j.CreationTimestamp.Time) >= buildTime {
			y.end(node, j, pod)
		}
	}
}

func withJob(j *batchv1.Job) map[string]string {
	out := map[string]string{batchv1.JobNameLabel: j.Name}
	for k, v := range j.Spec.Template.Labels {
		out[k] = v
	}
	return out
}

func (y *yard) podOf(j *batchv1.Job) client.Object {
	return y.store.Get("Pod", j.Namespace, j.Name+"-abcde")
}

// end lets a build end: first the pod, then the Job, as Kubernetes does.
func (y *yard) end(node cluster.As, j *batchv1.Job, pod client.Object) {
	letter := j.Annotations[source.AnnotationCommit][:1]
	fails := y.fails[letter]
	condition := batchv1.JobComplete
	if fails != "" {
		condition = batchv1.JobFailed
	}
	if fails == "lost" {
		node.Delete(pod)
	} else {
		node.Report(pod, func(o client.Object) { o.(*corev1.Pod).Status = buildEnds(j, letter, fails, y.now) })
	}
	node.Report(j, func(o client.Object) {
		o.(*batchv1.Job).Status.Conditions = []batchv1.JobCondition{{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(y.now)}}
	})
}

// hostAway is what buildctl says where the engine does not reach Git.
const hostAway = "error: failed to solve: failed to read dockerfile: failed to load cache key: failed to fetch remote https://git.example/wishlist.git: git stderr:\n" +
	"fatal: unable to access 'https://git.example/wishlist.git/': Could not resolve host: git.example\n: exit status 128"

func buildEnds(j *batchv1.Job, letter, fails string, at time.Time) corev1.PodStatus {
	out := corev1.PodStatus{Phase: corev1.PodSucceeded}
	away := fails == "away"
	if away {
		fails = source.StepBuild
	}
	for _, step := range []string{source.StepBuild, source.StepTest, source.StepPush} {
		end := &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(at)}
		if step == source.StepPush {
			end.Message = fmt.Sprintf(`{"image":"reg.example/acme/%s@sha256:%s"}`, j.Labels[source.LabelSource], strings.Repeat(letter, 64))
		}
		if step == fails {
			end.ExitCode, end.Message, out.Phase = 1, "error: it failed", corev1.PodFailed
			if away {
				end.Message = hostAway
			}
		}
		status := corev1.ContainerStatus{Name: step, State: corev1.ContainerState{Terminated: end}}
		if step == source.StepPush {
			out.ContainerStatuses = append(out.ContainerStatuses, status)
		} else {
			out.InitContainerStatuses = append(out.InitContainerStatuses, status)
		}
		if step == fails {
			break
		}
	}
	return out
}

func (y *yard) source(name string) *v1alpha1.ShopSource {
	y.t.Helper()
	s, is := y.store.Get("ShopSource", Namespace, name).(*v1alpha1.ShopSource)
	if !is {
		y.t.Fatalf("there is no source %s", name)
	}
	return s
}

// says is the reason of a source, and what is built of it, in one line: what must be the same whatever happened on the way.
func (y *yard) says(name string) string {
	s, out := y.source(name), ""
	for _, c := range s.Status.Conditions {
		out += c.Type + "=" + c.Reason + " "
	}
	if l := s.Status.Latest; l != nil {
		out += fmt.Sprintf("latest %.1s %.1s ", l.Commit, l.Image[strings.Index(l.Image, ":")+1:])
	}
	if f := s.Status.Failed; f != nil {
		out += fmt.Sprintf("failed %.1s %s %d ", f.Commit, f.Reason, f.Attempts)
	}
	if s.Status.Building != nil {
		out += "building "
	}
	return strings.TrimSpace(out)
}

// jobs counts the Jobs that were created, by source and commit.
func (y *yard) jobs() map[string]int {
	out := map[string]int{}
	for _, w := range y.store.Journal() {
		if j, is := w.After.(*batchv1.Job); is && w.Verb == "create" && w.Err == nil {
			out[j.Labels[source.LabelSource]+" "+j.Annotations[source.AnnotationCommit][:1]]++
		}
	}
	return out
}

// written counts the writes of the operator.
func (y *yard) written() (n int) {
	for _, w := range y.store.Journal() {
		if w.Who == "operator" {
			n++
		}
	}
	return n
}

var forbiddenJob = apierrors.NewForbidden(schema.GroupResource{Group: "batch", Resource: "jobs"}, "it", errors.New("exceeded quota"))
