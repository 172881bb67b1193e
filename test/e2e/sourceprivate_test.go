package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"

	"github.com/emporium-shop/emporium/api/v1alpha1"
	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/test/stage"
)

const privatePort = ":3002"

// privateSpecs are of repositories that not everybody may read, and of hosts that call.
func privateSpecs(yard func() *yard) {
	It("builds from a repository behind a user's password, at a host whose certificate an own authority signed", func(ctx SpecContext) {
		y := yard()
		authority := y.servePrivate(ctx, "team", "s3cret-read")
		commit := y.push(ctx, "private", greeting("hello, private"))
		y.secret(ctx, "git-read", "--from-literal=username=team", "--from-literal=password=s3cret-read", "--from-literal=ca.crt="+authority)
		y.sourceAt(ctx, "private", "https://"+load.HostAddress+privatePort+"/git/private.git", "git-read")
		Eventually(func(g Gomega) {
			g.Expect(readyOf(y.status(ctx, g, "private"))).To(And(HavePrefix("InvalidSource: "), ContainSubstring("annotate secret git-read")))
		}).Should(Succeed())
		y.allow(ctx, "git-read", "private")
		y.comes(ctx, "private", commit, v1alpha1.ReasonUpToDate)

		y.secret(ctx, "git-wrong", "--from-literal=username=other", "--from-literal=password=s3cret-read", "--from-literal=ca.crt="+authority)
		y.allow(ctx, "git-wrong", "refused")
		y.push(ctx, "refused", greeting("hello"))
		y.sourceAt(ctx, "refused", "https://"+load.HostAddress+privatePort+"/git/refused.git", "git-wrong")
		Eventually(func(g Gomega) {
			g.Expect(readyOf(y.status(ctx, g, "refused"))).To(And(ContainSubstring("401"), Not(ContainSubstring("s3cret"))))
		}).Should(Succeed())
		Expect(y.jobs(ctx, "refused")).To(BeEmpty(), "who is not let in builds nothing")
	})

	It("builds at once when its Git host calls, through the operator's Service", func(ctx SpecContext) {
		y := yard()
		address := y.openWebhook(ctx)
		first := y.push(ctx, "called", greeting("hello"))
		y.secret(ctx, "hook", "--from-literal=token=s3cret-hook")
		y.allow(ctx, "hook", "called")
		y.source(ctx, "called", "webhookSecret: hook")
		_, err := here.Kubectl(ctx, "-n", y.namespace, "patch", "shopsource/called", "--type=merge", "-p", `{"spec":{"interval":"24h"}}`)
		Expect(err).NotTo(HaveOccurred())
		y.comes(ctx, "called", first, v1alpha1.ReasonUpToDate)
		second := y.push(ctx, "called", greeting("hello again"))
		Expect(call(ctx, address+"/hooks/"+y.namespace+"/called", "another key")).To(Equal(http.StatusNotFound))
		Consistently(func(g Gomega) { g.Expect(y.status(ctx, g, "called").Commit).To(Equal(first)) }).WithTimeout(4 * time.Second).Should(Succeed())
		Expect(call(ctx, address+"/hooks/"+y.namespace+"/called", "s3cret-hook")).To(Equal(http.StatusAccepted))
		y.comes(ctx, "called", second, v1alpha1.ReasonUpToDate)
	})
}

// servePrivate serves the same repositories with TLS, to one user; it returns who signed its certificate.
func (y *yard) servePrivate(ctx context.Context, user, password string) string {
	GinkgoHelper()
	handler, err := y.git.Handler(context.WithoutCancel(ctx))
	Expect(err).NotTo(HaveOccurred())
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
	certificate, authority := certificateOf(load.HostAddress)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", load.HostAddress+privatePort)
	Expect(err).NotTo(HaveOccurred())
	web := &http.Server{Handler: guarded, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}
	go func() { _ = web.ServeTLS(listener, "", "") }()
	DeferCleanup(web.Close)
	return authority
}

// certificateOf an address, which signs itself.
func certificateOf(address string) (tls.Certificate, string) {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority of our own"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	Expect(err).NotTo(HaveOccurred())
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))
}

func (y *yard) secret(ctx context.Context, name string, data ...string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, append([]string{"-n", y.namespace, "create", "secret", "generic", name}, data...)...)
	Expect(err).NotTo(HaveOccurred())
}

func (y *yard) allow(ctx context.Context, secret, source string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "-n", y.namespace, "annotate", "secret/"+secret, v1alpha1.AnnotationAllowedSources+"="+source)
	Expect(err).NotTo(HaveOccurred())
}

func (y *yard) sourceAt(ctx context.Context, name, url, secret string) {
	GinkgoHelper()
	Expect(here.Apply(ctx, fmt.Sprintf(`apiVersion: shop.emporium.dev/v1alpha1
kind: ShopSource
metadata: {name: %[1]s, namespace: %[2]s}
spec: {git: {url: %[3]q, secret: %[4]s}, image: %[5]s/%[1]s, interval: 2s}
`, name, y.namespace, url, secret, y.builds.Host()))).To(Succeed())
}

// openWebhook adds config/manager/webhook to the operator that runs, and returns the address of its Service.
func (y *yard) openWebhook(ctx context.Context) string {
	GinkgoHelper()
	folder := filepath.Join(here.Root, "config", "manager", "webhook")
	text, err := os.ReadFile(filepath.Join(folder, "kustomization.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var component struct {
		Patches []struct{ Patch string }
	}
	Expect(yaml.Unmarshal(text, &component)).To(Succeed())
	patch, err := yaml.YAMLToJSON([]byte(component.Patches[0].Patch))
	Expect(err).NotTo(HaveOccurred())
	kubectl := func(args ...string) string {
		out, err := here.Kubectl(ctx, append([]string{"-n", stage.System}, args...)...)
		Expect(err).NotTo(HaveOccurred())
		return strings.TrimSpace(out)
	}
	kubectl("patch", "deployment/emporium", "--type=json", "-p", string(patch))
	DeferCleanup(func(ctx SpecContext) { // the port is the patch's, and would stay
		_, err := here.Kubectl(ctx, "-n", stage.System, "patch", "deployment/emporium", "--type=json", "-p", `[{"op":"remove","path":"/spec/template/spec/containers/0/ports/2"}]`)
		Expect(err).NotTo(HaveOccurred())
		_, err = here.Kubectl(ctx, "-n", stage.System, "delete", "service/emporium-webhook")
		Expect(err).NotTo(HaveOccurred())
	})
	kubectl("apply", "--server-side", "-f", filepath.Join(folder, "service.yaml"))
	kubectl("rollout", "status", "deployment/emporium", "--timeout=120s")
	return "http://" + kubectl("get", "service/emporium-webhook", "-o", "jsonpath={.spec.clusterIP}")
}

// call calls as GitHub does after a push, and returns the status.
func call(ctx context.Context, url, key string) int {
	GinkgoHelper()
	body := []byte(`{"ref":"refs/heads/main"}`)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	request.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	answer, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	Expect(answer.Body.Close()).To(Succeed())
	return answer.StatusCode
}
