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
	found, err := filepath.Glob(filepath.Join(checkout, "services", "*", "Dockerfile"))
	if err != nil {
		return nil, fmt.Errorf("looking for Dockerfiles: %w", err)
	}
	for _, path := range found {
		name := filepath.Base(filepath.Dir(path))
		known[name] = filepath.Join("services", name, "Dockerfile")
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
