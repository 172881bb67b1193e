package foresee

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Read reads the objects of a file: YAML or JSON, several documents, lists.
func Read(name string, in io.Reader) (out []*unstructured.Unstructured, err error) {
	documents := utilyaml.NewYAMLOrJSONDecoder(bufio.NewReader(in), 4096)
	for n := 1; ; n++ {
		u := &unstructured.Unstructured{}
		switch err := documents.Decode(u); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%s, document %d: %w", name, n, err)
		case len(u.Object) == 0:
			continue
		}
		if u.IsList() {
			list, err := u.ToList()
			if err != nil {
				return nil, fmt.Errorf("%s, document %d: %w", name, n, err)
			}
			for i := range list.Items {
				out = append(out, &list.Items[i])
			}
			continue
		}
		if u.GetKind() == "" || u.GetName() == "" {
			return nil, fmt.Errorf("%s, document %d: it has no kind or no metadata.name", name, n)
		}
		out = append(out, u)
	}
}

// concerns are the kinds that a release is made of.
var concerns = map[string]bool{"Shop": true, "ShopService": true, "ShopSource": true, "ConfigMap": true, "Secret": true, "ServiceAccount": true, "PersistentVolumeClaim": true, "ResourceQuota": true}

func concerned(u *unstructured.Unstructured) bool {
	group := u.GroupVersionKind().Group
	return concerns[u.GetKind()] && (group == "" || group == v1alpha1.GroupVersion.Group)
}

// refused tells what the API server has against an object from what keeps the person from asking.
func refused(object string, err error) error {
	mayNot := apierrors.IsForbidden(err) && strings.Contains(err.Error(), "cannot patch resource") // RBAC's words; admission has others
	if !mayNot && (apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsNotFound(err)) {
		return &Refused{Object: object, Err: err}
	}
	return fmt.Errorf("asking the API server what it would make of %s: %w", object, err)
}

// Refused is what the API server would not take.
type Refused struct {
	Object string
	Err    error
}

func (r *Refused) Error() string {
	return fmt.Sprintf("%s would be refused: %v; correct the file", r.Object, r.Err)
}

func (r *Refused) Unwrap() error { return r.Err }

// DryRun lets the API server say what it would make of objects: with defaults, rules and admission, and without storing them.
// Kinds that no release is made of are left out; objects of other namespaces too. skipped names these.
func DryRun(ctx context.Context, api client.Client, namespace string, files []*unstructured.Unstructured) (out []client.Object, skipped []string, err error) {
	for _, u := range files {
		name := u.GetKind() + " " + u.GetName()
		if u.GetNamespace() == "" {
			u.SetNamespace(namespace)
		}
		if !concerned(u) || u.GetNamespace() != namespace {
			skipped = append(skipped, name)
			continue
		}
		manager, err := appliedBy(ctx, api, u)
		if err != nil {
			return nil, nil, err
		}
		applied := u.DeepCopy()
		applied.SetManagedFields(nil)
		if err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.DryRunAll, client.ForceOwnership, client.FieldOwner(manager)); err != nil {
			return nil, nil, refused(name, err)
		}
		typed, err := typedOf(api.Scheme(), applied)
		if err != nil {
			return nil, nil, fmt.Errorf("reading %s: %w", name, err)
		}
		out = append(out, typed)
	}
	return out, skipped, nil
}

// appliedBy is the manager whose apply the file is: fields that it had and that are gone from the file go. Of an object that nobody
// applies by the server, fields that are gone from the file stay in what is foreseen.
func appliedBy(ctx context.Context, api client.Client, u *unstructured.Unstructured) (string, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(u.GroupVersionKind())
	if err := api.Get(ctx, client.ObjectKeyFromObject(u), live); client.IgnoreNotFound(err) != nil {
		return "", fmt.Errorf("reading %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	for _, e := range live.GetManagedFields() {
		if e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" && e.Manager != v1alpha1.FieldManager {
			return e.Manager, nil
		}
	}
	return "kubectl", nil
}

func typedOf(scheme *runtime.Scheme, u *unstructured.Unstructured) (client.Object, error) {
	o, err := scheme.New(u.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, o); err != nil {
		return nil, err
	}
	typed := o.(client.Object) // kinds of objects are
	typed.GetObjectKind().SetGroupVersionKind(u.GroupVersionKind())
	return typed, nil
}
