// Command memory prints what each pod of the sample shop holds in memory, and the sum. At rest that is after the load has ended
// for two minutes and the window for a way back has closed: until then the stack that served before is told beside the sum.
//
// The figure is the working set, as in `kubectl top`: what a node has to have for the pod. RSS is told for comparison; it leaves
// out shared memory, which is most of a database, and the pages of programs.
//
//	go run ./hack/memory
//	go run ./hack/memory -json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"text/tabwriter"

	"github.com/emporium-shop/emporium/test/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "memory:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("memory", flag.ContinueOnError)
	asJSON := flags.Bool("json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("it takes no arguments: %q", flags.Args())
	}
	here, err := stage.Here(os.Stderr)
	if err != nil {
		return err
	}
	shop, beside, err := here.Memory(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		return asText(out, shop, beside)
	}
	table(out, shop, beside)
	return nil
}

func asText(out io.Writer, shop, beside []stage.PodMemory) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{
		"memoryMiB": stage.WorkingSetMiB(shop), "aimMiB": stage.MemoryAimMiB, "pods": shop, "besideMiB": stage.WorkingSetMiB(beside), "beside": beside,
	})
}

func table(out io.Writer, shop, beside []stage.PodMemory) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "POD\tWORKING SET MiB\tRSS MiB")
	var rss int64
	for _, pod := range shop {
		fmt.Fprintf(w, "%s\t%.1f\t%.1f\n", pod.Pod, mebibytes(pod.WorkingSet), mebibytes(pod.RSS))
		rss += pod.RSS
	}
	fmt.Fprintf(w, "%d pods\t%d\t%.0f\n", len(shop), stage.WorkingSetMiB(shop), mebibytes(rss))
	_ = w.Flush()
	fmt.Fprintf(out, "aim: at most %d MiB at rest\n", stage.MemoryAimMiB)
	if len(beside) > 0 {
		fmt.Fprintf(out, "not at rest: %d pods of stacks that do not serve hold %d MiB more, until the window for a way back closes\n", len(beside), stage.WorkingSetMiB(beside))
	}
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
