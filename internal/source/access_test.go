package source_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

func withSecrets() *v1alpha1.ShopSourceSpec {
	s := spec()
	s.Git.Secret, s.PushSecret, s.Sign, s.WebhookSecret = "git", "push", &v1alpha1.Signing{Secret: "key"}, "hook"
	return s
}

func TestASecretIsUsedWhereItAllowsTheSource(t *testing.T) {
	for allowed, want := range map[string]bool{
		"wishlist": true, "*": true, "cart, wishlist": true, " * ": true,
		"": false, "cart": false, "wishlist2": false, "wish*": false, "wish": false, ",": false,
	} {
		if got := (source.Grant{Exists: true, Allowed: allowed}).Allows("wishlist"); got != want {
			t.Errorf("%q allows it: %t", allowed, got)
		}
	}
	if (source.Grant{Allowed: "*"}).Allows("wishlist") {
		t.Error("a Secret that is not there allows it")
	}
}

// TestEachSecretThatASourceNamesIsAskedFor: one that is not would let who may write a ShopSource read it.
func TestEachSecretThatASourceNamesIsAskedFor(t *testing.T) {
	granted := func() map[string]source.Grant {
		out := map[string]source.Grant{}
		for _, name := range []string{"git", "push", "key", "hook"} {
			out[name] = source.Grant{Exists: true, Allowed: "wishlist"}
		}
		return out
	}
	if got := source.Refusals("acme", "wishlist", withSecrets(), granted()); got != nil {
		t.Errorf("all are granted: %q", got)
	}
	for secret, field := range map[string]string{"git": "spec.git.secret", "push": "spec.pushSecret", "key": "spec.sign.secret", "hook": "spec.webhookSecret"} {
		grants := granted()
		grants[secret] = source.Grant{Exists: true, Allowed: "cart"}
		want := "ShopSource wishlist: " + field + " names Secret " + secret + ", which does not allow the source; its owner allows it with: " +
			"kubectl -n acme annotate secret " + secret + " --overwrite shop.emporium.dev/allowed-sources=cart,wishlist"
		if diff := cmp.Diff([]string{want}, source.Refusals("acme", "wishlist", withSecrets(), grants)); diff != "" {
			t.Errorf("%s is not granted (-want +got):\n%s", secret, diff)
		}
		delete(grants, secret)
		if got := source.Refusals("acme", "wishlist", withSecrets(), grants); len(got) != 1 || !strings.Contains(got[0], field+" names Secret "+secret+", which does not exist") {
			t.Errorf("%s does not exist: %q", secret, got)
		}
	}
}

func TestASecretThatTwoFieldsNameIsSpokenOfOnce(t *testing.T) {
	s := withSecrets()
	s.Git.Secret, s.Sign, s.WebhookSecret = "push", nil, ""
	if got := source.Refusals("acme", "wishlist", s, nil); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestTheCommandThatGrantsHoldsNamesAndNothingElse(t *testing.T) {
	s := spec()
	s.PushSecret = "push"
	got := source.Refusals("acme", "wishlist", s, map[string]source.Grant{"push": {Exists: true, Allowed: "cart, $(rm -rf ~),a;b"}})
	if len(got) != 1 || !strings.HasSuffix(got[0], "--overwrite shop.emporium.dev/allowed-sources=cart,wishlist") {
		t.Errorf("%q", got)
	}
	got = source.Refusals("acme", "wishlist", s, map[string]source.Grant{"push": {Exists: true}})
	if len(got) != 1 || !strings.HasSuffix(got[0], "annotate secret push shop.emporium.dev/allowed-sources=wishlist") {
		t.Errorf("%q", got)
	}
}
