package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/emporium-shop/emporium/hack/services"
)

const (
	servicesPage  = "services/README.md"
	servicesBegin = "<!-- services: make generate -->\n"
	servicesEnd   = "<!-- end of services -->"
)

// withServices is the page of the services with its table as their folders say.
func withServices(root string) (string, error) {
	all, err := services.Find(root)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, servicesPage))
	if err != nil {
		return "", err
	}
	before, rest, begins := strings.Cut(string(text), servicesBegin)
	_, after, ends := strings.Cut(rest, servicesEnd)
	if !begins || !ends {
		return "", fmt.Errorf("writing the table of %s: there is no line %s and %s", servicesPage, strings.TrimSpace(servicesBegin), servicesEnd)
	}
	var table strings.Builder
	table.WriteString("| service | | path | owns | asks |\n|---|---|---|---|---|\n")
	for _, s := range all {
		row, err := serviceRow(root, s)
		if err != nil {
			return "", err
		}
		table.WriteString(row)
	}
	return before + servicesBegin + table.String() + servicesEnd + after, nil
}

func serviceRow(root string, s services.Service) (string, error) {
	about, err := describes(filepath.Join(root, s.Folder, "openapi.json"))
	if err != nil {
		return "", err
	}
	name := s.Name
	if exists(filepath.Join(root, s.Folder, "README.md")) {
		name = fmt.Sprintf("[%[1]s](%[1]s/README.md)", s.Name)
	}
	if exists(filepath.Join(root, s.Folder, "package.json")) {
		name += ", in Node"
	}
	if exists(filepath.Join(root, s.Folder, "src", "main.py")) {
		name += ", in Python"
	}
	if exists(filepath.Join(root, s.Folder, "java.options")) {
		name += ", in Java"
	}
	var paths []string
	for _, r := range s.Manifest().Spec.Routes {
		paths = append(paths, "`"+r.Path+"`")
	}
	owns := "nothing"
	if len(s.Databases()) > 0 {
		owns = "PostgreSQL schema `" + strings.ReplaceAll(s.Name, "-", "_") + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |\n", name, about, strings.Join(paths, ", "), owns, strings.Join(s.Manifest().Spec.DependsOn, ", ")), nil
}

// describes is what an OpenAPI document says that its service is.
func describes(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var document struct{ Info struct{ Description string } }
	if err := json.Unmarshal(text, &document); err != nil {
		return "", fmt.Errorf("reading %s: %w", file, err)
	}
	return cell(document.Info.Description), nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
