package main

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
)

func TestEachRepositoryIsASourceAndAServiceOfTheShop(t *testing.T) {
	found := map[string]int{}
	for doc := range strings.SplitSeq(manifest("registry.acme.svc:5000"), "---\n") {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		var err error
		switch kind.Kind {
		case "Shop":
			err = yaml.UnmarshalStrict([]byte(doc), &v1alpha1.Shop{})
		case "ShopSource":
			var s v1alpha1.ShopSource
			err = yaml.UnmarshalStrict([]byte(doc), &s)
			found[s.Name]++
			if s.Spec.Image != "registry.acme.svc:5000/"+s.Name || s.Spec.Git.URL != gitURL+s.Name+".git" {
				t.Errorf("%s is built from %s to %s", s.Name, s.Spec.Git.URL, s.Spec.Image)
			}
		case "ShopService":
			var s v1alpha1.ShopService
			err = yaml.UnmarshalStrict([]byte(doc), &s)
			found[s.Name]++
			if s.Spec.Shop != shopName || s.Spec.ImageFrom == nil || s.Spec.ImageFrom.Source != s.Name || len(s.Spec.Routes) != 1 {
				t.Errorf("%s is %+v", s.Name, s.Spec)
			}
		default:
			t.Errorf("unknown kind %q", kind.Kind)
		}
		if err != nil {
			t.Errorf("%v\n%s", err, doc)
		}
	}
	for _, name := range repositories {
		if found[name] != 2 {
			t.Errorf("%s is there %d times", name, found[name])
		}
	}
}
