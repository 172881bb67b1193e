package cluster

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	acs "k8s.io/client-go/applyconfigurations"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// shared is what all stores have in common: reading the schemas of Kubernetes takes 10 ms.
var shared = sync.OnceValue(func() (out struct {
	scheme   *runtime.Scheme
	typed    managedfields.TypeConverter
	deduced  managedfields.TypeConverter
	mapper   meta.RESTMapper
	settable error
}) {
	out.scheme = runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, gatewayv1.Install} {
		if err := add(out.scheme); err != nil {
			panic(fmt.Sprintf("making the scheme: %v", err))
		}
	}
	out.typed, out.deduced = acs.NewTypeConverter(out.scheme), managedfields.NewDeducedTypeConverter()
	mapper := meta.NewDefaultRESTMapper(nil)
	for gvk := range out.scheme.AllKnownTypes() {
		mapper.Add(gvk, meta.RESTScopeNamespace)
	}
	out.mapper = mapper
	return out
})

// Scheme knows every kind that a shop uses.
func Scheme() *runtime.Scheme { return shared().scheme }

// converterOf returns the schema of a kind. Custom resources have none here: their lists are
// atomic, as those of an HTTPRoute are.
func converterOf(gvk schema.GroupVersionKind) managedfields.TypeConverter {
	if gvk.Group == gatewayv1.GroupName || gvk.Group == v1alpha1.GroupVersion.Group {
		return shared().deduced
	}
	return shared().typed
}

func kindOf(o runtime.Object) (schema.GroupVersionKind, error) {
	gvk, err := apiutil.GVKForObject(o, shared().scheme)
	gvk.Kind = strings.TrimSuffix(gvk.Kind, "List")
	return gvk, err
}

func keyOf(o client.Object) (Key, schema.GroupVersionKind, error) {
	gvk, err := kindOf(o)
	return Key{gvk.Kind, o.GetNamespace(), o.GetName()}, gvk, err
}

// resource is the name of a kind in errors.
func (k Key) resource() schema.GroupResource {
	for gvk := range shared().scheme.AllKnownTypes() {
		if gvk.Kind == k.Kind {
			plural, _ := meta.UnsafeGuessKindToResource(gvk)
			return plural.GroupResource()
		}
	}
	return schema.GroupResource{Resource: strings.ToLower(k.Kind)}
}

func hasGeneration(o client.Object) bool {
	return slices.Contains([]string{
		"Deployment", "PodDisruptionBudget", "Job", "HTTPRoute", "Gateway", "NetworkPolicy", "Shop", "ShopService", "ShopRelease", "ShopSource",
	}, o.GetObjectKind().GroupVersionKind().Kind)
}

// statusOf returns the status of an object; invalid where its kind has none.
func statusOf(o client.Object) reflect.Value {
	return reflect.ValueOf(o).Elem().FieldByName("Status")
}

func sameSpec(a, b client.Object) bool {
	of := func(o client.Object) any { return reflect.ValueOf(o).Elem().FieldByName("Spec").Interface() }
	return equality.Semantic.DeepEqual(of(a), of(b))
}

// typedCopy returns an own copy with its kind, also of what a client holds without structure.
func typedCopy(o client.Object) (client.Object, error) {
	gvk, err := kindOf(o)
	if err != nil {
		return nil, err
	}
	out, ok := o.DeepCopyObject().(client.Object)
	if u, is := o.(runtime.Unstructured); is {
		if out, err = decode(gvk, u.UnstructuredContent()); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, fmt.Errorf("%T is no object", o)
	}
	out.GetObjectKind().SetGroupVersionKind(gvk)
	return out, nil
}

func decode(gvk schema.GroupVersionKind, content map[string]any) (client.Object, error) {
	made, err := shared().scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, made); err != nil {
		return nil, err
	}
	made.GetObjectKind().SetGroupVersionKind(gvk)
	return made.(client.Object), nil
}

func metadataOf(o client.Object) *metav1.PartialObjectMetadata {
	m := meta.AsPartialObjectMetadata(o)
	m.SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())
	return m.DeepCopy()
}

// KindOf names the kind of an object.
func KindOf(o runtime.Object) string {
	gvk, err := kindOf(o)
	if err != nil {
		panic(fmt.Sprintf("the kind of %T: %v", o, err))
	}
	return gvk.Kind
}
