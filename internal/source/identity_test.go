package source_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

func spec() *v1alpha1.ShopSourceSpec {
	return &v1alpha1.ShopSourceSpec{
		Git: v1alpha1.GitSource{URL: "https://git.example/acme/wishlist.git", Branch: "main"}, Image: repository,
		Args: []v1alpha1.BuildArg{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}},
		Test: v1alpha1.SourceTest{Services: []v1alpha1.TestService{{Name: "database", Image: "postgres:15", Port: 5432}}},
	}
}

func TestWhatEndsInABuildIsPartOfItsInputs(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.ShopSourceSpec){
		"git.url":             func(s *v1alpha1.ShopSourceSpec) { s.Git.URL = "https://git.example/other.git" },
		"path":                func(s *v1alpha1.ShopSourceSpec) { s.Path = "services/cart" },
		"dockerfile":          func(s *v1alpha1.ShopSourceSpec) { s.Dockerfile = "build/Dockerfile" },
		"target":              func(s *v1alpha1.ShopSourceSpec) { s.Target = "final" },
		"test.stage":          func(s *v1alpha1.ShopSourceSpec) { s.Test.Stage = "check" },
		"test.stage None":     func(s *v1alpha1.ShopSourceSpec) { s.Test.Stage = v1alpha1.NoTests },
		"test.args":           func(s *v1alpha1.ShopSourceSpec) { s.Test.Args = []v1alpha1.BuildArg{{Name: "A", Value: "1"}} },
		"test.services image": func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Image = "postgres:16" },
		"test.services port":  func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Port = 5433 },
		"test.services args":  func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Args = []string{"-c"} },
		"test.services env":   func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Env = []v1alpha1.BuildArg{{Name: "A"}} },
		"test.services name":  func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Name = "db" },
		"args":                func(s *v1alpha1.ShopSourceSpec) { s.Args[0].Value = "3" },
		"image":               func(s *v1alpha1.ShopSourceSpec) { s.Image += "2" },
		"attest.provenance":   func(s *v1alpha1.ShopSourceSpec) { s.Attest = &v1alpha1.Attestations{} },
		"attest.sbomGenerator": func(s *v1alpha1.ShopSourceSpec) {
			s.Attest = &v1alpha1.Attestations{Provenance: ptr.To(false), SBOMGenerator: "syft"}
		},
		"sign": func(s *v1alpha1.ShopSourceSpec) { s.Sign = &v1alpha1.Signing{Secret: "key"} },
	} {
		s := spec()
		if change(s); source.Inputs(s) == source.Inputs(spec()) {
			t.Errorf("%s is changed, and the commit is not built anew", name)
		}
	}
}

func TestWhatChangesNoImageIsNoPartOfTheInputs(t *testing.T) {
	for name, change := range map[string]func(*v1alpha1.ShopSourceSpec){
		"interval":               func(s *v1alpha1.ShopSourceSpec) { s.Interval = &metav1.Duration{Duration: time.Hour} },
		"timeout":                func(s *v1alpha1.ShopSourceSpec) { s.Timeout = &metav1.Duration{Duration: time.Hour} },
		"resources":              func(s *v1alpha1.ShopSourceSpec) { s.Resources = &corev1.ResourceRequirements{} },
		"test.services resource": func(s *v1alpha1.ShopSourceSpec) { s.Test.Services[0].Resources = &corev1.ResourceRequirements{} },
		"paused":                 func(s *v1alpha1.ShopSourceSpec) { s.Paused = true },
		"paths":                  func(s *v1alpha1.ShopSourceSpec) { s.Paths = []string{"go.mod"} },
		"git.branch":             func(s *v1alpha1.ShopSourceSpec) { s.Git.Branch = "release" },
		"git.secret":             func(s *v1alpha1.ShopSourceSpec) { s.Git.Secret = "other" },
		"pushSecret":             func(s *v1alpha1.ShopSourceSpec) { s.PushSecret = "other" },
		"webhookSecret":          func(s *v1alpha1.ShopSourceSpec) { s.WebhookSecret = "other" },
		"a default written out":  func(s *v1alpha1.ShopSourceSpec) { s.Dockerfile, s.Test.Stage = "Dockerfile", "test" },
		"the order of args":      func(s *v1alpha1.ShopSourceSpec) { s.Args[0], s.Args[1] = s.Args[1], s.Args[0] },
	} {
		s := spec()
		if change(s); source.Inputs(s) != source.Inputs(spec()) {
			t.Errorf("%s is changed, and every source is built anew", name)
		}
	}
	one, other := spec(), spec()
	one.Sign, other.Sign = &v1alpha1.Signing{Secret: "a"}, &v1alpha1.Signing{Secret: "b"}
	if source.Inputs(one) != source.Inputs(other) {
		t.Error("the name of the Secret with the key is part of the inputs")
	}
}

// TestInputsStayTheSameForever: another hash builds every source of every cluster anew when the operator is updated.
func TestInputsStayTheSameForever(t *testing.T) {
	if got := source.Inputs(spec()); got != "c1853d922c" {
		t.Errorf("the inputs of a released operator's sources are now %s", got)
	}
	if got := source.JobName("wishlist", "1", commit("a"), "0123456789", 1); got != "wishlist-aaaaaaaa-5723a" {
		t.Errorf("the Job of a released operator is now called %s", got)
	}
}

func TestEachBuildHasAJobOfItsOwn(t *testing.T) {
	longest := strings.Repeat("a", 30)
	seen := map[string]bool{}
	for _, name := range []string{
		source.JobName(longest, "1", commit("a"), "0123456789", 1),
		source.JobName(longest, "2", commit("a"), "0123456789", 1),
		source.JobName(longest, "1", commit("a")[:39]+"b", "0123456789", 1),
		source.JobName(longest, "1", commit("a"), "1123456789", 1),
		source.JobName(longest, "1", commit("a"), "0123456789", 2),
	} {
		if seen[name] {
			t.Errorf("two builds have a Job %s", name)
		}
		seen[name] = true
		if len(name) > 63-len("-xxxxx") {
			t.Errorf("the pods of Job %s have too long a name", name)
		}
	}
}

func TestASourceAlwaysHasTheSameSlotOfItsShop(t *testing.T) {
	used := map[int32]int{}
	for _, name := range []string{"cart", "catalog", "wishlist", "orders", "payments", "inventory", "storefront", "auth"} {
		s := source.SlotOf(name, 4)
		if s < 0 || s > 3 || s != source.SlotOf(name, 4) {
			t.Errorf("source %s has slot %d of 4", name, s)
		}
		used[s]++
		if source.SlotOf(name, 0) != 0 || source.SlotOf(name, 1) != 0 {
			t.Errorf("source %s has another slot than the only one", name)
		}
	}
	if len(used) < 2 {
		t.Errorf("eight sources share one slot of four: %v", used)
	}
}
