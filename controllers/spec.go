package controllers

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sameSpec: autoscalers of some API servers have no generation.
func sameSpec(a, b client.Object) bool {
	was, is := a.(*autoscalingv2.HorizontalPodAutoscaler)
	now, _ := b.(*autoscalingv2.HorizontalPodAutoscaler)
	return !is || now == nil || equality.Semantic.DeepEqual(was.Spec, now.Spec)
}
