package e2e

import (
	"context"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/emporium-shop/emporium/api/frontdoor"
	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/internal/testing/browser"
)

var _ = Describe("The console", Label("console"), Ordered, func() {
	var (
		y         *consoleYard
		ana       *browser.Tab
		candidate string
	)
	BeforeAll(func(ctx SpecContext) {
		y = openConsole(ctx)
		ana = y.signsIn(ctx, "ana")
	})

	It("shows a release that waits for approval, without a reload", func(ctx SpecContext) {
		t := GinkgoTB()
		browser.Eval[bool](t, ana, `window.before = document.getElementById("main"), true`)
		y.build(ctx, "a")
		candidate = y.says(ctx, "False", "AwaitingPromotion", ContainSubstring("is ready at the preview")).Candidate
		since := time.Now()
		ana.Comes(t, "AwaitingPromotion")
		late := time.Since(since)
		y.note("the page told of the release %.1fs after the status", late.Seconds())
		Expect(late).To(BeNumerically("<", 10*time.Second), "by itself the page looks again after 30 seconds")
		Expect(browser.Eval[bool](t, ana, `window.before === document.getElementById("main")`)).To(BeTrue(), "it was loaded anew")
		ana.Wants(t, candidate, "Read and approve…")
		pictured(ana, "waits")
		ana.Quiet(t, false)
	})

	It("lets kubectl shop read logs and reach the preview through the kubelet", func(ctx SpecContext) {
		logs := y.shopCommand(ctx, "logs", "t", "--by", "candidate", "--service", "a")
		Expect(logs).To(MatchRegexp(`(?m)^a-\S+ \| .*"serving"`), "each line behind its pod")
		GinkgoWriter.Println(logs)
		Expect(y.shopCommand(ctx, "logs", "t", "--front-door", "--tail", "1")).To(MatchRegexp(`^front-door-\S+ \| `))
		said := talks(" from ", y.plugin, "-n", y.namespace, "preview", "t", "--port", "0")
		GinkgoWriter.Println(said)
		address, _, _ := strings.Cut(said, " is the preview")
		res, err := http.Get(address + "a") //nolint:noctx // the address of a test
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Body.Close()).To(Succeed())
		Expect(res.Header.Get(frontdoor.HeaderRelease)).To(Equal(candidate))
	})

	It("opens on one's own machine by kubectl shop console, with one's own rights", func() {
		t := GinkgoTB()
		said := talks("until Ctrl-C", y.plugin, "-n", y.namespace, "console", "--no-open")
		address, err := url.Parse(strings.TrimSpace(strings.Split(said, "\n")[2]))
		Expect(err).NotTo(HaveOccurred())
		b := browser.Visit(y.chrome, t, "http://"+address.Host, browser.Desktop)
		b.Do(t, chromedp.Navigate(address.String()))
		b.Comes(t, y.namespace) // of one shop or many, as whoever has this cluster sees all
		b.Open(t, y.page(""), 200)
		b.Wants(t, "AwaitingPromotion", candidate, "Pause…")
		b.Open(t, y.page("/logs?release="+candidate+"&service=a"), 200)
		b.Wants(t, `"serving"`)
		pictured(b, "logs")
		b.Quiet(t, false)
	})

	It("shows who may only look which right is missing, and lets them change nothing", func(ctx SpecContext) {
		t := GinkgoTB()
		vic := y.signsIn(ctx, "vic")
		lacks := "needs the verb patch on shops/t; you are " + y.user("vic")
		vic.Wants(t, `disabled="">Read and approve…`, lacks)
		Expect(browser.Eval[int](t, vic, `document.querySelectorAll(".buttons a").length`)).To(BeZero(), "a button that is not allowed leads nowhere")
		pictured(vic, "may-look")
		vic.Open(t, y.page("/promote?release="+candidate), 200)
		Expect(browser.Eval[bool](t, vic, `document.querySelector("main form button").disabled`)).To(BeTrue())
		vic.Quiet(t, false)
		y.forged(ctx, candidate, cookie(vic), cookie(ana))
	})

	It("lets an approver read what changes, approve it with a reason, and not go back", func(ctx SpecContext) {
		t := GinkgoTB()
		ana.Click(t, ".buttons a", 200)
		ana.Wants(t, "Approve "+candidate, "BUILD", "1 service is the same.")
		pictured(ana, "approve")
		ana.Fill(t, "#because", "tried at the preview")
		since := time.Now()
		ana.Click(t, "main .button", 200)
		Expect(y.switched(ctx, since)).To(And(HaveField("From", y.home), HaveField("To", candidate)))
		ana.Comes(t, "is kept for a way back until")
		ana.Wants(t, `disabled="">Go back…`, "needs the verb rollback on shops/t; you are "+y.user("ana"))
		pictured(ana, "serves")
		ana.Quiet(t, false)
	})

	It("lets who is on call go back, and the history names who did what, and why", func(ctx SpecContext) {
		t := GinkgoTB()
		otto := y.signsIn(ctx, "otto")
		otto.Click(t, `.buttons a[href*="/back"]`, 200)
		otto.Wants(t, "Go back to "+y.home)
		otto.Fill(t, "#because", "the cart is slow")
		pictured(otto, "back")
		since := time.Now()
		otto.Click(t, "main .button", 200)
		Expect(y.switched(ctx, since)).To(And(HaveField("From", candidate), HaveField("To", y.home)))
		otto.Open(t, y.page("/history"), 200)
		otto.Wants(t, y.user("ana"), "tried at the preview", y.user("otto"), "the cart is slow")
		pictured(otto, "history")
		otto.Quiet(t, false)

		var s v1alpha1.Shop
		Expect(cluster.Get(ctx, y.key("t"), &s)).To(Succeed())
		step := func(cause v1alpha1.Cause, to, by, because string) any {
			return And(HaveField("Cause", cause), HaveField("To", to), HaveField("By", y.user(by)), HaveField("Because", because))
		}
		Expect(s.Status.Recent).To(ContainElements(step(v1alpha1.CauseApproved, candidate, "ana", "tried at the preview"), step(v1alpha1.CausePinned, y.home, "otto", "the cart is slow")))
		y.load.judged("the console, an approval and a way back")
	})
})

