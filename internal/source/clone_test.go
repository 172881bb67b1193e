package source_test

import (
	"testing"
	"time"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

// fetching is what buildctl says last where git failed with these lines.
func fetching(lines string) string {
	return "error: failed to solve: failed to read dockerfile: failed to load cache key: failed to fetch remote https://git.example/acme/wishlist.git: git stderr:\n" + lines + "\n: exit status 128"
}

func TestACloneThatFailsForTheNetworkIsNoFailureOfTheCommit(t *testing.T) {
	for what, x := range map[string]struct {
		output string
		want   v1alpha1.Reason
	}{
		"no name":                {fetching("fatal: unable to access 'https://git.example/acme/wishlist.git/': Could not resolve host: git.example"), v1alpha1.ReasonGitUnreachable},
		"nobody listens":         {fetching("fatal: unable to access 'http://198.18.0.1:3001/git/x.git/': Failed to connect to 198.18.0.1 port 3001 after 0 ms: Couldn't connect to server"), v1alpha1.ReasonGitUnreachable},
		"older curl":             {fetching("fatal: unable to access 'https://git.example/x.git/': Failed to connect to git.example port 443: Connection refused"), v1alpha1.ReasonGitUnreachable},
		"no route":               {fetching("fatal: unable to access 'https://git.example/x.git/': Failed to connect to git.example port 443: No route to host"), v1alpha1.ReasonGitUnreachable},
		"a gateway's 502":        {fetching("fatal: unable to access 'https://git.example/x.git/': The requested URL returned error: 502"), v1alpha1.ReasonGitUnreachable},
		"too many requests":      {fetching("fatal: unable to access 'https://git.example/x.git/': The requested URL returned error: 429"), v1alpha1.ReasonGitUnreachable},
		"cut in the middle":      {fetching("error: RPC failed; curl 18 transfer closed with outstanding read data remaining\nfetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF"), v1alpha1.ReasonGitUnreachable},
		"ssh, nobody listens":    {fetching("ssh: connect to host git.example port 22: Connection refused\r\nfatal: Could not read from remote repository."), v1alpha1.ReasonGitUnreachable},
		"ssh, no name":           {fetching("ssh: Could not resolve hostname git.example: Name or service not known\r\nfatal: Could not read from remote repository."), v1alpha1.ReasonGitUnreachable},
		"a submodule's host":     {"error: failed to solve: failed to load cache key: failed to update submodules for https://git.example/x.git: git stderr:\nfatal: unable to access 'https://other.example/y.git/': Could not resolve host: other.example\n: exit status 1", v1alpha1.ReasonGitUnreachable},
		"in a log that was cut":  {"d text before\n" + fetching("fatal: unable to access 'https://git.example/x.git/': Empty reply from server"), v1alpha1.ReasonGitUnreachable},
		"401":                    {fetching("fatal: could not read Username for 'https://git.example': terminal prompts disabled"), v1alpha1.ReasonBuildFailed},
		"403":                    {fetching("fatal: unable to access 'https://git.example/x.git/': The requested URL returned error: 403"), v1alpha1.ReasonBuildFailed},
		"404":                    {fetching("fatal: repository 'https://git.example/x.git/' not found"), v1alpha1.ReasonBuildFailed},
		"the commit is gone":     {fetching("fatal: remote error: upload-pack: not our ref 28c65c6d0c0e6b2f0d8d5b9c8a4f3f1b2c3d4e5f"), v1alpha1.ReasonBuildFailed},
		"ssh, the key is wrong":  {fetching("git@git.example: Permission denied (publickey).\r\nfatal: Could not read from remote repository."), v1alpha1.ReasonBuildFailed},
		"an unknown certificate": {fetching("fatal: unable to access 'https://git.example/x.git/': server certificate verification failed. CAfile: none CRLfile: none"), v1alpha1.ReasonBuildFailed},
		"a RUN that clones":      {"------\n > [build 2/2] RUN git clone https://git.example/y.git:\n0.1 fatal: unable to access: Could not resolve host: git.example\n------\nerror: failed to solve: process \"/bin/sh -c git clone https://git.example/y.git\" did not complete successfully: exit code: 128", v1alpha1.ReasonBuildFailed},
		"a RUN that pretends":    {"0.1 " + fetching("Could not resolve host: x") + "\nerror: failed to solve: process \"/bin/sh -c echo failed to fetch remote x git stderr: could not resolve host\" did not complete successfully: exit code: 1", v1alpha1.ReasonBuildFailed},
		"a registry that is off": {"error: failed to solve: debian:12: failed to resolve source metadata for docker.io/library/debian:12: failed to do request: dial tcp: connection refused", v1alpha1.ReasonBuildFailed},
	} {
		w := newWorld()
		w.push("a")
		w.look()
		w.failIn(source.StepBuild, x.output)
		if got := w.look().Status.Failed; got == nil || got.Reason != x.want {
			t.Errorf("%s: %+v, want %s", what, got, x.want)
		}
	}
}

func TestAClockThatIsOffLetsACloneWaitNoLongerThanItsPause(t *testing.T) {
	for _, off := range []time.Duration{-48 * time.Hour, -11 * time.Second, 0, 11 * time.Second, 48 * time.Hour} {
		w := newWorld()
		w.push("a")
		w.look()
		w.failIn(source.StepBuild, hostAway)
		w.o.Status = w.look().Status
		w.o.Status.Failed.At.Time = w.now.Add(off)
		d := source.Plan(w.o, w.now)
		if d.Start == nil && (d.Wake <= 0 || d.Wake > 10*time.Second) {
			t.Errorf("a clock that is %s off: it looks again after %s", off, d.Wake)
		}
		if d = source.Plan(w.o, w.now.Add(d.Wake)); d.Start == nil {
			t.Errorf("a clock that is %s off: after the pause it says %s and starts nothing", off, d.Message)
		}
	}
}

func TestASourceWhoseCloneFailsHoldsNoReleaseOfOthers(t *testing.T) {
	w := newWorld()
	w.push("a")
	w.look()
	w.failIn(source.StepBuild, hostAway)
	if d := w.look(); d.Reason != v1alpha1.ReasonGitUnreachable || d.Status.Building != nil || d.Reason.Stalls() {
		t.Errorf("between two attempts: %s, builds %+v", d.Reason, d.Status.Building)
	}
}
