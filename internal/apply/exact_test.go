package apply

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/testing/cluster"
)

func (s *site) intentFor(t *testing.T, kind, name string) intent {
	t.Helper()
	for _, in := range s.intents(t) {
		if in.kind() == kind && in.name() == name {
			return in
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return intent{}
}

// What people add, by the command that does it where there is one.
func TestWhatSomebodyPutsWhereTheOperatorWantsNothingIsTakenOut(t *testing.T) {
	pod := []any{"spec", "template", "spec"}
	container := append(append([]any{}, pod...), "containers", 0)
	of := func(at []any, more ...any) []any { return append(append([]any{}, at...), more...) }
	const deployment, autoscaler, service = "Deployment", "HorizontalPodAutoscaler", "Service"
	for name, c := range map[string]struct {
		kind string
		path []any
		to   any
	}{
		"a node selector": {deployment, of(pod, "nodeSelector"), map[string]any{"no": "such"}},
		"a toleration":    {deployment, of(pod, "tolerations"), []any{map[string]any{"operator": "Exists"}}},
		"arguments":       {deployment, of(container, "args"), []any{"--debug"}},
		"a command":       {deployment, of(container, "command"), []any{"sleep", "1d"}},
		"the environment of somebody else's Secret": {deployment, of(container, "envFrom"), []any{map[string]any{"secretRef": map[string]any{"name": "others"}}}},
		"an affinity that no node meets": {deployment, of(pod, "affinity"), map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": map[string]any{
			"nodeSelectorTerms": []any{map[string]any{"matchExpressions": []any{map[string]any{"key": "no", "operator": "Exists"}}}}}}}},
		"the node's network":                     {deployment, of(pod, "hostNetwork"), true},
		"names of hosts":                         {deployment, of(pod, "hostAliases"), []any{map[string]any{"ip": "10.0.0.1", "hostnames": []any{"db"}}}},
		"another way to resolve names":           {deployment, of(pod, "dnsPolicy"), "None"},
		"a deadline":                             {deployment, of(pod, "activeDeadlineSeconds"), int64(60)},
		"another scheduler":                      {deployment, of(pod, "schedulerName"), "nobody"},
		"a runtime that no node has":             {deployment, of(pod, "runtimeClassName"), "gvisor"},
		"a priority":                             {deployment, of(pod, "priorityClassName"), "low"},
		"another account":                        {deployment, of(pod, "serviceAccountName"), "deployer"},
		"a spreading that no node meets":         {deployment, of(pod, "topologySpreadConstraints"), []any{map[string]any{"maxSkew": int64(1), "topologyKey": "no", "whenUnsatisfiable": "DoNotSchedule"}}},
		"a group":                                {deployment, of(pod, "securityContext", "fsGroup"), int64(7)},
		"kubectl set resources":                  {deployment, of(container, "resources"), map[string]any{"limits": map[string]any{"memory": "1Mi"}}},
		"kubectl set env":                        {deployment, of(container, "env"), nil},
		"an image that is pulled by nobody":      {deployment, of(container, "imagePullPolicy"), "Never"},
		"a working directory":                    {deployment, of(container, "workingDir"), "/nowhere"},
		"a hook after the start":                 {deployment, of(container, "lifecycle", "postStart"), map[string]any{"exec": map[string]any{"command": []any{"false"}}}},
		"a probe's header":                       {deployment, of(container, "livenessProbe", "httpGet", "httpHeaders"), []any{map[string]any{"name": "Host", "value": "x"}}},
		"a capability":                           {deployment, of(container, "securityContext", "capabilities", "add"), []any{"NET_ADMIN"}},
		"kubectl rollout pause":                  {deployment, []any{"spec", "paused"}, true},
		"pods that may never become available":   {deployment, []any{"spec", "progressDeadlineSeconds"}, int64(1)},
		"an autoscaler that may not scale up":    {autoscaler, []any{"spec", "behavior"}, map[string]any{"scaleUp": map[string]any{"selectPolicy": "Disabled"}}},
		"pods that are not ready behind a name":  {service, []any{"spec", "publishNotReadyAddresses"}, true},
		"customers who stay with a pod":          {service, []any{"spec", "sessionAffinity"}, "ClientIP"},
		"pods of the caller's own node, or none": {service, []any{"spec", "internalTrafficPolicy"}, "Local"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serving(t)
			in := s.intentFor(t, c.kind, "acme-catalog-aaaaaaaa")
			live, _ := runtime.DefaultUnstructuredConverter.ToUnstructured(s.stored(in))
			was, _ := lookUp(live, c.path)
			if c.to == nil {
				c.to = append([]any{map[string]any{"name": "LD_PRELOAD", "value": "x"}}, was.([]any)...)
			}
			if !s.set(in, c.path, c.to) {
				t.Fatal("the object cannot take it")
			}
			if s.holdsNow(t, in) {
				t.Fatal("it is not seen")
			}
			s.must(t)
			if !s.holdsNow(t, in) {
				t.Errorf("it is still there: %v", in.additions(s.content(t, in)))
			}
			if s.written(); s.passWrites(t) > 0 {
				t.Error("and the next pass writes again")
			}
		})
	}
}

