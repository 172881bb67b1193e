// Package gitserver serves Git repositories and Go modules over HTTP from one address of this machine, for a cluster that reaches
// nothing else: git's own http-backend behind net/http/cgi, with push, and the module cache as a GOPROXY.
//
//	http://ADDRESS/git/offers.git    a repository
//	http://ADDRESS/goproxy           for GOPROXY
package gitserver

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Server serves what is in its folders.
type Server struct {
	// Repositories is the folder of bare repositories, each in NAME.git. Create makes one.
	Repositories string
	// Token is what clients of repositories must give as their password, whatever user they name, as GitHub takes it. Empty: everybody
	// may read and push.
	Token string
	// Modules answers for Go modules. Nil: there is no GOPROXY.
	Modules *Modules
}

// Handler answers requests. It finds git's http-backend, which Debian's package git brings.
func (s Server) Handler(ctx context.Context) (http.Handler, error) {
	text, err := exec.CommandContext(ctx, "git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("asking git for its programs: %w; install the package git", err)
	}
	backend := filepath.Join(strings.TrimSpace(string(text)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		return nil, fmt.Errorf("finding git's http-backend: %w", err)
	}
	repositories := &cgi.Handler{
		Path: backend, Root: "/git",
		// A user's own settings are not the server's.
		Env: []string{"GIT_PROJECT_ROOT=" + s.Repositories, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	mux := http.NewServeMux()
	mux.Handle("/git/", s.known(whole(repositories)))
	if s.Modules != nil {
		mux.Handle("/goproxy/", http.StripPrefix("/goproxy/", s.Modules))
	}
	return mux, nil
}

// known lets those pass who give the token.
func (s Server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, token, _ := r.BasicAuth()
		if s.Token != "" && subtle.ConstantTimeCompare([]byte(token), []byte(s.Token)) != 1 {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "give the token as the password", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// maxPush bounds the body of a request, in bytes.
const maxPush = 1 << 30

// whole takes a body that comes in pieces of a length not told before, as git sends large pushes, and passes it on with its length,
// without which CGI takes none.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength >= 0 {
			next.ServeHTTP(w, r)
			return
		}
		spool, size, err := keep(http.MaxBytesReader(w, r.Body, maxPush))
		if err != nil {
			http.Error(w, "reading the body: "+err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		defer discard(spool)
		r = r.Clone(r.Context())
		r.Body, r.ContentLength, r.TransferEncoding = spool, size, nil
		next.ServeHTTP(w, r)
	})
}

var goodName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// Create makes an empty bare repository whose branch is main, unless there is one. Clients may push to it, to its branch too.
func (s Server) Create(ctx context.Context, name string) error {
	if !goodName.MatchString(name) {
		return fmt.Errorf("making repository %q: a name is of lower-case letters, digits and -, at most 63", name)
	}
	folder := s.Folder(name)
	if _, err := os.Stat(filepath.Join(folder, "HEAD")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, args := range [][]string{
		{"init", "--quiet", "--bare", "--initial-branch=main", folder},
		{"-C", folder, "config", "http.receivepack", "true"},
		// What BuildKit asks for is a commit, not a branch.
		{"-C", folder, "config", "uploadpack.allowAnySHA1InWant", "true"},
	} {
		if out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("making repository %s: %w: %s", name, err, out)
		}
	}
	return nil
}

// Folder is where a repository is kept.
func (s Server) Folder(name string) string { return filepath.Join(s.Repositories, name+".git") }
