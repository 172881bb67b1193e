package observe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

// jobOf is a Job of the operator for a release, whose first container is "cart".
func jobOf(component, rel, what string, change ...func(*batchv1.Job)) batchv1.Job {
	begun := metav1.NewTime(epoch)
	j := batchv1.Job{ObjectMeta: metav1.ObjectMeta{
		Namespace: "shops", Name: "acme-" + what + "-" + strings.TrimPrefix(rel, "acme-"), OwnerReferences: owned(),
		Labels: map[string]string{frontdoor.LabelShop: "acme", frontdoor.LabelRelease: rel, frontdoor.LabelComponent: component, frontdoor.LabelJob: what},
	}}
	j.Spec.Template.Spec.Containers = []corev1.Container{{Name: "cart"}}
	j.Status.StartTime, j.Status.Active = &begun, 1
	for _, f := range change {
		f(&j)
	}
	return j
}

func endedAs(t batchv1.JobConditionType, reason string) func(*batchv1.Job) {
	return func(j *batchv1.Job) {
		j.Status.Active = 0
		j.Status.Conditions = []batchv1.JobCondition{
			{Type: batchv1.JobSuspended, Status: corev1.ConditionTrue},
			{Type: t, Status: corev1.ConditionTrue, Reason: reason, LastTransitionTime: metav1.NewTime(later)},
		}
	}
}

func jobPod(phase corev1.PodPhase, containers ...corev1.ContainerStatus) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Labels: map[string]string{
			frontdoor.LabelRelease: b, frontdoor.LabelComponent: frontdoor.ComponentMigration, frontdoor.LabelJob: "cart"}},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: containers},
	}
}

// known gives a Job the UID that ofJob gives to its pods' owner.
func known(j *batchv1.Job) { j.UID = "u1" }

func ofJob(p corev1.Pod) corev1.Pod {
	p.OwnerReferences = []metav1.OwnerReference{{Kind: "Job", UID: "u1", Controller: ptr.To(true)}}
	return p
}

// container gives a container's status its name.
func container(name string, s corev1.ContainerStatus) corev1.ContainerStatus {
	s.Name = name
	return s
}

