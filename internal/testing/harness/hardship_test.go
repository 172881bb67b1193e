package harness

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

// missing lets somebody delete the Service of what serves, and tells whether it comes back within a minute.
func (w *World) healsAService(t *testing.T) bool {
	t.Helper()
	name := Shop + "-cart-" + w.active(t).Spec.Revision
	w.Chaos().Delete(w.Store.Get("Service", Namespace, name))
	end := w.Now.Add(time.Minute)
	return w.Until(func() bool { return w.Store.Get("Service", Namespace, name) != nil || w.Now.After(end) }) && w.Store.Get("Service", Namespace, name) != nil
}

// says waits until the shop's message holds a text.
func (w *World) says(t *testing.T, text string) {
	t.Helper()
	end := w.Now.Add(time.Minute)
	w.Until(func() bool { _, m := w.Reason(); return strings.Contains(m, text) || w.Now.After(end) })
	if reason, message := w.Reason(); !strings.Contains(message, text) {
		t.Errorf("a minute later the shop says %s: %s; want %q", reason, message, text)
	}
}

func TestARecordThatCannotBeWrittenAgainKeepsNothingFromBeingHealed(t *testing.T) {
	for name, hinder := range map[string]func(*World, *v1alpha1.ShopRelease){
		"a quota refuses it": func(w *World, rel *v1alpha1.ShopRelease) {
			w.Store.Admit = func(wr *cluster.Write) error {
				if wr.Key.Kind == "ShopRelease" && wr.Verb == "create" {
					return apierrors.NewForbidden(v1alpha1.GroupVersion.WithResource("shopreleases").GroupResource(), wr.Key.Name, errors.New("exceeded quota: records"))
				}
				return nil
			}
			w.Chaos().Delete(rel)
		},
		"a finalizer holds the old one": func(w *World, rel *v1alpha1.ShopRelease) {
			w.Chaos().Set(rel, func(o client.Object) { o.SetFinalizers([]string{"example.com/audit"}) })
			w.Chaos().Delete(w.Store.Get("ShopRelease", Namespace, rel.Name))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := Installed()
			defer w.Close()
			rel := w.active(t)
			hinder(w, rel)
			w.For(5 * time.Second)
			service := Shop + "-cart-" + rel.Spec.Revision
			w.Chaos().Delete(w.Store.Get("Service", Namespace, service))
			w.For(time.Minute)
			if w.Store.Get("Service", Namespace, service) == nil {
				t.Error("a Service of what serves does not come back")
			}
			w.says(t, "ShopRelease "+rel.Name)
			w.Store.Admit = nil
			if o := w.Store.Get("ShopRelease", Namespace, rel.Name); o != nil {
				w.Chaos().Set(o, func(o client.Object) { o.SetFinalizers(nil) })
			}
			w.Rest()
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

// sealed cannot read the content of one Secret, as where its key of encryption is lost.
type sealed struct {
	client.Reader
	name string
	on   *bool
}

func (s sealed) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	if _, is := o.(*corev1.Secret); is && key.Name == s.name && *s.on {
		return apierrors.NewInternalError(errors.New("failed to decrypt data"))
	}
	return s.Reader.Get(ctx, key, o, opts...)
}

func TestASecretThatCannotBeReadHoldsTheNextReleaseAndNothingElse(t *testing.T) {
	for name, restarts := range map[string]bool{"an operator that has read it": false, "one that was started since": true} {
		t.Run(name, func(t *testing.T) {
			w, on := New(), false
			defer w.Close()
			w.Rig = func(o *Operator) {
				o.Reconciler.Reader.Configs.Live = sealed{o.Reconciler.Reader.Configs.Live, "mail", &on}
			}
			w.Install()
			w.StartOperator()
			w.Rest()
			first := w.active(t).Name
			on = true
			w.User().Set(w.Store.Get("Secret", Namespace, "mail"), func(o client.Object) { o.(*corev1.Secret).Data = map[string][]byte{"key": []byte("2")} })
			if restarts {
				w.Operators[0].Kill()
				w.StartOperator()
			}
			w.says(t, "Secret mail, which services take values from, cannot be read")
			if !w.healsAService(t) {
				t.Error("a Service of what serves does not come back")
			}
			if got := w.active(t).Name; got != first {
				t.Errorf("%s serves", got)
			}
			on = false
			w.Rest()
			if got := w.active(t).Name; got == first {
				t.Error("the release with the Secret's new content does not come, now that it can be read")
			}
			rightEnd(w)
			w.Check(t, name)
		})
	}
}

func TestAMigrationThatSomebodySuspendedIsTold(t *testing.T) {
	w := Installed()
	defer w.Close()
	w.Edit("cart", func(s *v1alpha1.ShopServiceSpec) {
		s.Image, s.Migration = "cart:2", &v1alpha1.Migration{Args: []string{"migrate"}}
	})
	var job *batchv1.Job
	w.Until(func() bool {
		for _, o := range w.Store.All("Job") {
			job = o.(*batchv1.Job)
		}
		return job != nil
	})
	w.User().Set(w.Store.Get("Job", Namespace, job.Name), func(o client.Object) { o.(*batchv1.Job).Spec.Suspend = ptr.To(true) })
	w.User().Report(w.Store.Get("Job", Namespace, job.Name), func(o client.Object) { o.(*batchv1.Job).Status = batchv1.JobStatus{} })
	for _, o := range w.podsOf("cart") {
		if o.Labels["batch.kubernetes.io/job-name"] == job.Name {
			w.User().Delete(o)
		}
	}
	w.says(t, "kubectl -n shops patch job "+job.Name)
}

// `kubectl label all --all app.kubernetes.io/managed-by=Helm --overwrite`, and Leases with it: Deployments get their
// labels back, but nobody writes those of pods and Leases.
func TestPodsAndLeasesThatAreRelabelledForHelmAreStillSeen(t *testing.T) {
	w := Installed()
	defer w.Close()
	helm := func() {
		for _, kind := range []string{"Pod", "Lease", "Deployment", "Service"} {
			for _, o := range w.Store.All(kind) {
				w.Chaos().Set(o, func(o client.Object) {
					labels := maps.Clone(o.GetLabels())
					labels["app.kubernetes.io/managed-by"] = "Helm"
					o.SetLabels(labels)
				})
			}
		}
	}
	helm()
	w.For(10 * time.Second)
	if reason, message := w.Reason(); reason != v1alpha1.ReasonServing {
		t.Errorf("the shop serves, and says %s: %s", reason, message)
	}
	first := w.active(t).Name
	w.Image("storefront", "storefront:2")
	w.Until(func() bool { return w.table().Active != first })
	helm()
	w.Rest()
	for _, o := range w.Store.All("Deployment") {
		if o.GetLabels()["shop.emporium.dev/release"] == first {
			t.Errorf("%s of the release before is kept for ever, as if nobody had confirmed the switch", o.GetName())
		}
	}
	rightEnd(w)
	w.Check(t, "relabelled for Helm")
}

// A view that is never new enough is no moment, and nobody would know.
func TestAConflictThatLastsIsTold(t *testing.T) {
	w := Installed()
	defer w.Close()
	w.Operators[0].Client.OnCall = func(c cluster.Call) cluster.Fault {
		if c.Key.Name == "acme-front-door" && c.Key.Kind == "ConfigMap" {
			return cluster.Fault{Instead: apierrors.NewConflict(corev1.Resource("configmaps"), c.Key.Name, errors.New("the object has been modified"))}
		}
		return cluster.Fault{}
	}
	w.Image("storefront", "storefront:2")
	w.For(10 * time.Second)
	w.says(t, "the object has been modified")
	w.Operators[0].Client.OnCall = nil
	w.Rest()
	rightEnd(w)
	w.Check(t, "a conflict that lasts")
}

// The webhook of a policy engine that judges ShopReleases is away just when the guard fires.
func TestAGuardsWayBackDoesNotWaitUntilItsVerdictCanBeRecorded(t *testing.T) {
	w := New()
	defer w.Close()
	w.Install(func(s *v1alpha1.Shop) {
		s.Spec.Release.Guard = &v1alpha1.Guard{Window: duration(2 * time.Minute), MaxErrorPercent: ptr.To[int32](5), MinRequests: 20}
	})
	w.StartOperator()
	w.Rest()
	first := w.active(t).Name
	w.Errors["storefront:2"] = 50
	w.Image("storefront", "storefront:2")
	w.Until(func() bool { return w.table().Active != first && w.table().Active != "" })
	second := w.table().Active
	w.Store.Admit = func(wr *cluster.Write) error {
		if wr.Key.Kind == "ShopRelease" && wr.Verb == "patch" {
			return apierrors.NewInternalError(errors.New("failed calling webhook"))
		}
		return nil
	}
	end := w.Now.Add(time.Minute)
	w.Until(func() bool { return w.table().Active == first || w.Now.After(end) })
	for range 30 {
		if w.For(time.Second); w.table().Active != first {
			t.Fatalf("%s serves, which the guard rejected", w.table().Active)
		}
	}
	w.Store.Admit = nil
	w.Rest()
	if rel := w.Store.Get("ShopRelease", Namespace, second).(*v1alpha1.ShopRelease); rel.Annotations[v1alpha1.AnnotationRejected] == "" || rel.Annotations[v1alpha1.AnnotationRejectedServices] != "storefront" {
		t.Errorf("the record says %v", rel.Annotations)
	}
	if w.table().Active != first {
		t.Errorf("%s serves in the end", w.table().Active)
	}
	w.Check(t, "a verdict that cannot be recorded")
}
