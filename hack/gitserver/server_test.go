package gitserver

import (
	"bytes"
	"crypto/rand"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// serve serves an empty repository named offers, and returns its URL.
func serve(t *testing.T, s Server) (Server, string) {
	t.Helper()
	s.Repositories = t.TempDir()
	if err := s.Create(t.Context(), "offers"); err != nil {
		t.Fatal(err)
	}
	handler, err := s.Handler(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return s, server.URL + "/git/offers.git"
}

// git runs git as somebody who has no settings. A question for a password is an error.
func git(t *testing.T, folder string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

func must(t *testing.T, folder string, args ...string) string {
	t.Helper()
	out, err := git(t, folder, args...)
	if err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
	return out
}

// commit makes a repository with one file of that many random bytes, so that packing makes nothing of it smaller.
func commit(t *testing.T, size int) (folder, hash string) {
	t.Helper()
	folder = t.TempDir()
	content := make([]byte, size)
	_, _ = rand.Read(content) // it never fails
	if err := os.WriteFile(filepath.Join(folder, "file"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, folder, "init", "--quiet", "--initial-branch=main")
	must(t, folder, "add", ".")
	must(t, folder, "commit", "--quiet", "-m", "first")
	return folder, must(t, folder, "rev-parse", "HEAD")
}

func TestWhatIsPushedIsThere(t *testing.T) {
	_, url := serve(t, Server{})
	folder, hash := commit(t, 10)
	must(t, folder, "push", "--quiet", url, "main")
	if got := must(t, folder, "ls-remote", url, "refs/heads/main"); got != hash+"\trefs/heads/main" {
		t.Errorf("ls-remote says %q, pushed was %s", got, hash)
	}
}

func TestAPushMayBeLargerThanGitsBuffer(t *testing.T) {
	_, url := serve(t, Server{})
	folder, hash := commit(t, 3<<20) // git sends in pieces what is larger than 1 MiB
	must(t, folder, "push", "--quiet", url, "main")
	if got := must(t, folder, "ls-remote", url, "refs/heads/main"); !strings.HasPrefix(got, hash) {
		t.Errorf("ls-remote says %q, pushed was %s", got, hash)
	}
}

func TestACommitIsFetchedByItsHash(t *testing.T) {
	_, url := serve(t, Server{})
	folder, old := commit(t, 10)
	must(t, folder, "commit", "--quiet", "--allow-empty", "-m", "second")
	must(t, folder, "push", "--quiet", url, "main")
	other := t.TempDir()
	must(t, other, "init", "--quiet")
	must(t, other, "fetch", "--quiet", "--depth=1", url, old)
	if got := must(t, other, "rev-parse", "FETCH_HEAD"); got != old {
		t.Errorf("fetched %s, asked for %s", got, old)
	}
}

func TestABranchMayBePushedBack(t *testing.T) {
	_, url := serve(t, Server{})
	folder, old := commit(t, 10)
	must(t, folder, "commit", "--quiet", "--allow-empty", "-m", "second")
	must(t, folder, "push", "--quiet", url, "main")
	must(t, folder, "push", "--quiet", "--force", url, old+":main")
	if got := must(t, folder, "ls-remote", url, "refs/heads/main"); !strings.HasPrefix(got, old) {
		t.Errorf("ls-remote says %q, pushed was %s", got, old)
	}
}

func TestTheTokenIsThePassword(t *testing.T) {
	_, url := serve(t, Server{Token: "secret"})
	with := func(password string) string { return strings.Replace(url, "://", "://x:"+password+"@", 1) }
	folder, _ := commit(t, 10)
	for _, refused := range []string{url, with("wrong")} {
		for _, what := range [][]string{{"ls-remote", refused}, {"push", refused, "main"}} {
			if out, err := git(t, folder, what...); err == nil {
				t.Errorf("git %v passed: %s", what, out)
			}
		}
	}
	must(t, folder, "push", "--quiet", with("secret"), "main")
	must(t, folder, "ls-remote", with("secret"))
}

func TestARepositoryIsMadeOnce(t *testing.T) {
	s, url := serve(t, Server{})
	folder, hash := commit(t, 10)
	must(t, folder, "push", "--quiet", url, "main")
	if err := s.Create(t.Context(), "offers"); err != nil {
		t.Fatal(err)
	}
	if got := must(t, folder, "ls-remote", url, "refs/heads/main"); !strings.HasPrefix(got, hash) {
		t.Errorf("ls-remote says %q after it was made again, pushed was %s", got, hash)
	}
}

func TestARepositoryOutsideTheFolderIsRefused(t *testing.T) {
	s := Server{Repositories: t.TempDir()}
	for _, name := range []string{"", "../x", "a/b", "A", "-a", "a.git", strings.Repeat("a", 64)} {
		if err := s.Create(t.Context(), name); err == nil {
			t.Errorf("%q was made", name)
		}
	}
	if left, _ := os.ReadDir(s.Repositories); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
