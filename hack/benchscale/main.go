// Command benchscale measures how the operator's cost grows with the number of shops: etcd and
// kube-apiserver of hack/cluster on loopback, the real operator as a process, and an actor that
// plays Deployments, Pods and front doors. See docs/scale.md for what it showed.
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
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/emporium-shop/emporium/hack/internal/worktree"
)

type options struct {
	shops    string
	clones   int
	together int
	sharded  int
	secrets  bool
	count    bool
	storm    bool
	against  string
	flags    string
	rest     time.Duration
	patience time.Duration
	out      string
	merge    bool
	docs     bool
}

func main() {
	var o options
	flag.StringVar(&o.shops, "shops", "10,50", "numbers of shops, a series each; they are really started")
	flag.IntVar(&o.clones, "clones", 0, "another series of this many shops with a Secret for each service, all but ten of which are cloned in etcd, for example 200 or 1000")
	flag.IntVar(&o.together, "together", 0, "another series of this many shops, really started, all in one namespace, for example 200")
	flag.IntVar(&o.sharded, "sharded", 0, "another series of this many shops, really started, which two operators share by namespaces, for example 50")
	flag.BoolVar(&o.secrets, "secrets", true, "a first series of ten shops with a Secret for each service")
	flag.BoolVar(&o.count, "count", false, "only count the requests of one release with a Secret for each service, by verb and resource (a minute)")
	flag.BoolVar(&o.storm, "storm", true, "end each series with a storm; of 1,000 shops one takes an hour")
	flag.StringVar(&o.against, "against", "", "measure the operator of this git `commit` first, for example 7d2da97")
	flag.StringVar(&o.flags, "operator-flags", "", "more flags of the operator of this checkout, for example \"--workers=8 --kube-api-qps=500\"")
	flag.DurationVar(&o.rest, "rest", 20*time.Second, "how long to look at the operator at rest")
	flag.DurationVar(&o.patience, "patience", 30*time.Minute, "how long a series may take")
	flag.StringVar(&o.out, "o", ".cluster/bench-scale.json", "where the figures go")
	flag.BoolVar(&o.merge, "merge", false, "keep the figures of earlier runs that are not measured again")
	flag.BoolVar(&o.docs, "docs", false, "put tables and plots into docs/scale.md and docs/scale.svg")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctrl.SetLogger(logr.Discard()) // the operator logs, this program prints
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "benchscale:", err)
		os.Exit(1) //nolint:gocritic // the signal handler ends with the process
	}
}

// subject is an operator to measure.
type subject struct {
	name, checkout string
	flags          []string
}

func run(ctx context.Context, o options) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := assets(ctx, root); err != nil {
		return err
	}
	subjects := []subject{{"this checkout", root, strings.Fields(o.flags)}}
	if o.against != "" {
		tree, err := worktree.At(ctx, root, o.against)
		if err != nil {
			return err
		}
		defer tree.Remove() //nolint:contextcheck // also when the context is over
		subjects = append([]subject{{o.against, tree.Path, nil}}, subjects...)
	}
	file, machine := filepath.Join(root, o.out), machine()
	fmt.Println(machine)
	var all []series
	if o.merge {
		if all, err = read(file); err != nil {
			return err
		}
	}
	for _, s := range subjects {
		done, err := measure(ctx, o, root, s)
		all = merge(all, done)
		if err != nil {
			err = fmt.Errorf("measuring %s: %w", s.name, err)
		}
		if err := errors.Join(err, write(file, all)); err != nil {
			return err
		}
	}
	printLaws(os.Stdout, all)
	if o.docs {
		return fillDocs(root, machine, all)
	}
	return nil
}

var memoryTotal = regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB$`)

// machine says on what the figures were measured.
func machine() string {
	memory := "unknown"
	info, err := os.ReadFile("/proc/meminfo")
	if found := memoryTotal.FindSubmatch(info); err == nil && found != nil {
		kilobytes, _ := strconv.Atoi(string(found[1]))
		memory = fmt.Sprintf("%d GiB", (kilobytes+1<<19)>>20)
	}
	return fmt.Sprintf("Measured on %s with %d CPUs (%s) and %s of memory; API server, etcd, actor and operator share them.",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), runtime.GOARCH, memory)
}

// assets makes sure that the binaries of the API server are there.
func assets(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "go", "run", "./hack/cluster", "assets")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the API server: %w: %s", err, out)
	}
	return nil
}

// plan is one series: shops that are really started, and clones of the first beside them.
type plan struct {
	started, clones int
	secrets         bool
	// count ends after one release.
	count bool
	// together: all in one namespace. operators: so many share the namespaces; 0 is one.
	together  bool
	operators int
}

func plans(o options) (out []plan, err error) {
	if o.count {
		return []plan{{started: 2, secrets: true, count: true}}, nil
	}
	if o.secrets {
		out = append(out, plan{started: 10, secrets: true})
	}
	for n := range strings.SplitSeq(o.shops, ",") {
		if n == "" {
			continue
		}
		started, err := strconv.Atoi(n)
		if err != nil || started < 2 || started > 9999 {
			return nil, fmt.Errorf("reading -shops: %q is no number of shops from 2 to 9999", n)
		}
		out = append(out, plan{started: started})
	}
	if o.clones > 0 {
		out = append(out, plan{started: 10, clones: o.clones - 10, secrets: true})
	}
	if o.together > 0 {
		out = append(out, plan{started: o.together, together: true})
	}
	if o.sharded > 0 {
		out = append(out, plan{started: o.sharded, operators: 2})
	}
	return out, nil
}

func measure(ctx context.Context, o options, root string, s subject) (out []series, err error) {
	all, err := plans(o)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	work, err := os.MkdirTemp("", "bench-scale-")
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(work, operatorName)
	if err := build(ctx, s.checkout, binary); err != nil {
		return nil, err
	}
	for _, p := range all {
		done, err := p.measure(ctx, o, root, s, binary, work)
		done.print(os.Stdout)
		if p.count {
			done.printAsked(os.Stdout)
		}
		if len(done.Rows) > 0 {
			out = append(out, done) // what was measured counts, whatever came after it
		}
		if err != nil {
			return out, err
		}
	}
	return out, os.RemoveAll(work) // kept where something failed: the operator's log is in it
}
