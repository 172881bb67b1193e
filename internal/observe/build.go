package observe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/source"
)

// SourceWorld is what was read of a ShopSource.
type SourceWorld struct {
	Source *v1alpha1.ShopSource
	// Shop whose builds are the source's; nil: the namespace has none.
	Shop *v1alpha1.Shop
	// Observed is what is decided on, but for what Git says.
	Observed source.Observed
	// Artifact is what spec.sourceRef names, and Flux what is said of it in the place of Git.
	Artifact source.Artifact
	Flux     source.Git
	// GitSecret is the version of the Secret of spec.git.secret; "": it is not there, or may not be used.
	GitSecret string
}

// ReadSource reads all that a decision about a source rests on, but for Git.
func (r *Reader) ReadSource(ctx context.Context, s *v1alpha1.ShopSource) (*SourceWorld, error) {
	w := &SourceWorld{Source: s}
	w.Observed = source.Observed{
		Namespace: s.Namespace, Name: s.Name, UID: string(s.UID), Generation: s.Generation, Spec: s.Spec, Status: s.Status,
		Requested: s.Annotations[v1alpha1.AnnotationRequestedAt],
	}
	for _, step := range []func(context.Context, *SourceWorld) error{r.readPlace, r.readSlot, r.readBuilds, r.readSecrets, r.readArtifact} {
		if err := step(ctx, w); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// readPlace finds the Shop and the slot, and who else pushes to the repository.
func (r *Reader) readPlace(ctx context.Context, w *SourceWorld) error {
	var services v1alpha1.ShopServiceList
	var shops v1alpha1.ShopList
	if err := r.Cache.List(ctx, &services, client.InNamespace(w.Source.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing ShopServices: %w", err)
	}
	if err := r.Cache.List(ctx, &shops, client.InNamespace(w.Source.Namespace)); err != nil {
		return fmt.Errorf("listing Shops: %w", err)
	}
	there := slices.DeleteFunc(shops.Items, func(s v1alpha1.Shop) bool { return !s.DeletionTimestamp.IsZero() })
	if w.Shop = source.ShopOf(w.Source.Name, services.Items, there); w.Shop != nil {
		w.Observed.Shop, w.Observed.Slot = w.Shop.Name, source.SlotOf(w.Source.Name, w.Shop.Spec.Builds.Slots)
	}
	var sources v1alpha1.ShopSourceList
	if err := r.Cache.List(ctx, &sources, client.InNamespace(w.Source.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing ShopSources: %w", err)
	}
	if taken := source.Taken(w.Source.Name, w.Source.Spec.Image, sources.Items); taken != "" {
		w.Observed.Problems = append(w.Observed.Problems, taken)
	}
	if w.Shop == nil {
		return nil
	}
	waiting := []v1alpha1.ShopSource{*w.Source}
	for _, s := range sources.Items {
		shop := source.ShopOf(s.Name, services.Items, there)
		if s.Name != w.Source.Name && source.Waits(&s) && shop != nil && shop.Name == w.Shop.Name && source.SlotOf(s.Name, shop.Spec.Builds.Slots) == w.Observed.Slot {
			waiting = append(waiting, s)
		}
	}
	if first := source.First(waiting); first != w.Source.Name {
		w.Observed.Before = first
	}
	return nil
}

// readSlot finds the build of another source that has not ended.
func (r *Reader) readSlot(ctx context.Context, w *SourceWorld) error {
	if w.Shop == nil {
		return nil
	}
	var list batchv1.JobList
	slot := client.MatchingLabels{source.LabelSlot: source.SlotName(w.Shop.Name, w.Observed.Slot)}
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Source.Namespace), slot, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the builds of the slot: %w", err)
	}
	for i := range list.Items {
		j := &list.Items[i]
		if !metav1.IsControlledBy(j, w.Source) && !BuildEnded(j) && (w.Observed.Busy == "" || j.Name < w.Observed.Busy) {
			w.Observed.Busy = j.Name
		}
	}
	return nil
}

// BuildEnded tells whether a Job has ended, and its pods with it.
func BuildEnded(j *batchv1.Job) bool {
	state, _, _ := stateOf(j)
	return state != plan.JobRunning
}

// readBuilds reads the Jobs of the source and their pods.
func (r *Reader) readBuilds(ctx context.Context, w *SourceWorld) error {
	of := client.MatchingLabels{source.LabelSource: w.Source.Name}
	var jobs batchv1.JobList
	var pods corev1.PodList
	if err := r.Cache.List(ctx, &jobs, client.InNamespace(w.Source.Namespace), of); err != nil {
		return fmt.Errorf("listing the Jobs: %w", err)
	}
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Source.Namespace), of); err != nil {
		return fmt.Errorf("listing the pods: %w", err)
	}
	if err := r.addUnseen(ctx, w, &jobs); err != nil {
		return err
	}
	for i := range jobs.Items {
		j := &jobs.Items[i]
		if !metav1.IsControlledBy(j, w.Source) || !j.DeletionTimestamp.IsZero() {
			continue
		}
		b := buildOf(j)
		pod := podOfBuild(j, pods.Items)
		if b.State != source.Running && !podEnded(pod) && !concluded(w.Source, &b) {
			var err error
			if pod, err = r.livePod(ctx, j); err != nil {
				return err
			}
		}
		if pod != nil {
			b.Pod = buildPod(pod)
		}
		w.Observed.Jobs = append(w.Observed.Jobs, b)
	}
	slices.SortFunc(w.Observed.Jobs, func(a, b source.Job) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// addUnseen looks past the cache for the Job that the status names: one that was created a moment ago is not in the cache
// yet, and would count as deleted.
func (r *Reader) addUnseen(ctx context.Context, w *SourceWorld, jobs *batchv1.JobList) error {
	b := w.Source.Status.Building
	if b == nil || slices.ContainsFunc(jobs.Items, func(j batchv1.Job) bool { return j.Name == b.Job }) {
		return nil
	}
	var job batchv1.Job
	err := r.Configs.Live.Get(ctx, client.ObjectKey{Namespace: w.Source.Namespace, Name: b.Job}, &job)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking at Job %s: %w", b.Job, err)
	}
	jobs.Items = append(jobs.Items, job)
	return nil
}

// concluded: nobody asks any more how the Job ended, so its pod need not be looked for.
func concluded(s *v1alpha1.ShopSource, b *source.Job) bool {
	building := s.Status.Building != nil && s.Status.Building.Job == b.Name
	l, f := s.Status.Latest, s.Status.Failed
	latest := l != nil && l.Commit == b.Commit && l.Inputs == b.Inputs
	failed := f != nil && f.Commit == b.Commit && f.Inputs == b.Inputs && f.Attempts >= b.Attempt
	return !building && (latest || failed || b.Commit != s.Status.Commit)
}

// livePod looks past the cache: that of the pods may be behind that of the Jobs, and a pod that is not there would count as lost.
func (r *Reader) livePod(ctx context.Context, j *batchv1.Job) (*corev1.Pod, error) {
	var pods corev1.PodList
	if err := r.Configs.Live.List(ctx, &pods, client.InNamespace(j.Namespace), client.MatchingLabels{batchv1.JobNameLabel: j.Name}); err != nil {
		return nil, fmt.Errorf("looking for the pod of Job %s: %w", j.Name, err)
	}
	return podOfBuild(j, pods.Items), nil
}

// podOfBuild is the newest pod of a Job. Without a second try it has one.
func podOfBuild(j *batchv1.Job, pods []corev1.Pod) (out *corev1.Pod) {
	for i := range pods {
		p := &pods[i]
		if metav1.IsControlledBy(p, j) && (out == nil || out.CreationTimestamp.Before(&p.CreationTimestamp)) {
			out = p
		}
	}
	return out
}

func podEnded(p *corev1.Pod) bool {
	return p != nil && (p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed)
}

func buildOf(j *batchv1.Job) source.Job {
	attempt, err := strconv.ParseInt(j.Annotations[source.AnnotationAttempt], 10, 32)
	if err != nil {
		attempt = 1
	}
	out := source.Job{
		Name: j.Name, Commit: j.Annotations[source.AnnotationCommit], Version: j.Annotations[source.AnnotationVersion],
		Inputs: j.Annotations[source.AnnotationInputs], Attempt: int32(attempt), Paths: j.Annotations[source.AnnotationPaths], Created: j.CreationTimestamp.Time,
	}
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			out.State, out.Ended = source.Succeeded, c.LastTransitionTime.Time
		case batchv1.JobFailed:
			out.State, out.Ended, out.Deadline = source.Failed, c.LastTransitionTime.Time, c.Reason == batchv1.JobReasonDeadlineExceeded
		}
	}
	return out
}

