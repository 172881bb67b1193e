// Package git asks a Git server what it has, without a clone.
//
// Head is `git ls-remote` for one branch: the commit, and the version that its tags give it. Trees tells
// the hashes of a few paths at a commit, so that a monorepo's services can tell whether a commit concerns
// them. Both speak the smart protocol, version 2 where the server does, by HTTP or SSH.
//
// URLs, branches and Secrets are written by teams, and whatever a server answers is anybody's words. So:
//   - only https and ssh, only hosts and addresses that the operator's administrator lets be asked,
//     no redirect to another host, one budget of time and of bytes for all of a call;
//   - an error is one of a fixed set of sentences. It holds no word of the server but names of branches,
//     no credential, nothing that differs from one try to the next, and says the way out.
//
// Nothing is kept between calls.
package git
