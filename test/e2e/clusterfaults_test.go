package e2e

import (
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/hack/cluster/programs"
)

// away is how long a part of the cluster is missing.
const away = 20 * time.Second

// ours is the cluster of this machine; elsewhere nobody can take its programs away.
func ours() programs.Cluster {
	GinkgoHelper()
	if here.Foreign {
		Skip("left out: only programs of the cluster of this machine can be taken away")
	}
	c, err := programs.Here(here.Root)
	Expect(err).NotTo(HaveOccurred())
	return c
}

// taken kills programs, and starts them again when the result is called, and in any case when the spec ends.
func taken(ctx context.Context, c programs.Cluster, names ...string) (back func()) {
	GinkgoHelper()
	back = func() { Expect(c.Start(names...)).To(Succeed()) }
	DeferCleanup(func(ctx SpecContext) {
		back()
		answers(ctx)
	})
	Expect(c.Kill(ctx, names...)).To(Succeed())
	return back
}

// answers waits until the API server does.
func answers(ctx context.Context) {
	GinkgoHelper()
	Eventually(func() error {
		_, err := here.Kubectl(ctx, "get", "--raw", "/readyz", "--request-timeout=2s")
		return err
	}).Should(Succeed())
}

var _ = Describe("A cluster that is ill", Label("chaos"), func() {
	It("without API server and etcd for 20 s in the middle of a switch goes on serving, and the switch is confirmed afterwards", Label("core"), func(ctx SpecContext) {
		c := ours()
		d := openDrill(ctx, "apiless", drillSpec{release: "settle: 1s, rollbackWindow: 5m", frontDoor: "replicas: 2"})
		j := d.watched(ctx)
		j.spread = true // a replica hears of a switch when there is somebody to tell it
		since := time.Now()
		d.build(ctx, "a")
		tableNames.come(ctx, d)
		back := taken(ctx, c, programs.APIServer, programs.Etcd)
		gone := time.Now()
		Consistently(func() int { return d.status("/a") }, away, 4*quick).Should(Equal(http.StatusOK))
		back()
		answers(ctx)
		d.note("away for %.1fs", time.Since(gone).Seconds())
		moved := d.switched(ctx, since)
		Expect(moved.From).To(Equal(d.home))
		d.says(ctx, "True", "RollbackWindow", ContainSubstring(moved.To))
		d.note("the shop is Ready %.1fs after they were taken away", time.Since(gone).Seconds())
		j.judged("API server and etcd away in the middle of a switch")
	})

	It("without kubelet in the middle of a release goes on serving, and the release is completed afterwards", func(ctx SpecContext) {
		c := ours()
		d := openDrill(ctx, "kubeletless", drillSpec{})
		j := d.watched(ctx)
		since := time.Now()
		d.build(ctx, "a")
		reason("Starting").come(ctx, d)
		back := taken(ctx, c, programs.Kubelet)
		Consistently(func() (string, error) {
			row, err := d.row(ctx)
			return row.Active, err
		}, away, 4*quick).Should(Equal(d.home), "no pod of the candidate can be ready")
		back()
		started := time.Now()
		moved := d.switched(ctx, since)
		Expect(moved.From).To(Equal(d.home))
		d.says(ctx, "True", Not(BeEmpty()), ContainSubstring(moved.To))
		d.note("released %.1fs after the kubelet was back", time.Since(started).Seconds())
		j.judged("kubelet stopped")
	})

	It("with an API server that answers in bursts still releases and goes back", func(ctx SpecContext) {
		c := ours()
		d := openDrill(ctx, "slow", drillSpec{release: "settle: 1s, rollbackWindow: 5m"})
		j := d.watched(ctx)
		end := bursts(c)
		there := d.ship(ctx)
		since := time.Now()
		d.shop(ctx, `{"release":{"active":"`+d.home+`"}}`)
		back := d.switched(ctx, since)
		end()
		Expect([]string{there.From, back.To}).To(Equal([]string{d.home, d.home}))
		d.note("back %.1fs after the pin", back.ConfirmedAt.Sub(since).Seconds())
		j.spread = true
		j.judged("API server stopped for 0.4 s twice a second")
	})
})

// bursts lets the API server answer for a tenth of each half second.
func bursts(c programs.Cluster) (end func()) {
	GinkgoHelper()
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			if err = c.Stop(programs.APIServer); err == nil {
				time.Sleep(400 * time.Millisecond)
				err = c.Continue(programs.APIServer)
			}
			select {
			case <-stop:
				stopped <- err
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
		stopped <- err
	}()
	ended := false
	end = func() {
		if ended {
			return
		}
		ended = true
		close(stop)
		Expect(<-stopped).To(Succeed())
	}
	DeferCleanup(end)
	return end
}
