// Command images makes the project's container images without Docker. The recipe of each is its Dockerfile. One that only runs a
// go build and copies is followed on this machine, in seconds; any other is built by BuildKit, which is built from its module
// and runs as long as this command. The same sources give the same digest.
//
//	go run ./hack/images [-tag TAG] [-load | -push REGISTRY] [NAME...]
//	go run ./hack/images -stage test NAME...
//	go run ./hack/images -reproduce NAME...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/emporium-shop/emporium/hack/cluster/load"
)

// localRegistry is the name of images that are never fetched, only loaded.
const localRegistry = "emporium.local"

type options struct {
	tag   string
	load  bool
	push  string
	list  bool
	stage string
	anew  bool
	// buildKit makes by BuildKit also what this command could follow itself.
	buildKit  bool
	reproduce bool
}

func main() {
	var o options
	flag.StringVar(&o.tag, "tag", "dev", "the images' tag, also told to the operator as its version")
	flag.BoolVar(&o.load, "load", false, "load the images into the cluster made by hack/cluster")
	flag.StringVar(&o.push, "push", "", "push the images to this `registry`, for example localhost:5000/emporium")
	flag.BoolVar(&o.list, "list", false, "list the images there are, and make none")
	flag.StringVar(&o.stage, "stage", "", "build this `stage` of each Dockerfile with BuildKit for what it does, its tests for example, and keep no image")
	flag.BoolVar(&o.anew, "anew", false, "run every step of a Dockerfile that BuildKit builds, even one whose result is in the cache")
	flag.BoolVar(&o.buildKit, "buildkit", false, "build every Dockerfile with BuildKit, plain Go recipes too, as a release from a commit does")
	flag.BoolVar(&o.reproduce, "reproduce", false, "build each image with BuildKit twice, with what is in its cache and from an empty one, keep none, and fail when the digests differ")
	flag.Usage = usage
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(flag.CommandLine.Output(), "usage: images [-tag TAG] [-load | -push REGISTRY] [NAME...]   (no NAME means all)")
	flag.PrintDefaults()
}

func run(ctx context.Context, o options, names []string) error {
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("finding the checkout: %w", err)
	}
	cluster, err := load.Here(here)
	if err != nil {
		return err
	}
	known, err := dockerfiles(cluster.Checkout())
	if err != nil {
		return err
	}
	if o.list {
		fmt.Println(strings.Join(sorted(known), "\n"))
		return nil
	}
	if o.load && o.push != "" {
		return errors.New("choosing where images go: either -load or -push, not both")
	}
	if (o.stage != "" || o.reproduce) && (o.load || o.push != "" || len(names) == 0) {
		return errors.New("choosing what to build: -stage and -reproduce keep no image to load or push, and need the names of images")
	}
	if o.stage != "" && o.reproduce {
		return errors.New("choosing what to build: either -stage or -reproduce, since a stage that is not kept has no digest")
	}
	return makeAll(ctx, workshop{cluster: cluster, options: o, known: known}, names)
}
