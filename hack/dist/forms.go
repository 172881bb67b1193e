package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeForms writes install.yaml, the charts, and the list of the images in them.
func writeForms(o options) error {
	installed, err := installYAML(o)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.out, "install.yaml"), installed, 0o644); err != nil {
		return fmt.Errorf("writing install.yaml: %w", err)
	}
	forms := [][]byte{installed}
	for _, name := range chartNames {
		c, err := loadChart(o, name)
		if err != nil {
			return err
		}
		if err := save(c, o.out); err != nil {
			return err
		}
		rendered, err := render(c, release{}, nil)
		if err != nil {
			return err
		}
		forms = append(forms, rendered)
	}
	images, err := imagesOf(forms...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.out, "images.txt"), []byte(strings.Join(images, "\n")+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing images.txt: %w", err)
	}
	return nil
}
