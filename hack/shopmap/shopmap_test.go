package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestTheMapOfTheShopIsCurrent(t *testing.T) {
	want, err := drawn(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, picture))
	if err != nil || string(got) != want {
		t.Errorf("%s is not current: go run ./hack/shopmap (%v)", picture, err)
	}
	for _, part := range []string{"<title>checkout asks payments</title>", ">coupons</text>", ">orders.order.placed.v1</text>"} {
		if !strings.Contains(want, part) {
			t.Errorf("the map does not show %s", part)
		}
	}
}

// TestEveryEventHasAProducer: a type that somebody waits for and nobody sends is a promise that nobody keeps.
func TestEveryEventHasAProducer(t *testing.T) {
	all, err := stations(root)
	if err != nil {
		t.Fatal(err)
	}
	for kind, r := range routes(all) {
		if len(r.from) != 1 {
			t.Errorf("%s is sent by %v and taken by %v", kind, r.from, r.to)
		}
		if _, err := os.Stat(filepath.Join(root, "services/contract/v1/schemas/events", kind+".json")); err != nil {
			t.Errorf("%s has no schema in the contract: %v", kind, err)
		}
	}
}

func TestWhoAsksStandsBeforeWhoIsAsked(t *testing.T) {
	columns := layers([]station{{name: "a", asks: []string{"b", "c", "auth"}}, {name: "auth"}, {name: "b", asks: []string{"c"}}, {name: "c"}, {name: "d", asks: []string{"e"}}, {name: "e", asks: []string{"d"}}})
	at := map[string]int{}
	for n, column := range columns {
		for _, s := range column {
			at[s.name] = n
		}
	}
	if at["a"] >= at["b"] || at["b"] >= at["c"] || at["auth"] != 0 || len(at) != 6 {
		t.Errorf("columns %v", at)
	}
}

func TestTablesAreThoseThatAServiceMakesForItself(t *testing.T) {
	folder := t.TempDir()
	text := "-- +goose Up\nCREATE TABLE gifts.cards (id uuid);\ncreate table if not exists gifts.uses ();\nCREATE TABLE gifts.outbox ();\n-- CREATE TABLE gifts.never ();\n"
	if err := os.WriteFile(filepath.Join(folder, "00001_gifts.sql"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := owned(folder)
	if err != nil || !slices.Equal(got, []string{"cards", "uses"}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAServiceInAnotherLanguageSaysItsEventsInAFile(t *testing.T) {
	if _, err := written(filepath.Join(t.TempDir(), "contract.json")); err == nil || !strings.Contains(err.Error(), "contract.json") {
		t.Errorf("without a file: %v", err)
	}
}
