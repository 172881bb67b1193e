package git

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emporium-shop/emporium/internal/testing/gitserver"
)

// hostile serves one answer to everything.
func hostile(t *testing.T, answer http.HandlerFunc) Remote {
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return Remote{URL: server.URL + "/shop.git", Branch: "main"}
}

// advertises writes what follows as an answer of Git.
func advertises(w http.ResponseWriter) io.Writer {
	w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
	return w
}

func TestASlowServerIsLeft(t *testing.T) {
	c := lab()
	c.Timeout = 200 * time.Millisecond
	for name, answer := range map[string]http.HandlerFunc{
		"it says nothing": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"it begins": func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(advertises(w), "001e# service=git-upload-pack\n0000")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) { fails(t, c, hostile(t, answer), TimedOut, "within 200ms") })
	}
}

// TestAnEndlessAnswerEnds: of whatever a server sends, a bounded part is read, and less is kept.
func TestAnEndlessAnswerEnds(t *testing.T) {
	pkt := func(s string) string { return fmt.Sprintf("%04x%s", len(s)+4, s) }
	for name, c := range map[string]struct {
		begin, again string
		want         Reason
	}{
		"branches":  {pkt("# service=git-upload-pack\n") + "0000", pkt(first + " refs/heads/x\n"), TooLarge},
		"tags":      {pkt("# service=git-upload-pack\n") + "0000", pkt(first + " refs/tags/v1.0.0\n"), TooLarge},
		"shallow":   {pkt("# service=git-upload-pack\n") + "0000", pkt("shallow " + first), TooLarge},
		"abilities": {pkt("version 2\n"), pkt("agent=x\n"), TooLarge},
		"one line":  {"fff0", "a", NotGit},
		"no length": {"", "zzzz", NotGit},
	} {
		t.Run(name, func(t *testing.T) {
			sent := 0
			r := hostile(t, func(w http.ResponseWriter, _ *http.Request) {
				out := advertises(w)
				io.WriteString(out, c.begin)
				piece := strings.Repeat(c.again, 64)
				for sent < 64<<20 {
					n, err := io.WriteString(out, piece)
					if sent += n; err != nil {
						return
					}
				}
			})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := lab().Head(context.Background(), r)
			runtime.ReadMemStats(&after)
			if ReasonOf(err) != c.want {
				t.Errorf("got %v", err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 64<<20 {
				t.Errorf("it took %d MiB", took>>20)
			}
		})
	}
}

func TestWhatIsNoGitServerIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		kind, body string
		want       Reason
	}{
		"a page":            {"text/html", "<html>s3cret</html>", NotGit},
		"files":             {"text/plain", first + "\trefs/heads/main\n", NotGit},
		"nothing":           {"", "", Unreachable},
		"a short hash":      {"", "0014abc refs/heads/m", NotGit},
		"no hash":           {"", "0006ab", NotGit},
		"another service":   {"", "001f# service=git-receive-pack\n0000", NotGit},
		"a negative length": {"", "-001", NotGit},
		"a length of three": {"", "0003", NotGit},
		"cut short":         {"", "00ff" + first, Unreachable},
		"an error in words": {"", "0010ERR s3cret\x1b\n", RepositoryNotFound},
		"a commit of zeros": {"", "003d" + strings.Repeat("0", 40) + " refs/heads/main\n0000", NotGit},
	} {
		t.Run(name, func(t *testing.T) {
			fails(t, lab(), hostile(t, func(w http.ResponseWriter, _ *http.Request) {
				advertises(w)
				if c.kind != "" {
					w.Header().Set("Content-Type", c.kind)
				}
				io.WriteString(w, c.body)
			}), c.want)
		})
	}
}

