package apply

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/resources"
)

// handOver keeps the live number of replicas when an autoscaler takes over from a
// fixed number: dropping the field from our own apply would set it to 1 at once, so
// another field manager takes it first. Where the number is not the operator's, nothing is handed over: an
// autoscaler that moves it at this moment must not find it put back to what a cache held.
func (w *Writer) handOver(ctx context.Context, in intent, live map[string]any) error {
	_, stated, _ := unstructured.NestedFieldNoCopy(in.object.Object, "spec", "replicas")
	if in.kind() != "Deployment" || stated || live == nil {
		return nil
	}
	var now appsv1.Deployment
	if err := w.Live.Get(ctx, in.key(), &now); err != nil {
		return client.IgnoreNotFound(err)
	}
	if now.Spec.Replicas == nil || !ownsReplicas(&now) {
		return nil
	}
	hold := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": in.name(), "namespace": in.key().Namespace, "resourceVersion": now.ResourceVersion},
		"spec":     map[string]any{"replicas": int64(*now.Spec.Replicas)},
	}}
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(hold), client.FieldOwner("emporium-handover"), client.ForceOwnership)
	w.wrote("Deployment", "apply")
	if err != nil {
		return fmt.Errorf("keeping the replicas of Deployment %s: %w", in.name(), err)
	}
	return nil
}

// ownsReplicas tells whether the operator's own apply set the number of replicas.
func ownsReplicas(d *appsv1.Deployment) bool {
	for _, m := range d.ManagedFields {
		if m.Manager != resources.FieldManager || m.FieldsV1 == nil {
			continue
		}
		var fields struct {
			Spec struct {
				Replicas *struct{} `json:"f:replicas"`
			} `json:"f:spec"`
		}
		if json.Unmarshal(m.FieldsV1.GetRawBytes(), &fields) == nil && fields.Spec.Replicas != nil {
			return true
		}
	}
	return false
}
