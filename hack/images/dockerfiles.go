package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// operatorImage is the name of the image whose Dockerfile is at the root.
const operatorImage = "operator"

// dockerfiles finds the images there are: their Dockerfiles by name, relative to the checkout.
func dockerfiles(checkout string) (map[string]string, error) {
	known := map[string]string{}
	if _, err := os.Stat(filepath.Join(checkout, "Dockerfile")); err == nil {
		known[operatorImage] = "Dockerfile"
	}
	// Services, and commands that are images of their own, such as the contract's checker.
	for _, folder := range []string{"services", "cmd"} {
		found, err := filepath.Glob(filepath.Join(checkout, folder, "*", "Dockerfile"))
		if err != nil {
			return nil, fmt.Errorf("looking for Dockerfiles: %w", err)
		}
		for _, path := range found {
			name := filepath.Base(filepath.Dir(path))
			if other, taken := known[name]; taken {
				return nil, fmt.Errorf("looking for Dockerfiles: the image %s has two, %s and %s", name, other, filepath.Join(folder, name, "Dockerfile"))
			}
			known[name] = filepath.Join(folder, name, "Dockerfile")
		}
	}
	return known, nil
}

// choose checks the names asked for; none means all.
func choose(known map[string]string, names []string) ([]string, error) {
	if len(names) == 0 {
		return sorted(known), nil
	}
	for _, name := range names {
		if _, is := known[name]; !is {
			return nil, fmt.Errorf("choosing images: there is no %s, only %s", name, strings.Join(sorted(known), ", "))
		}
	}
	return names, nil
}

func sorted(known map[string]string) []string { return slices.Sorted(maps.Keys(known)) }
