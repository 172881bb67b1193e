package source

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Artifact is an archive of a source of Flux, as its status.artifact says: where it is, and what it must be.
type Artifact struct{ URL, Digest string }

// FluxSource is what was read of an object of source.toolkit.fluxcd.io.
type FluxSource struct {
	Kind, Name string
	// Missing says why it could not be read; "": it was.
	Missing string
	// Generation of its spec, and Observed by its status; 0: the status does not say.
	Generation, Observed int64
	// URL, Revision and Digest of its artifact; empty: it has none.
	URL, Revision, Digest string
	// NotReady is the message of its condition Ready where that is not True.
	NotReady string
}

const longestURL = 2048

var (
	// hexRevision ends a revision: main@sha1:28c6…, v1.4.0@sha1:…, sha256:….
	hexRevision = regexp.MustCompile(`(?:^|@)sha(?:1|256):([0-9a-f]{40}|[0-9a-f]{64})$`)
	// tagRevision begins one that is of a tag with a semantic version, without +, which no tag of an image has.
	tagRevision = regexp.MustCompile(`^(?:refs/tags/)?(v?[0-9]+\.[0-9]+\.[0-9]+(?:-[0-9A-Za-z.-]+)?)@`)
)

// shortVersion is how many digits of a commit are a version.
const shortVersion = 12

// ArtifactOf tells what a source of Flux says, in the place of Git: what is built is its artifact, which is known by its digest.
func ArtifactOf(f FluxSource) (Git, Artifact) {
	is := fmt.Sprintf("spec.sourceRef: %s %s ", f.Kind, f.Name)
	trouble := func(invalid bool, format string, args ...any) (Git, Artifact) {
		return Git{Answered: true, Trouble: is + fmt.Sprintf(format, args...), Invalid: invalid}, Artifact{}
	}
	at, err := url.Parse(f.URL)
	switch {
	case f.Missing != "":
		return trouble(true, "%s", f.Missing)
	case f.Observed != 0 && f.Observed != f.Generation:
		return trouble(false, "has not been looked at by Flux since its spec changed")
	case f.URL == "" && f.NotReady != "":
		return trouble(false, "has no artifact: %s", MessageOf(f.NotReady))
	case f.URL == "":
		return trouble(false, "has no artifact yet; is its controller running?")
	case err != nil || (at.Scheme != "http" && at.Scheme != "https") || at.Host == "" || at.User != nil || len(f.URL) > longestURL || strings.ContainsFunc(f.URL, unsayable):
		return trouble(true, "has an artifact whose url is none that can be fetched: it must begin with http:// or https:// and hold no credentials")
	case !digest.MatchString(f.Digest):
		return trouble(true, "has an artifact whose digest is no sha256:…: let its controller use --artifact-digest-algo=sha256")
	}
	commit, version := revisionOf(f)
	return Git{Answered: true, Commit: commit, Version: version}, Artifact{URL: f.URL, Digest: f.Digest}
}

func unsayable(r rune) bool { return r <= ' ' || r > '~' }

// revisionOf is the commit that an artifact was made of, else its digest, and the version that a tag gives it.
func revisionOf(f FluxSource) (commit, version string) {
	commit = strings.TrimPrefix(f.Digest, "sha256:")
	if found := hexRevision.FindStringSubmatch(f.Revision); found != nil {
		commit = found[1]
	}
	if found := tagRevision.FindStringSubmatch(f.Revision); found != nil && len(found[1]) <= 128 {
		return commit, found[1]
	}
	return commit, commit[:shortVersion]
}
