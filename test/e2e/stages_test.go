package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/hack/gitserver"
)

// The label stages is for once in a while: it builds services of this repository from a commit of it, with their tests, which takes an
// hour of two cores. EMPORIUM_STAGES names services, parted by blanks; unset: those that write to a database.
var _ = Describe("A service of this repository", Label("stages"), Ordered, ContinueOnFailure, func() {
	var y *yard
	var commit string
	names := strings.Fields(os.Getenv("EMPORIUM_STAGES"))
	if len(names) == 0 {
		names = []string{"auth", "books", "checkout", "inventory", "notifications", "orders", "payments", "promotions"}
	}
	BeforeAll(func(ctx SpecContext) {
		modules, err := gitserver.HostModules(ctx)
		Expect(err).NotTo(HaveOccurred())
		y = openYardWith(ctx, "http://"+load.HostAddress+yardPort+"/goproxy", modules)
		commit = y.pushWith(ctx, "emporium", map[string]string{}, func(folder string) {
			copied := exec.CommandContext(ctx, "sh", "-c", `tar -C "$0" --exclude=./.git --exclude=./.cluster --exclude=./bin --exclude=node_modules -cf - . | tar -C "$1" -xf -`, here.Root, folder)
			out, err := copied.CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), "%s", out)
			y.run(ctx, folder, "add", "-A")
		})
	})
	for _, name := range names {
		It("is built from a commit after its tests: "+name, func(ctx SpecContext) {
			begun := time.Now()
			// One source builds them one after the other, so that they share what is compiled.
			Expect(here.Apply(ctx, fmt.Sprintf(`apiVersion: shop.emporium.dev/v1alpha1
kind: ShopSource
metadata: {name: emporium, namespace: %[1]s}
spec:
  git: {url: "http://%[2]s/git/emporium.git"}
  image: %[3]s/emporium
  dockerfile: services/%[4]s/Dockerfile
  interval: 2s
  timeout: 40m
  resources: {limits: {memory: 6Gi}}
  args: [{name: http_proxy, value: "http://%[2]s"}, {name: no_proxy, value: "198.18.0.0/15,localhost,127.0.0.1"}]
`, y.namespace, load.HostAddress+yardPort, y.builds.Host(), name))).To(Succeed())
			var said v1alpha1.ShopSourceStatus
			Eventually(func(g Gomega) {
				said = y.status(ctx, g, "emporium")
				g.Expect(said.Commit).To(Equal(commit))
				g.Expect(said.Building).To(BeNil())
				since := begun.Add(-time.Second)
				g.Expect((said.Failed != nil && said.Failed.At.After(since)) || (said.Latest != nil && said.Latest.At.After(since))).To(BeTrue())
			}).WithTimeout(45 * time.Minute).WithPolling(2 * time.Second).Should(Succeed())
			busy, _ := os.ReadFile("/proc/loadavg")
			reason, _, _ := strings.Cut(readyOf(said), ":")
			fmt.Fprintf(os.Stderr, "%s: %.0f s, %s, load %.5s\n", name, time.Since(begun).Seconds(), reason, busy)
			Expect(said.Failed).To(BeNil())
		})
	}
})
