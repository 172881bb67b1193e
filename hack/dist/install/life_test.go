package install

import (
	"strings"
	"testing"
)

func replicas(t *testing.T) string {
	t.Helper()
	return jsonpath(t, ".spec.replicas", "-n", system, "deployment", "emporium")
}

func image(t *testing.T) string {
	t.Helper()
	return jsonpath(t, ".spec.template.spec.containers[0].image", "-n", system, "deployment", "emporium")
}

func TestAShopOutlivesInstallUpgradeRollbackAndUninstall(t *testing.T) {
	helms(t, func(t *testing.T, helm program) {
		helm.run(t, "install", "emporium", olderChart(), "-n", system, "--create-namespace")
		uid := shop(t)
		if image(t) != "registry.example/operator:1.0.0" || replicas(t) != "2" {
			t.Fatalf("installed: %s × %s", image(t), replicas(t))
		}
		helm.run(t, "upgrade", "emporium", newer(), "-n", system, "--set", "replicaCount=3")
		if image(t) != "registry.example/operator:1.1.0" || replicas(t) != "3" {
			t.Errorf("upgraded: %s × %s", image(t), replicas(t))
		}
		if left := jsonpath(t, ".spec.names.categories", "crd", shops); strings.Contains(left, "older") {
			t.Errorf("the CRD was not upgraded with the release: its categories are %s", left)
		}
		helm.run(t, "rollback", "emporium", "1", "-n", system)
		if image(t) != "registry.example/operator:1.0.0" || replicas(t) != "2" {
			t.Errorf("rolled back: %s × %s", image(t), replicas(t))
		}
		said := helm.run(t, "uninstall", "emporium", "-n", system)
		if !strings.Contains(said, shops) {
			t.Errorf("it does not say that it keeps the CRDs:\n%s", said)
		}
		if image(t) != "" || jsonpath(t, ".metadata.name", "clusterrole", "emporium") != "" {
			t.Error("uninstalled, and the operator or its rights are still there")
		}
		if got := jsonpath(t, ".metadata.uid", "-n", "acme", "shop", "acme"); got != uid || uid == "" {
			t.Errorf("the Shop was %q, and is %q", uid, got)
		}
		// And back: what Helm kept, it knows.
		helm.run(t, "install", "emporium", newer(), "-n", system)
		if got := jsonpath(t, ".metadata.uid", "-n", "acme", "shop", "acme"); got != uid {
			t.Errorf("installed again, the Shop is %q", got)
		}
	})
}

func TestOnlyWhoTurnsCRDsKeepOffDeletesShops(t *testing.T) {
	helms(t, func(t *testing.T, helm program) {
		helm.run(t, "install", "emporium", newer(), "-n", system)
		shop(t)
		said := helm.run(t, "upgrade", "emporium", newer(), "-n", system, "--set", "crds.keep=false")
		if !strings.Contains(said, "WARNING: crds.keep is false") || !strings.Contains(said, "\n  "+shops) {
			t.Errorf("it does not say what uninstalling deletes:\n%s", said)
		}
		helm.run(t, "uninstall", "emporium", "-n", system)
		kubectl.run(t, "wait", "--for=delete", "--timeout=60s", "crd/"+shops)
	})
}

// What happened to others (crds.create=false on an upgrade deleted everything) does not happen with crds.keep=true.
func TestTurningCRDsOffKeepsThem(t *testing.T) {
	helms(t, func(t *testing.T, helm program) {
		helm.run(t, "install", "emporium", newer(), "-n", system)
		uid := shop(t)
		helm.refused(t, "would delete the CRDs of this release", "upgrade", "emporium", newer(), "-n", system, "--set", "crds.enabled=false,crds.keep=false")
		helm.run(t, "upgrade", "emporium", newer(), "-n", system, "--set", "crds.enabled=false")
		if got := jsonpath(t, ".metadata.uid", "-n", "acme", "shop", "acme"); got != uid {
			t.Errorf("the Shop was %q, and is %q", uid, got)
		}
		// From now on they are the other chart's.
		helm.refused(t, "invalid ownership metadata", "install", "emporium-crds", strings.Replace(newer(), "emporium-1", "emporium-crds-1", 1), "-n", system)
		helm.run(t, "install", "emporium-crds", strings.Replace(newer(), "emporium-1", "emporium-crds-1", 1), "-n", system, "--take-ownership")
		helm.run(t, "upgrade", "emporium", newer(), "-n", system, "--set", "crds.enabled=false,replicaCount=1")
		helm.run(t, "uninstall", "emporium-crds", "-n", system)
		if got := jsonpath(t, ".metadata.uid", "-n", "acme", "shop", "acme"); got != uid {
			t.Errorf("without the chart of the CRDs, the Shop is %q", got)
		}
	})
}
