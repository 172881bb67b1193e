package controllers

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/apply"
)

// sameSpec: autoscalers of some API servers have no generation. What is packed tells of itself by its bytes.
func sameSpec(a, b client.Object) bool {
	was, is := a.(*autoscalingv2.HorizontalPodAutoscaler)
	now, _ := b.(*autoscalingv2.HorizontalPodAutoscaler)
	return !is || now == nil || (equality.Semantic.DeepEqual(was.Spec, now.Spec) &&
		was.Annotations[apply.AnnotationPacked] == now.Annotations[apply.AnnotationPacked])
}
