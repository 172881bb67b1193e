// Package oci makes container images without a daemon, and always the same image from the same content:
// no time, no user name and no order of files on disk gets in.
package oci

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// File is a file or folder of a layer. Folders above it are made as needed.
type File struct {
	// Path is absolute, inside the image.
	Path string
	// Source is the file on this machine to copy; empty takes Content, or makes a folder when Folder is set.
	Source  string
	Content []byte
	Folder  bool
	Mode    int64
	UID     int
	GID     int
}

// epoch is the time of every file: the time of the build would make each image another one.
var epoch = time.Unix(0, 0).UTC()

// Layer packs files into a layer.
func Layer(files []File) (v1.Layer, error) {
	var packed bytes.Buffer
	if err := Pack(&packed, files); err != nil {
		return nil, fmt.Errorf("packing a layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(packed.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressedCaching)
}

// Pack writes the tarball of a layer, uncompressed.
func Pack(to io.Writer, files []File) error {
	archive := tar.NewWriter(to)
	for _, file := range withFolders(files) {
		if err := add(archive, file); err != nil {
			return fmt.Errorf("adding %s: %w", file.Path, err)
		}
	}
	return archive.Close()
}

// withFolders adds the folders above each file, and sorts all by path, so that a folder comes before what is in it.
func withFolders(files []File) []File {
	all := map[string]File{}
	for _, file := range files {
		for folder := path.Dir(file.Path); folder != "/"; folder = path.Dir(folder) {
			if _, there := all[folder]; !there {
				all[folder] = File{Path: folder, Folder: true, Mode: 0o755}
			}
		}
	}
	for _, file := range files {
		all[file.Path] = file
	}
	sorted := make([]File, 0, len(all))
	for _, file := range all {
		sorted = append(sorted, file)
	}
	slices.SortFunc(sorted, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return sorted
}

func add(archive *tar.Writer, file File) error {
	content, size, err := file.open()
	if err != nil {
		return err
	}
	defer content.Close()
	header := &tar.Header{
		Name: strings.TrimPrefix(file.Path, "/"), Typeflag: tar.TypeReg, Size: size,
		Mode: file.Mode, Uid: file.UID, Gid: file.GID, ModTime: epoch, Format: tar.FormatPAX,
	}
	if file.Folder {
		header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
	}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(archive, content)
	return err
}

func (f File) open() (io.ReadCloser, int64, error) {
	if f.Source == "" {
		return io.NopCloser(bytes.NewReader(f.Content)), int64(len(f.Content)), nil
	}
	source, err := os.Open(f.Source)
	if err != nil {
		return nil, 0, err
	}
	info, err := source.Stat()
	if err != nil {
		_ = source.Close()
		return nil, 0, err
	}
	return source, info.Size(), nil
}
