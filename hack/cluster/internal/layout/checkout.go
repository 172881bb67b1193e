package layout

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "module github.com/emporium-shop/emporium\n"

// longest leaves room for the kubelet's sockets below the state folder: a socket's path may have 107 characters.
const longest = 60

// Here finds the cluster of the checkout that contains folder.
func Here(folder string) (Cluster, error) {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return Cluster{}, fmt.Errorf("finding the checkout: %w", err)
	}
	for at := folder; ; at = filepath.Dir(at) {
		text, err := os.ReadFile(filepath.Join(at, "go.mod"))
		if err == nil && bytes.HasPrefix(text, []byte(module)) {
			return in(at)
		}
		if at == filepath.Dir(at) {
			return Cluster{}, errors.New("finding the checkout: run this inside a checkout of emporium")
		}
	}
}

func in(checkout string) (Cluster, error) {
	cluster := Cluster{State: filepath.Join(checkout, ".cluster")}
	if len(cluster.State) > longest {
		return Cluster{}, fmt.Errorf("using %s: the path is longer than %d characters, too long for the kubelet's sockets: move the checkout", cluster.State, longest)
	}
	return cluster.sized()
}

// sized reads how many nodes the cluster has that there is, if there is one.
func (c Cluster) sized() (Cluster, error) {
	text, err := os.ReadFile(c.SizeFile())
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		c.Size, err = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if err != nil || c.Size < 1 || c.Size > MostNodes {
		return c, fmt.Errorf("reading how many nodes the cluster has: %s holds no number from 1 to %d: delete it, then: make down up", c.SizeFile(), MostNodes)
	}
	return c, nil
}
