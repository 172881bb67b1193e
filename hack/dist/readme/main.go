// Command readme makes README.md of each chart from the comments in its values.yaml.
//
//	go -C hack/dist run ./readme
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// charts are the folders of charts/.
var charts = []string{"emporium", "emporium-crds"}

func main() {
	for _, name := range charts {
		if err := write(filepath.Join("..", "..", "charts", name)); err != nil {
			fmt.Fprintln(os.Stderr, "readme:", err)
			os.Exit(1)
		}
	}
}

func write(folder string) error {
	text, err := page(folder)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "README.md"), []byte(text), 0o644); err != nil {
		return fmt.Errorf("writing the page of %s: %w", folder, err)
	}
	return nil
}
