package install

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const (
	system = "emporium-system"
	shops  = "shops.shop.emporium.dev"
)

// stage is what the tests share: an API server, what make dist writes, and the programs.
var stage struct {
	env        *envtest.Environment
	admin      client.Client
	kubeconfig string
	// dist is the folder of the forms, and older that of the version before: with other images, and with a CRD that knows less.
	dist, older string
	// folder holds programs and settings of Helm.
	folder string
}

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		fmt.Println("hack/dist/install: left out, KUBEBUILDER_ASSETS names no kube-apiserver; make test-dist sets it")
		os.Exit(0)
	}
	code := 1
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, "setting up:", err)
	} else {
		code = m.Run()
	}
	if stage.env != nil {
		_ = stage.env.Stop()
	}
	_ = os.RemoveAll(stage.folder)
	os.Exit(code)
}

func setUp() (err error) {
	if stage.folder, err = os.MkdirTemp("", "emporium-dist-"); err != nil {
		return err
	}
	stage.env = &envtest.Environment{}
	config, err := stage.env.Start()
	if err != nil {
		return err
	}
	if stage.admin, err = client.New(config, client.Options{}); err != nil {
		return err
	}
	if stage.kubeconfig, err = kubeconfigOf("admin", "system:masters"); err != nil {
		return err
	}
	for to, program := range map[string]string{"helm4": "helm.sh/helm/v4/cmd/helm", "helm3": "helm.sh/helm/v3/cmd/helm", "dist": ".."} {
		if said, err := exec.Command("go", "build", "-o", filepath.Join(stage.folder, to), program).CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", program, err, said)
		}
	}
	stage.dist, stage.older = filepath.Join(stage.folder, "new"), filepath.Join(stage.folder, "old")
	root, err := sources()
	if err != nil {
		return err
	}
	if err := dist(root, stage.dist, "1.1.0"); err != nil {
		return err
	}
	return older(root)
}

// dist runs the program as make dist does.
func dist(root, out, tag string) error {
	said, err := exec.Command(filepath.Join(stage.folder, "dist"), "-root", root, "-out", out, "-tag", tag, "-registry", "registry.example").CombinedOutput()
	if err != nil {
		return fmt.Errorf("writing %s: %w\n%s", tag, err, said)
	}
	return nil
}

// sources are what forms are made from, without the programs, which take minutes to build and are not installed here.
func sources() (root string, err error) {
	root = filepath.Join(stage.folder, "sources")
	for _, folder := range []string{"config", "charts"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join("../../..", folder))); err != nil {
			return "", err
		}
	}
	return root, nil
}

// older writes the version before this one, which had another word in a CRD.
func older(root string) error {
	crd := filepath.Join(root, "config/crd/bases/shop.emporium.dev_shops.yaml")
	text, err := os.ReadFile(crd)
	if err != nil {
		return err
	}
	const word = "categories:\n"
	if !strings.Contains(string(text), word) {
		return fmt.Errorf("%s has no %q", crd, word)
	}
	if err := os.WriteFile(crd, []byte(strings.Replace(string(text), word, word+"    - older\n", 1)), 0o600); err != nil {
		return err
	}
	return dist(root, stage.older, "1.0.0")
}

// kubeconfigOf writes one for a user of these groups, and returns its path.
func kubeconfigOf(name string, groups ...string) (string, error) {
	user, err := stage.env.AddUser(envtest.User{Name: name, Groups: groups}, &rest.Config{})
	if err != nil {
		return "", err
	}
	text, err := user.KubeConfig()
	if err != nil {
		return "", err
	}
	path := filepath.Join(stage.folder, name+".kubeconfig")
	return path, os.WriteFile(path, text, 0o600)
}

// program is one that talks to the API server, and the words it always needs.
type program struct{ name, kubeconfig string }

var (
	helm4   = program{name: "helm4"}
	helm3   = program{name: "helm3"}
	kubectl = program{name: "kubectl"}
)

// as is the program in the hands of another user.
func (p program) as(kubeconfig string) program { p.kubeconfig = kubeconfig; return p }

