package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/krew/pkg/index"
	"sigs.k8s.io/yaml"
)

// published is dist/ with programs of a few bytes, and a server that it is fetched from.
func published(t *testing.T, tag string) options {
	t.Helper()
	folder := t.TempDir()
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	t.Cleanup(server.Close)
	o := options{root: checkout.root, out: folder, tag: tag, downloads: server.URL, made: time.Unix(0, 0).UTC()}
	for _, p := range platforms {
		if err := os.WriteFile(filepath.Join(folder, nameOf(p.os, p.arch)), []byte("the program for "+p.os+" on "+p.arch), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := krew(o); err != nil {
		t.Fatal(err)
	}
	return o
}

// validated asks krew's own checker, which fetches and installs the plugin as for each platform.
func validated(t *testing.T, manifest string) (said string, ok bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "tool", "validate-krew-manifest", "-manifest", manifest)
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

func TestKrewInstallsThePluginOnEveryPlatform(t *testing.T) {
	for _, tag := range []string{"1.2.3", "v1.2.3-rc.1", "dev"} {
		o := published(t, tag)
		if said, ok := validated(t, filepath.Join(o.out, "shop.yaml")); !ok || !strings.Contains(said, "all 6 spec.platforms installed fine") {
			t.Errorf("%s: krew says\n%s", tag, said)
		}
	}
}

func TestKrewRefusesAnArchiveThatIsNotTheOneThatWasSummed(t *testing.T) {
	o := published(t, "1.2.3")
	other, err := archive(o, []entry{{"kubectl-shop", []byte("another program")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.out, "kubectl-shop_linux_amd64.tar.gz"), other, 0o644); err != nil {
		t.Fatal(err)
	}
	if said, ok := validated(t, filepath.Join(o.out, "shop.yaml")); ok || !strings.Contains(said, "checksum does not match") {
		t.Errorf("krew says %t\n%s", ok, said)
	}
}

func TestKrewsManifestSaysNothingThatKrewDoesNotKnow(t *testing.T) {
	o := published(t, "v1.2.3")
	text, err := os.ReadFile(filepath.Join(o.out, "shop.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var m index.Plugin
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "shop" || m.Spec.Version != "v1.2.3" || len(m.Spec.Platforms) != len(platforms) {
		t.Errorf("it is %+v", m)
	}
	// What https://krew.sigs.k8s.io/docs/developer-guide/develop/best-practices asks for.
	if d := m.Spec.ShortDescription; len(d) > 50 || strings.HasSuffix(d, ".") || strings.Contains(d, "kubectl") {
		t.Errorf("the short description is %q", d)
	}
	for _, p := range m.Spec.Platforms {
		if want := map[bool]string{true: "kubectl-shop.exe", false: "kubectl-shop"}[p.Selector.MatchLabels["os"] == "windows"]; p.Bin != want {
			t.Errorf("%v: it runs %s", p.Selector.MatchLabels, p.Bin)
		}
		if !strings.HasPrefix(p.URI, o.downloads+"/kubectl-shop_") {
			t.Errorf("it is fetched from %s", p.URI)
		}
	}
}

func TestTheSameProgramsAreTheSameArchives(t *testing.T) {
	a, b := published(t, "1.2.3"), published(t, "1.2.3")
	for _, p := range platforms {
		name := strings.TrimSuffix(nameOf(p.os, p.arch), ".exe") + ".tar.gz"
		one, err := os.ReadFile(filepath.Join(a.out, name))
		other, err2 := os.ReadFile(filepath.Join(b.out, name))
		if err != nil || err2 != nil || !bytes.Equal(one, other) {
			t.Errorf("%s differs (%v, %v)", name, err, err2)
		}
	}
}

// The claim of docs/guides/kubectl-shop.md; make dist holds it for each platform.
func TestThePluginHasAtMost45MB(t *testing.T) {
	if testing.Short() {
		t.Skip("it is built, which takes a minute where nothing of it is cached")
	}
	to := filepath.Join(t.TempDir(), "kubectl-shop")
	if err := build(context.Background(), checkout.root, "./"+plugin, to, "linux", "amd64", "dev"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB", float64(info.Size())/(1<<20))
}
