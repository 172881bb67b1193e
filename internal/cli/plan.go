package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/emporium-shop/emporium/internal/cli/text"
	"github.com/emporium-shop/emporium/internal/foresee"
)

type planOptions struct {
	files []string
	to    string
}

func newPlan(e *env) *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan SHOP",
		Short: "What the operator would do with files that nobody has applied yet",
		Long: `plan lets the operator's own code decide on your files, without applying them: which release would be cut and what it changes, the steps until it serves, and
what would be refused. Each object is sent to the API server as a dry run, so that its defaults and rules hold. Nothing is written.

Exit code 0: nothing would change. 2: it would. 3: it would be refused. 64: called wrongly.`,
		Example: `  kubectl shop plan acme -f catalog.yaml
  kubectl kustomize overlays/prod | kubectl shop plan acme -f -
  kubectl shop plan acme --to acme-c10d3fe3`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return e.plan(cmd.Context(), args[0], o) },
	}
	cmd.Flags().StringArrayVarP(&o.files, "filename", "f", nil, "File, folder or - for standard input; may be given several times")
	cmd.Flags().StringVar(&o.to, "to", "", "Release or version that would be named in spec.release.active")
	return cmd
}

func (e *env) plan(ctx context.Context, shop string, o planOptions) error {
	key, err := e.key(shop)
	if err != nil {
		return err
	}
	config, err := e.config()
	if err != nil {
		return err
	}
	api, err := foresee.NewClient(config)
	if err != nil {
		return err
	}
	files, err := e.read(o.files)
	if err != nil {
		return err
	}
	r := foresee.Request{Shop: key, To: o.to}
	var skipped []string
	if r.Objects, skipped, err = foresee.DryRun(ctx, api, key.Namespace, files); err != nil {
		if refused := (*foresee.Refused)(nil); errors.As(err, &refused) {
			return &coded{exitRefused, err.Error()}
		}
		return err
	}
	f, err := foresee.Foresee(ctx, api, e.clock.Now(), r)
	if err != nil {
		return err
	}
	if note := e.skew(ctx, api); note != "" {
		f.Notes = append(f.Notes, note)
	}
	if len(skipped) > 0 {
		f.Notes = append(f.Notes, "no part of a release of this shop, left out: "+strings.Join(skipped, ", "))
	}
	err = e.print(shown{value: f, names: []string{"shoprelease.shop.emporium.dev/" + f.Release}, text: func(out io.Writer, wide bool) error {
		return text.Plan(out, f, e.look(newScreenless(out).width(), wide))
	}})
	return errors.Join(err, verdict(planned(f)))
}

func planned(f foresee.Foresight) int {
	switch {
	case f.Refused != "":
		return exitRefused
	case f.Changes:
		return exitChanges
	}
	return 0
}

// read reads files, the YAML files of folders and standard input.
func (e *env) read(names []string) (out []*unstructured.Unstructured, err error) {
	for _, name := range names {
		paths := []string{name}
		if info, err := os.Stat(name); name != "-" && err == nil && info.IsDir() {
			if paths, err = manifests(name); err != nil {
				return nil, err
			}
		}
		for _, path := range paths {
			objects, err := e.readOne(path)
			if err != nil {
				return nil, err
			}
			out = append(out, objects...)
		}
	}
	return out, nil
}

func manifests(folder string) (out []string, err error) {
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) && d.Name() != "kustomization.yaml" {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading folder %s: %w", folder, err)
	}
	return out, nil
}

func (e *env) readOne(path string) ([]*unstructured.Unstructured, error) {
	if path == "-" {
		return foresee.Read("standard input", e.In)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	defer f.Close()
	return foresee.Read(path, f)
}
