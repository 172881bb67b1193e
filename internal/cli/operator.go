package cli

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operators are the Deployments of the operator, whatever namespace they are in.
func operators(ctx context.Context, api client.Reader) ([]appsv1.Deployment, error) {
	var list appsv1.DeploymentList
	err := api.List(ctx, &list, client.MatchingLabels{"app.kubernetes.io/name": "emporium"})
	if err != nil { // who may not see the whole cluster may see its usual namespace
		err = api.List(ctx, &list, client.InNamespace("emporium-system"), client.MatchingLabels{"app.kubernetes.io/name": "emporium"})
	}
	return list.Items, err
}

// skew says that the operator may name releases otherwise than this program does; "": both are of one version.
func (e *env) skew(ctx context.Context, api client.Reader) string {
	all, err := operators(ctx, api)
	if err != nil || len(all) == 0 {
		return "the operator's version is not seen: where it is not " + e.version + ", it may give other names than these"
	}
	for i := range all {
		if theirs := versionOf(&all[i]); theirs != e.version {
			return fmt.Sprintf("names may differ: this program is %s, and the operator %s/%s is %s", e.version, all[i].Namespace, all[i].Name, theirs)
		}
	}
	return ""
}

// operator looks for the operator and compares versions.
func (e *env) operator(ctx context.Context, api client.Reader) finding {
	f := finding{What: "operator", State: "note"}
	all, err := operators(ctx, api)
	switch {
	case err != nil:
		f.Found = "not seen: " + reasonOf(err, "list deployments in namespace emporium-system")
		return f
	case len(all) == 0:
		return finding{What: "operator", State: "failed", Found: "there is no Deployment with the label app.kubernetes.io/name=emporium: nothing is released, healed or guarded",
			Do: "install it: kubectl apply --server-side -k config/default"}
	}
	return e.judged(&all[0])
}

func (e *env) judged(d *appsv1.Deployment) finding {
	theirs := versionOf(d)
	f := finding{What: "operator", State: "ok", Found: fmt.Sprintf("%s/%s %s, %d of %d pods ready", d.Namespace, d.Name, theirs, d.Status.ReadyReplicas, d.Status.Replicas)}
	switch {
	case d.Status.ReadyReplicas == 0:
		f.State, f.Do = "failed", fmt.Sprintf("what serves goes on serving, and nothing else happens: kubectl -n %s describe pods -l app.kubernetes.io/name=emporium", d.Namespace)
	case theirs != e.version:
		f.Found += fmt.Sprintf("; this program is %s: plan may foresee other names than the operator gives", e.version)
	}
	return f
}

// versionOf a Deployment is its label, else the tag of its image.
func versionOf(d *appsv1.Deployment) string {
	if v := d.Labels["app.kubernetes.io/version"]; v != "" {
		return v
	}
	for _, c := range d.Spec.Template.Spec.Containers {
		image, _, _ := strings.Cut(c.Image, "@")
		if at := strings.LastIndex(image, ":"); at > strings.LastIndex(image, "/") {
			return image[at+1:]
		}
	}
	return "of an unknown version"
}
