package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Tenancy is what decides whether services may use what they name. A service is a team's; what
// it uses may be another's, so its owner must have said yes.
type Tenancy struct {
	Shop     *v1alpha1.Shop
	Services []v1alpha1.ShopService
	Facts    Facts
	// Revision of the snapshot that the services make.
	Revision string
	// Copies that the snapshot would hold: what they are made of was there a moment ago.
	Copies []v1alpha1.ConfigCopy
	// Serving is the release that customers are sent to; nil: none.
	Serving *v1alpha1.ShopReleaseSpec
}

// Problem is one reason why the services cannot make a release together.
type Problem struct {
	// Service that has to change, or to be allowed, for it to end; "": it is no single one's.
	Service string
	// Message for people: which object, which field, and what ends it.
	Message string
}

func messagesOf(problems []Problem) (out []string) {
	for _, p := range problems {
		out = append(out, p.Message)
	}
	return out
}

// Add adds problems that were found beside the snapshot.
func (s *Snapshot) Add(problems []Problem) {
	s.Refused = append(s.Refused, problems...)
	s.Problems = append(s.Problems, messagesOf(problems)...)
}

// Refusals says what services use without being allowed to, or cannot use, sorted by service.
func Refusals(t Tenancy) []Problem {
	services := slices.Clone(t.Services)
	slices.SortFunc(services, func(a, b v1alpha1.ShopService) int { return strings.Compare(a.Name, b.Name) })
	free := grantedByDefaults(&t.Shop.Spec.Defaults)
	var out []Problem
	for i := range services {
		out = append(out, t.refusalsOf(&services[i], free)...)
	}
	return append(out, pathsBelow(t.Shop.Namespace, services, t.Serving)...)
}

// refusalsOf speaks of each object once, however many fields name it.
func (t Tenancy) refusalsOf(s *v1alpha1.ShopService, free map[Use]bool) (out []Problem) {
	told := map[Object]bool{}
	for _, u := range Uses(&s.Spec.ServiceTemplate) {
		message := t.refuse(s, u, free)
		if message == "" || told[u.Object] {
			continue
		}
		told[u.Object] = true
		out = append(out, Problem{s.Name, fmt.Sprintf("ShopService %s: %s %s", s.Name, u.Field, message)})
	}
	return out
}

// refuse says why a service cannot use an object; "": it can.
func (t Tenancy) refuse(s *v1alpha1.ShopService, u Use, free map[Use]bool) string {
	if u.Kind == AccountKind && u.Name == t.Shop.Name+"-front-door" {
		return fmt.Sprintf("names %s, the account of the shop's front door, which no service may run as; name another", u.Name)
	}
	fact, exists := t.Facts[u.Object]
	switch {
	case free[u.bare()]:
		return ""
	case !exists && u.taken && t.copies(u):
		return fmt.Sprintf("names %s %s, which is being replaced, so nobody can say whom it allows; this ends by itself", u.Kind, u.Name)
	case !exists && (u.Optional || u.taken):
		return "" // nothing to take; where it must be there, findProblems says so
	case !exists:
		return "needs " + u.missing()
	case !Allows(fact.Allowed, s.Name):
		return fmt.Sprintf("names %s %s, which does not allow the service; its owner allows it with: %s",
			u.Kind, u.Name, annotate(t.Shop.Namespace, strings.ToLower(u.Kind), u.Name, fact.Allowed, s.Name))
	case fact.OnePod:
		return t.onePod(s, u)
	}
	return ""
}

// copies tells whether the snapshot holds the content of what a field names.
func (t Tenancy) copies(u Use) bool {
	return slices.ContainsFunc(t.Copies, func(c v1alpha1.ConfigCopy) bool { return string(c.Kind) == u.Kind && c.Name == u.Name })
}

// onePod: a claim that one pod alone can mount cannot be in two stacks, nor in two pods.
func (t Tenancy) onePod(s *v1alpha1.ShopService, u Use) string {
	if (s.Spec.Replicas != nil && *s.Spec.Replicas > 1) || (s.Spec.Autoscaling != nil && s.Spec.Autoscaling.MaxReplicas > 1) {
		return fmt.Sprintf("names %s %s, which is ReadWriteOncePod, so one pod alone can mount it; set spec.replicas to 1, or use a claim that is ReadWriteMany", u.Kind, u.Name)
	}
	if t.Serving == nil || t.Serving.Revision == t.Revision {
		return ""
	}
	for i := range t.Serving.Services {
		other := &t.Serving.Services[i]
		mounts := slices.ContainsFunc(Uses(&other.ServiceTemplate), func(o Use) bool { return o.Object == u.Object })
		bothWithTraffic := s.Spec.Activation == v1alpha1.ActivationWithTraffic && other.Activation == v1alpha1.ActivationWithTraffic
		if mounts && !bothWithTraffic {
			return fmt.Sprintf("names %s %s, which is ReadWriteOncePod and mounted by %s of the release that serves, so no second stack can start; use a claim that is ReadWriteMany",
				u.Kind, u.Name, other.Name)
		}
	}
	return ""
}

// Allows tells whether a list of services, as the annotation holds it, names the service.
func Allows(list, service string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(name string) bool {
		name = strings.TrimSpace(name)
		return name == service || name == v1alpha1.EveryService
	})
}

// annotate returns the command that adds a service to those that an object allows.
func annotate(namespace, kind, name, allowed, service string) string {
	flags, names := "", []string{}
	for _, n := range strings.Split(allowed, ",") {
		if n = strings.TrimSpace(n); isName(n) { // the command is for a shell: nothing else gets into it
			names = append(names, n)
		}
	}
	if kind == "shop" { // Flux takes back what kubectl's own manager wrote on what it applies
		flags = "--field-manager=" + v1alpha1.FieldManager + " "
	}
	if allowed != "" {
		flags += "--overwrite "
	}
	return fmt.Sprintf("kubectl -n %s annotate %s %s %s%s=%s", namespace, kind, name, flags,
		v1alpha1.AnnotationAllowedServices, strings.Join(append(names, service), ","))
}

func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// Admit parts the services of a shop into those that take part in it and those that its
// annotation does not name.
func Admit(shop *v1alpha1.Shop, services []v1alpha1.ShopService) (in, out []v1alpha1.ShopService) {
	list, closed := shop.Annotations[v1alpha1.AnnotationAllowedServices]
	if !closed {
		return services, nil
	}
	for _, s := range services {
		if Allows(list, s.Name) {
			in = append(in, s)
		} else {
			out = append(out, s)
		}
	}
	return in, out
}

// NotAdmitted says why a service is in no release of its shop.
func NotAdmitted(shop *v1alpha1.Shop, service string) string {
	return fmt.Sprintf("Shop %s allows only the services that its annotation %s names; its owner allows this one with: %s",
		shop.Name, v1alpha1.AnnotationAllowedServices,
		annotate(shop.Namespace, "shop", shop.Name, shop.Annotations[v1alpha1.AnnotationAllowedServices], service))
}

// NobodyAdmitted says that a shop takes in none of the services that name it.
func NobodyAdmitted(shop *v1alpha1.Shop, services []v1alpha1.ShopService) []Problem {
	var names []string
	for _, s := range services {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	return []Problem{{"", fmt.Sprintf("annotation %s of the Shop names none of its ShopServices: %s; name those that may take part, or remove the annotation",
		v1alpha1.AnnotationAllowedServices, strings.Join(names, ", "))}}
}
