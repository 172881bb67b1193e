package main

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestOperatorAndConsoleRunInRestrictedNamespaces(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	installed, err := installYAML(checkout)
	if err != nil {
		t.Fatal(err)
	}
	console, err := forms[2].manifest(checkout)
	if err != nil {
		t.Fatal(err)
	}
	each := map[string][]byte{
		"install.yaml": installed, "install-console.yaml": console, "config/namespaced": built(t, "namespaced"), "the chart": rendered(t, loaded(t, "emporium"), release{}, ""),
		"the chart with all there is": rendered(t, loaded(t, "emporium"), release{}, "{extraArgs: [--webhook-address=:9443], extraEnv: [{name: A, value: b}], imagePullSecrets: [{name: a}], resources: null}"),
	}
	for name, form := range each {
		var deployment appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(deployed(t, objects(t, form)).Object, &deployment); err != nil {
			t.Fatal(err)
		}
		pod := deployment.Spec.Template
		for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec) {
			if !result.Allowed {
				t.Errorf("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
		if own := pod.Spec.Containers[0].SecurityContext; own.ReadOnlyRootFilesystem == nil || !*own.ReadOnlyRootFilesystem {
			t.Errorf("%s: it can write to its image", name)
		}
	}
}
