// Command dist writes what people install Emporium from, each form made from config/: install.yaml for kubectl, two charts for Helm,
// kubectl-shop with krew's manifest, the list of images, and the sums of all of these. The same sources give the same bytes.
//
//	go -C hack/dist run . [-tag TAG] [-registry REGISTRY] [-out FOLDER]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/Masterminds/semver/v3"
)

// localRegistry is the one that config/ and the charts name; images of it are loaded into nodes, never fetched.
const localRegistry = "emporium.local"

type options struct {
	// root is the checkout, and out where the files go to.
	root, out string
	// tag of the images, and registry that they are in.
	tag, registry string
	// downloads is the address that what is in out will be fetched from.
	downloads string
	// made is the time that archives give their files.
	made time.Time
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", filepath.Join("..", ".."), "the checkout")
	flag.StringVar(&o.out, "out", "", "the `folder` to write to. Unset: dist in the checkout")
	flag.StringVar(&o.tag, "tag", "dev", "the images' tag. Where it is a version, it is that of the charts, too")
	flag.StringVar(&o.registry, "registry", localRegistry, "the `registry` that the images were pushed to, for example registry.example/emporium")
	flag.StringVar(&o.downloads, "downloads", "", "the `address` that the files will be fetched from, which krew's manifest names. Unset: the release of the tag at "+home)
	flag.Parse()
	// Helm tells of each link that it follows: the charts take what they share with kustomize from config/ by links.
	slog.SetLogLoggerLevel(slog.LevelWarn)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "dist:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	o.out = cmp.Or(o.out, filepath.Join(o.root, "dist"))
	o.downloads = cmp.Or(o.downloads, home+"/releases/download/"+o.tag)
	if o.made, err = sourceDate(os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		return err
	}
	// What an earlier version left there would be attached to this one.
	if err := os.RemoveAll(o.out); err != nil {
		return fmt.Errorf("clearing %s: %w", o.out, err)
	}
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", o.out, err)
	}
	if err := writeForms(o); err != nil {
		return err
	}
	if err := programs(ctx, o); err != nil {
		return err
	}
	return sums(o.out)
}

// sourceDate is the time of SOURCE_DATE_EPOCH (reproducible-builds.org). Unset: the first second of tar's and Unix' time.
func sourceDate(text string) (time.Time, error) {
	if text == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading SOURCE_DATE_EPOCH: %q is no number of seconds", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// version of the charts. Helm wants three numbers.
func (o options) version() string {
	if _, err := semver.StrictNewVersion(strings.TrimPrefix(o.tag, "v")); err == nil {
		return strings.TrimPrefix(o.tag, "v")
	}
	return "0.0.0-" + o.tag
}
