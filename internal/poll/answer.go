package poll

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/internal/affected"
	"github.com/emporium-shop/emporium/internal/git"
)

// Answer is what a Git server said.
type Answer struct {
	// Answered: it was asked. False: nothing is known yet.
	Answered bool
	// Commit and Version of the branch; empty where it said Trouble.
	Commit, Version string
	// Paths is the fingerprint of the paths that were asked for; "": none were, or the server does not tell.
	Paths string
	// Trouble is why there is no commit, in a sentence that is the same on every retry. Invalid: waiting does not help.
	Trouble string
	Invalid bool
	// Request is that of the question.
	Request string
	// Key is what a build makes of the Secret, by the names of internal/git; "": there is no Secret, or nothing of it is needed.
	Key string
	// Authority is the Secret's key with the certificates that the host's is trusted by; "": the system's are.
	Authority string
}

// credentials of a Secret, read.
type credentials struct {
	git.Credentials
	key, authority string
	read           bool
}

// answer asks for the branch's commit, and for what stands at its paths.
func (p *Poller) answer(ctx context.Context, a *asked, q Question) (Answer, credentials) {
	out := Answer{Answered: true, Request: q.Request}
	with, err := p.credentials(ctx, a, q)
	if err == nil {
		out.Key, out.Authority = with.key, with.authority
		remote := git.Remote{URL: q.URL, Branch: q.Branch, Credentials: with.Credentials}
		err = p.ask(ctx, remote, q.Paths, &out)
	}
	if err != nil {
		out.Commit, out.Version, out.Paths = "", "", ""
		out.Trouble, out.Invalid = err.Error(), isInvalid(err)
	}
	return out, with
}

func (p *Poller) ask(ctx context.Context, remote git.Remote, paths []string, out *Answer) error {
	head, err := p.Git.Head(ctx, remote)
	if err != nil {
		return err
	}
	out.Commit, out.Version = head.Commit, head.Version
	if len(paths) == 0 {
		return nil
	}
	found, err := p.Git.Trees(ctx, remote, head.Commit, paths)
	switch {
	case err == nil:
		out.Paths = affected.Fingerprint(paths, found)
	case isInvalid(err):
		return err
	}
	return nil // what is not known is built
}

func isInvalid(err error) bool {
	var e *git.Error
	return errors.As(err, &e) && e.Invalid()
}

// credentials reads a Secret once per version of it.
func (p *Poller) credentials(ctx context.Context, a *asked, q Question) (credentials, error) {
	if q.Secret == "" {
		return credentials{}, nil
	}
	p.mu.Lock()
	with, version := a.with, a.version
	p.mu.Unlock()
	if with.read && version == q.SecretVersion {
		return with, nil
	}
	data, err := p.Secrets.Data(ctx, types.NamespacedName{Namespace: q.Source.Namespace, Name: q.Secret})
	if err != nil {
		return credentials{}, fmt.Errorf("Secret %s, which spec.git.secret names, cannot be read: %w", q.Secret, err)
	}
	parsed, err := git.CredentialsOf(data)
	if err != nil {
		return credentials{}, err
	}
	return credentials{parsed, git.ForBuild(strings.HasPrefix(q.URL, "ssh://"), data), git.HasAuthority(data), true}, nil
}
