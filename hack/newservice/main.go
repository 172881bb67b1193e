// Command newservice writes a service that keeps the contract and passes its tests: a folder services/NAME with rules, store,
// API, migrations, tests, Dockerfile, conform.json and what it brings into a shop. Nothing that is there is written over.
//
//	go run ./hack/newservice NAME [-path /api/NAME] [-about "What customers say of products."]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	switch err := run(ctx, os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "newservice:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	if _, err := os.Stat("PROJECT"); err != nil {
		return errors.New("run it in the root of the checkout: go run ./hack/newservice NAME")
	}
	if err := s.check("."); err != nil {
		return err
	}
	if err := s.write("."); err != nil {
		return err
	}
	if err := s.complete(ctx, "."); err != nil {
		return fmt.Errorf("%w\n%s is written all the same; when that is mended: make generate", err, s.folder())
	}
	fmt.Printf(`%[1]s is a service. Next:
  go test ./%[1]s/...
  hack/conform.sh %[2]s
  make shop
and then make it yours: docs/guides/add-a-service.md
`, s.folder(), s.Name)
	return nil
}

// complete makes what is made from the code: its description, and what lists services.
func (s service) complete(ctx context.Context, checkout string) error {
	openapi, err := goRun(ctx, checkout, "./"+s.folder()+"/cmd", "openapi")
	if err == nil {
		err = os.WriteFile(filepath.Join(checkout, s.folder(), "openapi.json"), openapi, 0o644)
	}
	for _, generator := range []string{"./hack/samples", "./hack/docs"} {
		if err == nil {
			_, err = goRun(ctx, checkout, generator)
		}
	}
	return err
}

func goRun(ctx context.Context, checkout string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, args...)...)
	cmd.Dir, cmd.Stderr = checkout, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("running go run %s: %w", args[0], err)
	}
	return out, nil
}
