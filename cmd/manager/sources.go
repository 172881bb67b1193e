package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/emporium-shop/emporium/controllers"
	"github.com/emporium-shop/emporium/internal/git"
	"github.com/emporium-shop/emporium/internal/observe"
	"github.com/emporium-shop/emporium/internal/poll"
	"github.com/emporium-shop/emporium/internal/resources"
	"github.com/emporium-shop/emporium/internal/webhook"
)

// sourceOptions say how ShopSources are asked for and built.
type sourceOptions struct {
	hosts, insecureHosts []string
	build                resources.BuildOptions
	webhookAddress       string
}

func (o *sourceOptions) bind(flags *flag.FlagSet) {
	flags.Func("source-hosts", "hosts of Git that ShopSources may name, separated by commas; *.example.com stands for all below it. One that is named may have any address. Unset: every host but loopback, link-local and the like", hostsInto(&o.hosts))
	flags.Func("source-insecure-hosts", "hosts of Git that may be asked by http, for a Git server within the cluster. Unset: none", hostsInto(&o.insecureHosts))
	o.build = resources.BuildOptions{Isolation: resources.Rootless, ClosedCIDRs: []string{"169.254.0.0/16"}}
	flags.Func("build-isolation", "how the engine of a build is kept from its node: Rootless (needs no privilege, and an unconfined seccomp profile), UserNamespace (privileged within a user namespace, where nodes have them: the strongest), Privileged. Unset: Rootless", o.setIsolation)
	flags.StringVar(&o.build.EngineImage, "buildkit-image", cmp.Or(os.Getenv(envBuildKitImage), "docker.io/moby/buildkit:v0.34.2-rootless"), "image with buildkitd, buildctl and, for Rootless, rootlesskit. The environment variable "+envBuildKitImage+" says it, too")
	flags.StringVar(&o.build.PushImage, "push-image", cmp.Or(os.Getenv(envPushImage), "emporium.local/push:dev"), "image of cmd/push, which brings what was built to its registry. The environment variable "+envPushImage+" says it, too")
	flags.Func("build-closed-cidrs", "ranges of addresses, separated by commas, that builds do not reach where the network enforces NetworkPolicies: the pods, Services and nodes of the cluster; pods with the label "+resources.LabelReachedByBuilds+"=true are reached all the same. Unset: 169.254.0.0/16", o.setClosed)
	flags.StringVar(&o.webhookAddress, "webhook-address", "0", "address at which calls of Git hosts are taken, for example :9443; 0: none are. It speaks http: put an Ingress with TLS in front")
}

func hostsInto(list *[]string) func(string) error {
	return func(value string) error {
		*list = strings.Split(value, ",")
		return git.CheckHosts(*list)
	}
}

func (o *sourceOptions) setIsolation(value string) error {
	known := []resources.Isolation{resources.Rootless, resources.UserNamespace, resources.Privileged}
	if !slices.Contains(known, resources.Isolation(value)) {
		return fmt.Errorf("%q is none of %v", value, known)
	}
	o.build.Isolation = resources.Isolation(value)
	return nil
}

func (o *sourceOptions) setClosed(value string) error {
	o.build.ClosedCIDRs = nil
	for _, one := range strings.Split(value, ",") {
		prefix, err := netip.ParsePrefix(one)
		if err != nil {
			return fmt.Errorf("%q is no range of addresses; write 10.96.0.0/12", one)
		}
		o.build.ClosedCIDRs = append(o.build.ClosedCIDRs, prefix.Masked().String())
	}
	return nil
}

// setUp adds the reconciler of sources beside that of shops, whose reader and writer it shares, and who takes the calls of Git hosts.
func (o *sourceOptions) setUp(ctx context.Context, mgr ctrl.Manager, sources cache.Cache, shops *controllers.ShopReconciler) error {
	r := &controllers.SourceReconciler{
		Reader: shops.Reader, Writer: shops.Writer, Recorder: shops.Recorder, Builds: o.build, Now: time.Now, Progress: shops.Progress,
	}
	r.Poller = &poll.Poller{Git: o.client(), Secrets: observe.SecretData{Live: mgr.GetAPIReader()}, Now: time.Now, Told: r.Wake}
	if err := r.Setup(mgr, sources); err != nil {
		return fmt.Errorf("setting the reconciler of sources up: %w", err)
	}
	if o.webhookAddress == "0" {
		return nil
	}
	return o.takeCalls(ctx, mgr, sources, shops)
}

// client asks Git servers, and never the API server, whatever name leads to it.
func (o *sourceOptions) client() *git.Client {
	c := &git.Client{Hosts: o.hosts, InsecureHosts: o.insecureHosts}
	if at, err := netip.ParseAddr(os.Getenv("KUBERNETES_SERVICE_HOST")); err == nil {
		c.Forbidden = append(c.Forbidden, netip.PrefixFrom(at, at.BitLen()))
	}
	return c
}

func (o *sourceOptions) takeCalls(ctx context.Context, mgr ctrl.Manager, sources cache.Cache, shops *controllers.ShopReconciler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.webhookAddress)
	if err != nil {
		return fmt.Errorf("listening for webhooks at %s: %w", o.webhookAddress, err)
	}
	calls := &controllers.Webhook{Cache: mgr.GetClient(), Writer: shops.Writer, Now: time.Now}
	if err := mgr.Add(calls); err != nil {
		return fmt.Errorf("adding the writer of calls: %w", err)
	}
	secrets := &observe.Webhooks{Cache: mgr.GetClient(), Metadata: sources, Live: mgr.GetAPIReader()}
	handler := webhook.New(secrets, calls, metrics.Registry)
	return mgr.Add(everywhere{func(ctx context.Context) error { return webhook.Serve(ctx, listener, handler) }})
}

// everywhere runs on each replica, whether it leads or not.
type everywhere struct{ manager.RunnableFunc }

// NeedLeaderElection is false.
func (everywhere) NeedLeaderElection() bool { return false }
