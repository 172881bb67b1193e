package observe

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// SourceWorld is what was read of a ShopSource.
type SourceWorld struct {
	Source *v1alpha1.ShopSource
	// Shop whose builds the source's are; nil: the namespace has none.
	Shop *v1alpha1.Shop
	// GitSecretVersion tells versions of the Secret of spec.git.secret apart; "": there is none.
	GitSecretVersion string
	// Observed is the decision's input, but for what Git said.
	Observed source.Observed
}

// SourceReader reads ShopSources.
type SourceReader struct {
	// Cache holds sources, shops, services, and the Jobs and pods of builds; Metadata that of the Secrets that are not the operator's.
	Cache, Metadata client.Reader
	// Live reads without a cache: a Job that was created a moment ago must not count as deleted.
	Live client.Reader
}

// Read reads all that a decision about the source rests on.
func (r *SourceReader) Read(ctx context.Context, s *v1alpha1.ShopSource) (*SourceWorld, error) {
	w := &SourceWorld{Source: s, Observed: source.Observed{
		Namespace: s.Namespace, Name: s.Name, UID: string(s.UID), Generation: s.Generation, Spec: s.Spec, Status: s.Status,
		Requested: s.Annotations[v1alpha1.AnnotationRequestedAt],
	}}
	for _, step := range []func(context.Context, *SourceWorld) error{r.readShop, r.readBuilds, r.readNeighbours, r.readSecrets} {
		if err := step(ctx, w); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (r *SourceReader) readShop(ctx context.Context, w *SourceWorld) error {
	var services v1alpha1.ShopServiceList
	var shops v1alpha1.ShopList
	if err := r.Cache.List(ctx, &services, client.InNamespace(w.Source.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing ShopServices: %w", err)
	}
	if err := r.Cache.List(ctx, &shops, client.InNamespace(w.Source.Namespace)); err != nil {
		return fmt.Errorf("listing Shops: %w", err)
	}
	alive := slices.DeleteFunc(shops.Items, func(s v1alpha1.Shop) bool { return !s.DeletionTimestamp.IsZero() })
	if w.Shop = source.ShopOf(w.Source.Name, services.Items, alive); w.Shop != nil {
		w.Observed.Shop, w.Observed.Slot = w.Shop.Name, source.SlotOf(w.Source.Name, w.Shop.Spec.Builds.Slots)
	}
	return nil
}

// readBuilds reads the Jobs of the source, and whether another's builds in the slot.
func (r *SourceReader) readBuilds(ctx context.Context, w *SourceWorld) error {
	var jobs batchv1.JobList
	if err := r.Cache.List(ctx, &jobs, client.InNamespace(w.Source.Namespace), client.HasLabels{source.LabelSource}); err != nil {
		return fmt.Errorf("listing the Jobs of builds: %w", err)
	}
	if err := r.addNamed(ctx, w, &jobs); err != nil {
		return err
	}
	var pods corev1.PodList
	if err := r.Cache.List(ctx, &pods, client.InNamespace(w.Source.Namespace), client.MatchingLabels{source.LabelSource: w.Source.Name}); err != nil {
		return fmt.Errorf("listing the pods of builds: %w", err)
	}
	for i := range jobs.Items {
		j := &jobs.Items[i]
		switch {
		case metav1.IsControlledBy(j, w.Source) && j.DeletionTimestamp.IsZero():
			w.Observed.Jobs = append(w.Observed.Jobs, buildOf(j, podOfBuild(j, pods.Items)))
		case w.Shop != nil && j.Labels[source.LabelSlot] == source.SlotName(w.Shop.Name, w.Observed.Slot) && Builds(j) && !metav1.IsControlledBy(j, w.Source):
			w.Observed.Busy = j.Name
		}
	}
	return nil
}

// addNamed looks past the cache for the Job that the status names.
func (r *SourceReader) addNamed(ctx context.Context, w *SourceWorld, jobs *batchv1.JobList) error {
	b := w.Source.Status.Building
	if b == nil || slices.ContainsFunc(jobs.Items, func(j batchv1.Job) bool { return j.Name == b.Job }) {
		return nil
	}
	var job batchv1.Job
	err := r.Live.Get(ctx, client.ObjectKey{Namespace: w.Source.Namespace, Name: b.Job}, &job)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading Job %s: %w", b.Job, err)
	}
	jobs.Items = append(jobs.Items, job)
	return nil
}

// Builds tells whether a Job has not ended.
func Builds(j *batchv1.Job) bool {
	state, _, _ := stateOf(j)
	return state == "Running"
}

// buildOf is a Job as the decision sees it.
func buildOf(j *batchv1.Job, pod *corev1.Pod) source.Job {
	attempt, err := strconv.Atoi(j.Annotations[source.AnnotationAttempt])
	if err != nil {
		attempt = 1 // somebody took the annotation away
	}
	out := source.Job{
		Name: j.Name, Commit: j.Annotations[source.AnnotationCommit], Version: j.Annotations[source.AnnotationVersion],
		Inputs: j.Annotations[source.AnnotationInputs], Paths: j.Annotations[source.AnnotationPaths],
		Attempt: int32(attempt), Created: j.CreationTimestamp.Time, //nolint:gosec // the operator wrote it: 1 to 3, and a few more on request
	}
	state, ended, why := stateOf(j)
	out.Ended, out.Deadline = ended, why != ""
	switch state {
	case "Succeeded":
		out.State = source.Succeeded
	case "Failed":
		out.State = source.Failed
	}
	if pod != nil {
		out.Pod = buildPod(pod)
	}
	return out
}

// podOfBuild is the newest pod of a Job; nil: it has none.
func podOfBuild(j *batchv1.Job, pods []corev1.Pod) (out *corev1.Pod) {
	for i := range pods {
		p := &pods[i]
		if metav1.IsControlledBy(p, j) && (out == nil || out.CreationTimestamp.Before(&p.CreationTimestamp)) {
			out = p
		}
	}
	return out
}

// lostBy are the reasons that Kubernetes gives a pod that it ended for no fault of the pod's own.
var lostBy = []string{"Evicted", "Preempting", "NodeLost", "NodeShutdown", "Terminated", "UnexpectedAdmissionError", "NodeAffinity", "OutOfcpu", "OutOfmemory", "OutOfpods"}

func buildPod(p *corev1.Pod) *source.Pod {
	out := &source.Pod{Deadline: p.Status.Reason == podDeadlineExceeded, Trouble: buildTrouble(p)}
	switch {
	case slices.Contains(lostBy, p.Status.Reason):
		out.Lost = strings.TrimSpace(p.Status.Reason + ": " + p.Status.Message)
	case !p.DeletionTimestamp.IsZero():
		out.Lost = "it was deleted"
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		out.Containers = append(out.Containers, buildContainer(s))
	}
	return out
}

// buildTrouble is what keeps a pod from starting. A container of a build that failed is how the build ended.
func buildTrouble(p *corev1.Pod) string {
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
			return strings.TrimSuffix(s.Name+": "+w.Reason+": "+w.Message, ": ")
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason + ": " + c.Message
		}
	}
	return ""
}

