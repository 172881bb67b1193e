package foresee

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// overlay reads the cluster as it would be with the objects of files. What the person may not read counts as not there, and is
// noted.
type overlay struct {
	client.Reader
	scheme  *runtime.Scheme
	objects []client.Object
	unseen  []string
	// secretUnread: the content of a Secret that a service names could not be read.
	secretUnread bool
}

func newOverlay(api Cluster, objects []client.Object) *overlay {
	return &overlay{Reader: api, scheme: api.Scheme(), objects: objects}
}

func (o *overlay) notes() (out []string) {
	slices.Sort(o.unseen)
	for _, what := range slices.Compact(o.unseen) {
		out = append(out, "not seen: "+what)
	}
	return out
}

func (o *overlay) kindOf(obj runtime.Object) string { return kindOf(o.scheme, obj) }

func kindOf(scheme *runtime.Scheme, o runtime.Object) string {
	if gvk := o.GetObjectKind().GroupVersionKind(); gvk.Kind != "" {
		return gvk.Kind
	}
	gvk, err := apiutil.GVKForObject(o, scheme)
	if err != nil {
		return ""
	}
	return gvk.Kind
}

// granting are the kinds that services name, and that many people may not read.
var granting = map[string]bool{"Secret": true, "ServiceAccount": true, "PersistentVolumeClaim": true}

// Get answers with the object of the files where there is one.
func (o *overlay) Get(ctx context.Context, key client.ObjectKey, out client.Object, opts ...client.GetOption) error {
	kind := o.kindOf(out)
	for _, own := range o.objects {
		if o.kindOf(own) == kind && client.ObjectKeyFromObject(own) == key {
			return fill(out, own)
		}
	}
	err := o.Reader.Get(ctx, key, out, opts...)
	if apierrors.IsForbidden(err) && granting[kind] {
		o.unseen, o.secretUnread = append(o.unseen, fmt.Sprintf("%s %s (you may not get it)", kind, key.Name)), o.secretUnread || kind == "Secret"
		// Whom it allows cannot be seen either; nobody is refused on a guess.
		return fill(out, &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Namespace: key.Namespace, Name: key.Name, UID: "unread", Annotations: map[string]string{v1alpha1.AnnotationAllowedServices: "*"}}})
	}
	return err
}

// List puts the objects of the files among those of the cluster.
func (o *overlay) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	err := o.Reader.List(ctx, list, withoutFields(opts)...)
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) || runtime.IsNotRegisteredError(err) { // nobody asks for the kind here
		err = nil
	}
	kind := o.kindOf(list)
	kind = kind[:max(0, len(kind)-len("List"))]
	if apierrors.IsForbidden(err) {
		if kind == "Shop" || kind == "ShopService" || kind == "ShopRelease" { // without these nothing can be said
			return err
		}
		o.unseen, err = append(o.unseen, kind+" objects (you may not list them)"), nil
	}
	if err != nil {
		return err
	}
	return o.merge(list, kind, opts)
}

// withoutFields leaves out what only an index of the operator's cache can select by; who asks looks at each object all the same.
func withoutFields(opts []client.ListOption) []client.ListOption {
	var asked client.ListOptions
	asked.ApplyOptions(opts)
	asked.FieldSelector = nil
	return []client.ListOption{&asked}
}

func (o *overlay) merge(list client.ObjectList, kind string, opts []client.ListOption) error {
	var with client.ListOptions
	with.ApplyOptions(opts)
	live, err := meta.ExtractList(list)
	if err != nil {
		return err
	}
	for _, own := range o.objects {
		if o.kindOf(own) != kind || (with.Namespace != "" && own.GetNamespace() != with.Namespace) {
			continue
		}
		live = slices.DeleteFunc(live, func(l runtime.Object) bool {
			m, err := meta.Accessor(l)
			return err == nil && m.GetName() == own.GetName() && m.GetNamespace() == own.GetNamespace()
		})
		if with.LabelSelector == nil || with.LabelSelector.Matches(labels.Set(own.GetLabels())) {
			live = append(live, own.DeepCopyObject())
		}
	}
	return meta.SetList(list, live)
}

// fill copies an object, also into its metadata alone.
func fill(out, from client.Object) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return fmt.Errorf("copying %s: %w", from.GetName(), err)
	}
	gvk := out.GetObjectKind().GroupVersionKind()
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("copying %s: %w", from.GetName(), err)
	}
	out.GetObjectKind().SetGroupVersionKind(gvk)
	return nil
}