func TestAStatusIsTold(t *testing.T) {
	for status, c := range map[int]struct {
		want Reason
		says string
	}{
		403: {AuthenticationRefused, "403"}, 404: {RepositoryNotFound, ""}, 410: {RepositoryNotFound, ""}, 429: {Unreachable, "spec.interval"},
		500: {Unreachable, "500"}, 503: {Unreachable, "503"}, 400: {NotGit, ""}, 204: {NotGit, ""}, 304: {RedirectRefused, ""},
	} {
		fails(t, lab(), hostile(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Other", "s3cret")
			w.WriteHeader(status)
		}), c.want, c.says)
	}
}

// TestARedirectStaysAtItsHost: a server must not send the operator, or its credentials, elsewhere.
func TestARedirectStaysAtItsHost(t *testing.T) {
	stolen := ""
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("Authorization") + r.URL.String() }))
	t.Cleanup(thief.Close)
	with, err := CredentialsOf(map[string][]byte{"GIT_AUTH_TOKEN": []byte("s3cret")})
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"another port":     thief.URL + "/shop.git/info/refs?service=git-upload-pack",
		"another host":     strings.Replace(thief.URL, "127.0.0.1", "localhost", 1) + "/shop.git/info/refs",
		"another scheme":   "https://HOST/shop.git/info/refs",
		"with credentials": "http://me:s3cret@HOST/other.git/info/refs",
		"to a page":        "http://HOST/sign_in",
		"to a file":        "file:///etc/passwd",
		"in a circle":      "http://HOST/shop.git/info/refs?service=git-upload-pack",
	} {
		t.Run(name, func(t *testing.T) {
			r := hostile(t, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, strings.Replace(to, "HOST", r.Host, 1), http.StatusFound)
			})
			r.Credentials = with
			fails(t, lab(), r, RedirectRefused, "spec.git.url")
		})
	}
	if stolen != "" {
		t.Errorf("the other server was asked with %q", stolen)
	}
}

func TestARepositoryThatWasRenamedIsFollowedAtItsHost(t *testing.T) {
	versions(t, func(t *testing.T, o gitserver.Options) {
		o.Wrap = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if rest, old := strings.CutPrefix(r.URL.Path, "/old.git"); old && r.Method == http.MethodGet {
					http.Redirect(w, r, "/shop.git"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
		server := gitserver.New(t, o)
		commit := server.Repository("shop").Commit(map[string]string{"a": "1"})
		if got := head(t, lab(), Remote{URL: server.URL + "/old.git", Branch: "main"}); got.Commit != commit {
			t.Errorf("got %+v", got)
		}
	})
}

// TestAQuestionIsNotRedirected: what is posted stays where it was greeted.
func TestAQuestionIsNotRedirected(t *testing.T) {
	r := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/other.git/"):
			w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
			io.WriteString(w, "003d"+first+" refs/heads/main\n0000")
			return
		case r.Method == http.MethodPost:
			http.Redirect(w, r, "/other.git/info/refs", http.StatusTemporaryRedirect)
			return
		}
		io.WriteString(advertises(w), "000eversion 2\n000cls-refs\n0000")
	})
	fails(t, lab(), r, RedirectRefused)
}

// FuzzGreeting: no bytes of a server make the parser panic, loop or keep what nobody asked for.
func FuzzGreeting(f *testing.F) {
	f.Add([]byte("001e# service=git-upload-pack\n0000003d" + first + " refs/heads/main\n0000"))
	f.Add([]byte("000eversion 2\n000cls-refs\n0000003d" + first + " refs/heads/main\n0000"))
	f.Add([]byte("000eversion 1\n0000"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		left := int64(1 << 16)
		p := newPackets(budget{strings.NewReader(string(raw)), &left})
		k := &keeper{branch: "main"}
		g, err := readGreeting(p, k.keep)
		if err == nil && g.v2 {
			g.refs, err = readRefs(p, k.keep)
		}
		if err != nil {
			return
		}
		for _, r := range g.refs {
			if !hashForm.MatchString(r.Hash) || (!strings.HasPrefix(r.Name, headRefs) && !strings.HasPrefix(r.Name, tagRefs)) {
				t.Errorf("kept %+v", r)
			}
		}
	})
}
