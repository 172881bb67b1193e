package kube_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/console"
)

const (
	first  = "acme-aaaaaaaa"
	second = "acme-bbbbbbbb"
	all    = "promote back unpin retry pause resume"
)

// may is what each of them sees, and may do with the access policy and without it.
var may = []struct {
	who           string
	roles         []string // of config/roles
	verbs         []string // on shops, beside them
	sees          string   // shop, logs
	with, without string
}{
	{who: "nobody"},
	{who: "viewer", roles: []string{"emporium-view"}, sees: "shop"},
	{who: "team-cart", roles: []string{"emporium-view", "team-cart"}, sees: "shop"},
	{who: "approver", roles: []string{"emporium-approver"}, sees: "shop", with: "promote unpin", without: all},
	{who: "on-call", roles: []string{"emporium-on-call"}, sees: "shop logs", with: all, without: all},
	{who: "platform", roles: []string{"emporium-view", "emporium-admin"}, sees: "shop", with: all, without: all},
	{who: "kustomize-controller", roles: []string{"emporium-view", "emporium-admin"}, sees: "shop", with: all, without: all},
	{who: "patcher", roles: []string{"emporium-view"}, verbs: []string{"patch"}, sees: "shop", without: all},
	{who: "pauser", roles: []string{"emporium-view"}, verbs: []string{"patch", "pause"}, sees: "shop", with: "pause resume", without: all},
	{who: "not-promoter", roles: []string{"emporium-view"}, verbs: []string{"patch", "pause", "retry", "rollback"}, sees: "shop", with: "back retry pause resume", without: all},
	{who: "not-pauser", roles: []string{"emporium-view"}, verbs: []string{"patch", "promote", "retry", "rollback"}, sees: "shop", with: "promote back unpin retry", without: all},
	{who: "lacks-patch", roles: []string{"emporium-view"}, verbs: []string{"promote", "rollback", "pause", "retry"}, sees: "shop"},
}

// Each identity at each act, with the access policy and without it: what the button says, what the page of the act says and what
// the API server does with it are the same.
func TestButtonPageAndVerdictAgreeForEveryIdentityAndAct(t *testing.T) {
	c := start(t)
	c.installs(t, "roles/*.yaml")
	c.awaits(t)
	tokens := map[string]string{}
	for _, m := range may[1:] {
		tokens[m.who] = c.with(t, m.who, m.roles, m.verbs)
	}
	t.Run("without the access policy", func(t *testing.T) { c.matrix(t, tokens, false) })
	c.installs(t, "policy/acts.yaml", "policy/stamp.yaml")
	until(t, "the policy is in force, and its stamp", func() bool {
		refused, err := c.person(t, tokens["patcher"]).Refusals(t.Context(), acme, []string{"pause"})
		shop := c.acme(t)
		stamped := c.api.Patch(t.Context(), shop, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"release":{"active":"acme-00000000"}}}`)), client.DryRunAll)
		return err == nil && refused["pause"] != "" && stamped == nil && shop.Annotations[v1alpha1.AnnotationActedOn] == "acme-00000000"
	})
	t.Run("with the access policy", func(t *testing.T) { c.matrix(t, tokens, true) })
}

func (c *cluster) matrix(t *testing.T, tokens map[string]string, policy bool) {
	server, err := console.New(t.Context(), console.Options{Login: c.login, Hosts: []string{"console.example"}, Port: "1", Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range may {
		at := visitor{server, tokens[m.who]}
		for page, path := range map[string]string{"shop": "", "logs": "/logs?release=" + first} {
			if status, _ := at.get(t, path); (status == http.StatusOK) != slices.Contains(strings.Fields(m.sees), page) {
				t.Errorf("%s, the page %s: %d", m.who, page, status)
			}
		}
		allowed := m.without
		if policy {
			allowed = m.with
		}
		for _, act := range strings.Fields(all) {
			t.Run(m.who+"/"+act, func(t *testing.T) {
				c.wants(t, act)
				want := slices.Contains(strings.Fields(allowed), act)
				button, page, verdict := at.button(t, act), at.page(t, act), at.verdict(t, act)
				if button != want || page != want || verdict != want {
					t.Errorf("allowed: %t; the button says %t, the page %t, the API server %t", want, button, page, verdict)
				}
				if done := c.done(t, act); done != want {
					t.Errorf("allowed: %t; it was done: %t", want, done)
				}
			})
		}
	}
}

// visitor asks the console with a token.
type visitor struct {
	console http.Handler
	token   string
}

func (v visitor) ask(t *testing.T, method, path string, form url.Values) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://console.example/shops/acme/acme"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	w := httptest.NewRecorder()
	v.console.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(text)
}

func (v visitor) get(t *testing.T, path string) (int, string) {
	t.Helper()
	return v.ask(t, http.MethodGet, path, nil)
}

// button tells whether the page of the shop has a button for an act that leads to its page. One that does not has to say why.
func (v visitor) button(t *testing.T, act string) bool {
	t.Helper()
	status, html := v.get(t, "")
	leads := strings.Contains(html, `href="/shops/acme/acme/`+act)
	if status == http.StatusOK && !leads && !strings.Contains(html, "needs the verb") {
		t.Errorf("the button is not there, and nothing says why:\n%s", html)
	}
	return leads
}

// page tells whether the button of the page of an act can be pressed.
func (v visitor) page(t *testing.T, act string) bool {
	t.Helper()
	status, html := v.get(t, "/"+act+query(act))
	if status == http.StatusOK && strings.Contains(html, `<button class="button" disabled>`) {
		return false
	}
	return status == http.StatusOK && strings.Contains(html, `<button class="button">`)
}

// verdict tells whether the act is done. Whoever may not is told so, and nothing else.
func (v visitor) verdict(t *testing.T, act string) bool {
	t.Helper()
	release, _ := url.ParseQuery(strings.TrimPrefix(query(act), "?"))
	status, html := v.ask(t, http.MethodPost, "/"+act, release)
	switch status {
	case http.StatusSeeOther:
		return true
	case http.StatusForbidden, http.StatusUnauthorized:
		return false
	}
	t.Errorf("the answer is %d:\n%s", status, html)
	return false
}

// query names the release that an act is about.
func query(act string) string {
	return map[string]string{"promote": "?release=" + second, "back": "?release=" + first, "retry": "?release=" + second}[act]
}

// with is the token of somebody who has ClusterRoles in the namespace, and verbs on its shops.
func (c *cluster) with(t *testing.T, name string, clusterRoles, verbs []string) string {
	t.Helper()
	var rules []rbacv1.PolicyRule
	if len(verbs) > 0 {
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"shops"}, Verbs: verbs})
	}
	token := c.somebody(t, "acme", name, rules...)
	for _, role := range clusterRoles {
		c.make(t, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name + "-" + role}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "acme", Name: name}},
		})
		var granted rbacv1.ClusterRole
		if err := c.api.Get(t.Context(), client.ObjectKey{Name: role}, &granted); err != nil {
			t.Fatal(err)
		}
		c.grants(t, "acme", name, granted.Rules)
	}
	return token
}

