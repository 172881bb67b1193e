// Package pullsecret reads the credentials of registries as Kubernetes' Secrets hold them, and finds
// the one for a repository by the kubelet's rules. The operator, which asks, and the container that
// pushes use the same rules, so a Secret means the same to both.
package pullsecret

import (
	"cmp"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Keys are credentials, each for the repositories below a place.
type Keys []key

type key struct {
	host, path string
	auth       authn.AuthConfig
}

// Parse reads the value of .dockerconfigjson, which is Docker's config.json. What names helpers is
// left out: they are programs, which neither the kubelet runs for a Secret.
func Parse(config []byte) (Keys, error) {
	var c struct {
		Auths map[string]authn.AuthConfig `json:"auths"`
	}
	err := json.Unmarshal(config, &c)
	return of(c.Auths), err
}

// ParseLegacy reads the value of .dockercfg.
func ParseLegacy(config []byte) (Keys, error) {
	var auths map[string]authn.AuthConfig
	err := json.Unmarshal(config, &auths)
	return of(auths), err
}

func of(auths map[string]authn.AuthConfig) (out Keys) {
	for where, auth := range auths {
		k := key{auth: auth}
		k.host, k.path = placeOf(where)
		out = append(out, k)
	}
	return out
}

// placeOf reads "https://registry.example/v1/team" as host and path; an API version is no path.
func placeOf(where string) (host, below string) {
	_, rest, is := strings.Cut(where, "://")
	if !is {
		rest = where
	}
	host, below, _ = strings.Cut(rest, "/")
	if version, after, _ := strings.Cut(below, "/"); version == "v1" || version == "v2" {
		below = after
	}
	if host == "docker.io" || host == "registry-1.docker.io" {
		host = name.DefaultRegistry
	}
	return host, strings.Trim(below, "/")
}

// Resolve returns the key of the closest place, as the kubelet tries them; authn.Anonymous where none fits.
func (k Keys) Resolve(of authn.Resource) (authn.Authenticator, error) {
	host, repository, _ := strings.Cut(of.String(), "/")
	var fit Keys
	for _, one := range k {
		if globbed(one.host, host) && (one.path == "" || strings.HasPrefix(repository+"/", one.path+"/")) {
			fit = append(fit, one)
		}
	}
	if len(fit) == 0 {
		return authn.Anonymous, nil
	}
	closest := slices.MaxFunc(fit, func(a, b key) int {
		return cmp.Or(cmp.Compare(len(a.path), len(b.path)), strings.Compare(a.host, b.host))
	})
	return authn.FromConfig(closest.auth), nil
}

// globbed: "*.example" stands for one label, as in the kubelet.
func globbed(pattern, host string) bool {
	pattern, wantPort := splitPort(pattern)
	host, port := splitPort(host)
	want, is := strings.Split(pattern, "."), strings.Split(host, ".")
	if port != wantPort || len(want) != len(is) {
		return false
	}
	for i := range want {
		if fits, err := path.Match(want[i], is[i]); err != nil || !fits {
			return false
		}
	}
	return true
}

func splitPort(host string) (string, string) {
	if i := strings.LastIndex(host, ":"); i > strings.LastIndex(host, "]") {
		return host[:i], host[i+1:]
	}
	return host, ""
}
