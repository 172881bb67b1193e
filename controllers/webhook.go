package controllers

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/apply"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/source"
)

// WebhookKey is the key of the Secret of spec.webhookSecret.
const WebhookKey = "token"

// mostCalls bounds the calls that are still to be written down. One that is lost costs an interval.
const mostCalls = 1024

// Webhook lets the operator that leads look at a source whose Git host called, whichever replica was called: the call is
// written down in an annotation of the source.
type Webhook struct {
	Reader *observe.SourceReader
	Writer *apply.Writer
	Now    func() time.Time

	once  sync.Once
	calls chan types.NamespacedName
	mu    sync.Mutex
	known map[types.NamespacedName]webhookSecret
}

// webhookSecret is the content of one version of a Secret.
type webhookSecret struct {
	version string
	token   []byte
}

func (h *Webhook) queue() chan types.NamespacedName {
	h.once.Do(func() { h.calls = make(chan types.NamespacedName, mostCalls) })
	return h.calls
}

// Look notes a call.
func (h *Webhook) Look(of types.NamespacedName) {
	select {
	case h.queue() <- of:
	default: // Git is asked at the next interval
	}
}

// Start writes down calls until ctx ends.
func (h *Webhook) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case of := <-h.queue():
			if err := h.note(ctx, of); err != nil {
				log.FromContext(ctx).Error(err, "noting a call of a Git host", "source", of)
			}
		}
	}
}

// NeedLeaderElection is false: each replica takes calls.
func (h *Webhook) NeedLeaderElection() bool { return false }

func (h *Webhook) note(ctx context.Context, of types.NamespacedName) error {
	var s v1alpha1.ShopSource
	if err := h.Reader.Cache.Get(ctx, of, &s); err != nil {
		return client.IgnoreNotFound(err)
	}
	return h.Writer.Requested(ctx, &s, h.Now().UTC().Format(time.RFC3339))
}

// WebhookSecret returns what a source shares with its Git host; nothing where it takes no calls. A Secret is read once per version.
func (h *Webhook) WebhookSecret(ctx context.Context, of types.NamespacedName) ([]byte, error) {
	var s v1alpha1.ShopSource
	if err := h.Reader.Cache.Get(ctx, of, &s); err != nil || s.Spec.WebhookSecret == "" {
		return nil, client.IgnoreNotFound(err)
	}
	key := types.NamespacedName{Namespace: of.Namespace, Name: s.Spec.WebhookSecret}
	meta := &metav1.PartialObjectMetadata{}
	meta.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	if err := h.Reader.Metadata.Get(ctx, key, meta); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	grant := source.Grant{Exists: true, Allowed: meta.Annotations[v1alpha1.AnnotationAllowedSources]}
	if !grant.Allows(s.Name) {
		return nil, nil
	}
	return h.read(ctx, key, string(meta.UID)+"/"+meta.ResourceVersion)
}

func (h *Webhook) read(ctx context.Context, key types.NamespacedName, version string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if k, is := h.known[key]; is && k.version == version {
		return k.token, nil
	}
	var secret corev1.Secret
	if err := h.Reader.Live.Get(ctx, key, &secret); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if h.known == nil {
		h.known = map[types.NamespacedName]webhookSecret{}
	}
	h.known[key] = webhookSecret{version, secret.Data[WebhookKey]}
	return secret.Data[WebhookKey], nil
}

// SecretData reads the data of a Secret past every cache, for the poller.
type SecretData struct{ Live client.Reader }

// Data of a Secret.
func (s SecretData) Data(ctx context.Context, key types.NamespacedName) (map[string][]byte, error) {
	var secret corev1.Secret
	if err := s.Live.Get(ctx, key, &secret); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	return secret.Data, nil
}

// Listen opens the address at which calls are taken.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening for webhooks at %s: %w", address, err)
	}
	return listener, nil
}
