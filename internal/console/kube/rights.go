package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/console"
)

const resource = "shops"

// Refusals says of which verbs the API server is known to refuse: where they may not patch the shop, all of them. The verbs
// of the access policy are not asked for by RBAC alone, so that lacking one is a refusal only where policy says so.
func (p *Person) Refusals(ctx context.Context, shop types.NamespacedName, verbs []string) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	patch, err := p.may(ctx, shop, "patch")
	if err != nil {
		return nil, err
	}
	rules, err := p.rules(ctx, shop.Namespace)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	var who console.Identity
	for _, verb := range verbs {
		lacks := verb
		switch {
		case !patch:
			lacks = "patch"
		case rules.allow(verb, shop.Name) || !rules.known(verbs):
			continue
		default:
			if allowed, err := p.may(ctx, shop, verb); err != nil || allowed {
				continue
			}
		}
		if who.User == "" {
			if who, err = p.Who(ctx); err != nil {
				return nil, err
			}
		}
		out[verb] = sentence(lacks, shop.Name, who)
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

// known tells whether a role of theirs speaks of any of the verbs at all. Where none does, the cluster may have no access policy,
// and patch is enough: the dry run on the page of the act tells.
func (all rules) known(verbs []string) bool {
	return slices.ContainsFunc(all, func(r authorizationv1.ResourceRule) bool {
		return has(r.Resources, resource) && slices.ContainsFunc(verbs, func(v string) bool { return slices.Contains(r.Verbs, v) })
	})
}

func has(list []string, one string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s == "*" || strings.EqualFold(s, one) })
}
