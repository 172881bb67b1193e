package main

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed all:template
var templates embed.FS

// write makes the folder: beside its place first and then in one rename, so that there is a whole service or none.
func (s service) write(checkout string) error {
	files, err := s.files()
	if err != nil {
		return err
	}
	draft, err := os.MkdirTemp(filepath.Join(checkout, "services"), ".draft-")
	if err != nil {
		return fmt.Errorf("making the service: %w", err)
	}
	defer os.RemoveAll(draft)
	for name, text := range files {
		path := filepath.Join(draft, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("making the service: %w", err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return fmt.Errorf("making the service: %w", err)
		}
	}
	if err := os.Chmod(draft, 0o755); err != nil {
		return fmt.Errorf("making the service: %w", err)
	}
	// Of two who make one service at once, the second finds a folder that is not empty, which no rename replaces.
	if err := os.Rename(draft, filepath.Join(checkout, s.folder())); err != nil {
		return fmt.Errorf("making the service: %w", err)
	}
	return nil
}

// files are those of the service, by their path in its folder.
func (s service) files() (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(templates, "template", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := s.filled(path)
		if err != nil {
			return fmt.Errorf("filling in %s: %w", path, err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "template/"), ".tmpl")
		if name == "name.go" {
			name = s.Package() + ".go"
		}
		files[name] = text
		return nil
	})
	return files, err
}

func (s service) filled(path string) ([]byte, error) {
	t, err := template.ParseFS(templates, path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Option("missingkey=error").Execute(&b, s); err != nil {
		return nil, err
	}
	if strings.HasSuffix(path, ".go.tmpl") {
		return format.Source(b.Bytes())
	}
	return b.Bytes(), nil
}
