package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/emporium-shop/emporium/internal/registry/pullsecret"
	"github.com/emporium-shop/emporium/internal/signatures"
)

const usage = "usage: push --layout FOLDER --to REGISTRY/REPOSITORY:TAG [flags]"

// options are what the command was called with.
type options struct {
	layout         string
	tag            name.Tag
	repository     string // of the tag, as it was written: the library knows docker.io by another name
	terminationLog string
	signKey        string
	password       string
	dockerConfig   string
	plainHTTP      []string
	platform       v1.Platform
	timeout        time.Duration
	// silence is how long a registry may take to answer a request whose body it has; pause, after which it is asked again.
	silence, pause time.Duration
}

// parse reads flags and environment. What it returns holds the termination log also when there is an error.
func parse(args []string, getenv func(string) string, errs io.Writer) (o options, err error) {
	f := flag.NewFlagSet("push", flag.ContinueOnError)
	f.SetOutput(errs)
	f.Usage = func() {
		fmt.Fprintln(errs, usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.layout, "layout", "", "`folder` with an OCI layout that holds one image, or an index with one and its attestations; required")
	to := f.String("to", "", "`image` to name it, registry/repository:tag; required")
	f.StringVar(&o.terminationLog, "termination-log", "", "`file` that is told the result, in a pod /dev/termination-log; default: none")
	f.StringVar(&o.signKey, "sign-key", "", "`file` with a key of cosign (password: COSIGN_PASSWORD) or of openssl, ECDSA on P-256, that signs the image; default: it is not signed")
	f.DurationVar(&o.timeout, "timeout", 10*time.Minute, "how long all of it may take")
	f.Func("plain-http", "`host[:port]` of a registry that is spoken to without TLS, credentials included; may be given several times; default: none", func(host string) error {
		o.plainHTTP = append(o.plainHTTP, host)
		return nil
	})
	platform := f.String("platform", "linux/"+runtime.GOARCH, "`os/arch[/variant]` of the image to name, where the layout holds several")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.silence, o.pause = 2*time.Minute, time.Second
	o.password, o.dockerConfig = getenv("COSIGN_PASSWORD"), getenv("DOCKER_CONFIG")
	if f.NArg() != 0 || o.layout == "" || *to == "" {
		return o, errors.New(usage)
	}
	p, err := v1.ParsePlatform(*platform)
	if err != nil {
		return o, fmt.Errorf("--platform=%s is no os/arch", *platform)
	}
	o.platform = *p
	o.tag, err = o.parseTag(*to)
	o.repository = strings.TrimSuffix(*to, ":"+o.tag.TagStr())
	return o, err
}

func (o *options) parseTag(image string) (name.Tag, error) {
	tag, err := name.NewTag(image, name.StrictValidation)
	if err != nil {
		return tag, fmt.Errorf("--to=%s is no REGISTRY/REPOSITORY:TAG", image)
	}
	if slices.Contains(o.plainHTTP, tag.RegistryStr()) {
		tag, err = name.NewTag(image, name.StrictValidation, name.Insecure)
	}
	if strings.HasSuffix(tag.TagStr(), ".sig") {
		return tag, fmt.Errorf("--to=%s: tags that end in .sig are where signatures are", image)
	}
	return tag, err
}

// mostFile bounds what is read as a key or as credentials, in bytes.
const mostFile = 1 << 20

// signingKey returns nil where nothing is to be signed.
func signingKey(o options) (*signatures.PrivateKey, error) {
	if o.signKey == "" {
		return nil, nil
	}
	data, err := readFile(o.signKey)
	if err != nil {
		return nil, fmt.Errorf("the key for signing: %w", err)
	}
	key, err := signatures.ParsePrivateKey(data, []byte(o.password))
	if err != nil {
		return nil, fmt.Errorf("the key for signing: %s holds %w", o.signKey, err)
	}
	return key, nil
}

// credentials reads what Docker would, or a Secret of type kubernetes.io/dockerconfigjson as it is mounted.
func credentials(folder string) (pullsecret.Keys, error) {
	if folder == "" {
		return nil, nil
	}
	for _, base := range []string{"config.json", ".dockerconfigjson"} {
		data, err := readFile(filepath.Join(folder, base))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the push secret: %w", err)
		}
		keys, err := pullsecret.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("the push secret: %s is no config.json of Docker", filepath.Join(folder, base))
		}
		return keys, nil
	}
	return nil, fmt.Errorf("the push secret: %s (DOCKER_CONFIG) holds neither config.json nor .dockerconfigjson", folder)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostFile+1))
	if err == nil && len(data) > mostFile {
		return nil, fmt.Errorf("%s has more than %d bytes", path, mostFile)
	}
	return data, err
}
