package act

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/view"
)

// write does what is intended on the Shop as it was read; it returns what the person has to know of it.
func (p *Person) write(ctx context.Context, live *unstructured.Unstructured, what intent, r Request) (warning string, err error) {
	if what.value == nil {
		return p.remove(ctx, live, what, r)
	}
	return p.apply(ctx, live, what, r)
}

// apply sets the field. It is applied without force first: a conflict says that others hold it, and nothing is written then.
func (p *Person) apply(ctx context.Context, live *unstructured.Unstructured, what intent, r Request) (string, error) {
	body, err := bodyOf(live, what)
	if err != nil {
		return "", err
	}
	options := []client.ApplyOption{client.FieldOwner(v1alpha1.FieldManager)}
	err = p.API.Apply(ctx, client.ApplyConfigurationFromUnstructured(body.DeepCopy()), options...)
	if !heldByOthers(err) {
		return appliedByHand(live, what), err
	}
	tool := view.HolderOf(live, what.path...)
	if tool != nil && !r.Force {
		return "", heldByGit(live, what, tool)
	}
	if err := p.API.Apply(ctx, client.ApplyConfigurationFromUnstructured(body), append(options, client.ForceOwnership)...); err != nil {
		return "", err
	}
	return sentences(putBack(what, tool), appliedByHand(live, what)), nil
}

// bodyOf is all that people hold under our name, with the change. UID and resource version let it count only on what was read;
// without them an apply would also make a Shop anew that was deleted meanwhile.
func bodyOf(live *unstructured.Unstructured, what intent) (*unstructured.Unstructured, error) {
	object, err := applied(live)
	if err != nil {
		return nil, err
	}
	body := &unstructured.Unstructured{Object: object}
	body.SetGroupVersionKind(live.GroupVersionKind())
	body.SetNamespace(live.GetNamespace())
	body.SetName(live.GetName())
	body.SetUID(live.GetUID())
	body.SetResourceVersion(live.GetResourceVersion())
	if err := unstructured.SetNestedField(body.Object, what.value, what.path...); err != nil {
		return nil, fmt.Errorf("setting %s: %w", what.field(), err)
	}
	for name, value := range what.notes {
		if err := unstructured.SetNestedField(body.Object, value, "metadata", "annotations", name); err != nil {
			return nil, fmt.Errorf("setting annotation %s: %w", name, err)
		}
	}
	return body, nil
}

// remove takes the field away, whoever of the people set it. An apply that leaves it out would take it away only where nobody
// else holds it, kubectl patch included, so it is a patch, on what was read.
func (p *Person) remove(ctx context.Context, live *unstructured.Unstructured, what intent, r Request) (string, error) {
	tool := view.HolderOf(live, what.path...)
	if tool != nil && !r.Force {
		return "", heldByGit(live, what, tool)
	}
	patch := &unstructured.Unstructured{Object: map[string]any{}}
	patch.SetUID(live.GetUID())
	patch.SetResourceVersion(live.GetResourceVersion())
	if err := errors.Join(unstructured.SetNestedField(patch.Object, nil, what.path...), setNotes(patch, what.notes)); err != nil {
		return "", fmt.Errorf("removing %s: %w", what.field(), err)
	}
	body, err := json.Marshal(patch.Object)
	if err != nil {
		return "", fmt.Errorf("removing %s: %w", what.field(), err)
	}
	if err := p.API.Patch(ctx, live.DeepCopy(), client.RawPatch(types.MergePatchType, body), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return "", err
	}
	return sentences(putBack(what, tool), appliedByHand(live, what)), nil
}

func setNotes(o *unstructured.Unstructured, notes map[string]any) error {
	var errs []error
	for name, value := range notes {
		errs = append(errs, unstructured.SetNestedField(o.Object, value, "metadata", "annotations", name))
	}
	return errors.Join(errs...)
}

// heldByOthers tells that managers other than us hold a field that was applied. Who they are stands on the Shop as it was read:
// where that has changed since, the next write is refused, and judged anew.
func heldByOthers(err error) bool {
	return apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict)
}

// putBack says what becomes of a field that was taken from a tool.
func putBack(what intent, tool *view.Holder) string {
	if tool == nil {
		return ""
	}
	return fmt.Sprintf("%s is held by %s, which puts it back when it applies again", what.field(), spoken(tool))
}

// appliedByHand: a manifest that somebody applied with kubectl has the field, and would set it again.
func appliedByHand(live *unstructured.Unstructured, what intent) string {
	var last map[string]any
	if json.Unmarshal([]byte(live.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"]), &last) != nil {
		return ""
	}
	value, found, err := unstructured.NestedFieldNoCopy(last, what.path...)
	if err != nil || !found || value == what.value {
		return ""
	}
	return fmt.Sprintf("the manifest that was last applied with kubectl apply has %s: %v, and sets it again when it is applied again; change it there, too",
		strings.Join(what.path, "."), value)
}
