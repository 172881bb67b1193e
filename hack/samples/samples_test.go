package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/services"
	"github.com/emporium-shop/emporium/services/tokens"
)

const root = "../.."

// checkout is a copy of what the samples are made of.
func checkout(t *testing.T) string {
	t.Helper()
	all, err := services.Find(root)
	if err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	for _, part := range append([]string{"config/samples", "services/shop"}, folders(all)...) {
		if err := os.CopyFS(filepath.Join(to, part), os.DirFS(filepath.Join(root, part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range all {
		if text, err := os.ReadFile(filepath.Join(root, s.Folder, "service.go")); err == nil {
			write(t, filepath.Join(to, s.Folder, "service.go"), string(text))
		}
	}
	return to
}

func folders(all []services.Service) (out []string) {
	for _, s := range all {
		out = append(out, s.Folder+"/shop")
	}
	return out
}

// content is every file of a folder.
func content(t *testing.T, folder string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		b.WriteString(strings.TrimPrefix(path, folder) + "\n" + string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const unheardOf = `apiVersion: v1
kind: Secret
metadata: {name: unheard-of-db}
stringData: {DATABASE_URL: postgres://unheard_of:x@postgres/shop}
---
apiVersion: shop.emporium.dev/v1alpha1
kind: ShopService
metadata: {name: unheard-of}
spec:
  shop: acme
  image: emporium.local/unheard-of:1
  routes:
  - path: /api/unheard-of
`

func TestAServiceIsFoundByItsFolder(t *testing.T) {
	at := checkout(t)
	before := content(t, at)
	if err := run(at); err != nil || content(t, at) != before {
		t.Fatalf("the samples are not current: make generate (%v)", err)
	}
	shop := filepath.Join(at, "services/unheard-of/shop")
	write(t, filepath.Join(shop, "kustomization.yaml"), "resources: [service.yaml]\n")
	write(t, filepath.Join(shop, "service.yaml"), unheardOf)
	write(t, filepath.Join(shop, "../service.go"), "package unheardof\n")
	if err := run(at); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"config/samples/kustomization.yaml":     "\n- ../../services/unheard-of/shop\n",
		"config/samples/postgres-roles.yaml":    "- secret: {name: unheard-of-db, optional: true, items: [{key: DATABASE_URL, path: unheard-of-db/DATABASE_URL}]}\n",
		"services/shop/all.go":                  "\t\t{unheardof.Service(), []string{\"/api/unheard-of\"}},\n",
		"services/storefront/shop/service.yaml": "    - unheard-of\n",
	} {
		if text := content(t, filepath.Join(at, file)); strings.Count(text, want) != 1 {
			t.Errorf("%s has no %q:\n%s", file, want, text)
		}
	}
	if err := os.RemoveAll(filepath.Dir(shop)); err != nil {
		t.Fatal(err)
	}
	if err := run(at); err != nil || content(t, at) != before {
		t.Errorf("it is gone, and something of it stays (%v)", err)
	}
}

// Whose list is written by hand is told what is missing; nothing is written then.
func TestAGrantByHandIsTheOwners(t *testing.T) {
	at := checkout(t)
	shop := filepath.Join(at, "services/unheard-of/shop")
	write(t, filepath.Join(shop, "kustomization.yaml"), "resources: [service.yaml]\n")
	write(t, filepath.Join(shop, "service.yaml"), strings.Replace(unheardOf, "/api/unheard-of", "/api/cart/unheard-of", 1))
	before := content(t, at)
	err := run(at)
	if err == nil || !strings.Contains(err.Error(), "services/cart/shop/service.yaml lacks unheard-of in its list allowedServices") {
		t.Errorf("nobody says what is missing: %v", err)
	}
	if content(t, at) != before {
		t.Error("something was written")
	}
	cart := filepath.Join(at, "services/cart/shop/service.yaml")
	write(t, cart, strings.Replace(content(t, cart)[1:], "- path: /api/cart\n", "- path: /api/cart\n    allowedServices: [unheard-of]\n", 1))
	before = content(t, cart)
	if err := run(at); err != nil || content(t, cart) != before {
		t.Errorf("what the owner allows is not enough, or was written (%v)", err)
	}
}

func TestAFolderWithoutItsServiceIsNoService(t *testing.T) {
	for name, c := range map[string]struct{ kustomization, service, want string }{
		"another name": {"resources: [service.yaml]", strings.ReplaceAll(unheardOf, "unheard-of", "other"), "no ShopService unheard-of"},
		"not named":    {"resources: []", unheardOf, "no ShopService unheard-of"},
		"no file":      {"resources: [none.yaml]", unheardOf, "none.yaml"},
		"a wrong word": {"resources: [service.yaml]", strings.Replace(unheardOf, "image:", "images:", 1), "images"},
	} {
		at := t.TempDir()
		write(t, filepath.Join(at, "services/unheard-of/shop/kustomization.yaml"), c.kustomization)
		write(t, filepath.Join(at, "services/unheard-of/shop/service.yaml"), c.service)
		if _, err := services.Find(at); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "services/unheard-of") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := services.Find(t.TempDir()); err == nil {
		t.Error("a folder without services is a checkout")
	}
}

// A service that shows tokens to others names a Secret; the samples have it, and everybody checks tokens with its public half.
func TestAServiceThatNamesItsKeyGetsOne(t *testing.T) {
	at := checkout(t)
	before := content(t, filepath.Join(at, "config/samples/service-keys.yaml"))
	service := strings.Replace(unheardOf, "  routes:", "  envFrom: [{secretRef: {name: unheard-of-key}}]\n  routes:", 1)
	write(t, filepath.Join(at, "services/unheard-of/shop/kustomization.yaml"), "resources: [service.yaml]\n")
	write(t, filepath.Join(at, "services/unheard-of/shop/service.yaml"), service)
	if err := run(at); err != nil {
		t.Fatal(err)
	}
	after := content(t, filepath.Join(at, "config/samples/service-keys.yaml"))
	key := tokens.OfSample("unheard-of")
	for _, want := range []string{"\n  name: unheard-of-key\n", "/allowed-services: unheard-of\n", string(key.Private()), `"kid":"service/unheard-of/sample"`} {
		if !strings.Contains(after, want) || strings.Contains(before, want) {
			t.Errorf("there is no %s, or there was one before:\n%s", want, after)
		}
	}
	set, _, _ := strings.Cut(after, "---")
	if strings.Contains(set, `"d":`) {
		t.Errorf("a private half is among the public ones:\n%s", set)
	}
}

// Every Secret with a key that a manifest names is there, and lets the service and its worker have it.
func TestNobodyOfTheSampleLacksTheKeyThatItNames(t *testing.T) {
	all, err := services.Find(root)
	if err != nil {
		t.Fatal(err)
	}
	made := keysOf(all)
	for _, s := range all {
		for _, part := range s.Shop {
			for _, from := range part.Spec.EnvFrom {
				if from.SecretRef == nil || !strings.HasSuffix(from.SecretRef.Name, "-key") {
					continue
				}
				if from.SecretRef.Name != s.Name+"-key" || !strings.Contains(made, "\n  name: "+s.Name+"-key\n") {
					t.Errorf("%s names the Secret %s, which the samples do not make for it", part.Name, from.SecretRef.Name)
				}
			}
		}
	}
}
