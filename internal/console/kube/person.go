// Package kube is a person of the console at a Kubernetes API server: every request carries their credentials, and none
// of the console's own, which has none.
package kube

import (
	"context"
	"fmt"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/gather"
	"github.com/emporium-shop/emporium/internal/view"
)

// Bounds of one person's requests to the API server, on average and at once. A page takes six.
const (
	qps   = 50
	burst = 100
	// patience of one request that is no watch.
	patience = 20 * time.Second
)

// Person is somebody at an API server.
type Person struct {
	act.Actor
	dry       act.Actor
	api       client.Client
	reader    *gather.Reader
	pods      corev1client.PodsGetter
	metadata  metadata.Interface
	namespace string
}

// New makes the person that a config holds the credentials of. namespace is listed where they may not list all.
func New(config *rest.Config, namespace string, now func() time.Time) (*Person, error) {
	clock := &gather.Clock{Local: now}
	config = clock.Follow(config)
	config.QPS, config.Burst = qps, burst
	config.WarningHandler = rest.NoWarnings{}
	api, err := gather.NewClient(config)
	if err != nil {
		return nil, err
	}
	pods, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client of logs: %w", err)
	}
	watches, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the client of watches: %w", err)
	}
	return &Person{
		Actor: &act.Person{API: api, Now: clock.Now}, dry: &act.Person{API: client.NewDryRunClient(api), Now: clock.Now},
		api: api, reader: &gather.Reader{API: api, Now: clock.Now}, pods: pods, metadata: watches, namespace: namespace,
	}, nil
}

// Login makes persons of bearer tokens. base names the API server and holds no credentials.
func Login(base *rest.Config, now func() time.Time) func(string) (console.Person, error) {
	return func(token string) (console.Person, error) {
		config := rest.AnonymousClientConfig(base)
		config.BearerToken = token
		return New(config, "", now)
	}
}

// Try says what Act would.
func (p *Person) Try(ctx context.Context, r act.Request) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := p.dry.Act(ctx, r)
	return err
}

// Who the API server takes them for.
func (p *Person) Who(ctx context.Context) (console.Identity, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	review := &authenticationv1.SelfSubjectReview{}
	if err := p.api.Create(ctx, review); err != nil { //nolint:forbidigo // a review is a question: it writes nothing
		return console.Identity{}, fmt.Errorf("asking who you are: %w", err)
	}
	return console.Identity{User: review.Status.UserInfo.Username, Groups: review.Status.UserInfo.Groups}, nil
}

// Objects of a shop.
func (p *Person) Objects(ctx context.Context, shop types.NamespacedName) (view.Objects, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return p.reader.Shop(ctx, shop, gather.Whole)
}

// Shops of all namespaces, or of theirs.
func (p *Person) Shops(ctx context.Context) ([]v1alpha1.Shop, []view.Gap, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all, err := p.reader.Shops(ctx, "")
	if !apierrors.IsForbidden(err) {
		return all, nil, err
	}
	gaps := []view.Gap{{Kind: "shops", Why: "you may not list those of all namespaces"}}
	namespace, err := p.own(ctx)
	if err != nil || namespace == "" {
		return nil, gaps, err
	}
	if all, err = p.reader.Shops(ctx, namespace); apierrors.IsForbidden(err) {
		return nil, append(gaps, view.Gap{Kind: "shops", Namespace: namespace, Why: "you may not list them"}), nil
	}
	return all, gaps, err
}

// own is the namespace that is theirs: of the kubeconfig, or of the ServiceAccount that they are. "": not known.
func (p *Person) own(ctx context.Context) (string, error) {
	if p.namespace != "" {
		return p.namespace, nil
	}
	who, err := p.Who(ctx)
	if err != nil {
		return "", err
	}
	account, is := strings.CutPrefix(who.User, "system:serviceaccount:")
	namespace, _, _ := strings.Cut(account, ":")
	if !is {
		return "", nil
	}
	return namespace, nil
}