func TestWhatBecameOfAJob(t *testing.T) {
	done := ended(0)
	done.State.Terminated.FinishedAt = metav1.NewTime(later)
	outOfTime := jobPod(corev1.PodFailed)
	outOfTime.Status.Reason = "DeadlineExceeded"
	unbound := jobPod(corev1.PodPending)
	unbound.Status.Conditions = unscheduled("no node").Conditions
	const deadline = "it did not end within its deadline"
	for name, c := range map[string]struct {
		job  batchv1.Job
		pods []corev1.Pod
		want plan.Job
	}{
		"its pod runs":                        {jobOf("migration", b, "cart"), []corev1.Pod{jobPod(corev1.PodRunning)}, plan.Job{State: plan.JobRunning, Started: true}},
		"its pod only starts":                 {jobOf("migration", b, "cart"), []corev1.Pod{jobPod(corev1.PodPending, waits("ContainerCreating"))}, plan.Job{State: plan.JobRunning, Started: true}},
		"its image is not there":              {jobOf("migration", b, "cart"), []corev1.Pod{jobPod(corev1.PodPending, waits("ErrImagePull"))}, plan.Job{State: plan.JobRunning, Trouble: "ErrImagePull"}},
		"no node takes its pod":               {jobOf("migration", b, "cart"), []corev1.Pod{unbound}, plan.Job{State: plan.JobRunning, Trouble: "Unschedulable"}},
		"it succeeded":                        {jobOf("migration", b, "cart", endedAs(batchv1.JobComplete, "")), nil, plan.Job{State: plan.JobSucceeded, EndedAt: later}},
		"it failed":                           {jobOf("migration", b, "cart", endedAs(batchv1.JobFailed, "BackoffLimitExceeded")), nil, plan.Job{State: plan.JobFailed, EndedAt: later}},
		"the Job's deadline ended it":         {jobOf("migration", b, "cart", endedAs(batchv1.JobFailed, "DeadlineExceeded")), nil, plan.Job{State: plan.JobFailed, EndedAt: later, Trouble: deadline}},
		"the pod's deadline ended it":         {jobOf("migration", b, "cart", endedAs(batchv1.JobFailed, "BackoffLimitExceeded")), []corev1.Pod{outOfTime}, plan.Job{State: plan.JobFailed, EndedAt: later, Trouble: deadline}},
		"one try ran out of time, it goes on": {jobOf("migration", b, "cart"), []corev1.Pod{outOfTime}, plan.Job{State: plan.JobRunning, Started: true}},
		"only an injected sidecar still runs": {jobOf("migration", b, "cart", known), []corev1.Pod{ofJob(jobPod(corev1.PodRunning, container("istio-proxy", corev1.ContainerStatus{}), container("cart", done)))},
			plan.Job{State: plan.JobSucceeded, Started: true, EndedAt: later, UID: "u1"}},
		"a pod of the Job before it is done beside a sidecar": {jobOf("migration", b, "cart", known), []corev1.Pod{jobPod(corev1.PodRunning, container("istio-proxy", corev1.ContainerStatus{}), container("cart", done))},
			plan.Job{State: plan.JobRunning, Started: true, UID: "u1"}},
		"its container failed beside a sidecar": {jobOf("migration", b, "cart"), []corev1.Pod{jobPod(corev1.PodRunning, container("cart", ended(1)), container("istio-proxy", corev1.ContainerStatus{}))},
			plan.Job{State: plan.JobRunning, Started: true, Trouble: "CrashLoopBackOff"}},
		"a sidecar that ended is not its work": {jobOf("migration", b, "cart"), []corev1.Pod{jobPod(corev1.PodRunning, container("istio-proxy", done), container("cart", corev1.ContainerStatus{}))},
			plan.Job{State: plan.JobRunning, Started: true}},
		"its pod succeeded, and the Job does not tell it yet": {jobOf("migration", b, "cart", known), []corev1.Pod{ofJob(jobPod(corev1.PodSucceeded, done))},
			plan.Job{State: plan.JobSucceeded, Untold: true, EndedAt: later, UID: "u1"}},
		"a pod of the Job before it succeeded":             {jobOf("migration", b, "cart", known), []corev1.Pod{jobPod(corev1.PodSucceeded, done)}, plan.Job{State: plan.JobRunning, Started: true, UID: "u1"}},
		"its container ended, and its pod has not":         {jobOf("migration", b, "cart", known), []corev1.Pod{ofJob(jobPod(corev1.PodRunning, done))}, plan.Job{State: plan.JobRunning, Started: true, UID: "u1"}},
		"its deadline ended it, and its program said fine": {jobOf("migration", b, "cart", known), []corev1.Pod{ofJob(jobPod(corev1.PodFailed, done))}, plan.Job{State: plan.JobRunning, Started: true, UID: "u1"}},
		"somebody wants two of it": {jobOf("migration", b, "cart", known, func(j *batchv1.Job) { j.Spec.Completions = ptr.To[int32](2) }), []corev1.Pod{ofJob(jobPod(corev1.PodSucceeded, done))},
			plan.Job{State: plan.JobRunning, Started: true, UID: "u1"}},
		"its pod is not created": {jobOf("migration", b, "cart", func(j *batchv1.Job) { j.Status.Active = 0 }), nil,
			plan.Job{State: plan.JobRunning, Trouble: "its pod is not created: kubectl -n shops describe job acme-cart-bbbbbbbb says why"}},
		"somebody suspended it": {jobOf("migration", b, "cart", func(j *batchv1.Job) { j.Spec.Suspend, j.Status = ptr.To(true), batchv1.JobStatus{} }), nil,
			plan.Job{State: plan.JobRunning, Trouble: `suspended: kubectl -n shops patch job acme-cart-bbbbbbbb --type=merge -p '{"spec":{"suspend":false}}' lets it run`}},
		"Kubernetes has not looked at it yet": {jobOf("migration", b, "cart", func(j *batchv1.Job) { j.Status = batchv1.JobStatus{} }), nil, plan.Job{State: plan.JobRunning, Started: true}},
		"its pod is not in the cache yet":     {jobOf("migration", b, "cart"), nil, plan.Job{State: plan.JobRunning, Started: true}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &World{jobPods: jobPods(c.pods)}
			jobs := map[string]map[string]plan.Job{}
			w.remember(jobs, b, &c.job)
			c.want.Name, c.want.What = "acme-cart-bbbbbbbb", "cart"
			if diff := cmp.Diff(c.want, jobs[b]["cart"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhichJobsCount(t *testing.T) {
	now := metav1.NewTime(later)
	smoke := v1alpha1.Check{Name: "smoke", Image: "smoke:1"}
	changed := smoke
	changed.Image = "smoke:2"
	check := func(of v1alpha1.Check) batchv1.Job {
		name, err := release.CheckName("acme", "bbbbbbbb", &of)
		if err != nil {
			t.Fatal(err)
		}
		return jobOf(frontdoor.ComponentCheck, b, of.Name, func(j *batchv1.Job) { j.Name = name })
	}
	for name, c := range map[string]struct {
		job                batchv1.Job
		migrations, checks int
	}{
		"a migration": {jobOf(frontdoor.ComponentMigration, b, "cart"), 1, 0},
		"a migration whose owner somebody took away":             {jobOf(frontdoor.ComponentMigration, b, "cart", func(j *batchv1.Job) { j.OwnerReferences = nil }), 1, 0},
		"one that is being deleted does not: it is to run again": {jobOf(frontdoor.ComponentMigration, b, "cart", func(j *batchv1.Job) { j.DeletionTimestamp, j.Finalizers = &now, []string{"x"} }), 0, 0},
		"one that succeeded and is being swept is done":          {jobOf(frontdoor.ComponentMigration, b, "cart", endedAs(batchv1.JobComplete, ""), func(j *batchv1.Job) { j.DeletionTimestamp, j.Finalizers = &now, []string{"x"} }), 1, 0},
		"one that failed and is being deleted runs again":        {jobOf(frontdoor.ComponentMigration, b, "cart", endedAs(batchv1.JobFailed, ""), func(j *batchv1.Job) { j.DeletionTimestamp, j.Finalizers = &now, []string{"x"} }), 0, 0},
		"somebody's copy of one does not":                        {jobOf(frontdoor.ComponentMigration, b, "cart", func(j *batchv1.Job) { j.Name, j.OwnerReferences = "debug", nil }), 0, 0},
		"one of another shop does not":                           {jobOf(frontdoor.ComponentMigration, b, "cart", func(j *batchv1.Job) { j.OwnerReferences[0].UID = "another" }), 0, 0},
		"a Job that only carries the shop's label does not":      {jobOf("backup", b, "cart"), 0, 0},
		"a check": {check(smoke), 0, 1},
		"a check that was changed since does not":                    {check(changed), 0, 0},
		"a check of a release whose record is gone does not":         {jobOf(frontdoor.ComponentCheck, c, "smoke"), 0, 0},
		"a migration of a release whose record is gone still counts": {jobOf(frontdoor.ComponentMigration, c, "cart"), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := &World{Shop: acme(), Releases: map[string]*v1alpha1.ShopRelease{b: {Spec: v1alpha1.ShopReleaseSpec{Revision: "bbbbbbbb"}}}}
			w.Shop.Spec.Release.Checks = []v1alpha1.Check{smoke}
			if err := reading(t, &c.job).readJobs(t.Context(), w); err != nil {
				t.Fatal(err)
			}
			if len(w.Observed.Migrations) != c.migrations || len(w.Observed.Checks) != c.checks {
				t.Errorf("%d migrations and %d checks, want %d and %d", len(w.Observed.Migrations), len(w.Observed.Checks), c.migrations, c.checks)
			}
		})
	}
}

func TestWhichPodsOfMigrationsMayStillWrite(t *testing.T) {
	now := metav1.NewTime(later)
	pod := func(phase corev1.PodPhase, change ...func(*corev1.Pod)) corev1.Pod {
		p := jobPod(phase)
		for _, f := range change {
			f(&p)
		}
		return p
	}
	dying := func(p *corev1.Pod) { p.DeletionTimestamp = &now }
	for name, c := range map[string]struct {
		pod  corev1.Pod
		want bool
	}{
		"one that runs":                              {pod(corev1.PodRunning), true},
		"one that was told to end and has not":       {pod(corev1.PodRunning, dying), true},
		"one on a node that nobody hears of":         {pod(corev1.PodUnknown), true},
		"one that succeeded does not":                {pod(corev1.PodSucceeded), false},
		"one that failed does not":                   {pod(corev1.PodFailed), false},
		"one that has not begun, and never will":     {pod(corev1.PodPending, dying), false},
		"the pod of a check does not":                {pod(corev1.PodRunning, func(p *corev1.Pod) { p.Labels[frontdoor.LabelComponent] = frontdoor.ComponentCheck }), false},
		"a pod of a service does not: it has no Job": {pod(corev1.PodRunning, func(p *corev1.Pod) { delete(p.Labels, frontdoor.LabelJob) }), false},
	} {
		got := migrationPods(jobPods([]corev1.Pod{c.pod}))["cart"]
		if (len(got) > 0) != c.want || (c.want && got[0] != b) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPodsOfSeveralReleasesThatMigrateOneServiceAreAllNamedInOneOrder(t *testing.T) {
	second := jobPod(corev1.PodRunning)
	second.Labels = map[string]string{frontdoor.LabelRelease: a, frontdoor.LabelComponent: frontdoor.ComponentMigration, frontdoor.LabelJob: "cart"}
	for range 10 { // a map has no order
		got := migrationPods(jobPods([]corev1.Pod{jobPod(corev1.PodRunning), second}))
		if diff := cmp.Diff(map[string][]string{"cart": {a, b}}, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
