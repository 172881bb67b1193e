package registry

import (
	"cmp"
	"context"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/registry/pullsecret"
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
	known map[credentials]pullsecret.Keys
}

// of returns what there is: a Secret that is missing or cannot be read counts as none, and
// the registry says what it thinks of that.
func (k *keyring) of(ctx context.Context, c credentials) pullsecret.Keys {
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
	var out pullsecret.Keys
	for _, name := range strings.Fields(names) {
		var secret corev1.Secret
		if err := k.live.Get(ctx, client.ObjectKey{Namespace: k.namespace, Name: name}, &secret); err == nil {
			out = append(out, parse(&secret)...)
		}
	}
	if k.known == nil {
		k.known = map[credentials]pullsecret.Keys{}
	}
	k.known[c] = out
	return out
}

// parse reads both forms of pull secrets. The API server refuses what is no JSON.
func parse(s *corev1.Secret) (out pullsecret.Keys) {
	switch s.Type {
	case corev1.SecretTypeDockerConfigJson:
		out, _ = pullsecret.Parse(s.Data[corev1.DockerConfigJsonKey])
	case corev1.SecretTypeDockercfg:
		out, _ = pullsecret.ParseLegacy(s.Data[corev1.DockerConfigKey])
	}
	return out
}
