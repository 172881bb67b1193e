package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/emporium-shop/emporium/hack/services"
	"github.com/emporium-shop/emporium/services/shop"
)

// station is a service on the map.
type station struct {
	name string
	// tables that it owns, without its schema and without those of inbox, outbox and keys, which many have.
	tables []string
	// asks are the services that it calls, as its manifests say.
	asks []string
	// emits and takes are types of events.
	emits, takes []string
}

// spoken is what a service says of its events in /contract.
type spoken struct {
	Emits []string `json:"emits"`
	Takes []string `json:"takes"`
}

func stations(root string) (all []station, err error) {
	found, err := services.Find(root)
	if err != nil {
		return nil, err
	}
	inGo := map[string]spoken{}
	for _, m := range shop.Members() {
		var s spoken
		for _, t := range m.Emits {
			s.Emits = append(s.Emits, string(t))
		}
		for _, t := range m.Takes {
			s.Takes = append(s.Takes, string(t))
		}
		inGo[m.Name] = s
	}
	for _, f := range found {
		s, known := inGo[f.Name]
		if !known {
			if s, err = written(filepath.Join(root, f.Folder, "contract.json")); err != nil {
				return nil, err
			}
		}
		one := station{name: f.Name, asks: asked(f), emits: s.Emits, takes: s.Takes}
		if one.tables, err = owned(filepath.Join(root, f.Folder, "migrations")); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

// written reads what a service in another language says in /contract.
func written(file string) (s spoken, err error) {
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		return s, fmt.Errorf("reading what a service says of its events: %w", err)
	}
	return s, nil
}

// asked are the services that a folder's ShopServices depend on, its workers included.
func asked(f services.Service) (names []string) {
	for _, s := range f.Shop {
		names = append(names, s.Spec.DependsOn...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == f.Name })
}

var (
	created = regexp.MustCompile(`(?im)^CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?:\w+\.)?(\w+)`)
	common  = regexp.MustCompile(`^(outbox|inbox|inbox_parked|idempotency_keys|requests)$`)
)

func owned(folder string) (tables []string, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.sql"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, match := range created.FindAllStringSubmatch(string(text), -1) {
			if name := strings.ToLower(match[1]); !common.MatchString(name) && !slices.Contains(tables, name) {
				tables = append(tables, name)
			}
		}
	}
	return tables, nil
}
