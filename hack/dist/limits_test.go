package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// kubectl apply keeps a whole object in an annotation, which may have 262,144 bytes; Argo CD does the same by default.
const largestCRD = 200_000

func TestEveryCRDIsSmallEnoughForPlainKubectlApply(t *testing.T) {
	count := 0
	for key, one := range objects(t, rendered(t, loaded(t, "emporium-crds"), release{}, "")) {
		text, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		count++
		if len(text) > largestCRD {
			t.Errorf("%s has %d bytes, more than %d: shorten maxDescLen in the Makefile", key, len(text), largestCRD)
		}
		t.Logf("%s has %d bytes", key, len(text))
	}
	if count != 4 {
		t.Errorf("there are %d CRDs", count)
	}
}

// A Deployment whose selector changes can never be upgraded: it has to be deleted, and the leadership with it. These are for ever.
func TestSelectorsAreFrozen(t *testing.T) {
	const frozen = `{"app.kubernetes.io/component":"operator","app.kubernetes.io/name":"emporium"}`
	everything := "{networkPolicy: {enabled: true}, metrics: {podMonitor: {enabled: true}}, commonLabels: {team: shops}}"
	where := map[string][]string{
		"Deployment": {"spec", "selector", "matchLabels"}, "PodDisruptionBudget": {"spec", "selector", "matchLabels"},
		"NetworkPolicy": {"spec", "podSelector", "matchLabels"}, "PodMonitor": {"spec", "selector", "matchLabels"},
	}
	for _, one := range objects(t, rendered(t, loaded(t, "emporium"), release{}, everything)) {
		path, selects := where[one["kind"].(string)]
		if !selects {
			continue
		}
		delete(where, one["kind"].(string))
		labels, _, _ := unstructured.NestedMap(one, path...)
		if text, _ := json.Marshal(labels); string(text) != frozen {
			t.Errorf("the selector of %s is %s; it has to stay %s", one["kind"], text, frozen)
		}
	}
	for kind := range where {
		t.Errorf("there is no %s to look at", kind)
	}
}

func TestTheSameSourcesGiveTheSameBits(t *testing.T) {
	var folders []string
	for i := range 2 {
		o := checkout
		o.out = t.TempDir()
		o = withoutPrograms(t, o)
		changed := time.Date(2026, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if err := filepath.WalkDir(o.root, func(path string, _ fs.DirEntry, _ error) error { return os.Chtimes(path, changed, changed) }); err != nil {
			t.Fatal(err)
		}
		if err := run(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		folders = append(folders, o.out)
	}
	files, err := os.ReadDir(folders[0])
	if err != nil || len(files) != 7 {
		t.Fatalf("it wrote %v (%v)", files, err)
	}
	for _, file := range files {
		a, _ := os.ReadFile(filepath.Join(folders[0], file.Name()))
		b, _ := os.ReadFile(filepath.Join(folders[1], file.Name()))
		if len(a) == 0 || !bytes.Equal(a, b) {
			t.Errorf("%s differs", file.Name())
		}
	}
}

// withoutPrograms looks at a copy of what forms are made from, which is elsewhere.
func withoutPrograms(t *testing.T, o options) options {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"config", "charts"} {
		if err := os.CopyFS(filepath.Join(root, folder), os.DirFS(filepath.Join(o.root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	o.root = root
	return o
}

// The sources of one program in two folders.
func TestAProgramDoesNotShowWhereItWasBuilt(t *testing.T) {
	var programs [][]byte
	for range 2 {
		folder := t.TempDir()
		if err := os.CopyFS(folder, os.DirFS("testdata/program")); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(folder, "program")
		if err := build(t.Context(), folder, ".", to, "linux", "arm64", "1.2.3"); err != nil {
			t.Fatal(err)
		}
		program, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(program, []byte("1.2.3")) || bytes.Contains(program, []byte(folder)) {
			t.Error("it does not know its version, or knows its folder")
		}
		programs = append(programs, program)
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Error("they differ")
	}
}

func TestTheSumsAreThoseOfTheFiles(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a"), []byte("a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sums(folder); err != nil {
		t.Fatal(err)
	}
	// As sha256sum writes it.
	const want = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7  a\n"
	if got, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS")); err != nil || string(got) != want {
		t.Errorf("it is %q (%v)", got, err)
	}
}
