package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/cli/text"
)

// finding is one line of check.
type finding struct {
	What string `json:"what"`
	// State is ok, failed, or note: nothing is wrong, and something is missing that not everybody needs.
	State string `json:"state"`
	Found string `json:"found"`
	// Do says what to do where it failed.
	Do string `json:"do,omitempty"`
}

func newCheck(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: between(0, 0), Short: "Whether the cluster has what Emporium needs, and what you may do",
		Long: "Looks at the cluster with your rights: CRDs, the operator and its version, the metrics API, the Gateway API, quotas of the namespace, and which acts you may do there. " +
			"Exit code 1: something failed; the line says what to do.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.check(cmd.Context()) },
	}
}

func (e *env) check(ctx context.Context) error {
	config, err := e.config()
	if err != nil {
		return err
	}
	served, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return fmt.Errorf("making the client of discovery: %w", err)
	}
	groups, err := served.ServerGroups()
	if err != nil {
		return fmt.Errorf("asking the API server what it serves: %w", err)
	}
	at, err := e.at("")
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, g := range groups.Groups {
		for _, v := range g.Versions {
			has[v.GroupVersion] = true
		}
	}
	findings := apis(has, func() []string { return kindsServed(served) })
	findings = append(findings, e.operator(ctx, at.api), quotas(ctx, at.api, at.key.Namespace))
	findings = append(findings, acts(ctx, at.api, at.key.Namespace)...)
	return e.report(findings)
}

func (e *env) report(findings []finding) error {
	code := 0
	var names []string
	for _, f := range findings {
		if f.State == "failed" {
			code, names = exitError, append(names, f.What)
		}
	}
	err := e.print(shown{value: findings, names: names, text: func(out io.Writer, _ bool) error {
		for _, f := range findings {
			tell(out, f)
		}
		return nil
	}})
	if err != nil {
		return err
	}
	return verdict(code)
}

func tell(out io.Writer, f finding) {
	fmt.Fprintf(out, "%s %-14s %s\n", map[string]string{"ok": "✔", "failed": "✖", "note": "·"}[f.State], text.Clean(f.What), text.Clean(f.Found))
	if f.Do != "" {
		fmt.Fprintf(out, "  %-14s %s\n", "", text.Clean(f.Do))
	}
}

// apis judges what the API server serves.
func apis(has map[string]bool, kinds func() []string) []finding {
	crds := finding{What: "CRDs", State: "failed", Found: v1alpha1.GroupVersion.String() + " is not served",
		Do: "install Emporium: kubectl apply --server-side -k config/default (docs/guides/first-shop.md)"}
	if has[v1alpha1.GroupVersion.String()] {
		crds.State, crds.Found, crds.Do = "ok", v1alpha1.GroupVersion.String()+" is served: "+strings.Join(kinds(), ", "), ""
	}
	metrics := finding{What: "metrics API", State: "failed", Found: "metrics.k8s.io/v1beta1 is not served: services are not scaled by their CPU",
		Do: "install metrics-server, or use services without spec.autoscaling"}
	if has["metrics.k8s.io/v1beta1"] {
		metrics.State, metrics.Found, metrics.Do = "ok", "metrics.k8s.io/v1beta1 is served", ""
	}
	gateway := finding{What: "Gateway API", State: "note", Found: "gateway.networking.k8s.io/v1 is not served: only shops with spec.frontDoor.type GatewayAPI need it"}
	if has["gateway.networking.k8s.io/v1"] {
		gateway.State, gateway.Found = "ok", "gateway.networking.k8s.io/v1 is served"
	}
	return []finding{crds, metrics, gateway}
}

func kindsServed(served discovery.DiscoveryInterface) (out []string) {
	list, err := served.ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
	if err != nil {
		return []string{"its kinds may not be listed"}
	}
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") {
			out = append(out, r.Name)
		}
	}
	return out
}

// quotas of the namespace that have little room: a release needs as much again as what serves.
func quotas(ctx context.Context, api client.Reader, namespace string) finding {
	f := finding{What: "quota", State: "ok", Found: "no ResourceQuota in namespace " + namespace}
	var list corev1.ResourceQuotaList
	if err := api.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		f.State, f.Found = "note", "not seen: "+reasonOf(err, "list resourcequotas")
		return f
	}
	for i := range list.Items {
		q := &list.Items[i]
		f.Found = fmt.Sprintf("ResourceQuota %s has room for a second stack", q.Name)
		for name, hard := range q.Status.Hard {
			used := q.Status.Used[name]
			if used.AsApproximateFloat64() > hard.AsApproximateFloat64()/2 {
				return finding{What: "quota", State: "note",
					Found: fmt.Sprintf("ResourceQuota %s: %s of %s %s are used: a release needs as much again as what serves", q.Name, used.String(), hard.String(), name),
					Do:    "if a release says QuotaExceeded, raise it, or lower spec.replicas (docs/guides/scale.md)"}
			}
		}
	}
	return f
}

// permission is what somebody needs for a command.
type permission struct {
	command, verb, group, resource, subresource string
}

var permissions = []permission{
	{"status, why", "list", v1alpha1.GroupVersion.Group, "shops", ""},
	{"status, diff", "list", v1alpha1.GroupVersion.Group, "shopreleases", ""},
	{"status, tree", "list", "apps", "deployments", ""},
	{"why", "list", "", "pods", ""},
	{"logs", "get", "", "pods", "log"},
	{"preview", "create", "", "pods", "portforward"},
	{"promote, rollback, unpin, retry, pause", "patch", v1alpha1.GroupVersion.Group, "shops", ""},
}

// acts says which commands one may use in the namespace. What one may not is no failure: not everybody shall.
func acts(ctx context.Context, api client.Client, namespace string) (out []finding) {
	for _, p := range permissions {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: p.verb, Group: p.group, Resource: p.resource, Subresource: p.subresource}}}
		what := strings.TrimSuffix(p.verb+" "+p.resource+"/"+p.subresource, "/")
		f := finding{What: "you", State: "ok", Found: fmt.Sprintf("may %s in namespace %s: %s", what, namespace, p.command)}
		if err := api.Create(ctx, review); err != nil {
			f.State, f.Found = "note", fmt.Sprintf("%s: it is not known: %s", what, reasonOf(err, "ask for your rights"))
		} else if !review.Status.Allowed {
			f.State, f.Found = "note", fmt.Sprintf("may not %s in namespace %s: %s", what, namespace, p.command)
		}
		out = append(out, f)
	}
	return out
}

func reasonOf(err error, what string) string {
	if apierrors.IsForbidden(err) {
		return "you may not " + what
	}
	return err.Error()
}
