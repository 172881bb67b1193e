package git

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// Modes of a tree's entries that are no files.
const (
	modeTree      = "40000"
	modeLink      = "120000"
	modeSubmodule = "160000"
)

// entry is one name in a tree.
type entry struct{ mode, hash string }

// readTree reads "mode name\0hash", again and again.
func readTree(raw []byte, hexDigits int) (map[string]entry, error) {
	entries := map[string]entry{}
	for len(raw) > 0 {
		head, rest, ok := bytes.Cut(raw, []byte{0})
		mode, name, two := bytes.Cut(head, []byte(" "))
		if !ok || !two || len(rest) < hexDigits/2 {
			return nil, errNotGit
		}
		entries[string(name)] = entry{string(mode), hex.EncodeToString(rest[:hexDigits/2])}
		raw = rest[hexDigits/2:]
	}
	return entries, nil
}

// treeOf returns the tree that a commit names, in its first line.
func treeOf(commit []byte) (string, error) {
	line, _, _ := strings.Cut(string(commit[:min(len(commit), 128)]), "\n")
	tree, ok := strings.CutPrefix(line, "tree ")
	if !ok || !isHash(tree) {
		return "", errNotGit
	}
	return tree, nil
}
