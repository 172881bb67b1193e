package stage

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/emporium-shop/emporium/hack/cluster/load"
	"github.com/emporium-shop/emporium/hack/cluster/parts"
	"github.com/emporium-shop/emporium/hack/images/oci"
)

// Builds is what builds in the cluster of this machine need beside it: BuildKit's image, a registry, and in that the images that
// Dockerfiles begin with. Nothing of it is fetched from another registry.
type Builds struct {
	Stage
	// Namespace of the registry. It must be there.
	Namespace string
	// GoProxy is where RUN finds Go modules.
	GoProxy string
	store   parts.Store
	cluster load.Cluster
}

// BuildKitImage is the engine's image, as Builds.Images loads it.
const BuildKitImage = parts.BuildKitImage

// Builds opens the store of what is made once and kept.
func (s Stage) Builds(namespace, goProxy string) (Builds, error) {
	if s.Foreign {
		return Builds{}, errors.New("making a registry: this is for the cluster of this machine; unset KUBECONFIG, or give builds a registry of your own (docs/guides)")
	}
	store, err := parts.Of(s.Root, func(format string, args ...any) { fmt.Fprintf(s.Out, "          "+format+"\n", args...) })
	if err != nil {
		return Builds{}, err
	}
	cluster, err := load.Here(s.Root)
	return Builds{s, namespace, goProxy, store, cluster}, err
}

// Host is how images of the registry are named, by pods and by nodes.
func (b Builds) Host() string { return "registry." + b.Namespace + ".svc:5000" }

// Images makes the images of BuildKit and the registry and brings them into the cluster. What is there is left alone.
func (b Builds) Images(ctx context.Context) error {
	for _, one := range []struct {
		name string
		make func(context.Context) (string, error)
	}{
		{parts.BuildKitImage, b.store.BuildKitArchive},
		{parts.RegistryImage, b.store.RegistryArchive},
	} {
		archive, err := one.make(ctx)
		if err != nil {
			return err
		}
		digest, err := oci.ArchiveDigest(archive)
		if err != nil {
			return err
		}
		if there, err := b.cluster.Has(ctx, one.name, digest); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if err := b.cluster.Image(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

//go:embed registry.yaml
var registryManifest string

// StartRegistry lets the registry run, and tells the nodes how they reach it.
func (b Builds) StartRegistry(ctx context.Context) error {
	manifest := strings.NewReplacer("NAMESPACE", b.Namespace, "IMAGE", parts.RegistryImage).Replace(registryManifest)
	if err := b.Apply(ctx, manifest); err != nil {
		return err
	}
	if _, err := b.Kubectl(ctx, "-n", b.Namespace, "rollout", "status", "deployment/registry", "--timeout=180s"); err != nil {
		return err
	}
	address, err := b.address(ctx)
	if err != nil {
		return err
	}
	return b.cluster.Registry(b.Host(), "http://"+address)
}

// address of the registry, as this machine and its nodes reach it: names within the cluster are for pods.
func (b Builds) address(ctx context.Context) (string, error) {
	ip, err := b.Kubectl(ctx, "-n", b.Namespace, "get", "service", "registry", "-o", "jsonpath={.spec.clusterIP}")
	return strings.TrimSpace(ip) + ":5000", err
}

// Bases brings the images that Dockerfiles begin with into the registry, as docker.io has them: library/golang:1.26. What is there
// is left alone.
func (b Builds) Bases(ctx context.Context) error {
	address, err := b.address(ctx)
	if err != nil {
		return err
	}
	bases, err := b.store.Bases(ctx, b.GoProxy)
	if err != nil {
		return err
	}
	for _, base := range bases {
		if err := b.push(ctx, address+"/library/"+base.Repository, base); err != nil {
			return err
		}
	}
	return nil
}

// push ends with the tag that tells of what the image was made: who finds it there finds the others, too.
func (b Builds) push(ctx context.Context, repository string, base parts.Base) error {
	made := repository + ":made-of-" + base.Key
	if there, err := has(ctx, made); err != nil || there {
		return err
	}
	image, err := base.Image()
	if err != nil {
		return err
	}
	for _, tag := range base.Tags {
		fmt.Fprintf(b.Out, "          pushing %s:%s\n", base.Repository, tag)
		if err := oci.Push(ctx, repository+":"+tag, image, name.Insecure); err != nil {
			return err
		}
	}
	return oci.Push(ctx, made, image, name.Insecure)
}

func has(ctx context.Context, reference string) (bool, error) {
	parsed, err := name.ParseReference(reference, name.Insecure)
	if err != nil {
		return false, err
	}
	_, err = remote.Head(parsed, remote.WithContext(ctx))
	if refused := (&transport.Error{}); errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// Flags are the operator's, with which it builds by these images, and asks this machine for repositories without TLS.
func (b Builds) Flags() []string {
	return []string{
		"--buildkit-image=" + parts.BuildKitImage, "--push-image=" + LocalRegistry + "/push:dev", "--source-insecure-hosts=" + load.HostAddress,
	}
}
