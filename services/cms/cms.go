package cms

import (
	"strings"

	"github.com/google/uuid"

	"github.com/emporium-shop/emporium/services/internal/fault"
)

// Item is what this service keeps.
type Item struct {
	ID   uuid.UUID
	Name string
	// Version rises with each change.
	Version int64
}

// New is an item as it begins.
func New(id uuid.UUID, name string) (Item, error) {
	return Item{ID: id, Version: 1}.named(name)
}

// Rename is the item with another name.
func (i Item) Rename(name string) (Item, error) {
	i.Version++
	return i.named(name)
}

func (i Item) named(name string) (Item, error) {
	if i.Name = strings.TrimSpace(name); i.Name == "" {
		return Item{}, fault.Invalid("#/name", "A name is more than blanks.")
	}
	return i, nil
}
