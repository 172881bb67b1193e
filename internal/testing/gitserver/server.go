// Package gitserver is a real Git server for tests: git http-backend behind net/http/cgi, with
// repositories that a test commits to. A machine without git fails the test; nothing is left out.
package gitserver

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Options are how a server behaves. The zero value speaks HTTP and wants no credentials.
type Options struct {
	// TLS lets it speak https, with a certificate for 127.0.0.1 and example.com that Roots signs.
	TLS bool
	// Authorization is the header that each request needs, e.g. "Basic …". Unset: none.
	Authorization string
	// Old lets it speak the protocol before version 2.
	Old bool
	// Wrap stands before Git, to be slow, endless or otherwise bad. Unset: nothing does.
	Wrap func(http.Handler) http.Handler
}

// Server is a running server, which ends with its test.
type Server struct {
	// URL is its address, without a repository.
	URL string
	// Roots signed its certificate, if it has TLS.
	Roots *x509.CertPool
	// RootPEM is the same, for a Secret's ca.crt.
	RootPEM []byte

	t       testing.TB
	options Options
	git     string
	dir     string
}

// New starts one.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatalf("this test asks a real Git server, and git is not on this machine: apt-get install git (%v)", err)
	}
	s := &Server{t: t, options: o, git: git, dir: t.TempDir()}
	var handler http.Handler = http.HandlerFunc(s.serve)
	if o.Wrap != nil {
		handler = o.Wrap(handler)
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = quiet
	if o.TLS {
		server.StartTLS()
		s.Roots = x509.NewCertPool()
		s.Roots.AddCert(server.Certificate())
		s.RootPEM = pemOf(server.Certificate())
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Dir is where its repositories are, bare, each in <name>.git.
func (s *Server) Dir() string { return s.dir }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if want := s.options.Authorization; want != "" && r.Header.Get("Authorization") != want {
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	env := append(environment(), "GIT_PROJECT_ROOT="+s.dir, "GIT_HTTP_EXPORT_ALL=1")
	if version := r.Header.Get("Git-Protocol"); version != "" && !s.options.Old {
		env = append(env, "GIT_PROTOCOL="+version)
	}
	r.Header.Del("Git-Protocol") // git http-backend would take it from here as well
	(&cgi.Handler{Path: s.git, Args: []string{"http-backend"}, Dir: s.dir, Env: env, Stderr: io.Discard, Logger: quiet}).ServeHTTP(w, r)
}

// quiet drops what is said to a server's administrator: half of the tests are about refusals.
var quiet = log.New(io.Discard, "", 0)

// environment keeps this machine's own settings of Git out of the tests.
func environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.com", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.com",
		"GIT_AUTHOR_DATE=2026-11-27T08:00:00Z", "GIT_COMMITTER_DATE=2026-11-27T08:00:00Z", "GIT_TERMINAL_PROMPT=0",
	}
}

// run is one git command, which has to succeed.
func (s *Server) run(dir, input string, args ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.git, append([]string{"-C", dir}, args...)...)
	cmd.Env, cmd.Stdin = environment(), strings.NewReader(input)
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// Repository makes an empty one, whose branch is main. init are more arguments of git init.
func (s *Server) Repository(name string, init ...string) *Repository {
	s.t.Helper()
	bare, work := filepath.Join(s.dir, name+".git"), s.t.TempDir()
	for dir, args := range map[string][]string{bare: {"init", "-q", "-b", "main", "--bare"}, work: {"init", "-q", "-b", "main"}} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			s.t.Fatal(err)
		}
		s.run(dir, "", append(args, init...)...)
	}
	s.run(bare, "", "config", "uploadpack.allowFilter", "true")
	s.run(bare, "", "config", "http.receivepack", "true")
	return &Repository{server: s, bare: bare, work: work, URL: s.URL + "/" + name + ".git"}
}
