package git

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// monorepo has two services and what they share.
var monorepo = map[string]string{
	"go.mod": "module shop\n", "services/cart/main.go": "1\n", "services/cart/deep/er/a.go": "1\n",
	"services/catalog/main.go": "1\n", "services/internal/http/a.go": "1\n", "docs/a.md": "1\n",
}

func trees(t *testing.T, r Remote, commit string, paths ...string) map[string]string {
	t.Helper()
	got, err := lab().Trees(context.Background(), r, commit, paths)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// asGitSays is the same by git itself.
func asGitSays(repo *gitserver.Repository, commit string, paths ...string) map[string]string {
	out := map[string]string{}
	for _, p := range paths {
		if p == "" {
			out[p] = "40000 " + repo.Git("rev-parse", commit+"^{tree}")
			continue
		}
		line := repo.Git("ls-tree", commit, p)
		if fields := strings.Fields(line); len(fields) > 2 {
			out[p] = strings.TrimPrefix(fields[0], "0") + " " + fields[2]
		}
	}
	return out
}

func TestTreesAreWhatGitSaysTheyAre(t *testing.T) {
	for name, format := range map[string]string{"SHA-1": "sha1", "SHA-256": "sha256"} {
		t.Run(name, func(t *testing.T) {
			repo := gitserver.New(t, gitserver.Options{}).Repository("shop", "--object-format="+format)
			commit := repo.Commit(monorepo)
			paths := []string{"", "go.mod", "services", "services/cart", "services/cart/deep/er", "services/cart/main.go", "services/none", "none/at/all", "go.mod/below"}
			got, want := trees(t, Remote{URL: repo.URL}, commit, paths...), asGitSays(repo, commit, paths...)
			if !maps.Equal(got, want) || len(got) != 6 {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

func TestAPathsHashChangesWithWhatIsBelowItAlone(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	paths := []string{"go.mod", "services/cart", "services/catalog", "services/internal/http"}
	before := trees(t, Remote{URL: repo.URL}, repo.Commit(monorepo), paths...)
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a file":               {map[string]string{"services/cart/main.go": "2\n"}, "services/cart"},
		"a file far below":     {map[string]string{"services/cart/deep/er/a.go": "2\n"}, "services/cart"},
		"a new file":           {map[string]string{"services/cart/new.go": "1\n"}, "services/cart"},
		"a file that goes":     {map[string]string{"services/cart/main.go": ""}, "services/cart"},
		"what is shared":       {map[string]string{"services/internal/http/a.go": "2\n"}, "services/internal/http"},
		"a file itself":        {map[string]string{"go.mod": "module shop2\n"}, "go.mod"},
		"the other service":    {map[string]string{"services/catalog/main.go": "2\n"}, "services/catalog"},
		"what concerns nobody": {map[string]string{"docs/a.md": "2\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			repo.Git("reset", "-q", "--hard", repo.Git("rev-list", "--max-parents=0", "HEAD"))
			after := trees(t, Remote{URL: repo.URL}, repo.Commit(c.files), paths...)
			var changed []string
			for _, p := range paths {
				if before[p] != after[p] {
					changed = append(changed, p)
				}
			}
			if strings.Join(changed, " ") != c.want {
				t.Errorf("changed %v, want %s", changed, c.want)
			}
		})
	}
}

func TestAFilesModeCounts(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	before := trees(t, Remote{URL: repo.URL}, repo.Commit(map[string]string{"run.sh": "x\n"}), "run.sh")
	repo.Git("update-index", "--chmod=+x", "run.sh")
	repo.Git("commit", "-q", "-m", "executable")
	repo.Push()
	if after := trees(t, Remote{URL: repo.URL}, repo.Git("rev-parse", "HEAD"), "run.sh"); after["run.sh"] == before["run.sh"] {
		t.Errorf("both are %v", after)
	}
}

func TestASymbolicLinkIsRefused(t *testing.T) {
	server := gitserver.New(t, gitserver.Options{})
	repo := server.Repository("shop")
	repo.Commit(monorepo)
	blob := repo.Git("hash-object", "-w", "go.mod")
	repo.Git("update-index", "--add", "--cacheinfo", "120000,"+blob+",link")
	repo.Git("commit", "-q", "-m", "a link")
	repo.Push()
	commit := repo.Git("rev-parse", "HEAD")
	for _, p := range []string{"link", "link/below"} {
		_, err := lab().Trees(context.Background(), Remote{URL: repo.URL}, commit, []string{"services/cart", p})
		if ReasonOf(err) != InvalidPath || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v", p, err)
		}
	}
}

func TestWhatIsInASubmoduleIsItsCommit(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	repo.Commit(monorepo)
	repo.Git("update-index", "--add", "--cacheinfo", "160000,"+first+",lib")
	repo.Git("commit", "-q", "-m", "a submodule")
	repo.Push()
	got := trees(t, Remote{URL: repo.URL}, repo.Git("rev-parse", "HEAD"), "lib", "lib/below")
	if want := "160000 " + first; got["lib"] != want || got["lib/below"] != want {
		t.Errorf("got %v", got)
	}
}

func TestOnlyFoldersOnTheWayAreFetched(t *testing.T) {
	var requests, sent int
	o := gitserver.Options{Wrap: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			next.ServeHTTP(counter{w, &sent}, r)
		})
	}}
	repo := gitserver.New(t, o).Repository("shop")
	files := maps.Clone(monorepo)
	for i := range 300 {
		files[fmt.Sprintf("assets/%03d/%d.bin", i, i)] = strings.Repeat(fmt.Sprintf("%x", i*i*7919), 1000)
	}
	repo.Commit(files)
	history := "commit refs/heads/main\ncommitter test <test@example.com> 1790000000 +0000\ndata 1\nx\n"
	repo.Served(history+"from refs/heads/main^0\n"+strings.Repeat(history, 300), "fast-import", "--quiet")
	commit := repo.Served("", "rev-parse", "main")
	requests, sent = 0, 0
	trees(t, Remote{URL: repo.URL}, commit, "services/cart/deep", "services/internal/http", "services/catalog", "go.mod")
	if requests != 5 { // greeting, commit, root, services, services/cart with services/internal
		t.Errorf("%d requests", requests)
	}
	if sent > 4<<10 {
		t.Errorf("%d bytes were sent", sent)
	}
}

type counter struct {
	http.ResponseWriter
	n *int
}

func (c counter) Write(p []byte) (int, error) {
	*c.n += len(p)
	return c.ResponseWriter.Write(p)
}

func TestWhereTreesCannotBeHadIsTold(t *testing.T) {
	server := gitserver.New(t, gitserver.Options{})
	repo := server.Repository("shop")
	commit := repo.Commit(monorepo)
	ask := func(url, commit string) error {
		_, err := lab().Trees(context.Background(), Remote{URL: url}, commit, []string{"services"})
		return err
	}
	if err := ask(repo.URL, first); ReasonOf(err) != CommitNotFound {
		t.Errorf("a commit that is not there: %v", err)
	}
	if err := ask(repo.URL, repo.Git("rev-parse", "HEAD^{tree}")); ReasonOf(err) != NotGit {
		t.Errorf("a tree in the place of a commit: %v", err)
	}
	if err := ask(repo.URL, "main"); ReasonOf(err) != CommitNotFound {
		t.Errorf("a branch: %v", err)
	}
	if err := ask(server.URL+"/other.git", commit); ReasonOf(err) != RepositoryNotFound {
		t.Errorf("no repository: %v", err)
	}
	repo.Served("", "config", "uploadpackfilter.tree.allow", "false")
	if err := ask(repo.URL, commit); ReasonOf(err) != CannotFilter {
		t.Errorf("a filter that is forbidden: %v", err)
	}
	repo.Served("", "config", "uploadpack.allowFilter", "false")
	if err := ask(repo.URL, commit); ReasonOf(err) != CannotFilter || !strings.Contains(err.Error(), "uploadpack.allowFilter") {
		t.Errorf("no filters: %v", err)
	}
	old := gitserver.New(t, gitserver.Options{Old: true}).Repository("shop")
	if err := ask(old.URL, old.Commit(monorepo)); ReasonOf(err) != CannotFilter {
		t.Errorf("before version 2: %v", err)
	}
}

// TestAServerThatAllowsTheLeastFilterIsEnough: GitHub's, as it is known.
func TestAServerThatAllowsTheLeastFilterIsEnough(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	commit := repo.Commit(monorepo)
	repo.Served("", "config", "uploadpackfilter.tree.maxDepth", "0")
	if got, want := trees(t, Remote{URL: repo.URL}, commit, "services/cart/deep"), asGitSays(repo, commit, "services/cart/deep"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTreesComeBySSHToo(t *testing.T) {
	web := gitserver.New(t, gitserver.Options{})
	repo := web.Repository("shop")
	commit := repo.Commit(monorepo)
	server := newSSHServer(t, web, false)
	r := Remote{URL: "ssh://" + server.address + "/shop.git", Credentials: credentials(t, server.secret())}
	if got, want := trees(t, r, commit, "services/cart", "services/internal/http"), asGitSays(repo, commit, "services/cart", "services/internal/http"); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAPathIsCheckedBeforeAnybodyIsAsked(t *testing.T) {
	for _, bad := range []string{"/etc", "../x", "a/../b", "./a", "a/", "a//b", ".", "..", strings.Repeat("a/", 16) + "a"} {
		if _, err := (&Client{}).Trees(context.Background(), Remote{URL: "https://git.invalid/a"}, first, []string{bad}); ReasonOf(err) != InvalidPath {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := (&Client{}).Trees(context.Background(), Remote{}, first, make([]string, MostPaths+1)); ReasonOf(err) != InvalidPath {
		t.Errorf("too many: %v", err)
	}
}

// TestAServerCannotGiveOneTreeForAnother: a tree is known by the hash of what was sent.
func TestAServerCannotGiveOneTreeForAnother(t *testing.T) {
	repo := gitserver.New(t, gitserver.Options{}).Repository("shop")
	commit := repo.Commit(monorepo)
	other := repo.Commit(map[string]string{"go.mod": "module evil\n"})
	for _, kind := range []string{"", "^{tree}"} {
		liar := lying(t, repo.URL, strings.NewReplacer(repo.Git("rev-parse", commit+kind), repo.Git("rev-parse", other+kind)))
		if got, err := lab().Trees(context.Background(), Remote{URL: liar.URL + "/shop.git"}, commit, []string{"go.mod"}); ReasonOf(err) != NotGit {
			t.Errorf("%q: got %v, %v", kind, got, err)
		}
	}
}

// lying asks another server for something else than it was asked for.
func lying(t *testing.T, url string, instead *strings.Replacer) *gitserver.Server {
	return gitserver.New(t, gitserver.Options{Wrap: func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			out, err := http.NewRequestWithContext(r.Context(), r.Method, url+strings.TrimPrefix(r.URL.String(), "/shop.git"), strings.NewReader(instead.Replace(string(body))))
			if err != nil {
				return
			}
			out.Header = r.Header
			answer, err := http.DefaultClient.Do(out)
			if err != nil {
				return
			}
			defer answer.Body.Close()
			w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
			io.Copy(w, answer.Body)
		})
	}})
}