const outOfMemory = "OOMKilled"

func buildContainer(s corev1.ContainerStatus) source.Container {
	out := source.Container{Name: s.Name, Running: s.State.Running != nil}
	if t := s.LastTerminationState.Terminated; t != nil && t.Reason == outOfMemory {
		out.OutOfMemory = true
	}
	if t := s.State.Terminated; t != nil {
		out.Ended, out.Exit, out.Message, out.At = true, t.ExitCode, t.Message, t.FinishedAt.Time
		out.OutOfMemory = out.OutOfMemory || t.Reason == outOfMemory
	}
	return out
}

// readNeighbours finds out whose turn it is in the slot, and who pushes to the repository.
func (r *SourceReader) readNeighbours(ctx context.Context, w *SourceWorld) error {
	var list v1alpha1.ShopSourceList
	if err := r.Cache.List(ctx, &list, client.InNamespace(w.Source.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing ShopSources: %w", err)
	}
	if taken := source.Taken(w.Source.Name, w.Source.Spec.Image, list.Items); taken != "" {
		w.Observed.Problems = append(w.Observed.Problems, taken)
	}
	if w.Shop == nil {
		return nil
	}
	waiting := []v1alpha1.ShopSource{*w.Source}
	for i := range list.Items {
		o := &list.Items[i]
		if o.Name != w.Source.Name && source.Waits(o) && source.SlotOf(o.Name, w.Shop.Spec.Builds.Slots) == w.Observed.Slot {
			waiting = append(waiting, *o)
		}
	}
	if first := source.First(waiting); first != w.Source.Name {
		w.Observed.Before = first
	}
	return nil
}

// readSecrets finds out whether the Secrets are there and allow the source.
func (r *SourceReader) readSecrets(ctx context.Context, w *SourceWorld) error {
	grants := map[string]source.Grant{}
	for _, use := range source.Uses(&w.Source.Spec) {
		meta := &metav1.PartialObjectMetadata{}
		meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := r.Metadata.Get(ctx, client.ObjectKey{Namespace: w.Source.Namespace, Name: use.Secret}, meta)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading Secret %s: %w", use.Secret, err)
		}
		grants[use.Secret] = source.Grant{Exists: err == nil, Allowed: meta.Annotations[v1alpha1.AnnotationAllowedSources]}
		if err == nil && use.Secret == w.Source.Spec.Git.Secret {
			w.GitSecretVersion = string(meta.UID) + "/" + meta.ResourceVersion
		}
	}
	w.Observed.Problems = append(w.Observed.Problems, source.Refusals(w.Source.Namespace, w.Source.Name, &w.Source.Spec, grants)...)
	return nil
}

// SourcesNaming returns the sources of a namespace that name a Secret.
func (r *SourceReader) SourcesNaming(ctx context.Context, namespace, secret string) (out []string) {
	for _, s := range r.SourcesIn(ctx, namespace) {
		if slices.ContainsFunc(source.Uses(&s.Spec), func(u source.Use) bool { return u.Secret == secret }) {
			out = append(out, s.Name)
		}
	}
	return out
}

// SourcesIn lists the sources of a namespace.
func (r *SourceReader) SourcesIn(ctx context.Context, namespace string) []v1alpha1.ShopSource {
	var list v1alpha1.ShopSourceList
	if r.Cache.List(ctx, &list, client.InNamespace(namespace), client.UnsafeDisableDeepCopy) != nil {
		return nil // the cache is not there yet; every source is looked at when it is
	}
	return list.Items
}

// Interval at which Git is asked for a source.
func Interval(s *v1alpha1.ShopSource) time.Duration {
	if s.Spec.Interval == nil {
		return time.Minute
	}
	return s.Spec.Interval.Duration
}
