package envtest

import (
	"fmt"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/git"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/poll"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/source"
	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// A factory is a shop whose cart is built from a repository of a real Git server. The test plays the kubelet and the Job
// controller.
type factory struct {
	story
	repo *gitserver.Repository
	// restarts lets each pass be made by an operator that has just started.
	restarts bool
	operator *controllers.SourceReconciler
	told     chan types.NamespacedName
}

const (
	built     = "reg.example/acme/cart"
	buildUses = 6 // passes that a build may take to come to rest
)

// newFactory opens the repository and the shop. Builds need more than the restricted standard: docs/security.md.
func newFactory(ctx SpecContext, restarts bool) *factory {
	GinkgoHelper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: unusedName(), Labels: map[string]string{"pod-security.kubernetes.io/enforce": "privileged"}}}
	Expect(api.Create(ctx, ns)).To(Succeed())
	f := &factory{story: story{ns: ns.Name, shop: "bazaar"}, restarts: restarts, repo: gitserver.New(GinkgoTB(), gitserver.Options{}).Repository("cart")}
	f.create(ctx, bazaar(), with(func(s *v1alpha1.ShopService) {
		s.Spec.Image, s.Spec.ImageFrom = "", &v1alpha1.ImageSource{Source: "cart"}
	}), &v1alpha1.ShopSource{ObjectMeta: metav1.ObjectMeta{Name: "cart"}, Spec: v1alpha1.ShopSourceSpec{
		Git: v1alpha1.GitSource{URL: f.repo.URL}, Image: built, Interval: lasting(2 * time.Second),
	}})
	f.restart()
	return f
}

// restart is another process of the operator: all that the one before knew by itself is gone.
func (f *factory) restart() {
	f.told = make(chan types.NamespacedName, 16)
	clock := func() time.Time { return now }
	told := f.told
	f.operator = &controllers.SourceReconciler{
		Reader: operator.Reader, Writer: operator.Writer, Recorder: recorded, Now: clock, Progress: &controllers.Progress{Now: clock},
		Builds: resources.BuildOptions{Isolation: resources.Rootless, EngineImage: "buildkit:1", PushImage: "push:1"},
		Poller: &poll.Poller{
			Git: &git.Client{InsecureHosts: []string{"127.0.0.1"}, Timeout: 10 * time.Second}, Secrets: observe.SecretData{Live: api}, Now: clock,
			Told: func(of types.NamespacedName) { told <- of },
		},
	}
}

// look makes two passes: one that asks Git, and one that knows what it says.
func (f *factory) look(ctx SpecContext) {
	GinkgoHelper()
	if f.restarts {
		f.restart()
	}
	now = now.Add(3 * time.Second)
	for _, answers := range []time.Duration{2 * time.Second, 200 * time.Millisecond} { // the first one asks Git, which a busy machine starts slowly
		f.seen(ctx)
		_, err := f.operator.Reconcile(ctx, ctrl.Request{NamespacedName: f.key("cart")})
		Expect(err).NotTo(HaveOccurred())
		select {
		case <-f.told:
		case <-time.After(answers): // Git was not asked in this pass
		}
	}
}

// settles lets the operator look until it writes nothing more.
func (f *factory) settles(ctx SpecContext) v1alpha1.ShopSourceStatus {
	GinkgoHelper()
	for range buildUses {
		before := writes()
		f.look(ctx)
		if writes() == before {
			return get(ctx, f.story, "cart", &v1alpha1.ShopSource{}).Status
		}
	}
	Fail("the source does not come to rest")
	return v1alpha1.ShopSourceStatus{}
}

func (f *factory) jobs(ctx SpecContext) []batchv1.Job {
	GinkgoHelper()
	var list batchv1.JobList
	Expect(api.List(ctx, &list, client.InNamespace(f.ns), client.MatchingLabels{source.LabelSource: "cart"})).To(Succeed())
	return list.Items
}

// ends plays kubelet and Job controller: the pod of the build under way ends with a step, then its Job does. content is the image's;
// "": the step failed with the message.
func (f *factory) buildEnds(ctx SpecContext, content, step, message string) {
	GinkgoHelper()
	b := get(ctx, f.story, "cart", &v1alpha1.ShopSource{}).Status.Building
	Expect(b).NotTo(BeNil(), "nothing is built")
	job := get(ctx, f.story, b.Job, &batchv1.Job{})
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: job.Name + "-x", Labels: map[string]string{batchv1.JobNameLabel: job.Name},
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}, Spec: job.Spec.Template.Spec}
	for key, value := range job.Spec.Template.Labels {
		pod.Labels[key] = value
	}
	f.create(ctx, pod)
	pod.Status = podEnds(content, step, message)
	Expect(api.Status().Update(ctx, pod)).To(Succeed())
	how := batchv1.JobComplete
	if content == "" {
		how = batchv1.JobFailed
	}
	f.ends(ctx, job.Name, how)
}

func podEnds(content, step, message string) corev1.PodStatus {
	out := corev1.PodStatus{Phase: corev1.PodSucceeded}
	for _, name := range []string{source.StepBuild, source.StepTest, source.StepPush} {
		end := &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(now)}
		if name == source.StepPush {
			end.Message = fmt.Sprintf(`{"image":%q}`, imageOf(content))
		}
		if content == "" && name == step {
			end.ExitCode, end.Message, out.Phase = 1, message, corev1.PodFailed
		}
		one := corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Terminated: end}}
		if name == source.StepPush {
			out.ContainerStatuses = append(out.ContainerStatuses, one)
			break
		}
		out.InitContainerStatuses = append(out.InitContainerStatuses, one)
		if end.ExitCode != 0 {
			break
		}
	}
	return out
}

// imageOf is what a push of a content leaves: the same for the same one.
func imageOf(content string) string { return built + "@sha256:" + strings.Repeat(content, 64) }

// released is the image of cart in the release that the shop cut last.
func (f *factory) released(ctx SpecContext) (release, image string) {
	GinkgoHelper()
	f.rest(ctx)
	shop := get(ctx, f.story, f.shop, &v1alpha1.Shop{})
	Expect(shop.Status.Candidate).NotTo(BeNil(), "the shop cut nothing")
	for _, s := range get(ctx, f.story, shop.Status.Candidate.Release, &v1alpha1.ShopRelease{}).Spec.Services {
		if s.Name == "cart" {
			image = s.Image
		}
	}
	return shop.Status.Candidate.Release, image
}
