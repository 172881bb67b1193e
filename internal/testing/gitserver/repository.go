package gitserver

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Repository is one of a server, and a checkout to commit in.
type Repository struct {
	// URL is what git clone takes.
	URL string

	server     *Server
	bare, work string
}

// Write puts files into the checkout; "" as content removes one.
func (r *Repository) Write(files map[string]string) {
	r.server.t.Helper()
	for name, content := range files {
		path := filepath.Join(r.work, name)
		if content == "" {
			if err := os.Remove(path); err != nil {
				r.server.t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			r.server.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			r.server.t.Fatal(err)
		}
	}
}

// Commit writes files, commits everything and pushes the branch by force. It returns the commit.
func (r *Repository) Commit(files map[string]string) string {
	r.server.t.Helper()
	r.Write(files)
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", "a commit")
	r.Push()
	return r.Git("rev-parse", "HEAD")
}

// Push pushes the checkout's branch by force.
func (r *Repository) Push() {
	r.server.t.Helper()
	r.Git("push", "-q", "-f", r.bare, "HEAD")
}

// Tag makes a tag at the checkout's commit, with a message if it is annotated, and pushes it.
func (r *Repository) Tag(name string, annotated bool) {
	r.server.t.Helper()
	args := []string{"tag", "-f", name}
	if annotated {
		args = append(args, "-m", "a release")
	}
	r.Git(args...)
	r.Git("push", "-q", "-f", r.bare, "refs/tags/"+name)
}

// Branches makes branch-00000 and so on, n of them, at a commit: in one file, as git pack-refs leaves them.
func (r *Repository) Branches(n int, commit string) {
	r.server.t.Helper()
	var packed strings.Builder
	packed.WriteString("# pack-refs with: peeled fully-peeled sorted\n")
	for i := range n {
		fmt.Fprintf(&packed, "%s refs/heads/branch-%05d\n", commit, i)
	}
	if err := os.WriteFile(filepath.Join(r.bare, "packed-refs"), []byte(packed.String()), 0o644); err != nil {
		r.server.t.Fatal(err)
	}
}

// Git runs a command in the checkout.
func (r *Repository) Git(args ...string) string {
	r.server.t.Helper()
	return r.server.run(r.work, "", args...)
}

// Served runs a command in what is served, with an input.
func (r *Repository) Served(input string, args ...string) string {
	r.server.t.Helper()
	return r.server.run(r.bare, input, args...)
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
