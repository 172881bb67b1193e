package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/resources"
)

// annotationApplied holds the hash of the intent that was last applied. It tells
// that a field was taken out of the intent, which the live object alone cannot.
const annotationApplied = observe.AnnotationApplied

// intent is an object as it shall be.
type intent struct {
	object *unstructured.Unstructured
	// err says why it could not be made.
	err error
}

func intentOf(o resources.Object) (intent, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return intent{}, err
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(b); err != nil {
		return intent{}, err
	}
	sum := sha256.Sum256(b)
	annotations := u.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[annotationApplied] = hex.EncodeToString(sum[:8])
	u.SetAnnotations(annotations)
	return intent{object: u}, nil
}

func (i intent) kind() string { return i.object.GetKind() }
func (i intent) name() string { return i.object.GetName() }
func (i intent) key() client.ObjectKey {
	return client.ObjectKey{Namespace: i.object.GetNamespace(), Name: i.object.GetName()}
}

// release names the release of whose stack the object is part; "": of none.
func (i intent) release() string {
	if i.object == nil {
		return ""
	}
	return i.object.GetLabels()[frontdoor.LabelRelease]
}

func (i intent) tableData() string {
	data, _, _ := unstructured.NestedString(i.object.Object, "data", frontdoor.TableKey)
	return data
}

// holds tells whether the live object is what the intent says, and nothing else where that could hurt.
func (i intent) holds(live map[string]any) bool {
	return i.statedBy(live) && len(i.additions(live)) == 0
}

// statedBy tells whether the live object has what the intent states.
func (i intent) statedBy(live map[string]any) bool {
	for field, want := range i.object.Object {
		if field != "apiVersion" && field != "kind" && !within(want, live[field], field) {
			return false
		}
	}
	return true
}

func (i intent) heldBy(o client.Object) (bool, error) {
	live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	return err == nil && i.holds(live), err
}

// isOwned tells whether the shop controls an object: what is deleted must be the shop's beyond doubt.
func isOwned(o, shop client.Object) bool { return metav1.IsControlledBy(o, shop) }

// isOurs tells the shop's object from somebody else's of the same name. One that lost its owner
// and carries what only the operator writes is the shop's, and gets the owner back.
func isOurs(o client.Object, shop client.Object) bool {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return owner.UID == shop.GetUID()
	}
	return o.GetAnnotations()[annotationApplied] != ""
}