// installs creates what files below config hold.
func (c *cluster) installs(t *testing.T, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join("..", "..", "..", "config", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for doc := range strings.SplitSeq(string(text), "\n---\n") {
				u := &unstructured.Unstructured{}
				if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
					t.Fatal(err)
				}
				if u.GetKind() != "Kustomization" {
					c.make(t, u)
				}
			}
		}
	}
}

// awaits makes the records of the shop's two releases, and the role of a team.
func (c *cluster) awaits(t *testing.T) {
	t.Helper()
	c.make(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "team-cart"}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"shopservices"}, ResourceNames: []string{"cart"}, Verbs: []string{"patch", "update"},
	}}})
	for _, name := range []string{first, second} {
		c.make(t, &v1alpha1.ShopRelease{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: name, Annotations: map[string]string{v1alpha1.AnnotationStartFailed: "2026-11-27T12:00:00Z"}},
			Spec: v1alpha1.ShopReleaseSpec{
				Shop: "acme", Revision: strings.TrimPrefix(name, "acme-"), Services: []v1alpha1.ReleaseService{{Name: "cart", ServiceTemplate: v1alpha1.ServiceTemplate{Image: "cart:1"}}},
			},
		})
	}
}

// wants makes the shop one for which an act is something to do.
func (c *cluster) wants(t *testing.T, act string) {
	t.Helper()
	active, candidate, reason := first, second, v1alpha1.ReasonAwaitingPromotion
	spec := `{"paused":null,"release":{"promotion":"Manual","active":null}}`
	switch act {
	case "retry":
		reason = v1alpha1.ReasonStartDeadlineExceeded
	case "back":
		active, candidate, reason = second, "", v1alpha1.ReasonServing
	case "unpin":
		spec = fmt.Sprintf(`{"paused":null,"release":{"promotion":"Manual","active":%q}}`, first)
	case "resume":
		spec = `{"paused":true,"release":{"promotion":"Manual","active":null}}`
	}
	shop := c.acme(t)
	patch := `{"metadata":{"annotations":{"` + v1alpha1.AnnotationRetry + `":null}},"spec":` + spec + `}`
	if err := c.api.Patch(t.Context(), shop, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("kubectl-patch")); err != nil {
		t.Fatal(err)
	}
	shop.Status = v1alpha1.ShopStatus{
		ObservedGeneration: shop.Generation, Active: &v1alpha1.ReleaseRef{Release: active},
		Conditions: []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionFalse, Reason: string(reason), LastTransitionTime: metav1.Now()}},
	}
	if candidate != "" {
		shop.Status.Candidate = &v1alpha1.ReleaseRef{Release: candidate}
	}
	if act == "back" {
		shop.Status.Previous = &v1alpha1.PreviousRelease{Release: first}
	}
	if err := c.api.Status().Update(t.Context(), shop, client.FieldOwner("emporium")); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) acme(t *testing.T) *v1alpha1.Shop {
	t.Helper()
	var shop v1alpha1.Shop
	if err := c.api.Get(t.Context(), acme, &shop); err != nil {
		t.Fatal(err)
	}
	return &shop
}

// done tells whether the shop is as the act makes it.
func (c *cluster) done(t *testing.T, act string) bool {
	t.Helper()
	shop := c.acme(t)
	switch act {
	case "promote":
		return shop.Spec.Release.Active == second
	case "back":
		return shop.Spec.Release.Active == first
	case "unpin":
		return shop.Spec.Release.Active == ""
	case "retry":
		return shop.Annotations[v1alpha1.AnnotationRetry] != ""
	}
	return shop.Spec.Paused == (act == "pause")
}
