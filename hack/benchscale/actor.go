package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	appslisters "k8s.io/client-go/listers/apps/v1"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/ptr"
)

const (
	// startsIn is how long a pod takes to get ready.
	startsIn = time.Second
	ours     = "app.kubernetes.io/managed-by=emporium"
)

// actor plays what Kubernetes would do: a Deployment gets pods, pods get ready after a while,
// and the Deployment says so; when it goes, so do they. Pods are named after their
// Deployment, so that nothing need be remembered.
type actor struct {
	kube        kubernetes.Interface
	deployments appslisters.DeploymentLister
	pods        corelisters.PodLister
	queue       workqueue.TypedRateLimitingInterface[cache.ObjectName]
	doors       *doors
	// made holds when this actor made a pod; creation times have no fractions.
	made sync.Map
}

// runActor plays until the context ends.
func runActor(ctx context.Context, kube kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactoryWithOptions(kube, 0,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = ours }))
	a := &actor{
		kube: kube, deployments: factory.Apps().V1().Deployments().Lister(), pods: factory.Core().V1().Pods().Lister(),
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedItemBasedRateLimiter[cache.ObjectName]()),
	}
	a.doors = newDoors(kube, factory)
	for _, listen := range []func() error{
		func() error { return onEvent(factory.Apps().V1().Deployments().Informer(), a.queue.Add) },
		a.doors.listen,
	} {
		if err := listen(); err != nil {
			return fmt.Errorf("watching as the actor: %w", err)
		}
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("watching %s as the actor: %w", kind, context.Cause(ctx))
		}
	}
	work(ctx, a.queue, a.sync)
	work(ctx, a.doors.queue, a.doors.sync)
	return nil
}

// onEvent hands the names of objects that changed to somebody.
func onEvent(informer cache.SharedIndexInformer, add func(cache.ObjectName)) error {
	changed := func(o any) {
		if name, err := cache.DeletionHandlingObjectToName(o); err == nil {
			add(name)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, o any) { changed(o) }, DeleteFunc: changed,
	})
	return err
}

// work lets several goroutines work a queue off until the context ends.
func work(ctx context.Context, queue workqueue.TypedRateLimitingInterface[cache.ObjectName], sync func(context.Context, cache.ObjectName) (time.Duration, error)) {
	context.AfterFunc(ctx, queue.ShutDown)
	for range hands {
		go func() {
			for {
				name, ended := queue.Get()
				if ended {
					return
				}
				again, err := sync(ctx, name)
				queue.Done(name)
				switch {
				case err != nil:
					queue.AddRateLimited(name)
				case again > 0:
					queue.AddAfter(name, again)
				default:
					queue.Forget(name)
				}
			}
		}()
	}
}

func podName(deployment string, i int) string { return fmt.Sprintf("%s-%d", deployment, i) }

func (a *actor) sync(ctx context.Context, name cache.ObjectName) (time.Duration, error) {
	d, err := a.deployments.Deployments(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return 0, a.trim(ctx, name, 0)
	}
	if err != nil {
		return 0, err
	}
	wanted := int(ptr.Deref(d.Spec.Replicas, 1))
	if err := a.trim(ctx, name, wanted); err != nil {
		return 0, err
	}
	ready, wait, err := a.start(ctx, d, wanted)
	if err != nil {
		return 0, err
	}
	return wait, a.report(ctx, d, int32(wanted), ready)
}

// trim deletes the pods beyond what is wanted.
func (a *actor) trim(ctx context.Context, name cache.ObjectName, wanted int) error {
	for i := wanted; ; i++ {
		pod := podName(name.Name, i)
		if _, err := a.pods.Pods(name.Namespace).Get(pod); err != nil {
			return ignoreMissing(err)
		}
		a.made.Delete(cache.ObjectName{Namespace: name.Namespace, Name: pod})
		err := a.kube.CoreV1().Pods(name.Namespace).Delete(ctx, pod, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](0)})
		if ignoreMissing(err) != nil {
			return err
		}
	}
}

// start makes the pods that are missing and lets those be ready that had the time to start.
// It returns how many are, and when the next one will be.
func (a *actor) start(ctx context.Context, d *appsv1.Deployment, wanted int) (ready int32, wait time.Duration, err error) {
	for i := range wanted {
		pod, err := a.pods.Pods(d.Namespace).Get(podName(d.Name, i))
		if apierrors.IsNotFound(err) {
			pod, err = a.kube.CoreV1().Pods(d.Namespace).Create(ctx, newPod(d, i), metav1.CreateOptions{})
			a.made.LoadOrStore(cache.ObjectName{Namespace: d.Namespace, Name: podName(d.Name, i)}, time.Now())
		}
		if ignoreExisting(err) != nil {
			return 0, 0, err
		}
		switch {
		case err != nil, pod == nil: // made a moment ago, not seen yet
			wait = startsIn
		case isReady(pod):
			ready++
		case a.age(pod) < startsIn:
			wait = startsIn - a.age(pod)
		default:
			if err := a.ready(ctx, pod); err != nil {
				return 0, 0, err
			}
			ready++
		}
	}
	return ready, wait, nil
}

func newPod(d *appsv1.Deployment, i int) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: podName(d.Name, i), Namespace: d.Namespace, Labels: d.Spec.Template.Labels, Annotations: d.Spec.Template.Annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec: d.Spec.Template.Spec,
	}
}

// age is the time since the pod was made; one that was there before counts as old.
func (a *actor) age(pod *corev1.Pod) time.Duration {
	made, ok := a.made.Load(cache.MetaObjectToName(pod))
	if !ok {
		return startsIn
	}
	return time.Since(made.(time.Time))
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (a *actor) ready(ctx context.Context, pod *corev1.Pod) error {
	pod = pod.DeepCopy()
	pod.Status.Phase = corev1.PodRunning
	now := metav1.Now()
	for _, t := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: ptr.To(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	_, err := a.kube.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
	return err
}

// report writes the status of a Deployment, where it says something else.
func (a *actor) report(ctx context.Context, d *appsv1.Deployment, wanted, ready int32) error {
	s := d.Status
	if s.ObservedGeneration == d.Generation && s.Replicas == wanted && s.AvailableReplicas == ready {
		return nil
	}
	available := "False"
	if ready == wanted {
		available = "True"
	}
	patch := fmt.Appendf(nil, `{"status":{"observedGeneration":%d,"replicas":%d,"updatedReplicas":%d,"readyReplicas":%d,"availableReplicas":%d,"unavailableReplicas":%d,
		"conditions":[{"type":"Available","status":%q,"reason":"Played","message":""}]}}`, d.Generation, wanted, wanted, ready, ready, wanted-ready, available)
	_, err := a.kube.AppsV1().Deployments(d.Namespace).Patch(ctx, d.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return ignoreMissing(err)
}

func ignoreMissing(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func ignoreExisting(err error) error {
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}