func (s *site) content(t *testing.T, in intent) map[string]any {
	t.Helper()
	live, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.stored(in))
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// Some additions depend on each other, and on what was changed: Kubernetes refuses a Service of another kind
// without a name, and a pod on the node's network whose ports are others.
func TestAServiceThatWasTurnedIntoAnAliasIsPutBackInOneGo(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Service", "acme-catalog-aaaaaaaa")
	s.user.Set(s.stored(in), func(o client.Object) {
		spec := &o.(*corev1.Service).Spec
		spec.Type, spec.ExternalName = corev1.ServiceTypeExternalName, "elsewhere.example"
	})
	s.store.Admit = func(w *cluster.Write) error { // pkg/apis/core/validation
		if o, is := w.After.(*corev1.Service); is && o.Spec.Type == corev1.ServiceTypeExternalName && o.Spec.ExternalName == "" {
			return apierrors.NewInvalid(corev1.SchemeGroupVersion.WithKind("Service").GroupKind(), o.Name, nil)
		}
		return nil
	}
	s.must(t)
	if !s.holdsNow(t, in) {
		t.Errorf("it is %+v", s.stored(in).(*corev1.Service).Spec)
	}
}

func TestWhatKeepsAnApplyFromBeingTakenIsTakenOutFirst(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Deployment", "acme-catalog-aaaaaaaa")
	s.user.Set(s.stored(in), func(o client.Object) {
		pod := &o.(*appsv1.Deployment).Spec.Template.Spec
		pod.HostNetwork, pod.Containers[0].Image = true, "another:1"
	})
	s.store.Admit = func(w *cluster.Write) error { // a policy that came later
		if o, is := w.After.(*appsv1.Deployment); is && o.Spec.Template.Spec.HostNetwork {
			return apierrors.NewForbidden(appsv1.Resource("deployments"), o.Name, nil)
		}
		return nil
	}
	s.must(t)
	if !s.holdsNow(t, in) {
		t.Errorf("it is %+v", s.stored(in).(*appsv1.Deployment).Spec.Template.Spec)
	}
}

func TestAnObjectThatIsHeldByAFinalizerWhileItGoesIsTold(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Service", "acme-cart-aaaaaaaa")
	s.user.Set(s.stored(in), func(o client.Object) { o.SetFinalizers([]string{"example.com/audit"}) })
	s.user.Delete(s.stored(in))
	if _, err := s.pass(t); err == nil || !strings.Contains(err.Error(), "Service acme-cart-aaaaaaaa is being deleted, and is made anew when it is gone: its finalizers hold it, example.com/audit") {
		t.Errorf("got %v", err)
	}
	s.user.Set(s.stored(in), func(o client.Object) { o.SetFinalizers(nil) })
	if s.must(t); s.stored(in) == nil {
		t.Error("it does not come back")
	}
}

