// Command coredns is CoreDNS with the plugins that the Corefile of hack/cluster/manifests names. All of CoreDNS would bring
// the SDKs of every cloud: nine hundred packages, of which a cluster on one machine asks none, compiled before the first demo.
package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

func main() { coremain.Run() }
