package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/hack/gitserver"
	"github.com/emporium-shop/emporium/test/stage"
)

// A yard is a namespace with a registry and a shop whose sources are built, and a Git server on this machine. Its Dockerfiles
// need no compiler, so a build takes seconds.
type yard struct {
	namespace string
	builds    stage.Builds
	git       gitserver.Server
	work      string
	// away: git's own client, which the engine is, is turned away; the operator's is not.
	away atomic.Bool
	// alive and caught count what a process says that a RUN left behind.
	alive, caught atomic.Int64
}

const yardPort = ":3001" // beside that of the demo

const yardManifest = `apiVersion: v1
kind: Namespace
metadata: {name: %[1]s, labels: {emporium.dev/drill: "", pod-security.kubernetes.io/enforce: privileged}}
`

const yardShop = `apiVersion: shop.emporium.dev/v1alpha1
kind: Shop
metadata: {name: t, namespace: %[1]s}
spec:
  release: {settle: 1s, rollbackWindow: 0s}
  builds:
    cache: %[3]s
    registries:
    - {host: docker.io, mirrors: [%[2]q]}
    - {host: %[2]q, plainHTTP: true}
`

// openYard makes what all specs share. The operator gets the flags of builds, and its own again at the end.
func openYard(ctx SpecContext) *yard { return openYardWith(ctx, "off", nil) }

// openYardWith lets RUN find Go modules.
func openYardWith(ctx SpecContext, goProxy string, modules *gitserver.Modules) *yard {
	GinkgoHelper()
	cache := "2Gi"
	if modules != nil { // Go itself, its modules, and what is compiled
		cache = "10Gi"
	}
	y := &yard{namespace: fmt.Sprintf("drill-source-%d", time.Now().Unix()%100000), work: GinkgoT().TempDir()}
	var err error
	y.builds, err = here.Builds(y.namespace, goProxy)
	Expect(err).NotTo(HaveOccurred())
	Expect(y.builds.Images(ctx)).To(Succeed())
	Expect(here.Images(ctx, "dev", "push")).To(Succeed())
	Expect(here.Apply(ctx, fmt.Sprintf(yardManifest, y.namespace))).To(Succeed())
	DeferCleanup(func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, "delete", "namespace", y.namespace, "--wait=false", "--ignore-not-found")
		Expect(err).NotTo(HaveOccurred())
	})
	Expect(y.builds.StartRegistry(ctx)).To(Succeed())
	Expect(y.builds.Bases(ctx)).To(Succeed())
	Expect(here.Operator(ctx, append(y.builds.Flags(), append(flags, "--plain-http-registries="+y.builds.Host())...)...)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(here.Operator(ctx, flags...)).To(Succeed()) })
	y.serve(ctx, modules)
	Expect(here.Apply(ctx, fmt.Sprintf(yardShop, y.namespace, y.builds.Host(), cache))).To(Succeed())
	return y
}

// serve lets the Git server answer until the specs end.
func (y *yard) serve(ctx context.Context, modules *gitserver.Modules) {
	GinkgoHelper()
	y.git = gitserver.Server{Repositories: filepath.Join(y.work, "git"), Modules: modules}
	Expect(os.MkdirAll(y.git.Repositories, 0o755)).To(Succeed())
	handler, err := y.git.Handler(context.WithoutCancel(ctx))
	Expect(err).NotTo(HaveOccurred())
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", load.HostAddress+yardPort)
	Expect(err).NotTo(HaveOccurred())
	web := &http.Server{Handler: y.watched(handler), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = web.Serve(listener) }()
	DeferCleanup(web.Close)
}

// watched stands before Git.
func (y *yard) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.IsAbs():
			debian(w, r)
		case r.URL.Path == "/alive":
			y.alive.Add(1)
		case r.URL.Path == "/caught":
			y.caught.Add(1)
		case strings.HasPrefix(r.URL.Path, "/artifacts/"):
			y.artifacts(w, r)
		case y.away.Load() && !strings.Contains(r.UserAgent(), "emporium"):
			http.Error(w, "the host is being repaired", http.StatusServiceUnavailable)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// debian lets a RUN that names this server as its proxy fetch Debian's packages, and nothing else: pods here reach no other network.
