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

// tool runs one of krew's own programs.
func tool(t *testing.T, env []string, args ...string) (said string, ok bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"tool"}, args...)...)
	command.Env = append(os.Environ(), env...)
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

// installed lets krew install the plugin by its manifest as on a platform, into a folder of its own.
func installed(t *testing.T, o options, goos, arch string) (root, said string, ok bool) {
	t.Helper()
	root = t.TempDir()
	said, ok = tool(t, []string{"KREW_ROOT=" + root, "KREW_OS=" + goos, "KREW_ARCH=" + arch, "KREW_NO_UPGRADE_CHECK=1"}, "krew", "install", "--manifest", filepath.Join(o.out, "shop.yaml"))
	return root, said, ok
}

func TestKrewTakesTheManifest(t *testing.T) {
	for _, tag := range []string{"1.2.3", "v1.2.3-rc.1", "dev"} {
		o := published(t, tag)
		if said, ok := tool(t, nil, "validate-krew-manifest", "-skip-install", "-manifest", filepath.Join(o.out, "shop.yaml")); !ok || !strings.Contains(said, "no overlapping") {
			t.Errorf("%s: krew says\n%s", tag, said)
		}
	}
}

func TestKrewInstallsThePluginOnEveryPlatform(t *testing.T) {
	o := published(t, "1.2.3")
	for _, p := range platforms {
		root, said, ok := installed(t, o, p.os, p.arch)
		program, err := os.ReadFile(filepath.Join(root, "store", "shop", "v1.2.3", "kubectl-shop"+filepath.Ext(nameOf(p.os, p.arch))))
		if !ok || err != nil || string(program) != "the program for "+p.os+" on "+p.arch {
			t.Errorf("%s on %s: %q, %v; krew says\n%s", p.os, p.arch, program, err, said)
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
	if _, said, ok := installed(t, o, "linux", "amd64"); ok || !strings.Contains(said, "checksum does not match") {
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
