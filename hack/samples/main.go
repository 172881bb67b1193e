// Command samples makes the sample shop of the services that this repository holds: config/samples takes in what is in each
// services/<name>/shop, postgres-roles gets the Secrets of those with data, and a route that has paths of other services below
// it allows them. Nothing else in these files is touched. The shop in one process (cmd/shop) gets its list, too.
//
//	go run ./hack/samples     which `make generate` does
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/emporium-shop/emporium/hack/services"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "making the samples:", err)
		os.Exit(1)
	}
}

// run writes nothing unless everything can be made.
func run(checkout string) error {
	all, err := services.Find(checkout)
	if err != nil {
		return err
	}
	lists, err := lists(checkout, all)
	if err != nil {
		return err
	}
	texts := map[string]string{serviceKeys: keysOf(all)}
	for _, l := range lists {
		if texts[l.file], err = l.written(checkout); err != nil {
			return err
		}
	}
	if texts[members], err = inOneProcess(checkout, all); err != nil {
		return err
	}
	for file, text := range texts {
		if err := os.WriteFile(filepath.Join(checkout, filepath.FromSlash(file)), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
