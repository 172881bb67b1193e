package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// credentials names the pull secrets of a pod, or the account whose pull secrets it gets, as
// Kubernetes gives them to a pod that has none of its own.
type credentials struct{ secrets, account string }

func credentialsOf(t *v1alpha1.ServiceTemplate) credentials {
	pod := t.Pod
	if pod == nil {
		pod = &v1alpha1.PodOptions{}
	}
	if len(pod.ImagePullSecrets) > 0 {
		return credentials{secrets: namesOf(pod.ImagePullSecrets)}
	}
	return credentials{account: cmp.Or(pod.ServiceAccountName, "default")}
}

func namesOf(refs []corev1.LocalObjectReference) string {
	var names []string
	for _, r := range refs {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// keyring reads the credentials of one release, each once.
type keyring struct {
	live      client.Reader
	namespace string

	mu    sync.Mutex
	known map[credentials]keys
}

// of returns what there is: a Secret that is missing or cannot be read counts as none, and
// the registry says what it thinks of that.
func (k *keyring) of(ctx context.Context, c credentials) keys {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.known[c]; ok {
		return known
	}
	names := c.secrets
	if c.account != "" {
		var account corev1.ServiceAccount
		if err := k.live.Get(ctx, client.ObjectKey{Namespace: k.namespace, Name: c.account}, &account); err == nil {
			names = namesOf(account.ImagePullSecrets)
		}
	}
	var out keys
	for _, name := range strings.Fields(names) {
		var secret corev1.Secret
		if err := k.live.Get(ctx, client.ObjectKey{Namespace: k.namespace, Name: name}, &secret); err == nil {
			out = append(out, parse(&secret)...)
		}
	}
	if k.known == nil {
		k.known = map[credentials]keys{}
	}
	k.known[c] = out
	return out
}

// key is what a Secret holds for the repositories below a place.
type key struct {
	host, path string
	auth       authn.AuthConfig
}

type keys []key

// parse reads both forms of pull secrets.
func parse(s *corev1.Secret) (out keys) {
	entries := map[string]authn.AuthConfig{}
	switch s.Type {
	case corev1.SecretTypeDockerConfigJson:
		var config struct {
			Auths map[string]authn.AuthConfig `json:"auths"`
		}
		_ = json.Unmarshal(s.Data[corev1.DockerConfigJsonKey], &config) // the API server refuses what is no JSON
		entries = config.Auths
	case corev1.SecretTypeDockercfg:
		_ = json.Unmarshal(s.Data[corev1.DockerConfigKey], &entries)
	}
	for where, auth := range entries {
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

// Resolve returns the key of the closest place, as the kubelet tries them.
func (k keys) Resolve(of authn.Resource) (authn.Authenticator, error) {
	host, repository, _ := strings.Cut(of.String(), "/")
	var fit keys
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
