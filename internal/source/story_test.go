package source_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

const testsFail = "#12 ERROR: exit code: 1\n------\n > [test 2/2] RUN go test ./...:\n1.2 --- FAIL: TestRemembersWishes (0.00s)\n------\nerror: failed to solve: process \"/bin/sh -c go test ./...\" did not complete successfully: exit code: 1"

const engineLost = "error: failed to solve: rpc error: code = Unavailable desc = error reading from server: EOF"

const hostAway = "#1 [internal] load git source https://git.example/acme/wishlist.git#aaaa\n#1 ERROR: failed to fetch remote https://git.example/acme/wishlist.git: git stderr:\n" +
	"fatal: unable to access 'https://git.example/acme/wishlist.git/': Failed to connect to git.example port 443 after 2 ms: Couldn't connect to server\n: exit status 128\n------\n > [internal] load git source:\n------\n" +
	"error: failed to solve: failed to read dockerfile: failed to load cache key: failed to fetch remote https://git.example/acme/wishlist.git: git stderr:\n" +
	"fatal: unable to access 'https://git.example/acme/wishlist.git/': Failed to connect to git.example port 443 after 2 ms: Couldn't connect to server\n: exit status 128"

// step is something that happens, and what the operator makes of it in the pass after it.
type step struct {
	what string
	do   func(*world)
}

func pushed(letter string) step {
	return step{"commit " + letter + " is pushed", func(w *world) { w.push(letter) }}
}

func succeeds() step { return step{"the build succeeds", (*world).succeed} }

func testsFailed() step {
	return step{"the tests fail", func(w *world) { w.failIn(source.StepTest, testsFail) }}
}

func lost() step { return step{"the node is lost", (*world).loseNode} }

func cloneFails() step {
	return step{"the engine cannot reach Git", func(w *world) { w.failIn(source.StepBuild, hostAway) }}
}

func later(d time.Duration) step {
	return step{d.String() + " pass", func(w *world) { w.now = w.now.Add(d) }}
}

