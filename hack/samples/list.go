package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// list is a list in a manifest that is generated. Its key's line says so: `key: # generated…`.
type list struct {
	// file is relative to the checkout.
	file, key string
	items     []string
	// byHand is what the list holds where it is not marked: then it is somebody's own, and only has to be enough.
	byHand []string
}

// written is the file with the list as it should be.
func (l list) written(checkout string) (string, error) {
	text, err := os.ReadFile(filepath.Join(checkout, filepath.FromSlash(l.file)))
	if err != nil {
		return "", err
	}
	return l.in(string(text))
}

// in replaces the list: the lines below the key that have its indentation and a dash.
func (l list) in(text string) (string, error) {
	key := regexp.MustCompile(`(?m)^([ -]*)` + regexp.QuoteMeta(l.key) + `: # generated.*\n`)
	at := key.FindAllStringSubmatchIndex(text, -1)
	missing := slices.DeleteFunc(slices.Clone(l.items), func(item string) bool { return slices.Contains(l.byHand, item) })
	if len(at) == 0 && len(missing) == 0 {
		return text, nil
	}
	if len(at) != 1 {
		return "", fmt.Errorf("%s lacks %s in its list %s: put them there, or let it be made by a line `%s: # generated`", l.file, strings.Join(missing, ", "), l.key, l.key)
	}
	indent := strings.Repeat(" ", at[0][3]-at[0][2])
	rest := text[at[0][1]:]
	for strings.HasPrefix(rest, indent+"- ") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	var b strings.Builder
	for _, item := range l.items {
		b.WriteString(indent + "- " + item + "\n")
	}
	return text[:at[0][1]] + b.String() + rest, nil
}
