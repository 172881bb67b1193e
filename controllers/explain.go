package controllers

import (
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/plan"
)

// explain puts what kept a pass from being carried out into the decision that is reported. Of
// several errors the one that a person can do most about speaks. settled tells whether nothing
// will change by trying again soon: somebody has to change something.
func explain(d *plan.Decision, err error) (settled bool) {
	all := leaves(err)
	for _, of := range []func(*plan.Decision, error) bool{explainGoing, explainForeign, explainRefused, explainLostCopy} {
		for _, e := range all {
			if of(d, e) {
				d.Message += others(len(all) - 1)
				d.Fulfilled = false
				return true
			}
		}
	}
	d.Reason, d.Message, d.Fulfilled = v1alpha1.ReasonApplyFailed, explainFailed(d, all), false
	return false
}

func others(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return " (and one more error)"
	}
	return fmt.Sprintf(" (and %d more errors)", n)
}

// explainGoing: whatever else is refused, the namespace goes, and nobody has to mend a service for that.
func explainGoing(d *plan.Decision, err error) bool {
	if !apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false
	}
	d.Reason, d.Message = v1alpha1.ReasonDeleting, fmt.Sprintf("the shop's namespace is being deleted: nothing can be created in it, and all of the shop goes with it (%v)", err)
	return true
}

func explainForeign(d *plan.Decision, err error) bool {
	var foreign *apply.ForeignError
	if !errors.As(err, &foreign) {
		return false
	}
	d.Reason, d.Message = v1alpha1.ReasonForeignObject, foreign.Error()
	return true
}

func explainRefused(d *plan.Decision, err error) bool {
	var refused *apply.RefusedError
	if !errors.As(err, &refused) {
		return false
	}
	d.Reason, d.Message = v1alpha1.ReasonInvalidServices, refused.Error()
	if apierrors.IsForbidden(refused.Err) && strings.Contains(refused.Err.Error(), "exceeded quota") {
		d.Reason = v1alpha1.ReasonQuotaExceeded
	}
	return true
}

func explainLostCopy(d *plan.Decision, err error) bool {
	var lost *apply.LostCopyError
	if !errors.As(err, &lost) {
		return false
	}
	d.Reason, d.Message = v1alpha1.ReasonDegraded, lost.Error()
	return true
}

// explainFailed says what was going on, what failed, and that it is tried again.
func explainFailed(d *plan.Decision, all []error) string {
	return fmt.Sprintf("%v%s; it is tried again within half a minute. Meanwhile: %s", all[0], others(len(all)-1), d.Message)
}
