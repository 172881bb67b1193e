package release

import (
	"reflect"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

const (
	someDigest  = "sha256:2d2aec7b00000000000000000000000000000000000000000000000000000000"
	otherDigest = "sha256:03a70ed500000000000000000000000000000000000000000000000000000000"
)

func TestPodsRunTheDigestThatTheReleaseRecorded(t *testing.T) {
	for image, want := range map[string]string{
		"cart":                                    "cart@" + someDigest,
		"cart:1":                                  "cart@" + someDigest,
		"registry.example/team/cart:latest":       "registry.example/team/cart@" + someDigest,
		"registry.example:5000/cart":              "registry.example:5000/cart@" + someDigest,
		"registry.example:5000/cart:1":            "registry.example:5000/cart@" + someDigest,
		"registry.example/cart@" + otherDigest:    "registry.example/cart@" + otherDigest,
		"registry.example/cart:1@" + otherDigest:  "registry.example/cart:1@" + otherDigest,
		"[2001:db8::7]:5000/cart:1":               "[2001:db8::7]:5000/cart@" + someDigest,
		"registry.example/cart@sha512:0123456789": "registry.example/cart@sha512:0123456789",
	} {
		s := v1alpha1.ReleaseService{ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}}
		if got := ImageOf(&s); got != image {
			t.Errorf("%s without a recorded digest is run as %s", image, got)
		}
		s.ImageDigest = someDigest
		if got := ImageOf(&s); got != want {
			t.Errorf("%s is run as %s, want %s", image, got, want)
		}
	}
}

func TestATagIsUnpinnedUntilItsDigestIsRecorded(t *testing.T) {
	var spec v1alpha1.ShopReleaseSpec
	add := func(name, image, digest string) {
		spec.Services = append(spec.Services, v1alpha1.ReleaseService{Name: name, ImageDigest: digest, ServiceTemplate: v1alpha1.ServiceTemplate{Image: image}})
	}
	add("cart", "cart:1", "")
	add("catalog", "catalog:1", someDigest)
	add("search", "search@"+someDigest, "")
	add("tax", "tax", "")
	var names []string
	for _, s := range Unpinned(&spec) {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "cart tax" {
		t.Errorf("unpinned: %q", got)
	}
}

// notInARecordsRevision are the fields of a record's service that its name does not follow from.
var notInARecordsRevision = map[string]string{
	"replicas":         "applied live",
	"autoscaling":      "applied live",
	"disruptionBudget": "applied live",
	"imageDigest":      "whether a registry answers does not decide on the name, or reverting a change would not find the release of before",
	"source":           "a commit that changes no image makes no release, and reverting one finds the release of before",
}

func TestEveryFieldOfARecordedServiceIsInItsRevisionButThoseThatAreNamed(t *testing.T) {
	make1 := func() v1alpha1.ShopReleaseSpec {
		return v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{*filled[v1alpha1.ReleaseService]()}}
	}
	was := revised(t, make1())
	first := make1()
	eachLeaf(reflect.ValueOf(&first.Services[0]).Elem(), "", func(path string, _ func()) {
		spec := make1()
		eachLeaf(reflect.ValueOf(&spec.Services[0]).Elem(), "", func(at string, change func()) {
			if at == path {
				change()
			}
		})
		_, except := notInARecordsRevision[strings.Split(path, ".")[0]]
		if is := revised(t, spec); (is == was) != except {
			t.Errorf("%s changed: the revision is another one: %t, want %t", path, is != was, !except)
		}
	})
}

func revised(t *testing.T, spec v1alpha1.ShopReleaseSpec) string {
	t.Helper()
	got, err := revisionOf(spec)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheDigestOfATagMakesNoOtherServiceOfIt(t *testing.T) {
	with := func(digest string) *v1alpha1.ShopReleaseSpec {
		s := *filled[v1alpha1.ReleaseService]()
		s.ImageDigest = digest
		return &v1alpha1.ShopReleaseSpec{Services: []v1alpha1.ReleaseService{s}}
	}
	without, with1 := with(""), with(someDigest)
	name := without.Services[0].Name
	if Identities(without)[name] != Identities(with1)[name] {
		t.Error("the service has another identity")
	}
	if !Same(without, with1, name) {
		t.Error("the service is not the same")
	}
}
