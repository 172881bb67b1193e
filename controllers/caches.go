package controllers

import (
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/resources"
)

// CacheOptions lets the caches hold only what carries the operator's label, and of
// that not who wrote which field.
func CacheOptions() cache.Options {
	ours := labels.SelectorFromSet(labels.Set{resources.LabelManagedBy: resources.ManagedBy})
	o := cache.Options{ByObject: map[client.Object]cache.ByObject{}, DefaultTransform: cache.TransformStripManagedFields()}
	for kind := range written() {
		o.ByObject[kind] = cache.ByObject{Label: ours}
	}
	return o
}

// SourceCacheOptions is for the ConfigMaps and Secrets that are not the operator's:
// only their metadata is watched.
func SourceCacheOptions() cache.Options {
	theirs, err := labels.NewRequirement(resources.LabelManagedBy, selection.NotEquals, []string{resources.ManagedBy})
	if err != nil {
		panic(err) // a constant requirement
	}
	return cache.Options{DefaultLabelSelector: labels.NewSelector().Add(*theirs), DefaultTransform: cache.TransformStripManagedFields()}
}
