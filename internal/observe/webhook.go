package observe

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// webhookKey is the key of a Secret whose value signs the calls of a Git host.
const webhookKey = "token"

// mostTokens bounds what is remembered.
const mostTokens = 1024

// Webhooks knows what sources share with their Git hosts. A Secret is read once for each of its versions: anybody can make it be
// asked for.
type Webhooks struct {
	// Cache holds sources, and Metadata the metadata of Secrets; Live reads their content.
	Cache, Metadata, Live client.Reader

	mu     sync.Mutex
	tokens map[types.UID]token
}

type token struct {
	version string
	value   []byte
}

// WebhookSecret returns what a source's calls are signed with; empty: it takes none.
func (w *Webhooks) WebhookSecret(ctx context.Context, name types.NamespacedName) ([]byte, error) {
	var s v1alpha1.ShopSource
	if err := w.Cache.Get(ctx, name, &s); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if s.Spec.WebhookSecret == "" {
		return nil, nil
	}
	key := types.NamespacedName{Namespace: name.Namespace, Name: s.Spec.WebhookSecret}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := w.Metadata.Get(ctx, key, meta); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	grant := source.Grant{Exists: true, Allowed: meta.Annotations[v1alpha1.AnnotationAllowedSources]}
	if !grant.Allows(name.Name) {
		return nil, nil
	}
	if known, ok := w.known(meta); ok {
		return known, nil
	}
	var secret corev1.Secret
	if err := w.Live.Get(ctx, key, &secret); err != nil {
		return nil, fmt.Errorf("reading Secret %s: %w", key.Name, err)
	}
	w.remember(&secret)
	return secret.Data[webhookKey], nil
}

func (w *Webhooks) known(meta *metav1.PartialObjectMetadata) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t, ok := w.tokens[meta.UID]
	return t.value, ok && t.version == meta.ResourceVersion
}

func (w *Webhooks) remember(s *corev1.Secret) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tokens == nil || len(w.tokens) >= mostTokens {
		w.tokens = map[types.UID]token{}
	}
	w.tokens[s.UID] = token{s.ResourceVersion, s.Data[webhookKey]}
}

// SecretData reads the data of Secrets past every cache.
type SecretData struct{ Live client.Reader }

// Data of a Secret.
func (s SecretData) Data(ctx context.Context, key types.NamespacedName) (map[string][]byte, error) {
	var secret corev1.Secret
	if err := s.Live.Get(ctx, key, &secret); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	return secret.Data, nil
}
