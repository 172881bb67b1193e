package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// Use is a field of a source that names a Secret.
type Use struct{ Field, Secret string }

// Uses lists the Secrets that a source names, in the order of its fields.
func Uses(s *v1alpha1.ShopSourceSpec) (out []Use) {
	all := []Use{{"spec.git.secret", s.Git.Secret}, {"spec.pushSecret", s.PushSecret}}
	if s.Sign != nil {
		all = append(all, Use{"spec.sign.secret", s.Sign.Secret})
	}
	for _, u := range append(all, Use{"spec.webhookSecret", s.WebhookSecret}) {
		if u.Secret != "" {
			out = append(out, u)
		}
	}
	return out
}

// Grant is what a Secret says of who may use it.
type Grant struct {
	Exists bool
	// Allowed is the value of its annotation shop.emporium.dev/allowed-sources.
	Allowed string
}

// Allows tells whether a list of sources, as the annotation holds it, names the source.
func (g Grant) Allows(source string) bool {
	return g.Exists && slices.ContainsFunc(strings.Split(g.Allowed, ","), func(name string) bool {
		name = strings.TrimSpace(name)
		return name == source || name == everySource
	})
}

// everySource in the annotation allows all sources of the namespace.
const everySource = "*"

// Refusals says which Secrets a source names and may not use: who writes a ShopSource could else have any Secret of the
// namespace in a build. Each Secret is spoken of once.
func Refusals(namespace, source string, spec *v1alpha1.ShopSourceSpec, grants map[string]Grant) (out []string) {
	told := map[string]bool{}
	for _, u := range Uses(spec) {
		g := grants[u.Secret]
		if told[u.Secret] || g.Allows(source) {
			continue
		}
		told[u.Secret] = true
		if !g.Exists {
			out = append(out, fmt.Sprintf("ShopSource %s: %s names Secret %s, which does not exist; create it, or remove the field", source, u.Field, u.Secret))
			continue
		}
		out = append(out, fmt.Sprintf("ShopSource %s: %s names Secret %s, which does not allow the source; its owner allows it with: %s",
			source, u.Field, u.Secret, grantCommand(namespace, u.Secret, g.Allowed, source)))
	}
	return out
}

// grantCommand adds a source to those that a Secret allows. It is for a shell: nothing but names gets into it.
func grantCommand(namespace, secret, allowed, source string) string {
	overwrite, names := "", []string{}
	for _, n := range strings.Split(allowed, ",") {
		if n = strings.TrimSpace(n); n != "" && strings.Trim(n, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" {
			names = append(names, n)
		}
	}
	if allowed != "" {
		overwrite = "--overwrite "
	}
	return fmt.Sprintf("kubectl -n %s annotate secret %s %s%s=%s", namespace, secret, overwrite,
		v1alpha1.AnnotationAllowedSources, strings.Join(append(names, source), ","))
}
