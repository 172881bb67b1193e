// Push brings an image that was built into an OCI layout to a registry, and says under which digest.
//
//	push --layout FOLDER --to REGISTRY/REPOSITORY:TAG [flags]
//	push --layout /image/layout --to registry.example/acme/cart:v1.4.0 --sign-key /sign/cosign.key --termination-log /dev/termination-log
//
// It is the last container of a build: the only one that holds the credentials of the registry and the
// key. Blobs come first, then manifests by their digests, then signatures, and the tag last, so a
// tag never names what is not there whole, nor what is not signed yet. What the registry has is not
// sent again; the same layout pushed twice writes nothing.
//
// On success it prints one line of JSON, at most 4 KiB: {"image":"…@sha256:…","index":"…@sha256:…"}.
// image is the one that nodes run; index is there when the tag names an index, which holds the image
// beside its attestations or those of other platforms. On failure it prints one sentence. Both go to the
// termination log too. It ends with 0 when the image was pushed, with 1 when it was not, with 2
// when it was called wrongly.
//
//	push git-auth --from FOLDER --to FOLDER
//
// is another container of a build, where the Secret of its repository holds a user's password, a bearer token or a key with a
// passphrase: it makes the header or the open key of it that BuildKit takes.
//
//	push fetch --url URL --digest sha256:… --to FOLDER
//
// is one where an artifact of Flux is built: it fetches it, compares its digest, and unpacks it.
//
// Environment: DOCKER_CONFIG, a folder with config.json or .dockerconfigjson, where the registry wants
// credentials. COSIGN_PASSWORD opens the key. SSL_CERT_FILE names certificates to trust instead of those that browsers do.
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
	"syscall"

	"github.com/google/go-containerregistry/pkg/logs"
	_ "golang.org/x/crypto/x509roots/fallback" // the image has no certificates of its own
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "git-auth" {
		os.Exit(gitAuth(os.Args[2:], os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "fetch" {
		os.Exit(fetch(context.Background(), os.Args[2:], os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run pushes and reports; it returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, out, errs io.Writer) int {
	logs.Progress.SetOutput(errs)
	o, err := parse(args, getenv, errs)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		return fail(o, err, errs, 2)
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	result, err := bring(ctx, o)
	if err != nil {
		return fail(o, err, errs, 1)
	}
	line, err := json.Marshal(result)
	if err != nil {
		return fail(o, fmt.Errorf("writing the result: %w", err), errs, 1)
	}
	if err := tell(o.terminationLog, string(line)); err != nil { // nobody would learn the digest
		return fail(o, err, errs, 1)
	}
	fmt.Fprintln(out, string(line))
	return 0
}

// bring is the whole way: what is wrong with what was given is found before a registry is asked.
func bring(ctx context.Context, o options) (Result, error) {
	built, err := open(o.layout, o.platform)
	if err != nil {
		return Result{}, err
	}
	key, err := signingKey(o)
	if err != nil {
		return Result{}, err
	}
	keys, err := credentials(o.dockerConfig)
	if err != nil {
		return Result{}, err
	}
	p, err := newPusher(o, keys, key)
	if err != nil {
		return Result{}, err
	}
	if err := p.push(ctx, built); err != nil {
		return Result{}, p.plainly(ctx, err)
	}
	return p.result(built), nil
}

func fail(o options, err error, errs io.Writer, code int) int {
	sentence := cut(err.Error())
	fmt.Fprintln(errs, "push: "+sentence)
	if err := tell(o.terminationLog, sentence); err != nil {
		fmt.Fprintln(errs, "push: "+err.Error())
	}
	return code
}

// longest is how many bytes of a termination message Kubernetes keeps at most, with room to spare.
const longest = 2 << 10

func cut(s string) string {
	if len(s) > longest {
		return s[:longest] + "…"
	}
	return s
}

// tell writes the termination log. It is a mount of one file: it cannot be replaced, only written.
func tell(path, text string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("opening the termination log: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the termination log: %w", err)
	}
	return nil
}
