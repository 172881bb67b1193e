package kube_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/console"
	"github.com/emporium-shop/emporium/internal/console/kube"
	"github.com/emporium-shop/emporium/internal/gather"
)

var acme = types.NamespacedName{Namespace: "acme", Name: "acme"}

// cluster is a real API server, with what tests need there.
type cluster struct {
	api    client.Client
	config *rest.Config
	login  func(string) (console.Person, error)
}

func start(t *testing.T) *cluster {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Skip("LEFT OUT: KUBEBUILDER_ASSETS does not name a kube-apiserver; run make envtest")
	}
	server := &envtest.Environment{CRDDirectoryPaths: []string{filepath.Join("..", "..", "..", "config", "crd", "bases")}, ErrorIfCRDPathMissing: true}
	config, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme, err := gather.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	c := &cluster{config: config}
	if c.api, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	c.login = kube.Login(config, time.Now)
	for _, namespace := range []string{"acme", "bazaar"} {
		c.make(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
		c.make(t, &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: namespace}})
	}
	return c
}

func (c *cluster) make(t *testing.T, o client.Object) {
	t.Helper()
	if err := c.api.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// somebody is a ServiceAccount of a namespace, with rules on shops there; and their token.
func (c *cluster) somebody(t *testing.T, namespace, name string, rules ...rbacv1.PolicyRule) string {
	t.Helper()
	meta := metav1.ObjectMeta{Namespace: namespace, Name: name}
	account := &corev1.ServiceAccount{ObjectMeta: meta}
	c.make(t, account)
	c.make(t, &rbacv1.Role{ObjectMeta: meta, Rules: rules})
	c.make(t, &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: namespace, Name: name}},
	})
	c.grants(t, namespace, name, rules)
	request := &authenticationv1.TokenRequest{}
	if err := c.api.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

// grants waits until the API server goes by what a role says: its authorizer learns of roles by watches of its own.
func (c *cluster) grants(t *testing.T, namespace, name string, rules []rbacv1.PolicyRule) {
	t.Helper()
	for _, rule := range rules {
		resource, subresource, _ := strings.Cut(rule.Resources[0], "/")
		what := &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: rule.Verbs[0], Group: rule.APIGroups[0], Resource: resource, Subresource: subresource, Name: one(rule.ResourceNames),
		}
		for ends := time.Now().Add(30 * time.Second); !c.can(t, namespace, name, what); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(ends) {
				t.Fatalf("%s may not %s %s in %s, 30 s after it was granted", name, what.Verb, what.Resource, namespace)
			}
		}
	}
}

func one(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func (c *cluster) can(t *testing.T, namespace, name string, what *authorizationv1.ResourceAttributes) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "system:serviceaccount:" + namespace + ":" + name, ResourceAttributes: what,
	}}
	c.make(t, review)
	return review.Status.Allowed
}

