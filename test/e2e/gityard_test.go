package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/hack/cluster/parts"
	"github.com/emporium-shop/emporium/hack/gitserver"
)

// A gitYard is a Git server, and room for programs of this machine that bring what it holds to the cluster.
type gitYard struct {
	work   string
	server gitserver.Server
	// url of the repositories; each is a name.git below it.
	url string
}

// openGit starts the server for all specs of a container. It ends when the last one did.
func openGit(ctx context.Context) *gitYard {
	GinkgoHelper()
	if here.Foreign {
		Skip("left out: the images in Git are named as the cluster of this machine has them; unset KUBECONFIG")
	}
	y := &gitYard{work: GinkgoT().TempDir()}
	y.server = gitserver.Server{Repositories: y.room("git")}
	handler, err := y.server.Handler(context.WithoutCancel(ctx))
	Expect(err).NotTo(HaveOccurred())
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	web := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = web.Serve(l) }()
	DeferCleanup(web.Close)
	y.url = "http://" + l.Addr().String() + "/git/"
	return y
}

// store is where the programs come from.
func store() parts.Store {
	GinkgoHelper()
	s, err := parts.Of(here.Root, func(format string, args ...any) { fmt.Fprintf(GinkgoWriter, format+"\n", args...) })
	Expect(err).NotTo(HaveOccurred())
	return s
}

// room is a folder for one purpose.
func (y *gitYard) room(name string) string {
	GinkgoHelper()
	folder := filepath.Join(y.work, name)
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	return folder
}

// later runs a kubectl command when the last spec ended.
func later(args ...string) {
	DeferCleanup(func(ctx SpecContext) {
		_, err := here.Kubectl(ctx, args...)
		Expect(err).NotTo(HaveOccurred())
	})
}

// free is an address of this machine at which nobody listens.
func free(ctx context.Context) string {
	GinkgoHelper()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer l.Close()
	return l.Addr().String()
}

// start runs a program until the last spec ended. What it says is shown when a spec fails.
func (y *gitYard) start(program string, env []string, args ...string) (says func() string) {
	GinkgoHelper()
	name := filepath.Base(program)
	log, err := os.Create(filepath.Join(y.work, name+".log"))
	Expect(err).NotTo(HaveOccurred())
	says = func() string { text, _ := os.ReadFile(log.Name()); return string(text) } // it is there
	cmd := exec.Command(program, args...)                                            //nolint:noctx // it ends with the last spec, not with what started it
	cmd.Env = append(append(os.Environ(), "TMPDIR="+y.work, "HOME="+y.work), env...)
	cmd.Stdout, cmd.Stderr = log, log
	Expect(cmd.Start()).To(Succeed())
	DeferCleanup(func() {
		if CurrentSpecReport().Failed() {
			GinkgoWriter.Printf("%s:\n%s\n", name, says())
		}
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
	})
	return says
}

// healthy waits until a program answers 200 at an address.
func healthy(url string, says func() string) {
	GinkgoHelper()
	Eventually(func() (int, error) {
		res, err := http.Get(url) //nolint:noctx // the address of a test
		if err != nil {
			return 0, fmt.Errorf("%w: %s", err, says())
		}
		return res.StatusCode, res.Body.Close()
	}).WithTimeout(time.Minute).Should(Equal(http.StatusOK))
}
