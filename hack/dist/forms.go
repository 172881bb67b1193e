package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeForms writes what kubectl applies, the charts, and the list of the images in them.
func writeForms(o options) error {
	var forms [][]byte
	for name, form := range map[string]func(options) ([]byte, error){"install.yaml": installYAML, "install-policy.yaml": policyYAML} {
		text, err := form(o)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.out, name), text, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		forms = append(forms, text)
	}
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
