package observe

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/source"
)

// fluxSources is where sources of Flux are. Its types are not needed for five fields.
var fluxSources = schema.GroupVersion{Group: "source.toolkit.fluxcd.io", Version: "v1"}

// readArtifact reads what spec.sourceRef names, past every cache: a cluster need not have the kind, and a watch of one that it lacks
// would keep the operator from starting. One read in each interval is what it costs.
func (r *Reader) readArtifact(ctx context.Context, w *SourceWorld) error {
	ref := w.Source.Spec.SourceRef
	if ref == nil || w.Source.Spec.Paused {
		return nil
	}
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(fluxSources.WithKind(source.RefKind(&w.Source.Spec)))
	f := source.FluxSource{Kind: o.GetKind(), Name: ref.Name}
	err := r.Configs.Live.Get(ctx, client.ObjectKey{Namespace: w.Source.Namespace, Name: ref.Name}, o)
	switch {
	case meta.IsNoMatchError(err):
		f.Missing = fmt.Sprintf("is of a kind that the cluster does not have: install Flux's source-controller, which serves %s", fluxSources)
	case apierrors.IsNotFound(err):
		f.Missing = fmt.Sprintf("does not exist in namespace %s; create it, or correct the name", w.Source.Namespace)
	case apierrors.IsForbidden(err):
		f.Missing = "may not be read by the operator: apply config/rbac of this version"
	case err != nil:
		return fmt.Errorf("reading %s %s: %w", f.Kind, f.Name, err)
	default:
		fluxStatus(&f, o)
	}
	w.Flux, w.Artifact = source.ArtifactOf(f)
	w.Flux.Request = w.Observed.Requested
	return nil
}

func fluxStatus(f *source.FluxSource, o *unstructured.Unstructured) {
	text := func(fields ...string) string {
		s, _, _ := unstructured.NestedString(o.Object, fields...)
		return s
	}
	f.Generation = o.GetGeneration()
	f.Observed, _, _ = unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	f.URL, f.Revision, f.Digest = text("status", "artifact", "url"), text("status", "artifact", "revision"), text("status", "artifact", "digest")
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, one := range conditions {
		c, is := one.(map[string]any)
		if is && c["type"] == "Ready" && c["status"] != "True" {
			f.NotReady, _ = c["message"].(string)
		}
	}
}
