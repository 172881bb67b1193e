package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/console"
)

const resource = "shops"

// Refusals says which verbs the API server refuses: where they may not patch the shop, all of them; where the access policy is in
// force, those that they lack. Without it to patch is enough, and lacking a verb refuses nothing.
func (p *Person) Refusals(ctx context.Context, shop types.NamespacedName, verbs []string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	patch, err := p.may(ctx, shop, "patch")
	if err != nil {
		return nil, err
	}
	if !patch {
		return p.sentences(ctx, shop, verbs, func(string) string { return "patch" })
	}
	lacking, err := p.lacking(ctx, shop, verbs)
	if err != nil || len(lacking) == 0 {
		return nil, err
	}
	if inForce, err := p.policyRefuses(ctx, shop, lacking); err != nil || !inForce {
		return nil, err
	}
	return p.sentences(ctx, shop, lacking, func(verb string) string { return verb })
}

// lacking are the verbs that they do not have on a shop.
func (p *Person) lacking(ctx context.Context, shop types.NamespacedName, verbs []string) (out []string, err error) {
	rules, err := p.rules(ctx, shop.Namespace)
	if err != nil {
		return nil, err
	}
	for _, verb := range verbs {
		if rules.allow(verb, shop.Name) { // what RBAC says at once; other authorizers are asked for each
			continue
		}
		allowed, err := p.may(ctx, shop, verb)
		if err != nil {
			return nil, err
		}
		if !allowed {
			out = append(out, verb)
		}
	}
	return out, nil
}

// policyRefuses tells whether the access policy is in force, which people need not be allowed to read: it refuses the dry run of
// a patch for which they lack one of the verbs. It judges all verbs or none, so one answer is enough.
func (p *Person) policyRefuses(ctx context.Context, shop types.NamespacedName, lacking []string) (bool, error) {
	live := &v1alpha1.Shop{}
	if err := p.api.Get(ctx, shop, live); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	patch := question(live, lacking)
	if patch == "" {
		return false, nil
	}
	err := p.api.Patch(ctx, live, client.RawPatch(types.MergePatchType, []byte(patch)), client.DryRunAll, client.FieldOwner(v1alpha1.FieldManager)) //nolint:forbidigo // a dry run is a question: it writes nothing
	if apierrors.IsForbidden(err) {
		return true, nil
	}
	if apierrors.IsUnauthorized(err) {
		return false, err
	}
	return false, nil // what else is wrong with a dry run the page of the act tells
}

// question is a patch that needs one of the verbs, "" where there is none now.
func question(shop *v1alpha1.Shop, lacking []string) string {
	has := func(verb string) bool { return slices.Contains(lacking, verb) }
	active, candidate := shop.Spec.Release.Active, shop.Status.Candidate
	switch {
	case has("retry"):
		return `{"metadata":{"annotations":{"` + v1alpha1.AnnotationRetry + `":"?"}}}`
	case has("pause"):
		return fmt.Sprintf(`{"spec":{"paused":%t}}`, !shop.Spec.Paused)
	case has("rollback"):
		return `{"spec":{"release":{"active":"no-such-release"}}}`
	case has("promote") && active != "":
		return `{"spec":{"release":{"active":null}}}`
	case has("promote") && candidate != nil:
		return fmt.Sprintf(`{"spec":{"release":{"active":%q}}}`, candidate.Release)
	}
	return ""
}

// sentences say of each verb which right is missing, and of whom.
func (p *Person) sentences(ctx context.Context, shop types.NamespacedName, verbs []string, lacks func(verb string) string) (map[string]string, error) {
	who, err := p.Who(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, verb := range verbs {
		out[verb] = sentence(lacks(verb), shop.Name, who)
	}
	return out, nil
}

func sentence(verb, shop string, who console.Identity) string {
	s := fmt.Sprintf("needs the verb %s on shops/%s; you are %s", verb, shop, who.User)
	if groups := who.OwnGroups(); groups != "" {
		s += ", groups " + groups
	}
	return s
}

func (p *Person) may(ctx context.Context, shop types.NamespacedName, verb string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Namespace: shop.Namespace, Name: shop.Name, Verb: verb, Group: v1alpha1.GroupVersion.Group, Version: v1alpha1.GroupVersion.Version, Resource: resource,
	}}}
	if err := p.api.Create(ctx, review); err != nil { //nolint:forbidigo // a review is a question: it writes nothing
		return false, fmt.Errorf("asking whether you may %s shops: %w", verb, err)
	}
	return review.Status.Allowed, nil
}

// rules are what RBAC says of shops in a namespace.
type rules []authorizationv1.ResourceRule

func (p *Person) rules(ctx context.Context, namespace string) (rules, error) {
	review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
	if err := p.api.Create(ctx, review); err != nil { //nolint:forbidigo // a review is a question: it writes nothing
		return nil, fmt.Errorf("asking what you may do in namespace %s: %w", namespace, err)
	}
	return review.Status.ResourceRules, nil
}

func (all rules) allow(verb, name string) bool {
	return slices.ContainsFunc(all, func(r authorizationv1.ResourceRule) bool {
		return has(r.APIGroups, v1alpha1.GroupVersion.Group) && has(r.Resources, resource) && has(r.Verbs, verb) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, name))
	})
}

func has(list []string, one string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s == "*" || strings.EqualFold(s, one) })
}
