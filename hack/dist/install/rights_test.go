package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rights are the ClusterRole and the Role of docs/guides/install.md.
func rights(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../../docs/guides/install.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "\n## Rights of who installs\n")
	_, block, begun := strings.Cut(section, "```yaml\n")
	block, _, ended := strings.Cut(block, "```")
	if !found || !begun || !ended {
		t.Fatal("docs/guides/install.md has no YAML below Rights of who installs")
	}
	return block
}

// give lets a user have some rights, and nothing else.
func give(t *testing.T, user, rights string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rights.yaml")
	binding := `---
apiVersion: rbac.authorization.k8s.io/v1
kind: %sBinding
metadata: {name: emporium-installer%s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: %[1]s, name: emporium-installer}
subjects: [{kind: User, name: %[3]s, apiGroup: rbac.authorization.k8s.io}]
`
	manifest := rights + fmt.Sprintf(binding, "ClusterRole", "", user) + fmt.Sprintf(binding, "Role", ", namespace: "+system, user)
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl.run(t, "apply", "--server-side", "--force-conflicts", "-f", path)
}

func TestTheRightsOfTheGuideAreEnoughToInstallUpgradeAndUninstall(t *testing.T) {
	kubeconfig, err := kubeconfigOf("installer")
	if err != nil {
		t.Fatal(err)
	}
	helms(t, func(t *testing.T, helm program) {
		give(t, "installer", rights(t))
		helm = helm.as(kubeconfig)
		helm.run(t, "install", "emporium", olderChart(), "-n", system)
		helm.run(t, "upgrade", "emporium", newer(), "-n", system, "--set", "replicaCount=3,accessPolicy.enabled=true")
		helm.run(t, "rollback", "emporium", "1", "-n", system)
		helm.run(t, "uninstall", "emporium", "-n", system)
	})
	t.Run("kubectl", func(t *testing.T) {
		clean(t)
		give(t, "installer", rights(t))
		kubectl.as(kubeconfig).run(t, install("old")...)
		kubectl.as(kubeconfig).run(t, install("new")...)
		kubectl.as(kubeconfig).run(t, "apply", "--server-side", "-f", filepath.Join(stage.dist, "install-policy.yaml"))
		kubectl.as(kubeconfig).refused(t, "forbidden", "-n", "acme", "get", "secrets")
	})
}

// That none of them is too many, one at a time: without it, an installation of one form or another is refused.
func TestNoneOfTheRightsOfTheGuideIsTooMany(t *testing.T) {
	kubeconfig, err := kubeconfigOf("lesser")
	if err != nil {
		t.Fatal(err)
	}
	all := rights(t)
	for line := range strings.Lines(all) {
		resources, is := strings.CutPrefix(strings.TrimSpace(line), "resources: ")
		if !is {
			continue
		}
		t.Run(strings.ReplaceAll(resources, ",", " and"), func(t *testing.T) {
			clean(t)
			give(t, "lesser", strings.Replace(all, line, "  resources: [none-of-these]\n", 1))
			who, args := helm4, []string{"install", "emporium", newer(), "-n", system, "--set", "accessPolicy.enabled=true"}
			if resources == "[namespaces]" {
				who, args = kubectl, install("new")
			}
			who.as(kubeconfig).refused(t, "forbidden", args...)
		})
	}
}
