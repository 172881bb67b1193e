package release

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

// sample is what config/samples holds.
type sample struct {
	shop     v1alpha1.Shop
	services []v1alpha1.ShopService
	secrets  []corev1.Secret
	roles    []rbacv1.Role
}

// sampleFiles are those of the sample shop: its own, and what each service brings.
func sampleFiles(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"../../config/samples/*.yaml", "../../services/*/shop/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) < 5 {
			t.Fatalf("there are %d files %s (error: %v)", len(files), pattern, err)
		}
		all = append(all, files...)
	}
	return all
}

func readSample(t *testing.T) (s sample) {
	t.Helper()
	for _, file := range sampleFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		docs := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			doc, err := docs.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			s.add(t, file, doc)
		}
	}
	return s
}

func (s *sample) add(t *testing.T, file string, doc []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	err := yaml.Unmarshal(doc, &kind)
	switch kind.Kind {
	case "Shop":
		err = errors.Join(err, yaml.UnmarshalStrict(doc, &s.shop))
	case "ShopService":
		s.services = append(s.services, v1alpha1.ShopService{})
		err = errors.Join(err, yaml.UnmarshalStrict(doc, &s.services[len(s.services)-1]))
	case "Secret":
		s.secrets = append(s.secrets, corev1.Secret{})
		err = errors.Join(err, yaml.UnmarshalStrict(doc, &s.secrets[len(s.secrets)-1]))
	case "Role":
		s.roles = append(s.roles, rbacv1.Role{})
		err = errors.Join(err, yaml.UnmarshalStrict(doc, &s.roles[len(s.roles)-1]))
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func (s *sample) facts() Facts {
	out := Facts{}
	for _, o := range s.secrets {
		out[Object{SecretKind, o.Name}] = Fact{Allowed: o.Annotations[v1alpha1.AnnotationAllowedServices]}
	}
	return out
}

// others are the services that use a Secret which is no service's database.
var others = map[string][]string{
	"auth-sample":  {"auth"},
	"payments-psp": {"payments", "payments-worker", "psp-fake"}, // what one signs and the other checks
}

func TestTheSampleGrantsWhatItUsesAndNoMore(t *testing.T) {
	s := readSample(t)
	if len(s.services) < 3 || len(s.secrets) < 3 {
		t.Fatalf("read %d services and %d Secrets", len(s.services), len(s.secrets))
	}
	refused := func() []string {
		return messagesOf(Refusals(Tenancy{Shop: &s.shop, Services: s.services, Facts: s.facts()}))
	}
	if got := refused(); len(got) != 0 {
		t.Errorf("the sample is refused: %v", got)
	}
	for i := range s.services {
		was := s.services[i].DeepCopy()
		for _, secret := range s.secrets {
			s.services[i].Spec.EnvFrom = allEnv(secret.Name)
			service := strings.TrimSuffix(was.Name, "-worker")
			owns := strings.TrimSuffix(secret.Name, "-db") == service || slices.Contains(others[secret.Name], was.Name)
			if key, is := strings.CutSuffix(secret.Name, "-key"); is { // what a service signs with: of its parts those have it that use it
				owns = key == service && slices.ContainsFunc(was.Spec.EnvFrom, func(e corev1.EnvFromSource) bool { return e.SecretRef != nil && e.SecretRef.Name == secret.Name })
			}
			if got := refused(); (len(got) == 0) != owns {
				t.Errorf("%s takes Secret %s: refused with %v", was.Name, secret.Name, got)
			}
		}
		s.services[i] = *was
	}
	s.services = append(s.services, routing("thief", at("/login")))
	if got := refused(); len(got) != 1 || !strings.Contains(got[0], "/login lies below / of ShopService storefront") {
		t.Errorf("a new service takes /login: %v", got)
	}
}

func TestEachTeamOfTheSampleMayChangeItsOwnServiceAlone(t *testing.T) {
	s := readSample(t)
	editors := map[string]bool{}
	for _, role := range s.roles {
		for _, rule := range role.Rules {
			writes := strings.Join(rule.Verbs, " ") != "get list watch"
			if !writes {
				continue
			}
			name := strings.TrimPrefix(role.Name, "shopservice-editor-")
			own := slices.DeleteFunc(slices.Clone(rule.ResourceNames), func(n string) bool { return n == name || n == name+"-worker" })
			if len(rule.ResourceNames) == 0 || len(own) > 0 || strings.Join(rule.Verbs, " ") != "update patch" {
				t.Errorf("Role %s: %v", role.Name, rule)
			}
			editors[name] = true
		}
	}
	for _, service := range s.services {
		if !editors[service.Name] && !editors[strings.TrimSuffix(service.Name, "-worker")] {
			t.Errorf("nobody may change %s", service.Name)
		}
	}
}
