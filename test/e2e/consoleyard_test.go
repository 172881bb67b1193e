package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/chromedp/cdproto/network"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/internal/testing/browser"
)

// consoleURL is where people reach the console: it answers localhost with the port that it listens at.
const consoleURL = "http://localhost:8080"

// A consoleYard is a shop whose releases people approve, under load, the console before it as config/console ships it, rights
// per act, and Chromium.
type consoleYard struct {
	*drill
	load   *judgement
	chrome context.Context
	// plugin is the path of kubectl-shop.
	plugin string
}

func openConsole(ctx SpecContext) *consoleYard {
	GinkgoHelper()
	Expect(here.Install(ctx, "chromium")).To(Succeed())
	Expect(here.Images(ctx, "dev", "console")).To(Succeed())
	y := &consoleYard{}
	var err error
	y.plugin, err = here.KubectlShop(ctx)
	Expect(err).NotTo(HaveOccurred())
	shipped(ctx, "config/policy", "validatingadmissionpolicy/emporium-acts")
	shipped(ctx, "config/console", "namespace/emporium-console")
	for _, args := range [][]string{{"restart"}, {"status", "--timeout=180s"}} { // its image keeps its tag while its content changes
		_, err := here.Kubectl(ctx, append([]string{"-n", "emporium-console", "rollout", args[0], "deployment/console"}, args[1:]...)...)
		Expect(err).NotTo(HaveOccurred())
	}
	y.drill = openDrill(ctx, "console", drillSpec{release: "promotion: Manual, settle: 1s, rollbackWindow: 15m"})
	y.people(ctx)
	talks("Forwarding from", kubectl(), "-n", "emporium-console", "port-forward", "service/console", "8080")
	y.chrome = browser.Start(GinkgoTB())
	y.load = y.watched(ctx)
	return y
}

// shipped applies a folder as a user would, and takes it away after the last spec, unless it was there before.
func shipped(ctx SpecContext, folder, object string) {
	GinkgoHelper()
	was, err := here.Kubectl(ctx, "get", object, "--ignore-not-found", "-o", "name")
	Expect(err).NotTo(HaveOccurred())
	manifest, err := here.Kubectl(ctx, "kustomize", folder)
	Expect(err).NotTo(HaveOccurred())
	Expect(here.Apply(ctx, manifest)).To(Succeed())
	if was == "" {
		DeferCleanup(func(ctx SpecContext) {
			_, err := here.Kubectl(ctx, "delete", "--ignore-not-found", "--wait=false", "-k", folder)
			Expect(err).NotTo(HaveOccurred())
		})
	}
}

// roles of the people at the console.
var roles = map[string]string{"ana": "emporium-approver", "otto": "emporium-on-call", "vic": "emporium-view"}

const accountManifest = `apiVersion: v1
kind: ServiceAccount
metadata: {name: %[1]s, namespace: NAMESPACE}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s, namespace: NAMESPACE}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: %[2]s}
subjects: [{kind: ServiceAccount, name: %[1]s, namespace: NAMESPACE}]
`

// people makes them, and waits until the access policy holds for them: an API server sees policies a moment later.
func (y *consoleYard) people(ctx SpecContext) {
	GinkgoHelper()
	var all []string
	for name, role := range roles {
		all = append(all, fmt.Sprintf(accountManifest, name, role))
	}
	y.apply(ctx, strings.Join(all, "---\n"))
	try := func(name, patch string) (string, error) {
		return here.Kubectl(ctx, "-n", y.namespace, "--as="+y.user(name), "patch", "shop", "t", "--type=merge", "--dry-run=server", "-o", "jsonpath={.metadata.annotations}", "-p", patch)
	}
	Eventually(func() error { _, err := try("ana", `{"spec":{"paused":true}}`); return err }).Should(MatchError(ContainSubstring("you need the verb pause")))
	Eventually(func() (string, error) { return try("otto", `{"spec":{"release":{"active":"t-00000000"}}}`) }).Should(ContainSubstring(y.user("otto")), "who acts is stamped")
}

// user is how the API server calls somebody.
func (y *consoleYard) user(name string) string {
	return "system:serviceaccount:" + y.namespace + ":" + name
}

// page is a path of the console below the shop.
func (y *consoleYard) page(path string) string { return "/shops/" + y.namespace + "/t" + path }

// signsIn gives somebody a window of their own, and pastes a token of theirs.
func (y *consoleYard) signsIn(ctx SpecContext, name string) *browser.Tab {
	GinkgoHelper()
	b := browser.Visit(y.chrome, GinkgoTB(), consoleURL, browser.Desktop)
	b.Open(GinkgoTB(), "/", 200) // of one shop that they see it leads to that
	b.Wants(GinkgoTB(), "A token of the cluster")
	b.Fill(GinkgoTB(), "#token", strings.TrimSpace(y.kubectl(ctx, "create", "token", name, "--duration=1h")))
	b.Click(GinkgoTB(), "form .button", 200)
	b.Wants(GinkgoTB(), y.user(name))
	return b
}

// cookie is the session of a window.
func cookie(b *browser.Tab) string {
	GinkgoHelper()
	for _, c := range browser.Call(GinkgoTB(), b, network.GetCookies, network.GetCookiesParams{}).Cookies {
		if strings.HasPrefix(c.Name, "emporium-console-") {
			return c.Name + "=" + c.Value
		}
	}
	Fail("the window has no session")
	return ""
}

// pictured keeps a page as it is seen on desktop and phone, by day and by night, and wants nothing that stands out.
func pictured(b *browser.Tab, name string) {
	GinkgoHelper()
	for _, l := range browser.Looks {
		b.As(GinkgoTB(), l)
		b.KeepPicture(GinkgoTB(), "e2e-console-"+name+"-"+l.Name)
		b.Fits(GinkgoTB(), name, l)
	}
	b.As(GinkgoTB(), browser.Desktop)
}

// kubectl is the path of the cluster's own, or the user's.
func kubectl() string {
	if own := filepath.Join(here.Root, ".cluster", "bin", "kubectl"); !here.Foreign {
		return own
	}
	return "kubectl"
}

// talks starts a command that goes on until the specs end, and returns what it said up to a word. What it says on its standard
// error is part of the specs' output.
func talks(word, name string, args ...string) string {
	GinkgoHelper()
	cmd := exec.Command(name, args...) //nolint:noctx // it ends below
	cmd.Env = append(os.Environ(), "KUBECONFIG="+here.Kubeconfig)
	cmd.Stderr = GinkgoWriter
	out, err := cmd.StdoutPipe()
	Expect(err).NotTo(HaveOccurred())
	Expect(cmd.Start()).To(Succeed())
	said, lines := make(chan string, 1), bufio.NewReader(out)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var text strings.Builder
		for !strings.Contains(text.String(), word) {
			line, err := lines.ReadString('\n')
			if text.WriteString(line); err != nil {
				break
			}
		}
		said <- text.String()
		_, _ = io.Copy(io.Discard, lines)
	}()
	DeferCleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // as Ctrl-C does; it may have ended by itself
		Eventually(ended, 20*time.Second).Should(BeClosed(), "%s goes on after Ctrl-C", filepath.Base(name))
		_ = cmd.Wait()
	})
	var text string
	Eventually(said, time.Minute).Should(Receive(&text))
	Expect(text).To(ContainSubstring(word), "%s %v", filepath.Base(name), args)
	return text
}
