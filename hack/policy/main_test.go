package main

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestEveryFieldOfAShopNeedsARight: one that is added to the Go type is in the policy, or has a right of its own.
func TestEveryFieldOfAShopNeedsARight(t *testing.T) {
	fields := configured()
	for _, known := range []string{"frontDoor", "builds", "allowedPodMetadata", "release.promotion", "release.verify", "release.guard", "release.version"} {
		if !slices.Contains(fields, known) {
			t.Errorf("%s needs no right: %v", known, fields)
		}
	}
	for field := range owned {
		if slices.Contains(fields, field) {
			t.Errorf("%s has a right of its own and needs configure as well", field)
		}
	}
	if slices.Contains(fields, "") || slices.Contains(fields, "release") {
		t.Errorf("fields without a name, or as a whole: %v", fields)
	}
}

func TestThePolicyInTheRepositoryIsTheOneOfTheType(t *testing.T) {
	t.Chdir("../..")
	want, err := render()
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("config/policy/acts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("config/policy/acts.yaml is not current: make generate")
	}
	if strings.Contains(want, "${") {
		t.Error("something of the template was not filled in")
	}
}
