package release

import "github.com/emporium-shop/emporium/api/v1alpha1"

// budgetsOnlyWhereTheyHold is the first version of the rendering that spares a PodDisruptionBudget which holds nobody back.
const budgetsOnlyWhereTheyHold = 4

// Unavailable is how many pods of a service a drain of nodes may take at a time.
func Unavailable(scale v1alpha1.ServiceScale) int32 {
	if own := scale.DisruptionBudget; own != nil {
		return own.MaxUnavailable
	}
	return 1
}

// HasBudget says whether a stack has a PodDisruptionBudget for a service that has a number of pods: where
// all of them may go at a time it would hold no drain back, and cost a request and an object in each
// release. An autoscaled service always has one, since its number of pods is not ours.
func HasBudget(renderVersion int32, scale v1alpha1.ServiceScale, pods int32) bool {
	return renderVersion < budgetsOnlyWhereTheyHold || scale.Autoscaling != nil || pods > Unavailable(scale)
}