func stories() map[string][]step {
	return map[string][]step{
		"a-commit-is-built-and-the-next-one-fails-and-is-fixed": {
			{"the source is created", func(*world) {}}, pushed("a"), succeeds(), pushed("b"), testsFailed(),
			{"Git says the same", func(*world) {}}, pushed("c"), succeeds(),
		},
		"commits-during-a-build-are-skipped-but-the-newest": {
			pushed("a"), pushed("b"), pushed("c"), pushed("d"), succeeds(), succeeds(),
		},
		"a-revert-gives-the-old-digest": {
			pushed("a"), succeeds(), pushed("b"), succeeds(),
			{"b is reverted by commit c, whose content is that of a", func(w *world) { w.push("c"); w.content["c"] = "a" }}, succeeds(),
		},
		"a-force-push-back-to-the-latest-image-ends-a-failure": {
			pushed("a"), succeeds(), pushed("b"), testsFailed(), pushed("a"),
		},
		"a-force-push-back-finds-the-job-that-is-still-there": {
			pushed("a"), succeeds(), pushed("b"), succeeds(), pushed("a"),
		},
		"a-lost-engine-is-tried-three-times": {
			pushed("a"), lost(),
			{"the engine is lost", func(w *world) { w.failIn(source.StepBuild, engineLost) }},
			{"the pod is evicted", func(w *world) { w.end(func(j *source.Job) { j.Pod.Lost = "Evicted" }) }},
			{"Git says the same", func(*world) {}},
			{"somebody asks for more", func(w *world) { w.request("1") }}, succeeds(),
		},
		"a-clone-that-fails-is-tried-six-times-and-later-each-time": {
			pushed("a"), cloneFails(), later(9 * time.Second), cloneFails(), later(30 * time.Second), cloneFails(), later(time.Minute),
			cloneFails(), later(2 * time.Minute), cloneFails(), later(3 * time.Minute), cloneFails(), later(time.Hour),
			{"somebody asks for more", func(w *world) { w.request("1") }}, cloneFails(), later(10 * time.Second), succeeds(),
		},
		"a-newer-commit-does-not-wait-for-one-that-cannot-be-fetched": {
			pushed("a"), cloneFails(), {"somebody asks for more", func(w *world) { w.request("1") }}, cloneFails(), pushed("b"), succeeds(),
		},
		"git-is-away-from-the-operator-and-the-engine": {
			pushed("a"), cloneFails(),
			{"Git is away", func(w *world) { w.trouble("spec.git.url: git.example did not answer", false) }},
			later(time.Hour), pushed("a"), succeeds(),
		},
		"an-operator-that-starts-goes-on-with-a-clone-that-failed": {
			pushed("a"), cloneFails(), {"the operator starts anew", func(w *world) { w.o.Git = source.Git{} }}, later(time.Minute), pushed("a"), succeeds(),
		},
		"a-failed-commit-is-tried-once-more-on-request": {
			pushed("a"), testsFailed(),
			{"somebody asks for more", func(w *world) { w.request("1") }}, testsFailed(),
			{"Git says the same", func(*world) {}},
			{"another builds in the slot, and somebody asks for more", func(w *world) { w.request("2"); w.o.Busy = "cart-1" }},
			{"the other has ended", func(w *world) { w.o.Busy = "" }}, succeeds(),
		},
		"a-job-that-is-deleted-is-made-anew": {
			pushed("a"), {"the Job is deleted", func(w *world) { w.o.Jobs = nil }}, succeeds(),
		},
		"the-operator-dies-between-its-two-writes": {
			{"commit a is pushed, and the operator dies when it has created the Job", func(w *world) { w.push("a"); w.crash() }},
			{"the node is lost, and the operator dies when it has created the second Job", func(w *world) { w.loseNode(); w.crash() }},
			{"the operator dies, and the build succeeds meanwhile", func(w *world) { w.succeed(); w.crash() }},
		},
		"the-url-changes-during-a-build": {
			pushed("a"), succeeds(), pushed("b"),
			{"the URL is changed", func(w *world) {
				w.o.Spec.Git.URL = "https://git.example/acme/other.git"
				w.o.Generation = 2
				w.o.Git = source.Git{}
			}},
			{"the build of the old URL succeeds", (*world).succeed}, pushed("c"), succeeds(),
		},
		"the-status-is-deleted": {
			pushed("a"), succeeds(),
			{"the status is deleted", func(w *world) { w.o.Status = v1alpha1.ShopSourceStatus{} }},
			{"the Job is deleted by its TTL, and the status, too", func(w *world) { w.o.Status, w.o.Jobs = v1alpha1.ShopSourceStatus{}, nil }}, succeeds(),
		},
		"git-is-away-and-the-branch-is-deleted": {
			pushed("a"), succeeds(),
			{"Git is away", func(w *world) { w.trouble("spec.git.url: git.example did not answer", false) }},
			pushed("a"),
			{"the branch is deleted", func(w *world) { w.trouble("the repository has no branch main", false) }},
			{"its host is not allowed any more", func(w *world) { w.trouble("git.example is not among --source-hosts", true) }},
			pushed("b"),
		},
		"a-source-is-paused-during-a-build": {
			pushed("a"), {"spec.paused is set", func(w *world) { w.o.Spec.Paused = true }}, succeeds(), pushed("b"),
			{"spec.paused is taken away", func(w *world) { w.o.Spec.Paused = false }}, succeeds(),
		},
		"a-secret-is-missing-until-it-is-granted": {
			{"commit a is pushed, and the Secret is not granted", func(w *world) {
				w.push("a")
				w.o.Problems = []string{"ShopSource wishlist: spec.pushSecret names Secret push, which does not allow the source"}
			}},
			{"it is granted", func(w *world) { w.o.Problems = nil }}, succeeds(),
		},
		"a-commit-that-concerns-nothing-of-the-source-keeps-the-image": {
			{"commit a is pushed", func(w *world) { w.push("a"); w.o.Git.Paths = "one" }}, succeeds(),
			{"commit b is pushed, and nothing below spec.paths differs", func(w *world) { w.push("b"); w.o.Git.Paths = "one" }},
			{"commit c is pushed, and does concern it", func(w *world) { w.push("c"); w.o.Git.Paths = "two" }}, succeeds(),
			{"commit d is pushed, and the server does not tell of paths", func(w *world) { w.push("d") }}, succeeds(),
			{"commit e is pushed, which is as c was", func(w *world) { w.push("e"); w.o.Git.Paths = "two" }}, succeeds(),
		},
		"an-operator-that-starts-says-nothing-before-git-answers": {
			pushed("a"), testsFailed(),
			{"the operator starts anew", func(w *world) { w.o.Git = source.Git{} }},
			pushed("b"), pushed("c"), {"the operator starts anew", func(w *world) { w.o.Git = source.Git{} }}, succeeds(),
		},
	}
}

func TestStories(t *testing.T) {
	for name, steps := range stories() {
		t.Run(name, func(t *testing.T) {
			golden(t, filepath.Join("testdata", name+".golden"), tell(steps))
		})
	}
}

func tell(steps []step) string {
	w, out := newWorld(), &strings.Builder{}
	for _, s := range steps {
		s.do(w)
		w.look()
		fmt.Fprintf(out, "%s: %s\n%s", w.now.Format("15:04:05"), s.what, w.state())
		was := w.o.Status
		if w.look(); cmp.Diff(was, w.o.Status) != "" || w.last.Start != nil {
			fmt.Fprintf(out, "ANOTHER PASS CHANGES IT\n%s", w.state())
		}
	}
	fmt.Fprintf(out, "%d Jobs were created\n", len(w.created))
	return out.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