func (c *cluster) person(t *testing.T, token string) console.Person {
	t.Helper()
	p, err := c.login(token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func on(verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{"shop.emporium.dev"}, Resources: []string{"shops", "shopservices", "shopreleases"}, Verbs: verbs}
}

// Each identity at each act: what the button says, what the page of the act says and what the API server does are the same.
func TestButtonPageAndServerAgree(t *testing.T) {
	c := start(t)
	read := on("get", "list", "watch")
	tokens := map[string]string{
		"nobody":                    "",
		"a token that is none":      "nonsense",
		"viewer of another shop":    c.somebody(t, "bazaar", "elsewhere", read, on("patch")),
		"viewer":                    c.somebody(t, "acme", "viewer", read),
		"who may patch":             c.somebody(t, "acme", "patcher", read, on("patch")),
		"who may pause, by RBAC":    c.somebody(t, "acme", "pauser", read, on("patch", "pause")),
		"who may pause and nothing": c.somebody(t, "acme", "blind", on("pause")),
		"admin":                     c.somebody(t, "acme", "admin", rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}),
	}
	for name, x := range map[string]struct {
		sees    bool
		refused string // of the button
		does    bool
	}{
		"nobody":                    {false, "", false},
		"a token that is none":      {false, "", false},
		"viewer of another shop":    {false, "needs the verb patch", false},
		"viewer":                    {true, "needs the verb patch on shops/acme; you are system:serviceaccount:acme:viewer, groups system:serviceaccounts:acme", false},
		"who may patch":             {true, "", true},
		"who may pause, by RBAC":    {true, "", true},
		"who may pause and nothing": {false, "needs the verb patch", false},
		"admin":                     {true, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.person(t, tokens[name])
			_, err := p.Objects(t.Context(), acme)
			if (err == nil) != x.sees {
				t.Errorf("sees the shop: %v", err)
			}
			refused, _ := p.Refusals(t.Context(), acme, []string{"promote", "rollback", "retry", "pause"})
			if !strings.HasPrefix(refused["pause"], x.refused) || x.refused == "" && refused["pause"] != "" {
				t.Errorf("the button says %q", refused["pause"])
			}
			pause := act.Request{Shop: acme, Verb: "pause"}
			if err := p.Try(t.Context(), pause); (err == nil) != x.does {
				t.Errorf("the page says %v", err)
			}
			c.pausedIs(t, false)
			if _, err := p.Act(t.Context(), pause); (err == nil) != x.does {
				t.Errorf("the server says %v", err)
			}
			c.pausedIs(t, x.does)
			if x.does {
				if _, err := p.Act(t.Context(), act.Request{Shop: acme, Verb: "resume"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func (c *cluster) pausedIs(t *testing.T, want bool) {
	t.Helper()
	var shop v1alpha1.Shop
	if err := c.api.Get(t.Context(), acme, &shop); err != nil || shop.Spec.Paused != want {
		t.Errorf("paused is %t %v", shop.Spec.Paused, err)
	}
}

func TestWhoOneIsAndWhatOneSees(t *testing.T) {
	c := start(t)
	viewer := c.person(t, c.somebody(t, "acme", "viewer", on("get", "list", "watch")))
	who, err := viewer.Who(t.Context())
	if err != nil || who.User != "system:serviceaccount:acme:viewer" {
		t.Errorf("%+v %v", who, err)
	}
	all, gaps, err := viewer.Shops(t.Context())
	if err != nil || len(all) != 1 || all[0].Namespace != "acme" || len(gaps) != 1 {
		t.Errorf("an account of one namespace sees %d shops, gaps %v, %v", len(all), gaps, err)
	}
	if all, gaps, err = c.person(t, c.somebody(t, "bazaar", "blind")).Shops(t.Context()); err != nil || len(all) != 0 || len(gaps) != 2 {
		t.Errorf("an account that may list nothing sees %d shops, gaps %v, %v", len(all), gaps, err)
	}
	admin, err := kube.New(c.config, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if all, gaps, err = admin.Shops(t.Context()); err != nil || len(all) != 2 || len(gaps) != 0 {
		t.Errorf("an admin sees %d shops, gaps %v, %v", len(all), gaps, err)
	}
	if _, err := c.person(t, "nonsense").Who(t.Context()); !apierrors.IsUnauthorized(err) {
		t.Errorf("a token that is none: %v", err)
	}
}

// The credentials of whoever runs the console are never those of who came.
func TestALoginTakesNothingFromTheConsolesOwnConfig(t *testing.T) {
	c := start(t) // its config has the certificate of an admin
	for _, token := range []string{"", "nonsense"} {
		if _, err := c.person(t, token).Objects(t.Context(), acme); err == nil {
			t.Errorf("the token %q reads as the admin", token)
		}
	}
}

func TestAWatchTellsOfChanges(t *testing.T) {
	c := start(t)
	p := c.person(t, c.somebody(t, "acme", "viewer", on("get", "list", "watch"))) // no right on Deployments
	ctx, cancel := context.WithCancel(t.Context())
	var told atomic.Int64
	ended := make(chan error, 1)
	go func() { ended <- p.Watch(ctx, "acme", func() { told.Add(1) }) }()
	until(t, "what is there", func() bool { return told.Load() == 1 })
	c.make(t, &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "second"}})
	until(t, "a change", func() bool { return told.Load() == 2 })
	c.make(t, &v1alpha1.Shop{ObjectMeta: metav1.ObjectMeta{Namespace: "bazaar", Name: "second"}})
	cancel()
	if err := <-ended; err == nil || told.Load() != 2 {
		t.Errorf("%v, told %d times", err, told.Load())
	}
	elsewhere := c.person(t, c.somebody(t, "bazaar", "elsewhere", on("get", "list", "watch")))
	if err := elsewhere.Watch(t.Context(), "acme", func() { t.Error("told of what one may not see") }); !apierrors.IsForbidden(err) {
		t.Errorf("a watch that is not allowed ends with %v", err)
	}
	if err := c.person(t, "nonsense").Watch(t.Context(), "acme", func() {}); !apierrors.IsUnauthorized(err) {
		t.Errorf("a watch of nobody ends with %v", err)
	}
}

func TestLogsThatCannotBeReadSayWhy(t *testing.T) {
	c := start(t)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme-cart-1", Labels: map[string]string{"shop.emporium.dev/shop": "acme", "shop.emporium.dev/release": "acme-aaaaaaaa", "shop.emporium.dev/service": "cart"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "x"}}},
	}
	c.make(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "default"}})
	c.make(t, pod)
	p := c.person(t, c.somebody(t, "acme", "lister", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}))
	logs, err := p.Logs(t.Context(), acme, "acme-aaaaaaaa", "cart")
	if err != nil || len(logs) != 1 || !strings.Contains(logs[0].Why, "forbidden") {
		t.Errorf("%+v %v", logs, err)
	}
	if logs, err = p.Logs(t.Context(), acme, "acme-bbbbbbbb", "cart"); err != nil || len(logs) != 0 {
		t.Errorf("of another release: %+v %v", logs, err)
	}
	if _, err = c.person(t, c.somebody(t, "acme", "blind")).Logs(t.Context(), acme, "acme-aaaaaaaa", ""); !apierrors.IsForbidden(err) {
		t.Error(fmt.Sprint("who may not list pods: ", err))
	}
}

// until waits for what others bring about. The limit only ends a test that fails.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("never: ", what)
		}
	}
}
