package status

import (
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// set sets a condition; its time moves only when its status does.
func set(conditions *[]metav1.Condition, generation int64, t v1alpha1.ConditionType, is bool, reason v1alpha1.Reason, message string) {
	status := metav1.ConditionFalse
	if is {
		status = metav1.ConditionTrue
	}
	meta.SetStatusCondition(conditions, metav1.Condition{
		Type: string(t), Status: status, Reason: string(reason), Message: bounded(message), ObservedGeneration: generation,
	})
}

// setAbnormal sets an abnormal-true condition, which is present only while true.
func setAbnormal(conditions *[]metav1.Condition, generation int64, t v1alpha1.ConditionType, is bool, reason v1alpha1.Reason, message string) {
	if !is {
		meta.RemoveStatusCondition(conditions, string(t))
		return
	}
	set(conditions, generation, t, true, reason, message)
}

func remove(conditions *[]metav1.Condition, t v1alpha1.ConditionType) {
	meta.RemoveStatusCondition(conditions, string(t))
}
