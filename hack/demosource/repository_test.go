package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/hack/gitserver"
)

// empty is a repository of a server that was just made.
func empty(t *testing.T, name string) repository {
	t.Helper()
	server := gitserver.Server{Repositories: t.TempDir()}
	if err := server.Create(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	handler, err := server.Handler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	return repository{name, filepath.Join(t.TempDir(), "work", name), web.URL + "/git/" + name + ".git"}
}

func begun(t *testing.T, name string) (repository, string) {
	t.Helper()
	r := empty(t, name)
	if err := r.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	commit, err := r.begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r, commit
}

func TestTheDemoBeginsWithTheSameContentWhateverWasPushedBefore(t *testing.T) {
	r, first := begun(t, "offers")
	if err := os.WriteFile(filepath.Join(r.folder, "Slogan"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.git(t.Context(), "add", "."); err != nil {
		t.Fatal(err)
	}
	if _, err := r.commit(t.Context(), "more"); err != nil {
		t.Fatal(err)
	}
	if err := r.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := r.begin(t.Context())
	if err != nil || again == first {
		t.Fatalf("nothing was taken back: %s, %v", again, err)
	}
	if tree(t, r, again) != tree(t, r, first) {
		t.Error("the content is another one")
	}
	if same, err := r.begin(t.Context()); err != nil || same != again {
		t.Errorf("it is committed again though nothing is new: %s, %v", same, err)
	}
}

func tree(t *testing.T, r repository, commit string) string {
	t.Helper()
	var out strings.Builder
	if err := r.gitIn(t.Context(), r.folder, &out, "rev-parse", commit+"^{tree}"); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRevertTakesBackAllCommitsAfterOne(t *testing.T) {
	r, first := begun(t, "offers")
	for _, change := range [][2]string{{rounding, dearer}, {dearer, nearest}} {
		if err := r.replace("offers.go", change[0], change[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := r.commit(t.Context(), "change"); err != nil {
			t.Fatal(err)
		}
	}
	back, err := r.revert(t.Context(), first)
	if err != nil || back == first || tree(t, r, back) != tree(t, r, first) {
		t.Errorf("got %s, %v", back, err)
	}
}

func TestAChangeOfWhatIsNotThereOnceIsRefused(t *testing.T) {
	r, _ := begun(t, "offers")
	for old, want := range map[string]string{"nothing of the kind": "0 times", "offers": "times, not once"} {
		if err := r.replace("README.md", old, "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", old, err)
		}
	}
}

// TestTheTextsThatTheActsChangeAreThere keeps acts and templates together.
func TestTheTextsThatTheActsChangeAreThere(t *testing.T) {
	for _, c := range []struct{ repository, file, text string }{
		{"offers", "offers.go", slogan}, {"offers", "offers.go", rounding}, {"pages", "src/page.js", greeting},
		{"wishlist", "README.md", "What customers wish for"},
	} {
		text, err := templates.ReadFile("repositories/" + c.repository + "/" + c.file + ".tmpl")
		if err != nil || strings.Count(string(text), c.text) != 1 {
			t.Errorf("%s of %s has %q not once (%v)", c.file, c.repository, c.text, err)
		}
	}
}

// TestTheServicesPassTheirOwnTests runs what their test stages run, with the change that must fail, too.
func TestTheServicesPassTheirOwnTests(t *testing.T) {
	for _, name := range repositories {
		if _, err := exec.LookPath("node"); err != nil && name == "pages" {
			t.Log("left out: pages, as there is no node on this machine; its image tests it")
			continue
		}
		r := repository{name: name, folder: t.TempDir()}
		if err := r.write(); err != nil {
			t.Fatal(err)
		}
		if out, err := tested(t.Context(), r); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if name != "offers" {
			continue
		}
		if err := r.replace("offers.go", rounding, dearer); err != nil {
			t.Fatal(err)
		}
		if out, err := tested(t.Context(), r); err == nil || !strings.Contains(telling(out), "_test.go") {
			t.Errorf("%s passes though it is wrong: %s", name, out)
		}
		if err := r.replace("offers.go", dearer, nearest); err != nil {
			t.Fatal(err)
		}
		if out, err := tested(t.Context(), r); err != nil {
			t.Errorf("the fix fails: %s", out)
		}
	}
}

func tested(ctx context.Context, r repository) (string, error) {
	command := []string{"go", "test", "./..."}
	if r.name == "pages" {
		command = []string{"node", "--test"}
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = r.folder, append(os.Environ(), "GOWORK=off", "GOFLAGS="+os.Getenv("GOFLAGS")+" -mod=mod")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
