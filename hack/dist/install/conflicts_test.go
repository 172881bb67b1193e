package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// conflict is a row of the table in docs/guides/install.md: what was there, what then is refused, and the flag that resolves it.
type conflict struct {
	// before and then are the cells of the table.
	before, then string
	begin        func(t *testing.T)
	program      program
	args         []string
	// words of the refusal. Empty: it is not refused.
	words string
	flags string
	// again says how it is resolved, where it is not by the same command with the flag.
	again []string
	// after is what must hold then.
	after func(t *testing.T)
}

func install(version string) []string {
	return []string{"apply", "--server-side", "-f", filepath.Join(stage.folder, version, "install.yaml")}
}

// crdsAlone applies the CRDs of a version, as people do who install them apart.
func crdsAlone(version string) func(t *testing.T) {
	return func(t *testing.T) {
		manifest := helm4.run(t, "template", "crds", filepath.Join(stage.folder, version, map[string]string{"new": "emporium-crds-1.1.0.tgz", "old": "emporium-crds-1.0.0.tgz"}[version]), "--set", "keep=false")
		path := filepath.Join(t.TempDir(), "crds.yaml")
		if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		kubectl.run(t, "apply", "--server-side", "-f", path)
	}
}

func by(p program, args ...string) func(t *testing.T) {
	return func(t *testing.T) { p.run(t, args...) }
}

func both(steps ...func(t *testing.T)) func(t *testing.T) {
	return func(t *testing.T) {
		for _, step := range steps {
			step(t)
		}
	}
}

func serves(version, count string) func(t *testing.T) {
	return func(t *testing.T) {
		if image(t) != "registry.example/operator:"+version || replicas(t) != count {
			t.Errorf("it is %s × %s, not %s × %s", image(t), replicas(t), version, count)
		}
		if left := jsonpath(t, ".spec.names.categories", "crd", shops); version == "1.1.0" && strings.Contains(left, "older") {
			t.Errorf("the CRD is still the older one: %s", left)
		}
	}
}

func conflicts() []conflict {
	const foreign = "invalid ownership metadata"
	in := func(p program, chart string) func(t *testing.T) {
		return by(p, "install", "emporium", chart, "-n", system)
	}
	installNew := []string{"install", "emporium", newer(), "-n", system}
	// A try that failed holds the name of the release, so it is not installed again but upgraded.
	anew := []string{"upgrade", "--install", "emporium", newer(), "-n", system, "--take-ownership", "--force-conflicts"}
	const resolved = "helm upgrade --install --take-ownership --force-conflicts"
	upgradeNew := []string{"upgrade", "emporium", newer(), "-n", system}
	scale := by(kubectl, "-n", system, "scale", "deployment/emporium", "--replicas=1")
	edited := by(kubectl, "-n", system, "set", "image", "deployment/emporium", "manager=registry.example/operator:patched")
	return []conflict{
		{"kubectl applied the CRDs, of the same version", "`helm install`, Helm 4", crdsAlone("new"), helm4, installNew, foreign, "--take-ownership", nil, serves("1.1.0", "2")},
		{"kubectl applied the CRDs, of the same version", "`helm install`, Helm 3", crdsAlone("new"), helm3, installNew, foreign, "--take-ownership", nil, serves("1.1.0", "2")},
		{"kubectl applied the CRDs, of an older version", "`helm install --take-ownership`, Helm 4", crdsAlone("old"), helm4, append(installNew, "--take-ownership"), "conflict", resolved, anew, serves("1.1.0", "2")},
		{"kubectl applied the CRDs, of an older version", "`helm install`, Helm 3", crdsAlone("old"), helm3, installNew, foreign, "--take-ownership", nil, serves("1.1.0", "2")},
		{"kubectl applied `install.yaml`, of an older version", "`helm install --take-ownership`, Helm 4", by(kubectl, install("old")...), helm4, append(installNew, "--take-ownership"), "conflict", resolved, anew, serves("1.1.0", "2")},
		{"kubectl applied `install.yaml`, of an older version", "`helm install`, Helm 3", by(kubectl, install("old")...), helm3, installNew, foreign, "--take-ownership", nil, serves("1.1.0", "2")},
		{"Helm 4 installed", "`kubectl apply --server-side -f install.yaml`, of a newer version", in(helm4, olderChart()), kubectl, install("new"), "conflict", "--force-conflicts", nil, serves("1.1.0", "2")},
		{"Helm 3 installed", "`kubectl apply --server-side -f install.yaml`, of a newer version", in(helm3, olderChart()), kubectl, install("new"), "conflict", "--force-conflicts", nil, serves("1.1.0", "2")},
		{"Helm 4 installed, then `kubectl scale`", "`helm upgrade`, Helm 4", both(in(helm4, newer()), scale), helm4, upgradeNew, "conflict", "--force-conflicts", nil, serves("1.1.0", "2")},
		{"Helm 3 installed, then `kubectl scale`", "`helm upgrade`, Helm 3", both(in(helm3, newer()), scale), helm3, upgradeNew, "", "", nil, serves("1.1.0", "2")},
		{"Helm 4 installed, then `kubectl set image`", "`helm upgrade`, Helm 4", both(in(helm4, olderChart()), edited), helm4, upgradeNew, "conflict", "--force-conflicts", nil, serves("1.1.0", "2")},
		{"Helm 3 installed, then `kubectl set image`", "`helm upgrade`, Helm 3", both(in(helm3, olderChart()), edited), helm3, upgradeNew, "", "", nil, serves("1.1.0", "2")},
		{"Helm 3 installed", "`helm upgrade`, Helm 4", in(helm3, olderChart()), helm4, upgradeNew, "", "", nil, serves("1.1.0", "2")},
		{"Helm 3 installed", "`helm upgrade --server-side=true`, Helm 4", in(helm3, olderChart()), helm4, append(upgradeNew, "--server-side=true"), "", "", nil, serves("1.1.0", "2")},
		{"Helm 4 installed", "`helm upgrade`, Helm 3", in(helm4, olderChart()), helm3, upgradeNew, "", "", nil, serves("1.1.0", "2")},
	}
}

func TestEachConflictIsResolvedByTheFlagInTheGuide(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guides/install.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range conflicts() {
		t.Run(row.before+": "+row.then, func(t *testing.T) {
			flag := "none"
			if row.flags != "" {
				flag = "`" + row.flags + "`"
			}
			if line := "| " + row.before + " | " + row.then + " | " + flag + " |"; !strings.Contains(string(guide), line) {
				t.Errorf("docs/guides/install.md has no row\n%s", line)
			}
			clean(t)
			row.begin(t)
			if row.words == "" {
				row.program.run(t, row.args...)
			} else {
				row.program.refused(t, row.words, row.args...)
				if row.again == nil {
					row.again = append(row.args, strings.Fields(row.flags)...)
				}
				row.program.run(t, row.again...)
			}
			row.after(t)
		})
	}
}
