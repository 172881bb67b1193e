package envtest

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// honest holds the statuses to the rules by which kstatus, Flux and Argo CD read them. It is asked after every pass of
// every test.
func (s story) honest(ctx context.Context) {
	GinkgoHelper()
	var shop v1alpha1.Shop
	if err := api.Get(ctx, s.key(s.shop), &shop); apierrors.IsNotFound(err) {
		return
	}
	honestConditions("Shop", shop.Status.Conditions, shop.Status.ObservedGeneration)
	if c := condition(shop.Status.Conditions, v1alpha1.ConditionReady); c.Status == metav1.ConditionTrue {
		Expect(condition(shop.Status.Conditions, v1alpha1.ConditionAvailable).Status).To(Equal(metav1.ConditionTrue), "a shop is ready without being available")
	} else if c.Status == metav1.ConditionFalse && c.Reason != string(v1alpha1.ReasonPaused) {
		Expect(has(shop.Status.Conditions, v1alpha1.ConditionReconciling) || has(shop.Status.Conditions, v1alpha1.ConditionStalled) || has(shop.Status.Conditions, v1alpha1.ConditionAwaitingApproval)).To(BeTrue(),
			"a shop is not ready (%s: %s), and neither works on it nor says that it is stuck", c.Reason, c.Message)
	}
	var services v1alpha1.ShopServiceList
	var releases v1alpha1.ShopReleaseList
	Expect(api.List(ctx, &services, client.InNamespace(s.ns))).To(Succeed())
	Expect(api.List(ctx, &releases, client.InNamespace(s.ns))).To(Succeed())
	for _, o := range services.Items {
		honestConditions("ShopService "+o.Name, o.Status.Conditions, o.Status.ObservedGeneration)
	}
	for _, o := range releases.Items {
		honestConditions("ShopRelease "+o.Name, o.Status.Conditions, o.Status.ObservedGeneration)
	}
}

func honestConditions(of string, conditions []metav1.Condition, observed int64) {
	GinkgoHelper()
	reconciling, stalled := has(conditions, v1alpha1.ConditionReconciling), has(conditions, v1alpha1.ConditionStalled)
	Expect(reconciling && stalled).To(BeFalse(), "%s is both Reconciling and Stalled", of)
	Expect((reconciling || stalled) && has(conditions, v1alpha1.ConditionAwaitingApproval)).To(BeFalse(), "%s waits for a person and says that it works, or is stuck", of)
	if condition(conditions, v1alpha1.ConditionReady).Status == metav1.ConditionTrue {
		Expect(reconciling).To(BeFalse(), "%s is Ready and Reconciling", of)
	}
	for _, c := range conditions {
		Expect(c.ObservedGeneration).To(BeNumerically("<=", observed), "%s: %s speaks of a generation that the status has not seen", of, c.Type)
		Expect(c.Message).NotTo(Or(BeEmpty(), ContainSubstring("\n")), "%s: %s", of, c.Type)
		Expect(strings.TrimSpace(c.Reason)).NotTo(BeEmpty(), "%s: %s", of, c.Type)
		if t := v1alpha1.ConditionType(c.Type); t == v1alpha1.ConditionReconciling || t == v1alpha1.ConditionStalled || t == v1alpha1.ConditionAwaitingApproval || t == v1alpha1.ConditionPendingChanges || t == v1alpha1.ConditionRejected {
			Expect(c.Status).To(Equal(metav1.ConditionTrue), "%s: %s is present without being true", of, c.Type)
		}
	}
}

func has(conditions []metav1.Condition, t v1alpha1.ConditionType) bool {
	return condition(conditions, t).Status == metav1.ConditionTrue
}
