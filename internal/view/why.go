package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Chain leads from a shop to the cause of what is wrong with it.
type Chain struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"` // Chain
	Namespace  string `json:"namespace"`
	Shop       string `json:"shop"`
	// Wrong: it does not serve what is asked for, or customers are not served.
	Wrong bool `json:"wrong"`
	// Summary says in one or two sentences how it is.
	Summary string `json:"summary"`
	Links   []Link `json:"links"`
	// Ends is when it ends by itself, and End what comes then.
	Ends *time.Time `json:"ends,omitempty"`
	End  string     `json:"end,omitempty"`
	// Owner holds the object that has to change, and Object names it.
	Owner  *Holder `json:"owner,omitempty"`
	Object string  `json:"object,omitempty"`
	// Do is the way out.
	Do   string    `json:"do,omitempty"`
	Now  time.Time `json:"now"`
	Gaps []Gap     `json:"gaps"`
}

// Link is one thing that is not as it should be. Depth is how far it is from the shop.
type Link struct {
	Depth  int    `json:"depth"`
	Object string `json:"object"` // Shop acme, service catalog, pod …
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// mostPods is how many pods of a service are named: others fail alike.
const mostPods = 2

// Why leads from the shop to the cause of what is wrong; with the name of a service, to that of this service.
func Why(o Objects, service string) Chain {
	v, m := Of(o), model{Objects: o}
	c := Chain{APIVersion: APIVersion, Kind: "Chain", Namespace: v.Namespace, Shop: v.Name, Wrong: !v.Ready || !v.Available, Now: o.Now, Links: []Link{}, Gaps: v.Gaps}
	if o.Shop == nil {
		return c
	}
	own := m.own(service)
	c.Wrong = c.Wrong || own != nil
	c.Summary = summary(v)
	if !c.Wrong {
		return c
	}
	c.Links = append(c.Links, Link{Object: "Shop " + v.Name, State: string(v.Reason), Detail: v.Message})
	if own != nil {
		c.Links = append(c.Links, *own)
	}
	for _, w := range v.Waits {
		if service == "" || w.Name == service {
			c.Links = append(c.Links, m.links(w)...)
		}
	}
	if own != nil {
		c.Owner, c.Object = m.ownerOf(service), "ShopService "+service
	}
	m.end(&c, v, service)
	c.Do = m.do(&c, v)
	return c
}

// refusals are the reasons of a ShopService that its shop says nothing of, or not for this service alone.
var refusals = map[v1alpha1.Reason]bool{
	v1alpha1.ReasonUnknownShop: true, v1alpha1.ReasonNotAllowed: true, v1alpha1.ReasonInvalidServices: true, v1alpha1.ReasonForeignObject: true,
}

// own is what the ShopService itself says that keeps it out of a release; nil: nothing does, or the whole shop is asked for.
func (m *model) own(service string) *Link {
	s := m.service(service)
	if s == nil {
		return nil
	}
	ready := condition(s.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || !refusals[v1alpha1.Reason(ready.Reason)] {
		return nil
	}
	return &Link{Depth: 1, Object: "ShopService " + service, State: ready.Reason, Detail: ready.Message}
}

func summary(v Shop) string {
	serves, release := "Nothing serves customers yet.", v.Columns[0].Release
	switch {
	case v.Available:
		serves = fmt.Sprintf("Customers are served by %s.", release)
	case release != "":
		serves = fmt.Sprintf("Customers are NOT served, or not all of them: %s is to serve.", release)
	}
	if v.Ready && v.Available {
		return fmt.Sprintf("%s serves what was asked for. %s", v.Name, serves)
	}
	return fmt.Sprintf("%s does not serve what was asked for. %s", v.Name, serves)
}

// links are what is waited for, and what is wrong below it.
func (m *model) links(w Wait) []Link {
	l := Link{Depth: 1, Object: object(w), State: cmp.Or(w.Reason, "waiting"), Detail: w.Detail}
	switch w.Kind {
	case v1alpha1.WaitService:
		cell := m.cell(m.release(w.Release), w.Name, Active)
		if cell.Replicas.Known {
			l.Detail = fmt.Sprintf("%d of %d pods", cell.Replicas.Ready, cell.Replicas.Wanted)
		}
		return append([]Link{l}, m.below(frontdoor.LabelService, w)...)
	case v1alpha1.WaitMigration, v1alpha1.WaitCheck:
		return append([]Link{l}, m.below(frontdoor.LabelJob, w)...)
	case v1alpha1.WaitApproval:
		l.State, l.Detail = "nobody approved it yet", "spec.release.active does not name it"
	case v1alpha1.WaitSettle, v1alpha1.WaitBuild, v1alpha1.WaitFrontDoor, v1alpha1.WaitWindow, v1alpha1.WaitQuota:
	}
	return []Link{l}
}

// object names what is waited for in words.
func object(w Wait) string {
	words := map[v1alpha1.WaitKind]string{
		v1alpha1.WaitSettle: "changes of services, until they are quiet", v1alpha1.WaitBuild: "ShopSource " + w.Name, v1alpha1.WaitMigration: "migration of " + w.Name,
		v1alpha1.WaitService: "service " + w.Name, v1alpha1.WaitCheck: "check " + w.Name, v1alpha1.WaitApproval: "approval of " + w.Release,
		v1alpha1.WaitFrontDoor: "the front door", v1alpha1.WaitWindow: "the stack of " + w.Name + ", until it is gone", v1alpha1.WaitQuota: strings.TrimSpace("ResourceQuota " + w.Name),
	}
	return words[w.Kind]
}

// below are the pods of a service or Job that are not well; where there is none, why none is made.
func (m *model) below(label string, w Wait) []Link {
	if pods := m.pods(label, w); len(pods) > 0 {
		return pods
	}
	return m.uncreated(w)
}

// pods are those of a service or Job that are not well, with what Kubernetes says of their containers.
func (m *model) pods(label string, w Wait) (out []Link) {
	for i := range m.Pods {
		p := &m.Pods[i]
		if p.Labels[frontdoor.LabelRelease] != w.Release || p.Labels[label] != w.Name || len(out) == mostPods {
			continue
		}
		if state, detail := trouble(p); state != "" {
			out = append(out, m.withEvent(Link{Depth: 2, Object: "pod " + p.Name, State: state, Detail: detail}, "Pod", p.Name))
		}
	}
	return out
}

// trouble is what keeps a pod from being ready; "": nothing does.
func trouble(p *corev1.Pod) (state, detail string) {
	for _, c := range append(append([]corev1.ContainerStatus{}, p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...) {
		last := c.LastTerminationState.Terminated
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "PodInitializing" && c.State.Waiting.Reason != "ContainerCreating":
			detail := c.State.Waiting.Message
			if last != nil {
				detail = strings.TrimSpace(fmt.Sprintf("%s (exit code %d, %d restarts) %s", last.Reason, last.ExitCode, c.RestartCount, last.Message))
			}
			return c.State.Waiting.Reason, detail
		case c.State.Terminated != nil && c.State.Terminated.ExitCode != 0:
			t := c.State.Terminated
			return cmp.Or(t.Reason, "Error"), strings.TrimSpace(fmt.Sprintf("exit code %d %s", t.ExitCode, t.Message))
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Reason, c.Message
		}
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && p.Status.Phase == corev1.PodRunning {
			return "not ready", c.Message
		}
	}
	return "", ""
}

// end says when it ends by itself, and who holds what has to change.
func (m *model) end(c *Chain, v Shop, service string) {
	ends := map[v1alpha1.WaitKind]string{
		v1alpha1.WaitService: "the candidate is given up; what serves goes on serving", v1alpha1.WaitSettle: "the release is cut",
		v1alpha1.WaitBuild: "the release is cut without it", v1alpha1.WaitWindow: "the stack goes, and the next release begins",
	}
	for _, w := range v.Waits {
		if service != "" && w.Name != service {
			continue
		}
		if c.Ends == nil && w.Until != nil {
			c.Ends, c.End = timeOf(w.Until), ends[w.Kind]
		}
		if c.Object == "" && m.service(w.Name) != nil && (w.Kind == v1alpha1.WaitService || w.Kind == v1alpha1.WaitMigration) {
			c.Owner, c.Object = m.ownerOf(w.Name), "ShopService "+w.Name
		}
	}
}

// remedies are the ways out by what Kubernetes says of a container.
var remedies = map[string]string{
	"ImagePullBackOff": "push that image, or correct spec.image", "ErrImagePull": "push that image, or correct spec.image", "InvalidImageName": "correct spec.image",
	"OOMKilled": "raise spec.resources.limits.memory", "Unschedulable": "add nodes, or lower spec.resources.requests",
	"CreateContainerConfigError": "create the ConfigMap or Secret that it names",
}

// crashes is what Kubernetes says of a container that ends again and again.
const crashes = "CrashLoopBackOff"

// logs is the command for the log of the first service that crashes.
func (m *model) logs(v Shop) string {
	for _, w := range v.Waits {
		if w.Kind == v1alpha1.WaitService && w.Reason == crashes {
			return m.command("logs", "--by", w.Release, "--service", w.Name)
		}
	}
	return m.command("logs")
}

// remedyOfFrontDoor: its image is no service's, and the operator says which it is.
func remedyOfFrontDoor(waits []Wait) string {
	for _, w := range waits {
		if w.Kind == v1alpha1.WaitFrontDoor && slices.Contains([]string{"ImagePullBackOff", "ErrImagePull", "InvalidImageName"}, w.Reason) {
			return "push the front door's image, or name one that is there by RELATED_IMAGE_FRONT_DOOR of the operator"
		}
	}
	return ""
}

// do is what helps: what the leaf asks for, else what the status does.
func (m *model) do(c *Chain, v Shop) string {
	if do := remedyOfFrontDoor(v.Waits); do != "" {
		return do
	}
	for _, l := range slices.Backward(c.Links) {
		if do := remedies[l.State]; do != "" {
			return do
		}
		if l.State == crashes {
			return "read its log: " + m.logs(v)
		}
		if strings.HasPrefix(l.Object, "ShopService ") {
			e, _ := Explain(l.State)
			return e.Do
		}
	}
	for _, a := range v.Actions {
		if a.Suggested {
			return a.Command
		}
	}
	e, _ := Explain(string(v.Reason))
	return e.Do
}
