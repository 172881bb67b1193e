package resources

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/plan"
	"github.com/emporium-shop/emporium/internal/release"
)

const defaultMigrationDeadline = 10 * time.Minute

// jobs renders the Jobs of a decision.
func jobs(in Input) ([]Object, error) {
	var out []Object
	for _, j := range in.Decision.Jobs {
		rel, ok := in.Releases[j.Release]
		if !ok {
			return nil, fmt.Errorf("rendering the %s %s: its ShopRelease %s is not there", j.Kind, j.Name, j.Release)
		}
		o, err := job(in, rel, j)
		if err != nil {
			return nil, err
		}
		if o != nil {
			out = append(out, o)
		}
	}
	return out, nil
}

func job(in Input, rel *v1alpha1.ShopRelease, j plan.JobPlan) (Object, error) {
	if j.Kind == plan.MigrationJob {
		for i := range rel.Spec.Services {
			if s := &rel.Spec.Services[i]; s.Name == j.Name && s.Migration != nil {
				return newService(in, rel, s, plan.StackPlan{}).migration(), nil
			}
		}
		return nil, nil
	}
	for i := range in.Shop.Spec.Release.Checks {
		if c := &in.Shop.Spec.Release.Checks[i]; c.Name == j.Name {
			return check(in.Shop, rel, c)
		}
	}
	return nil, nil
}

// migration renders the Job that brings the service's data to this release. It runs
// what the service runs, with other arguments.
func (s service) migration() Object {
	c, m := s.container(), s.template.Migration
	c.Args, c.Ports = m.Args, nil
	pod := s.ownPod(c).WithLabels(m.Labels).WithAnnotations(m.Annotations)
	return s.job(s.object, frontdoor.ComponentMigration, s.name, pod, orDuration(m.Deadline, defaultMigrationDeadline))
}

// check renders the Job that tries the candidate at its preview.
func check(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, c *v1alpha1.Check) (Object, error) {
	name, err := release.CheckName(shop.Name, rel.Spec.Revision, c)
	if err != nil {
		return nil, err
	}
	d := shop.Spec.Defaults
	spec := podSpec(&v1alpha1.PodOptions{ImagePullSecrets: d.ImagePullSecrets, NodeSelector: d.NodeSelector, Tolerations: d.Tolerations})
	pod := corev1ac.PodTemplateSpec().WithLabels(c.Labels).WithAnnotations(c.Annotations).
		WithSpec(spec.WithContainers(checkContainer(shop, rel, c)))
	look, _ := renderingOf(rel)
	s := service{shop: shop, rel: rel, look: look}
	return s.job(name, frontdoor.ComponentCheck, c.Name, pod, orDuration(c.Deadline, release.DefaultCheckDeadline)), nil
}

func checkContainer(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease, c *v1alpha1.Check) *corev1ac.ContainerApplyConfiguration {
	out := restrictedContainer("check", c.Image).WithCommand(c.Command...).WithArgs(c.Args...)
	out.Env = withOwn([]corev1.EnvVar{
		{Name: "SHOP", Value: shop.Name}, {Name: "SHOP_RELEASE", Value: rel.Name}, {Name: "SHOP_PREVIEW_URL", Value: PreviewURL(shop, rel)},
		{Name: "SHOP_SERVICES", Value: servicesToCheck(rel)},
	}, c.Env)
	resources := c.Resources
	if resources == nil {
		resources = shop.Spec.Defaults.Resources
	}
	out.Resources = requirements(resources)
	return out
}

// PreviewURL is where a ready candidate answers within the cluster.
func PreviewURL(shop *v1alpha1.Shop, rel *v1alpha1.ShopRelease) string {
	if shop.UsesGatewayAPI() && rel != nil {
		return fmt.Sprintf("http://%s.%s.svc", PinnedName(rel), shop.Namespace)
	}
	return fmt.Sprintf("http://%s.%s.svc", PreviewName(shop.Name), shop.Namespace)
}

// job renders a Job that runs once: what failed is looked at before it is run again. Only
// a pod that the cluster took away, by a drain for example, is replaced. The pod's labels
// are those of the Job and not of the service, by which its Service would send requests.
func (s service) job(name, component, of string, pod *corev1ac.PodTemplateSpecApplyConfiguration, deadline time.Duration) Object {
	c := &pod.Spec.Containers[0]
	c.Lifecycle, c.LivenessProbe, c.ReadinessProbe, c.StartupProbe = nil, nil, nil, nil
	labels := s.look.jobLabels(s.shop.Name, component, of, s.rel.Name)
	pod.WithLabels(labels).Spec.WithRestartPolicy(corev1.RestartPolicyNever)
	return batchv1ac.Job(name, s.shop.Namespace).WithLabels(labels).WithOwnerReferences(Owner(s.shop)).
		WithSpec(batchv1ac.JobSpec().WithBackoffLimit(0).WithActiveDeadlineSeconds(s.limit(pod.Spec, deadline)).
			WithPodFailurePolicy(batchv1ac.PodFailurePolicy().WithRules(batchv1ac.PodFailurePolicyRule().
				WithAction(batchv1.PodFailurePolicyActionIgnore).
				WithOnPodConditions(batchv1ac.PodFailurePolicyOnPodConditionsPattern().
					WithType(corev1.DisruptionTarget).WithStatus(corev1.ConditionTrue)))).
			WithTemplate(pod))
}

// limit sets the deadline of a Job's pod and returns the Job's own, in seconds. At its
// own a Job deletes its pod, and with it the log that says why. So it has a later one,
// for a pod that finds no place: as long again, the time to end, and a minute.
func (s service) limit(pod *corev1ac.PodSpecApplyConfiguration, deadline time.Duration) int64 {
	seconds := int64(deadline.Seconds())
	if !s.look.deadlineOnPod {
		return seconds
	}
	pod.WithActiveDeadlineSeconds(seconds)
	return 2*seconds + *pod.TerminationGracePeriodSeconds + 60
}

func orDuration(d *metav1.Duration, unset time.Duration) time.Duration {
	if d == nil {
		return unset
	}
	return d.Duration
}
