package resources

import (
	"fmt"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/release"
)

// CurrentRenderVersion is the version of the rendering that new releases get.
const CurrentRenderVersion = release.CurrentRenderVersion

// rendering is how the objects of a stack are made of its snapshot. What a version that
// was released renders never changes: a stack keeps the version that it was cut with,
// so that a newer operator replaces none of its pods. Whoever changes something that
// ends in pods adds a version: a field here, a case below, golden files of its own, and
// release.CurrentRenderVersion.
type rendering struct {
	// instanceIsRelease: the label app.kubernetes.io/instance is the release, not the shop,
	// so that a selector of these common labels does not match both stacks.
	instanceIsRelease bool
	// portByNumber: a Service sends to the number of the port, since a sidecar may have a port of that name.
	portByNumber bool
	// deadlineOnPod: a Job's pod ends at the deadline and stays, with its log.
	deadlineOnPod bool
	// ownStackOnly: placement rules that select the service's pods select those of their own stack.
	ownStackOnly bool
	// settledPods: a pod counts as available when it was ready for some seconds, so that every node
	// has learned where it is before somebody relies on it.
	settledPods bool
	// settledWhereCalled: only of a service that others call by the name of its Service. The front door
	// and gateways go to the pods themselves, and know an endpoint before they confirm.
	settledWhereCalled bool
	// gatewayDefaults: a stack's gateway takes what the shop's defaults say of pods.
	gatewayDefaults bool
	// policies: the stack has NetworkPolicies. One of before may live from calls that dependsOn does not name.
	policies bool
	// copiesAlone: pods read copies and nothing else, also where an optional ConfigMap or Secret was not
	// there when the release was cut.
	copiesAlone bool
	// askedByChecks: checks are told of every service of their release, and may ask each of them: their
	// Services have the port of the metrics, and their NetworkPolicies let checks in.
	askedByChecks bool
}

var second = rendering{
	instanceIsRelease: true, portByNumber: true, deadlineOnPod: true, ownStackOnly: true, settledPods: true, gatewayDefaults: true, policies: true,
}

// renderingOf returns the rendering of a release. known is false where a newer operator cut it.
func renderingOf(rel *v1alpha1.ShopRelease) (r rendering, known bool) {
	switch version := max(rel.Spec.RenderVersion, 1); version {
	case 1:
		return rendering{}, true
	case 2:
		return second, true
	default:
		third := second
		third.settledWhereCalled, third.copiesAlone, third.askedByChecks = true, true, true
		return third, version <= CurrentRenderVersion
	}
}

// warnings says which stacks are not rendered as they were.
func warnings(in Input) (out []string) {
	for _, s := range in.Decision.Stacks {
		if _, known := renderingOf(in.Releases[s.Release]); !known {
			out = append(out, fmt.Sprintf("release %s was cut by a newer operator: its stack is rendered in version %d, which is the newest that this operator knows, and not in its own, %d, so its pods may be replaced; update the operator again",
				s.Release, CurrentRenderVersion, in.Releases[s.Release].Spec.RenderVersion))
		}
	}
	return out
}
