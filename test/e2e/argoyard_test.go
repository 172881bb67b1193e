package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// argoNamespace is where Argo CD's own instructions and the files of config/gitops/argocd put it.
const argoNamespace = "argocd"

// An argoYard is a Git server and the real Argo CD: its objects in the cluster, its processes on this machine. Each process has the
// rights of its own account, as install.yaml gives them.
type argoYard struct {
	*gitYard
	// admin, approver and onCall are users: all rights, and those of the two roles of rbac.yaml.
	admin, approver, onCall argoUser
}

// openArgo starts it for all specs, with the files of config/gitops/argocd as they are shipped. It is gone when the last one ended.
func openArgo(ctx SpecContext) *argoYard {
	GinkgoHelper()
	y := &argoYard{gitYard: openGit(ctx)}
	Expect(here.Install(ctx, "redis-server")).To(Succeed())
	programs, err := store().ArgoCD(ctx)
	Expect(err).NotTo(HaveOccurred())
	installArgo(ctx, programs.Manifest)
	y.shipped(ctx)

	redis := free(ctx)
	host, port, err := net.SplitHostPort(redis)
	Expect(err).NotTo(HaveOccurred())
	y.start("redis-server", nil, "--bind", host, "--port", port, "--save", "", "--appendonly", "no", "--dir", y.work)
	repo, api := free(ctx), free(ctx)
	y.component(ctx, programs.RepoServer, redis, repo, "/healthz", "--disable-tls")
	y.component(ctx, programs.Server, redis, api, "", "--insecure", "--repo-server="+repo, "--repo-server-plaintext")
	healthy("http://"+api+"/healthz", func() string { return "argocd-server" })
	y.component(ctx, programs.ApplicationController, redis, "", "/healthz", "--repo-server="+repo, "--repo-server-plaintext")
	y.users(ctx, "http://"+api)
	return y
}

// installArgo applies what install.yaml holds beside the Deployments, whose images are not here.
func installArgo(ctx context.Context, manifest string) {
	GinkgoHelper()
	_, err := here.Kubectl(ctx, "wait", "--for=delete", "namespace/"+argoNamespace, "--timeout=2m") // of a run that was broken off
	Expect(err).NotTo(HaveOccurred())
	Expect(here.Apply(ctx, fmt.Sprintf("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {%s: \"\"}}\n", argoNamespace, drillLabel))).To(Succeed())
	text, err := os.ReadFile(manifest)
	Expect(err).NotTo(HaveOccurred())
	kept := regexp.MustCompile(`(?m)^kind: (CustomResourceDefinition|ServiceAccount|(Cluster)?Role(Binding)?|ConfigMap|Secret)$`)
	objects := slices.DeleteFunc(strings.Split(string(text), "\n---\n"), func(object string) bool { return !kept.MatchString(object) })
	file := filepath.Join(GinkgoT().TempDir(), "install.yaml")
	Expect(os.WriteFile(file, []byte(strings.Join(objects, "\n---\n")), 0o600)).To(Succeed())
	later("-n", argoNamespace, "delete", "--ignore-not-found", "--wait=false", "-f", file)
	later("delete", "namespace", argoNamespace, "--wait=false", "--ignore-not-found")
	_, err = here.Kubectl(ctx, "-n", argoNamespace, "apply", "--server-side", "-f", file)
	Expect(err).NotTo(HaveOccurred())
}

// shipped brings in our files by the commands of the guide. The groups of rbac.yaml are users here.
func (y *argoYard) shipped(ctx context.Context) {
	GinkgoHelper()
	for _, args := range [][]string{
		{"patch", "configmap", "argocd-cm", "--patch-file", recipe("argocd-cm.yaml")},
		{"patch", "configmap", "argocd-rbac-cm", "--patch-file", recipe("rbac.yaml")},
		{"patch", "configmap", "argocd-cm", "--type=merge", "-p", `{"data":{"accounts.your-approvers":"login","accounts.your-on-call":"login"}}`},
	} {
		_, err := here.Kubectl(ctx, append([]string{"-n", argoNamespace}, args...)...)
		Expect(err).NotTo(HaveOccurred())
	}
	project, err := os.ReadFile(recipe("appproject.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(here.Apply(ctx, strings.NewReplacer("${SHOP_GIT_URL}", y.url+"*", "namespace: acme", "namespace: drill-*").Replace(string(project)))).To(Succeed())
}

// recipe is the path of a file that we ship for Argo CD.
func recipe(name string) string { return filepath.Join(here.Root, "config", "gitops", "argocd", name) }

// component runs a component of Argo CD under its own account. Address is where it listens, health the path at the port of its
// metrics that tells of it.
func (y *argoYard) component(ctx context.Context, program, redis, address, health string, args ...string) {
	GinkgoHelper()
	name := filepath.Base(program)
	metrics := free(ctx)
	_, metricsPort, err := net.SplitHostPort(metrics)
	Expect(err).NotTo(HaveOccurred())
	args = append(args, "--redis="+redis, "--metrics-port="+metricsPort)
	if address != "" {
		host, port, err := net.SplitHostPort(address)
		Expect(err).NotTo(HaveOccurred())
		args = append(args, "--address="+host, "--port="+port)
	}
	env := []string{
		"ARGOCD_GPG_ENABLED=false", "ARGOCD_SSH_DATA_PATH=" + y.room("ssh"), "ARGOCD_TLS_DATA_PATH=" + y.room("tls"),
		"ARGOCD_PLUGINSOCKFILEPATH=" + y.room("plugins"), "ARGOCD_ASK_PASS_SOCK=" + filepath.Join(y.work, "ask-pass.sock"),
	}
	if name != "argocd-repo-server" { // which asks the cluster nothing
		args = append(args, "--namespace="+argoNamespace)
		env = append(env, "KUBECONFIG="+y.account(ctx, name), "ARGOCD_FAKE_IN_CLUSTER=true")
	}
	says := y.start(program, env, args...)
	if health != "" {
		healthy("http://"+metrics+health, says)
	}
}

// account is the path of a kubeconfig with the rights of a ServiceAccount of Argo CD.
func (y *argoYard) account(ctx context.Context, name string) string {
	GinkgoHelper()
	token, err := here.Kubectl(ctx, "-n", argoNamespace, "create", "token", name, "--duration=3h")
	Expect(err).NotTo(HaveOccurred())
	config, err := clientcmd.LoadFromFile(here.Kubeconfig)
	Expect(err).NotTo(HaveOccurred())
	for user := range config.AuthInfos {
		config.AuthInfos[user] = &api.AuthInfo{Token: strings.TrimSpace(token)}
	}
	path := filepath.Join(y.work, name+".kubeconfig")
	Expect(clientcmd.WriteToFile(*config, path)).To(Succeed())
	return path
}