// shopCommand runs kubectl shop in the yard's namespace.
func (y *consoleYard) shopCommand(ctx context.Context, args ...string) string {
	GinkgoHelper()
	cmd := exec.CommandContext(ctx, y.plugin, append([]string{"--kubeconfig", here.Kubeconfig, "-n", y.namespace}, args...)...)
	cmd.Stderr = GinkgoWriter
	out, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred(), "kubectl shop %v: %s", args, out)
	return string(out)
}

// forged posts approvals that no page of ours sent. Each is refused, and changes nothing.
func (y *consoleYard) forged(ctx context.Context, release, viewer, approver string) {
	GinkgoHelper()
	var before, after v1alpha1.Shop
	Expect(cluster.Get(ctx, y.key("t"), &before)).To(Succeed())
	for what, x := range map[string]struct {
		cookie string
		header http.Header
		status int
	}{
		"of who may only look":              {viewer, http.Header{"Origin": {consoleURL}}, http.StatusForbidden},
		"with the name of who may":          {viewer, http.Header{"Origin": {consoleURL}, "Impersonate-User": {y.user("ana")}, "X-Remote-User": {y.user("ana")}}, http.StatusForbidden},
		"of another site":                   {approver, http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"of another site, told by Chromium": {approver, http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"of another program of the machine": {approver, http.Header{}, http.StatusUnauthorized},
		"without a session":                 {"", http.Header{"Origin": {consoleURL}}, http.StatusUnauthorized},
	} {
		form := url.Values{"release": {release}, "seen": {release}, "because": {"forged"}}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, consoleURL+y.page("/promote"), strings.NewReader(form.Encode()))
		Expect(err).NotTo(HaveOccurred())
		r.Header = x.header
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", x.cookie)
		res, err := http.DefaultClient.Do(r)
		Expect(err).NotTo(HaveOccurred())
		Expect(res.Body.Close()).To(Succeed())
		Expect(res.StatusCode).To(Equal(x.status), what)
	}
	Expect(cluster.Get(ctx, y.key("t"), &after)).To(Succeed())
	Expect(after.Spec).To(Equal(before.Spec))
	Expect(after.Annotations).To(Equal(before.Annotations))
}
