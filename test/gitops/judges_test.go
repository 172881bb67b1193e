package gitops

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const recipes = "../../config/gitops/"

// verdicts are what each tool makes of an object.
type verdicts struct {
	// kstatus is Flux without expressions, and other tools that know kstatus.
	kstatus string
	// git and people are Flux with the expressions of git-approves.yaml and people-approve.yaml.
	git, people string
	// argo is Argo CD's health.
	argo string
}

func (v verdicts) String() string {
	return strings.Join([]string{v.kstatus, v.git, v.people, v.argo}, " ")
}

func judged(t *testing.T, u *unstructured.Unstructured) verdicts {
	t.Helper()
	plain, err := status.Compute(u)
	if err != nil {
		t.Fatal(err)
	}
	return verdicts{
		kstatus: string(plain.Status),
		git:     byExpressions(t, "git-approves.yaml", u), people: byExpressions(t, "people-approve.yaml", u),
		argo: health(t, u).Status,
	}
}

// byExpressions is what kustomize-controller's own evaluator makes of an object by the expressions of a recipe.
func byExpressions(t *testing.T, recipe string, u *unstructured.Unstructured) string {
	t.Helper()
	for _, check := range healthChecks(t, recipe) {
		if check.Kind != u.GetKind() {
			continue
		}
		e, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
		if err != nil {
			t.Fatalf("%s, %s: %v", recipe, check.Kind, err)
		}
		result, err := e.Evaluate(context.Background(), u)
		if err != nil {
			t.Fatalf("%s, %s: %v", recipe, check.Kind, err)
		}
		return string(result.Status)
	}
	t.Fatalf("%s has no expressions for %s", recipe, u.GetKind())
	return ""
}

func healthChecks(t *testing.T, recipe string) []kustomize.CustomHealthCheck {
	t.Helper()
	text, err := os.ReadFile(recipes + "flux/" + recipe)
	if err != nil {
		t.Fatal(err)
	}
	var k struct {
		Spec struct {
			HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &k); err != nil {
		t.Fatalf("%s: %v", recipe, err)
	}
	return k.Spec.HealthCheckExprs
}
