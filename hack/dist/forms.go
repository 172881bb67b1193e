package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeForms writes what kubectl applies, the charts, and the list of the images in them.
func writeForms(o options) error {
	var written [][]byte
	for _, f := range forms {
		text, err := f.manifest(o)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(o.out, f.file), text, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", f.file, err)
		}
		written = append(written, text)
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
		written = append(written, rendered)
	}
	images, err := imagesOf(written...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(o.out, "images.txt"), []byte(strings.Join(images, "\n")+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing images.txt: %w", err)
	}
	return nil
}
