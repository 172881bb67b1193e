package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// An argoUser asks argocd-server, as Argo CD's pages and its command line do.
type argoUser struct{ url, token string }

// users logs in as the admin that argocd-server made, and as the users of shipped, to whom the admin gives a password.
func (y *argoYard) users(ctx context.Context, server string) {
	GinkgoHelper()
	var secret corev1.Secret
	Eventually(func() error {
		return cluster.Get(ctx, client.ObjectKey{Namespace: argoNamespace, Name: "argocd-initial-admin-secret"}, &secret)
	}).Should(Succeed())
	password := string(secret.Data["password"])
	y.admin = logIn(ctx, server, "admin", password)
	give := func(name string) argoUser {
		change := map[string]string{"name": name, "currentPassword": password, "newPassword": "password-of-" + name}
		Eventually(func() error { return y.admin.call(ctx, http.MethodPut, "/account/password", change, nil) }).Should(Succeed())
		return logIn(ctx, server, name, "password-of-"+name)
	}
	y.approver, y.onCall = give("your-approvers"), give("your-on-call")
}

func logIn(ctx context.Context, server, name, password string) (u argoUser) {
	GinkgoHelper()
	u.url = server
	var session struct{ Token string }
	Eventually(func() error {
		return u.call(ctx, http.MethodPost, "/session", map[string]string{"username": name, "password": password}, &session)
	}).Should(Succeed())
	u.token = session.Token
	return u
}

// call asks for a path of the API. What is refused is an error of Argo CD's words.
func (u argoUser) call(ctx context.Context, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.url+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+u.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%d: %s", res.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// shopOf are the fields by which Argo CD's API names the Shop of an Application.
func shopOf(s *argoShop) map[string]string {
	return map[string]string{
		"name": s.name, "namespace": s.namespace, "resourceName": "t", "group": "shop.emporium.dev", "version": "v1alpha1", "kind": "Shop",
	}
}

// runs runs an action on the Shop.
func (u argoUser) runs(ctx context.Context, s *argoShop, action string) error {
	body := shopOf(s)
	body["action"] = action
	return u.call(ctx, http.MethodPost, "/applications/"+s.name+"/resource/actions/v2", body, nil)
}

// offered are the display names of the actions that can be clicked, by their names.
func (u argoUser) offered(ctx context.Context, s *argoShop) (map[string]string, error) {
	var list struct {
		Actions []struct {
			Name, DisplayName string
			Disabled          bool
		}
	}
	query := url.Values{}
	for name, value := range shopOf(s) {
		query.Set(name, value)
	}
	err := u.call(ctx, http.MethodGet, "/applications/"+s.name+"/resource/actions?"+query.Encode(), nil, &list)
	enabled := map[string]string{}
	for _, a := range list.Actions {
		if !a.Disabled {
			enabled[a.Name] = a.DisplayName
		}
	}
	return enabled, err
}

// tree is the health of what Argo CD shows of an Application, by kind and name: Shop/t.
func (u argoUser) tree(ctx context.Context, s *argoShop) (map[string]string, error) {
	var tree struct {
		Nodes []struct {
			Group, Kind, Name string
			Health            struct{ Status string }
		}
	}
	err := u.call(ctx, http.MethodGet, "/applications/"+s.name+"/resource-tree", nil, &tree)
	healths := map[string]string{}
	for _, n := range tree.Nodes {
		if strings.HasPrefix(n.Group, "shop.emporium.dev") {
			healths[n.Kind+"/"+n.Name] = n.Health.Status
		}
	}
	return healths, err
}
