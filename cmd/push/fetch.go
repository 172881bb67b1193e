package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/emporium-shop/emporium/internal/source"
)

// Bounds of an artifact: of the archive, and of what is in it.
const (
	mostArchive  = 1 << 30
	mostUnpacked = 4 << 30
	mostEntries  = 200_000
	fetchWithin  = 5 * time.Minute
)

// awayError: the server did not give the artifact, which it may do later.
type awayError struct{ error }

func (e awayError) Unwrap() error { return e.error }

// fetch brings an artifact into a folder; it returns the exit code.
func fetch(ctx context.Context, args []string, errs io.Writer) int {
	var o options
	f := flag.NewFlagSet("push fetch", flag.ContinueOnError)
	f.SetOutput(errs)
	from := f.String("url", "", "`URL` of a tar.gz")
	digest := f.String("digest", "", "sha256:… of it")
	to := f.String("to", "", "`folder` that takes what is in it")
	within := f.String("path", "", "`folder` in it that must be one, and no link")
	f.StringVar(&o.terminationLog, "termination-log", "", "`file` that is told what went wrong; default: none")
	if err := f.Parse(args); err != nil {
		return 2
	}
	if *from == "" || *digest == "" || *to == "" {
		return fail(o, errors.New("usage: push fetch --url URL --digest sha256:… --to FOLDER"), errs, 2)
	}
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	err := bringArtifact(ctx, *from, *digest, *to, *within)
	switch {
	case errors.As(err, new(awayError)):
		return fail(o, err, errs, source.FetchAway)
	case err != nil:
		return fail(o, err, errs, 1)
	}
	return 0
}

func bringArtifact(ctx context.Context, from, digest, to, within string) error {
	archive, err := os.CreateTemp(to, ".artifact-")
	if err != nil {
		return fmt.Errorf("making room for the artifact: %w", err)
	}
	defer os.Remove(archive.Name())
	defer archive.Close()
	if err := download(ctx, from, digest, archive); err != nil {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	defer root.Close()
	if err := unpack(archive, root); err != nil {
		return fmt.Errorf("unpacking the artifact: %w", err)
	}
	return isFolder(root, within)
}

// download compares what came with the digest: what is built is what Flux says, whoever answers at the address.
func download(ctx context.Context, from, digest string, to io.ReadWriteSeeker) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return errors.New("the artifact's url is none")
	}
	client := &http.Client{CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host || len(via) > 5 {
			return errors.New("it leads to another host")
		}
		return nil
	}}
	answer, err := client.Do(request)
	if err != nil {
		return awayError{fmt.Errorf("the artifact cannot be fetched from %s: %w", request.URL.Host, plain(err))}
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusNotFound: // Flux keeps the newest few, and a storage that was emptied is filled again
		return awayError{fmt.Errorf("%s has the artifact no more (404)", request.URL.Host)}
	case answer.StatusCode != http.StatusOK:
		return awayError{fmt.Errorf("%s answers %d for the artifact", request.URL.Host, answer.StatusCode)}
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(answer.Body, mostArchive+1))
	switch got := "sha256:" + hex.EncodeToString(sum.Sum(nil)); {
	case err != nil:
		return awayError{fmt.Errorf("the artifact ended before its end: %w", plain(err))}
	case n > mostArchive:
		return fmt.Errorf("the artifact has more than %d bytes", int64(mostArchive))
	case got != digest:
		return fmt.Errorf("the artifact is %s, and its source says %s: it is not what Flux made", got, digest)
	}
	_, err = to.Seek(0, io.SeekStart)
	return err
}

// plain leaves the URL out of an error of net/http, which the sentence names already.
func plain(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// unpack writes folders, files and links. Nothing leaves the root: os.Root sees to that, and links that point out of it are refused,
// as BuildKit would follow them to where build reads.
func unpack(from io.Reader, root *os.Root) error {
	zipped, err := gzip.NewReader(from)
	if err != nil {
		return fmt.Errorf("it is no tar.gz: %w", err)
	}
	archive, left := tar.NewReader(zipped), int64(mostUnpacked)
	for range mostEntries {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if left -= h.Size; left < 0 {
			return fmt.Errorf("it holds more than %d bytes", int64(mostUnpacked))
		}
		if err := entry(root, h, archive); err != nil {
			return fmt.Errorf("%q: %w", h.Name, err)
		}
	}
	return fmt.Errorf("it holds more than %d files", mostEntries)
}

func entry(root *os.Root, h *tar.Header, content io.Reader) error {
	name := path.Clean(h.Name)
	if name == "." {
		return nil
	}
	if !filepath.IsLocal(name) {
		return errors.New("it lies outside of the archive")
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		return write(root, name, h.FileInfo().Mode(), content)
	case tar.TypeSymlink:
		if path.IsAbs(h.Linkname) || !filepath.IsLocal(path.Join(path.Dir(name), h.Linkname)) {
			return fmt.Errorf("the link leads out of the archive, to %q", h.Linkname)
		}
		return root.Symlink(h.Linkname, name)
	case tar.TypeXGlobalHeader:
		return nil
	}
	return errors.New("it is neither a file, a folder nor a symbolic link")
}

// write gives a file the mode that Git would.
func write(root *os.Root, name string, mode fs.FileMode, content io.Reader) error {
	as := fs.FileMode(0o644)
	if mode&0o111 != 0 {
		as = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, as)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// isFolder: no part of spec.path is a link.
func isFolder(root *os.Root, within string) error {
	at := ""
	for _, part := range strings.Split(within, "/") {
		if part == "" {
			continue
		}
		at = path.Join(at, part)
		if is, err := root.Lstat(at); err != nil || !is.IsDir() {
			return fmt.Errorf("spec.path: %s is no folder of the artifact", at)
		}
	}
	return nil
}
