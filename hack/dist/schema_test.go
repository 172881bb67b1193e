package main

import (
	"strings"
	"testing"
)

// What people get wrong, and what they are told: where, and what stands there instead.
func TestWrongValuesAreRefusedWithASentence(t *testing.T) {
	c := loaded(t, "emporium")
	for values, want := range map[string]string{
		"replicas: 3":                                   "additional properties 'replicas' not allowed",
		"replicaCount: three":                           "at '/replicaCount': got string, want integer",
		"replicaCount: -1":                              "at '/replicaCount': minimum: got -1, want 0",
		"replicaCount: 200":                             "at '/replicaCount': maximum: got 200, want 10",
		"image: emporium.local/operator:1":              "at '/image': got string, want object",
		"image: {name: operator}":                       "at '/image': additional properties 'name' not allowed",
		"image: {repository: ''}":                       "at '/image/repository': '' does not match pattern",
		"image: {repository: Operator}":                 "at '/image/repository': 'Operator' does not match pattern",
		"image: {tag: 1.2}":                             "at '/image/tag': got number, want string",
		"image: {digest: 0123}":                         "at '/image/digest': got number, want string",
		"image: {digest: 'sha256:0123'}":                "at '/image/digest': 'sha256:0123' does not match pattern",
		"image: {pullPolicy: always}":                   "at '/image/pullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'",
		"imageRegistry: 'https://mirror.example'":       "at '/imageRegistry': 'https://mirror.example' does not match pattern",
		"imagePullSecrets: [registry]":                  "at '/imagePullSecrets/0': got string, want object",
		"namespaces: acme":                              "at '/namespaces': got string, want array",
		"namespaces: [Acme]":                            "at '/namespaces/0': 'Acme' does not match pattern",
		"namespaces: [acme, acme]":                      "at '/namespaces': items at 0 and 1 are equal",
		"resources: {limits: {memory: 1G}}":             "at '/resources/limits/memory': '1G' does not match pattern",
		"resources: {requests: {mem: 1Gi}}":             "at '/resources/requests': additional properties 'mem' not allowed",
		"crds: {keep: 'yes'}":                           "at '/crds/keep': got string, want boolean",
		"installCRDs: true":                             "additional properties 'installCRDs' not allowed",
		"podDisruptionBudget: {maxUnavailable: one}":    "at '/podDisruptionBudget/maxUnavailable': 'one' does not match pattern",
		"tolerations: [{key: a, effect: Never}]":        "at '/tolerations/0/effect': value must be one of 'NoSchedule', 'PreferNoSchedule', 'NoExecute'",
		"tolerations: {key: a}":                         "at '/tolerations': got object, want array",
		"topologySpreadConstraints: [{topologyKey: a}]": "at '/topologySpreadConstraints/0': missing properties 'maxSkew', 'whenUnsatisfiable'",
		"extraArgs: [workers=8]":                        "at '/extraArgs/0': 'workers=8' does not match pattern",
		"extraArgs: ['--namespaces=acme']":              "extraArgs names --namespaces, which the chart sets itself; use the value namespaces",
		"extraEnv: [{name: GOGC, value: '100'}]":        "extraEnv names GOGC, which the chart sets itself; use no value: it is always set",
		"extraEnv: [{name: A, value: 1}]":               "at '/extraEnv/0/value': got number, want string",
		"commonLabels: {app.kubernetes.io/name: shop}":  "at '/commonLabels/app.kubernetes.io~1name': value must be 'emporium'",
		"commonLabels: {'a b': x}":                      "additional properties 'a b' not allowed",
		"commonLabels: {team: 'a b'}":                   "at '/commonLabels/team': 'a b' does not match pattern",
		"accessPolicy: true":                            "at '/accessPolicy': got boolean, want object",
		"crds: {enabled: false, keep: false}":           "would delete the CRDs of this release",
		"metrics: {podMonitor: {interval: often}}":      "at '/metrics/podMonitor/interval': 'often' does not match pattern",
		"networkPolicy: {ingress: [{port: 9443}]}":      "at '/networkPolicy/ingress/0': additional properties 'port' not allowed",
		"frontDoor: {image: {pullPolicy: Always}}":      "at '/frontDoor/image': additional properties 'pullPolicy' not allowed",
		"builds: {buildkitImage: {repository: '../a'}}": "at '/builds/buildkitImage/repository': '../a' does not match pattern",
	} {
		out, err := render(c, release{}, valuesOf(t, values))
		if err == nil {
			t.Errorf("%s is taken:\n%.200s", values, out)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: it says\n%v\nand not %q", values, err, want)
		}
	}
	if _, err := render(loaded(t, "emporium-crds"), release{}, valuesOf(t, "crds: {keep: false}")); err == nil || !strings.Contains(err.Error(), "'crds' not allowed") {
		t.Errorf("emporium-crds: it says %v", err)
	}
}

// Helm gives every part of a larger chart the values called global.
func TestTheChartsMayBePartsOfAnother(t *testing.T) {
	for _, name := range chartNames {
		if _, err := render(loaded(t, name), release{}, valuesOf(t, "global: {imageRegistry: x}")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACopyOfTheChartWithoutItsLinksSaysSo(t *testing.T) {
	for _, name := range chartNames {
		c := loaded(t, name)
		c.Files = nil
		if _, err := render(c, release{}, valuesOf(t, "{}")); err == nil || !strings.Contains(err.Error(), "make dist") {
			t.Errorf("%s: it says %v", name, err)
		}
	}
}

func TestNotesSayWhatUninstallingDeletes(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                     "helm uninstall keeps the CRDs and every Shop",
		"crds: {keep: false}":    "delete these CRDs, and with them EVERY",
		"crds: {enabled: false}": "the CRDs are not this release's",
	} {
		notes := string(rendered(t, loaded(t, "emporium"), release{notes: true}, values))
		if !strings.Contains(notes, want) {
			t.Errorf("%s: NOTES.txt does not say %q", values, want)
		}
		for _, kind := range []string{"shops", "shopservices", "shopreleases", "shopsources"} {
			if listed := strings.Contains(notes, "\n  "+kind+".shop.emporium.dev"); listed != (values == "crds: {keep: false}") {
				t.Errorf("%s: %s is listed as deleted: %t", values, kind, listed)
			}
		}
	}
	if notes := string(rendered(t, loaded(t, "emporium-crds"), release{notes: true}, "keep: false")); !strings.Contains(notes, "EVERY Shop, ShopService, ShopRelease and ShopSource") {
		t.Error("emporium-crds: NOTES.txt does not say what is deleted")
	}
}
