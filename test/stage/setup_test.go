package stage

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestFlagsStandBesideTheOthers(t *testing.T) {
	manifest := "      - args:\n        - --leader-elect\n        - --front-door-image=x\n"
	want := "      - args:\n        - --drain-time=8s\n        - --leader-elect\n        - --front-door-image=x\n"
	if got := withFlags(manifest, []string{"--drain-time=8s"}); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := withFlags(manifest, nil); got != manifest {
		t.Errorf("without flags it is another:\n%s", got)
	}
}

func TestImagesOfChecksAreFound(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, samples), 0o755); err != nil {
		t.Fatal(err)
	}
	shop := "kind: Shop\nspec:\n  release:\n    checks:\n    - {name: contract, image: 'emporium.local/conform:1'}\n    - {name: other, image: 'curlimages/curl:8'}\n"
	if err := os.WriteFile(filepath.Join(root, samples, "shop.yaml"), []byte(shop), 0o600); err != nil {
		t.Fatal(err)
	}
	if names, err := (Stage{Root: root}).checkImages(); err != nil || !slices.Equal(names, []string{"conform"}) {
		t.Errorf("%v (%v)", names, err)
	}
}