func debian(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Hostname(), ".debian.org") {
		http.Error(w, "Debian's packages alone come through here", http.StatusForbidden)
		return
	}
	(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
}

// push commits these files, and nothing else, and pushes them; it returns the commit.
func (y *yard) push(ctx context.Context, repository string, files map[string]string) string {
	GinkgoHelper()
	return y.pushWith(ctx, repository, files, func(string) {})
}

// pushWith lets what plain files cannot be be added before the commit.
func (y *yard) pushWith(ctx context.Context, repository string, files map[string]string, add func(folder string)) string {
	GinkgoHelper()
	Expect(y.git.Create(ctx, repository)).To(Succeed())
	folder := filepath.Join(y.work, repository)
	if _, err := os.Stat(folder); err != nil {
		y.run(ctx, y.work, "init", "--quiet", "--initial-branch=main", folder)
	}
	y.run(ctx, folder, "rm", "-r", "--quiet", "--ignore-unmatch", ".")
	for name, text := range files {
		Expect(os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)).To(Succeed())
	}
	y.run(ctx, folder, "add", "-A")
	add(folder)
	y.run(ctx, folder, "-c", "user.name=team", "-c", "user.email=team@example.com", "commit", "--quiet", "--allow-empty", "-m", "change")
	y.run(ctx, folder, "push", "--quiet", "--force", y.git.Folder(repository), "main")
	return strings.TrimSpace(y.run(ctx, folder, "rev-parse", "HEAD"))
}

func (y *yard) run(ctx context.Context, folder string, args ...string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = folder
	out, err := cmd.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "git %v: %s", args, out)
	return string(out)
}

// source makes a ShopSource of a repository; more is a part of its spec in flow style.
func (y *yard) source(ctx context.Context, name, more string) {
	GinkgoHelper()
	Expect(here.Apply(ctx, fmt.Sprintf(`apiVersion: shop.emporium.dev/v1alpha1
kind: ShopSource
metadata: {name: %[1]s, namespace: %[2]s}
spec: {git: {url: "http://%[3]s/git/%[1]s.git"}, image: %[4]s/%[1]s, interval: 2s, %[5]s}
`, name, y.namespace, load.HostAddress+yardPort, y.builds.Host(), more))).To(Succeed())
}

func (y *yard) status(ctx context.Context, g Gomega, name string) v1alpha1.ShopSourceStatus {
	var s v1alpha1.ShopSource
	g.Expect(cluster.Get(ctx, types.NamespacedName{Namespace: y.namespace, Name: name}, &s)).To(Succeed())
	return s.Status
}

// comes waits until the source says a reason of a commit, and returns what it says then.
func (y *yard) comes(ctx context.Context, name, commit string, reason v1alpha1.Reason) (out v1alpha1.ShopSourceStatus) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		out = y.status(ctx, g, name)
		g.Expect(out.Commit).To(Equal(commit))
		g.Expect(readyOf(out)).To(HavePrefix(string(reason) + ": "))
	}).WithTimeout(4 * time.Minute).Should(Succeed())
	return out
}

func readyOf(s v1alpha1.ShopSourceStatus) string {
	for _, c := range s.Conditions {
		if c.Type == string(v1alpha1.ConditionReady) {
			return c.Reason + ": " + c.Message
		}
	}
	return "nothing yet"
}

// dockerfile of a service whose program is a greeting. Its test is what these lines do.
func dockerfile(test string) string {
	return `FROM debian:bookworm-slim AS test
COPY greeting /greeting
` + test + `
FROM scratch
COPY greeting /greeting
`
}

// greeting is a repository whose test wants a greeting to say hello.
func greeting(says string) map[string]string {
	return map[string]string{
		"Dockerfile": dockerfile(`RUN grep -q hello /greeting || { echo "FAIL: the greeting is $(cat /greeting), want hello"; exit 1; }`),
		"greeting":   says,
	}
}
