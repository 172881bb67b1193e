package source_test

import (
	"strings"
	"testing"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

func flux(change func(*source.FluxSource)) source.FluxSource {
	f := source.FluxSource{
		Kind: "GitRepository", Name: "wishlist", Generation: 2, Observed: 2, Digest: "sha256:" + strings.Repeat("d", 64),
		URL: "http://source-controller.flux-system.svc.cluster.local./gitrepository/acme/wishlist/28c6.tar.gz", Revision: "main@sha1:" + commit("a"),
	}
	change(&f)
	return f
}

func TestWhatASourceOfFluxSays(t *testing.T) {
	hex := strings.Repeat("d", 64)
	for name, c := range map[string]struct {
		change          func(*source.FluxSource)
		commit, version string
	}{
		"a branch":             {func(*source.FluxSource) {}, commit("a"), "aaaaaaaaaaaa"},
		"a tag":                {func(f *source.FluxSource) { f.Revision = "v1.4.0@sha1:" + commit("b") }, commit("b"), "v1.4.0"},
		"a tag by its ref":     {func(f *source.FluxSource) { f.Revision = "refs/tags/1.4.0-rc.1@sha1:" + commit("b") }, commit("b"), "1.4.0-rc.1"},
		"a tag with a build":   {func(f *source.FluxSource) { f.Revision = "v1.4.0+x@sha1:" + commit("b") }, commit("b"), "bbbbbbbbbbbb"},
		"a commit alone":       {func(f *source.FluxSource) { f.Revision = "sha1:" + commit("b") }, commit("b"), "bbbbbbbbbbbb"},
		"SHA-256":              {func(f *source.FluxSource) { f.Revision = "main@sha256:" + strings.Repeat("e", 64) }, strings.Repeat("e", 64), "eeeeeeeeeeee"},
		"another's revision":   {func(f *source.FluxSource) { f.Kind, f.Observed, f.Revision = "ExternalArtifact", 0, "latest" }, hex, "dddddddddddd"},
		"a revision that lies": {func(f *source.FluxSource) { f.Revision = "x@sha1:../../etc" }, hex, "dddddddddddd"},
		"not ready, and there": {func(f *source.FluxSource) { f.NotReady = "git.example is away" }, commit("a"), "aaaaaaaaaaaa"},
	} {
		git, artifact := source.ArtifactOf(flux(c.change))
		if !git.Answered || git.Commit != c.commit || git.Version != c.version || git.Trouble != "" || artifact.URL == "" || artifact.Digest == "" {
			t.Errorf("%s: %+v, %+v", name, git, artifact)
		}
	}
}

func TestASourceOfFluxWithoutAnArtifactIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*source.FluxSource)
		invalid bool
		says    string
	}{
		"not there":              {func(f *source.FluxSource) { f.Missing = "does not exist in namespace acme" }, true, "spec.sourceRef: GitRepository wishlist does not exist"},
		"nothing yet":            {func(f *source.FluxSource) { f.URL = "" }, false, "has no artifact yet"},
		"Git does not let it in": {func(f *source.FluxSource) { f.URL, f.NotReady = "", "authentication required" }, false, "has no artifact: authentication required"},
		"its spec changed":       {func(f *source.FluxSource) { f.Observed = 1 }, false, "since its spec changed"},
		"a file":                 {func(f *source.FluxSource) { f.URL = "file:///etc/passwd" }, true, "http:// or https://"},
		"no host":                {func(f *source.FluxSource) { f.URL = "http:///x" }, true, "http:// or https://"},
		"a password":             {func(f *source.FluxSource) { f.URL = "https://me:s3cret@host/x" }, true, "no credentials"},
		"a blank":                {func(f *source.FluxSource) { f.URL = "https://host/x --to=/" }, true, "http:// or https://"},
		"another algorithm":      {func(f *source.FluxSource) { f.Digest = "blake3:" + strings.Repeat("d", 64) }, true, "--artifact-digest-algo=sha256"},
		"no digest":              {func(f *source.FluxSource) { f.Digest = "" }, true, "digest"},
	} {
		git, artifact := source.ArtifactOf(flux(c.change))
		if !git.Answered || git.Commit != "" || git.Invalid != c.invalid || !strings.Contains(git.Trouble, c.says) || strings.Contains(git.Trouble, "s3cret") || artifact != (source.Artifact{}) {
			t.Errorf("%s: %+v, %+v", name, git, artifact)
		}
	}
}

func TestAnArtifactThatCannotBeFetchedIsNoFailureOfTheCommit(t *testing.T) {
	for exit, want := range map[int32]v1alpha1.Reason{source.FetchAway: v1alpha1.ReasonGitUnreachable, 1: v1alpha1.ReasonBuildFailed} {
		w := newWorld()
		w.push("a")
		w.look()
		w.end(func(j *source.Job) {
			j.Pod = &source.Pod{Containers: []source.Container{{Name: source.StepEngine, Running: true}, {Name: source.StepFetch, Ended: true, Exit: exit, Message: "source-controller has the artifact no more (404)"}}}
		})
		if got := w.look().Status.Failed; got == nil || got.Reason != want || got.Step != "fetch" || !strings.Contains(got.Output, "404") {
			t.Errorf("exit %d: %+v, want %s", exit, got, want)
		}
	}
}

func TestASourceThatIsFluxsIsAnotherBuild(t *testing.T) {
	plain := v1alpha1.ShopSourceSpec{Image: repository}
	inputs := map[string]bool{source.Inputs(&plain): true}
	for _, ref := range []v1alpha1.SourceReference{{Name: "a"}, {Name: "b"}, {Kind: "ExternalArtifact", Name: "a"}} {
		s := plain
		s.SourceRef = &ref
		inputs[source.Inputs(&s)] = true
	}
	same := plain
	same.SourceRef = &v1alpha1.SourceReference{Kind: "GitRepository", Name: "a"}
	if !inputs[source.Inputs(&same)] || len(inputs) != 4 {
		t.Errorf("%d different builds, want 4", len(inputs))
	}
}
