// Package cli is kubectl shop: one file a command. What people are shown is made by package view, what they do is done by
// package act; here it is asked for, printed and turned into exit codes.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/emporium-shop/emporium/internal/act"
	"github.com/emporium-shop/emporium/internal/gather"
)

// Streams are where the program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// env is what commands share: the flags of all of them, and what is made of these.
type env struct {
	Streams
	getenv  func(string) string
	version string
	// timer waits; its time is this machine's.
	timer clock.WithTicker
	// clock is the API server's time.
	clock *gather.Clock

	rules     *clientcmd.ClientConfigLoadingRules
	overrides clientcmd.ConfigOverrides
	format    string
}

func newEnv(streams Streams, getenv func(string) string, version string) *env {
	timer := clock.RealClock{}
	return &env{
		Streams: streams, getenv: getenv, version: version, timer: timer,
		clock: &gather.Clock{Local: timer.Now}, rules: clientcmd.NewDefaultClientConfigLoadingRules(),
	}
}

// bind makes the flags of every command: kubectl's own, and -o.
func (e *env) bind(flags *pflag.FlagSet) {
	flags.StringVar(&e.rules.ExplicitPath, "kubeconfig", "", "Path to the kubeconfig file to use")
	clientcmd.BindOverrideFlags(&e.overrides, flags, clientcmd.RecommendedConfigOverrideFlags(""))
	flags.StringVarP(&e.format, "output", "o", "", "Output format: wide, json, yaml, name or jsonpath=TEMPLATE")
}

func (e *env) kubeconfig() clientcmd.ClientConfig {
	return clientcmd.NewInteractiveDeferredLoadingClientConfig(e.rules, &e.overrides, e.In)
}

// config reaches the API server as the person; its answers set the clock.
func (e *env) config() (*rest.Config, error) {
	config, err := e.kubeconfig().ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.UserAgent = "kubectl-shop/" + e.version
	config.QPS, config.Burst = 50, 100 // a person asks a few things at once, and then nothing
	config.WarningHandler = rest.NoWarnings{}
	return e.clock.Follow(config), nil
}

func (e *env) client() (client.WithWatch, error) {
	config, err := e.config()
	if err != nil {
		return nil, err
	}
	return gather.NewClient(config)
}

// key of a shop, in the namespace of -n or of the kubeconfig's context.
func (e *env) key(shop string) (types.NamespacedName, error) {
	namespace, _, err := e.kubeconfig().Namespace()
	if err != nil {
		return types.NamespacedName{}, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return types.NamespacedName{Namespace: namespace, Name: shop}, nil
}

// at is a shop, and what reads and acts there.
type at struct {
	key    types.NamespacedName
	api    client.WithWatch
	reader *gather.Reader
	actor  act.Actor
}

func (e *env) at(shop string) (*at, error) {
	key, err := e.key(shop)
	if err != nil {
		return nil, err
	}
	api, err := e.client()
	if err != nil {
		return nil, err
	}
	return &at{key: key, api: api, reader: &gather.Reader{API: api, Now: e.clock.Now}, actor: &act.Person{API: api, Now: e.clock.Now}}, nil
}

// terminal tells whether somebody sits at a stream.
func terminal(stream any) bool {
	f, is := stream.(*os.File)
	return is && term.IsTerminal(int(f.Fd()))
}

// Main runs the program; it returns its exit code.
func Main(ctx context.Context, streams Streams, getenv func(string) string, version string, args []string) int {
	e := newEnv(streams, getenv, version)
	root := newRoot(e) //nolint:contextcheck // commands take the context of ExecuteContext
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	return e.exit(root.ExecuteContext(ctx))
}
