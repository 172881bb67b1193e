package apply

import (
	"crypto/rand"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// AnnotationPacked holds, in a cache and nowhere else, the bytes of what is only ever compared with an intent. Where it
// differs between two views of an object, its spec does.
const AnnotationPacked = "packed.shop.emporium.dev/spec"

// seal is what the annotation begins with in this process: nobody else can write it there.
var seal = rand.Text()

// IsSealed tells whether an object went through the transform of a cache of this process before. Where an informer begins with
// a stream, client-go transforms each object twice, and what was taken away the first time would count as not there.
func IsSealed(o client.Object) bool {
	return strings.HasPrefix(o.GetAnnotations()[AnnotationPacked], seal)
}

// Seal marks an object from which a transform took what the second one would miss.
func Seal(o client.Object) { mark(o, seal) }

func mark(o client.Object, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[AnnotationPacked] = value
	o.SetAnnotations(annotations)
}

// message is a part of an object that has a wire form.
type message interface {
	Marshal() ([]byte, error)
	Unmarshal([]byte) error
	Reset()
}

// packable is the part of an object that nobody but a Writer reads; nil: there is none.
func packable(o client.Object) message {
	switch o := o.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *policyv1.PodDisruptionBudget:
		return &o.Spec
	case *networkingv1.NetworkPolicy:
		return &o.Spec
	case *autoscalingv2.HorizontalPodAutoscaler:
		return &o.Spec
	}
	return nil
}

// Pack lets a cache hold the specs of what the operator wrote as the bytes of their wire form
// (TestAPackedDeploymentTakesTwoThirdsOfTheMemory measures it). What somebody wrote into the annotation is written over, and what
// is packed stays as it is (IsSealed). A Writer unpacks what it looks at; whoever else lists such objects sees them without: the pod
// template of Deployments, the whole spec of PodDisruptionBudgets, NetworkPolicies and autoscalers.
func Pack(o client.Object) {
	part := packable(o)
	if part == nil || IsSealed(o) {
		return
	}
	packed, err := part.Marshal()
	if err != nil { // it stays as it is
		return
	}
	mark(o, seal+string(packed))
	part.Reset()
}

// unpack makes an object that came from a cache whole again.
func unpack(o client.Object) error {
	annotations := o.GetAnnotations()
	packed, is := strings.CutPrefix(annotations[AnnotationPacked], seal)
	part := packable(o)
	if !is || part == nil {
		return nil
	}
	delete(annotations, AnnotationPacked)
	o.SetAnnotations(annotations)
	if err := part.Unmarshal([]byte(packed)); err != nil {
		return fmt.Errorf("unpacking %s: %w", o.GetName(), err)
	}
	return nil
}
