package pullsecret

import (
	"encoding/json"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

// password is what is found for a repository.
func password(t *testing.T, k Keys, repository string) string {
	t.Helper()
	ref, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := k.Resolve(ref)
	if err != nil {
		t.Fatal(err)
	}
	config, err := auth.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	return config.Password
}

func TestOfSeveralKeysTheClosestFits(t *testing.T) {
	auths := map[string]map[string]string{}
	for where, password := range map[string]string{
		"https://index.docker.io/v1/": "hub", "registry.example": "host", "registry.example/team": "team", "registry.example/tea": "no",
		"*.example": "any", "registry.example:5000": "port", "*.mirror.example": "glob",
	} {
		auths[where] = map[string]string{"username": "shop", "password": password}
	}
	config, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		t.Fatal(err)
	}
	k, err := Parse(config)
	if err != nil {
		t.Fatal(err)
	}
	for repository, want := range map[string]string{
		"cart": "hub", "docker.io/team/cart": "hub", "registry.example/cart": "host", "registry.example/team/cart": "team", "registry.example/teams/cart": "host",
		"registry.example:5000/cart": "port", "registry.example:6000/cart": "", "eu.mirror.example/cart": "glob", "mirror.example/cart": "any",
		"a.eu.mirror.example/cart": "", "ghcr.io/cart": "",
	} {
		if got := password(t, k, repository); got != want {
			t.Errorf("%s: the key %q, want %q", repository, got, want)
		}
	}
}

func TestTheOldFormOfPullSecretsIsRead(t *testing.T) {
	k, err := ParseLegacy([]byte(`{"registry.example":{"auth":"c2hvcDpvbGQ="}}`))
	if err != nil || len(k) != 1 || k[0].host != "registry.example" || k[0].auth.Username != "shop" || k[0].auth.Password != "old" {
		t.Errorf("%+v, %v", k, err)
	}
}

func TestWhatIsNoConfigHoldsNoKeysAndSaysSo(t *testing.T) {
	for _, config := range []string{``, `[]`, `{"auths":[]}`, `{"auths":{"registry.example":{"auth":"no base64"}}}`} {
		if k, err := Parse([]byte(config)); err == nil || password(t, k, "registry.example/cart") != "" {
			t.Errorf("%q: %v", config, k)
		}
	}
	if k, err := Parse([]byte(`{"credsStore":"desktop"}`)); err != nil || len(k) != 0 {
		t.Errorf("helpers are left out: %v, %v", k, err)
	}
}