func buildPod(p *corev1.Pod) *source.Pod {
	out := &source.Pod{Deadline: p.Status.Reason == podDeadlineExceeded, Lost: lostBecause(p), Trouble: whyNotStarted(p)}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		out.Containers = append(out.Containers, buildContainer(&s))
	}
	return out
}

// lostBecause says why the cluster ended a pod; "": it did not.
func lostBecause(p *corev1.Pod) string {
	if p.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return cmp.Or(c.Reason, "it was disrupted")
		}
	}
	switch {
	case p.Status.Reason != "" && p.Status.Reason != podDeadlineExceeded: // Evicted, NodeLost, Shutdown, UnexpectedAdmissionError
		return p.Status.Reason
	case !p.DeletionTimestamp.IsZero():
		return "it was deleted"
	}
	return ""
}

// whyNotStarted says what keeps a container from starting, with the words of the kubelet or of the container that ended.
func whyNotStarted(p *corev1.Pod) string {
	if podEnded(p) {
		return ""
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		w := s.State.Waiting
		if w == nil || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
			continue
		}
		why := ""
		if t := s.LastTerminationState.Terminated; t != nil && t.Message != "" {
			why = ": " + source.MessageOf(t.Message)
		}
		return fmt.Sprintf("container %s: %s%s", s.Name, w.Reason, why)
	}
	return Trouble(p)
}