// Twelve variables: their places have two digits.
func TestOfManyAdditionsTheRightOnesAreTakenOut(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Deployment", "acme-cart-aaaaaaaa")
	before := s.stored(in).(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Env
	s.user.Set(s.stored(in), func(o client.Object) {
		c := &o.(*appsv1.Deployment).Spec.Template.Spec.Containers[0]
		c.Env = nil
		for i, e := range before {
			c.Env = append(c.Env, corev1.EnvVar{Name: "A" + string(rune('A'+2*i)), Value: "x"}, corev1.EnvVar{Name: "A" + string(rune('B'+2*i)), Value: "x"}, e)
		}
	})
	s.must(t)
	after := s.stored(in).(*appsv1.Deployment).Spec.Template.Spec.Containers[0].Env
	if len(after) != len(before) || !s.holdsNow(t, in) || len(before) < 6 {
		t.Errorf("%d variables were, %d are: %v", len(before), len(after), after)
	}
}

func TestWhatPeopleSetOnTheServiceOfTheFrontDoorIsTheirs(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Service", "acme")
	s.user.Set(s.stored(in), func(o client.Object) { o.(*corev1.Service).Spec.SessionAffinity = corev1.ServiceAffinityClientIP })
	if s.written(); s.passWrites(t) > 0 {
		t.Error("it was taken out")
	}
}

func TestAnAutoscalersNumberIsNoAddition(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Deployment", "acme-catalog-aaaaaaaa")
	s.user.Set(s.stored(in), func(o client.Object) { o.(*appsv1.Deployment).Spec.Replicas = ptr.To[int32](4) })
	if s.written(); s.passWrites(t) > 0 || *s.stored(in).(*appsv1.Deployment).Spec.Replicas != 4 {
		t.Error("the number of the autoscaler was touched")
	}
}

// A policy that puts the same into every object would be fought for ever.
func TestWhatAPolicyAddsToEachObjectIsLeftAfterOneTry(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "HorizontalPodAutoscaler", "acme-catalog-aaaaaaaa")
	limited := func(o client.Object) {
		o.(*autoscalingv2.HorizontalPodAutoscaler).Spec.Behavior = &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleDown: &autoscalingv2.HPAScalingRules{SelectPolicy: ptr.To(autoscalingv2.DisabledPolicySelect)}}
	}
	s.user.Set(s.stored(in), limited)
	s.store.Admit = func(w *cluster.Write) error {
		if w.Key.Kind == in.kind() && w.After != nil {
			limited(w.After)
		}
		return nil
	}
	s.must(t)
	s.written()
	for range 2 {
		if n := s.passWrites(t); n > 0 {
			t.Errorf("a later pass makes %d writes", n)
		}
	}
}

// Lists are written as a whole: on an old view that would undo what came since.
func TestAdditionsAreTakenOutOfWhatWasLookedAtAlone(t *testing.T) {
	s := serving(t)
	in := s.intentFor(t, "Deployment", "acme-cart-aaaaaaaa")
	s.user.Set(s.stored(in), func(o client.Object) { o.(*appsv1.Deployment).Spec.Template.Spec.HostNetwork = true })
	s.operator.OnCall = func(c cluster.Call) cluster.Fault {
		if c.Verb == "patch" {
			s.user.Set(s.stored(in), func(o client.Object) { o.SetAnnotations(map[string]string{"since": "then"}) })
		}
		return cluster.Fault{}
	}
	if _, err := s.pass(t); !isConflict(err) {
		t.Errorf("want a conflict, got %v", err)
	}
	if s.stored(in).GetAnnotations()["since"] != "then" {
		t.Error("the newer version was written over")
	}
}

// A sandbox that a policy gives to each Deployment at its creation, and to none later: taking it out would be a hole.
func TestWhatAPolicyAddsAtTheCreationStays(t *testing.T) {
	owned := func(manager string) []metav1.ManagedFieldsEntry {
		return []metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(
			`{"f:spec":{"f:template":{"f:spec":{"f:runtimeClassName":{},"f:affinity":{"f:nodeAffinity":{}},"f:containers":{"k:{\"name\":\"cart\"}":{"f:env":{"k:{\"name\":\"LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:ports":{"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{"f:hostPort":{}}},"f:workingDir":{}}}}}}}`)}}
	}
	container := map[string]any{"name": "cart", "workingDir": "/", "env": []any{map[string]any{"name": "LEVEL", "value": "1"}},
		"ports": []any{map[string]any{"name": "http", "containerPort": int64(8080), "protocol": "TCP", "hostPort": int64(8080)}}}
	live := map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"runtimeClassName": "gvisor", "hostNetwork": true, "affinity": map[string]any{"nodeAffinity": map[string]any{}}, "containers": []any{container}}}}}
	pod := addition{"spec", "template", "spec"}
	of := func(steps ...any) addition { return append(slices.Clone(pod), steps...) }
	all := []addition{of("runtimeClassName"), of("affinity"), of("containers", 0, "env", 0), of("containers", 0, "ports", 0, "hostPort"), of("containers", 0, "workingDir"), of("hostNetwork")}
	for manager, want := range map[string]int{"emporium": 1, "emporium-drift": 1, "kubectl-edit": len(all), "kubectl": len(all)} {
		if got := fromOthers(all, live, owned(manager)); len(got) != want || got[len(got)-1].String() != "spec.template.spec.hostNetwork" {
			t.Errorf("of what %s wrote, these were added by others: %v", manager, got)
		}
	}
}

func isConflict(err error) bool {
	if joined, is := err.(interface{ Unwrap() []error }); is {
		return slices.ContainsFunc(joined.Unwrap(), isConflict)
	}
	return apierrors.IsConflict(err)
}