// try runs it, and returns what it says.
func (p program) try(args ...string) (string, error) {
	path := filepath.Join(stage.folder, p.name)
	if p.name == kubectl.name {
		path = filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	}
	kubeconfig := p.kubeconfig
	if kubeconfig == "" {
		kubeconfig = stage.kubeconfig
	}
	command := exec.Command(path, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "HOME="+stage.folder, "XDG_CACHE_HOME="+stage.folder, "HELM_CACHE_HOME="+stage.folder, "HELM_CONFIG_HOME="+stage.folder, "HELM_DATA_HOME="+stage.folder)
	began := time.Now()
	out, err := command.CombinedOutput()
	if testing.Verbose() {
		fmt.Printf("    %5.1f s  %s %.100s\n", time.Since(began).Seconds(), p.name, strings.Join(args, " "))
	}
	return string(out), err
}

// run fails the test when the program fails.
func (p program) run(t *testing.T, args ...string) string {
	t.Helper()
	said, err := p.try(args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%.3000s", p.name, strings.Join(args, " "), err, said)
	}
	return said
}

// refused fails the test unless the program fails with these words.
func (p program) refused(t *testing.T, words string, args ...string) {
	t.Helper()
	said, err := p.try(args...)
	if err == nil {
		t.Fatalf("%s %s: it is taken:\n%.2000s", p.name, strings.Join(args, " "), said)
	}
	if !strings.Contains(said, words) {
		t.Fatalf("%s %s: it does not say %q but\n%.3000s", p.name, strings.Join(args, " "), words, said)
	}
}

// charts of the two versions.
func newer() string      { return filepath.Join(stage.dist, "emporium-1.1.0.tgz") }
func olderChart() string { return filepath.Join(stage.older, "emporium-1.0.0.tgz") }

// jsonpath is a field of an object, and empty when there is no such object.
func jsonpath(t *testing.T, field string, object ...string) string {
	t.Helper()
	return kubectl.run(t, append([]string{"get", "--ignore-not-found", "-o", "jsonpath={" + field + "}"}, object...)...)
}

// helms runs a test with each Helm, each on a cluster without Emporium.
func helms(t *testing.T, test func(t *testing.T, helm program)) {
	for _, helm := range []program{helm4, helm3} {
		t.Run(helm.name, func(t *testing.T) {
			clean(t)
			test(t, helm)
		})
	}
}

// clean removes what a test before left: the releases as Helm keeps them, and every object of the forms.
func clean(t *testing.T) {
	t.Helper()
	_, _ = kubectl.try("create", "namespace", system)
	_, _ = kubectl.try("create", "namespace", "acme")
	kubectl.run(t, "-n", system, "delete", "secrets,deployments,pdb,roles,rolebindings,serviceaccounts", "--all", "--wait=false")
	kubectl.run(t, "delete", "--ignore-not-found", "--wait=false", "clusterrole,clusterrolebinding", "emporium")
	kubectl.run(t, "delete", "--ignore-not-found", "--wait=false", "clusterrole", "emporium-view", "emporium-edit", "emporium-admin", "emporium-approver", "emporium-on-call")
	kubectl.run(t, "delete", "--ignore-not-found", "--wait=false", "validatingadmissionpolicy,validatingadmissionpolicybinding", "emporium-front-door-leases", "emporium-acts")
	kubectl.run(t, "delete", "--ignore-not-found", "--wait=false", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", "emporium-stamp")
	for _, kind := range []string{shops, "shopservices.shop.emporium.dev", "shopreleases.shop.emporium.dev", "shopsources.shop.emporium.dev"} {
		kubectl.run(t, "delete", "crd", "--ignore-not-found", "--wait=true", "--timeout=60s", kind)
	}
}

// shop creates one, and returns who it is.
func shop(t *testing.T) string {
	t.Helper()
	kubectl.run(t, "wait", "--for=condition=Established", "--timeout=60s", "crd/"+shops)
	path := filepath.Join(t.TempDir(), "shop.yaml")
	const manifest = "apiVersion: shop.emporium.dev/v1alpha1\nkind: Shop\nmetadata: {name: acme, namespace: acme}\nspec: {frontDoor: {type: Managed}}\n"
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl.run(t, "apply", "--server-side", "-f", path)
	return jsonpath(t, ".metadata.uid", "-n", "acme", "shop", "acme")
}