func buildContainer(s *corev1.ContainerStatus) source.Container {
	out := source.Container{Name: s.Name, Running: s.State.Running != nil}
	if last := s.LastTerminationState.Terminated; last != nil {
		out.OutOfMemory, out.At = last.Reason == oomKilled, last.FinishedAt.Time
	}
	if t := s.State.Terminated; t != nil {
		out.Ended, out.Exit, out.Message, out.At = true, t.ExitCode, t.Message, t.FinishedAt.Time
		out.OutOfMemory = out.OutOfMemory || t.Reason == oomKilled
	}
	return out
}

const oomKilled = "OOMKilled"

// readSecrets finds out whether the source may use the Secrets that it names. Of them only the metadata is read.
func (r *Reader) readSecrets(ctx context.Context, w *SourceWorld) error {
	grants := map[string]source.Grant{}
	spec := &w.Source.Spec
	for _, u := range source.Uses(spec) {
		meta := &metav1.PartialObjectMetadata{}
		meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := r.Configs.Metadata.Get(ctx, client.ObjectKey{Namespace: w.Source.Namespace, Name: u.Secret}, meta)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading Secret %s: %w", u.Secret, err)
		}
		grants[u.Secret] = source.Grant{Exists: err == nil, Allowed: meta.Annotations[v1alpha1.AnnotationAllowedSources]}
		if u.Secret == spec.Git.Secret && grants[u.Secret].Allows(w.Source.Name) {
			w.GitSecret = string(meta.UID) + "/" + meta.ResourceVersion
		}
	}
	w.Observed.Problems = append(w.Observed.Problems, source.Refusals(w.Source.Namespace, w.Source.Name, spec, grants)...)
	return nil
}

// MayAsk tells whether Git may be asked as the spec says.
func (w *SourceWorld) MayAsk() bool {
	return !w.Source.Spec.Paused && (w.Source.Spec.Git.Secret == "" || w.GitSecret != "")
}

// SourcesUsing returns the sources of a namespace that name a Secret.
func (r *Reader) SourcesUsing(ctx context.Context, namespace, secret string) []string {
	return r.sourcesWhere(ctx, namespace, func(s *v1alpha1.ShopSource) bool {
		return slices.ContainsFunc(source.Uses(&s.Spec), func(u source.Use) bool { return u.Secret == secret })
	})
}

// SourcesWaiting returns the sources of a namespace that wait for their turn, or for a Shop.
func (r *Reader) SourcesWaiting(ctx context.Context, namespace string) []string {
	return r.sourcesWhere(ctx, namespace, source.Waits)
}

// SourcesPushingTo returns the sources of a namespace that name a repository.
func (r *Reader) SourcesPushingTo(ctx context.Context, namespace, repository string) []string {
	return r.sourcesWhere(ctx, namespace, func(s *v1alpha1.ShopSource) bool { return s.Spec.Image == repository })
}

// SourcesOf returns the sources of a namespace.
func (r *Reader) SourcesOf(ctx context.Context, namespace string) []string {
	return r.sourcesWhere(ctx, namespace, func(*v1alpha1.ShopSource) bool { return true })
}

func (r *Reader) sourcesWhere(ctx context.Context, namespace string, fits func(*v1alpha1.ShopSource) bool) (out []string) {
	var list v1alpha1.ShopSourceList
	if r.Cache.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) != nil {
		return nil // the cache is not there yet; every source is looked at when it is
	}
	for i := range list.Items {
		if fits(&list.Items[i]) {
			out = append(out, list.Items[i].Name)
		}
	}
	return out
}
