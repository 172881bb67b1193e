package catalog

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
)

// mostPictures is how many pictures a product may have.
const mostPictures = 4

// Picture names an original at media, with what a page must know before it loads it.
type Picture struct {
	Hash   string `json:"hash" minLength:"64" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"At media: /api/media/{hash}/{width}.jpg" example:"e183ea183e325db508e14d510e03badfd7d29c263f6a08a0bd5735aaa2707613"`
	Width  int    `json:"width" minimum:"1" maximum:"8000" doc:"Of the original, in pixels: nothing is enlarged"`
	Height int    `json:"height" minimum:"1" maximum:"8000"`
	Alt    string `json:"alt" maxLength:"500" doc:"What is to be seen, for who cannot see it"`
}

// Gallery are a product's pictures, the first one first. It is an array so that products can be compared; what is
// empty is none.
type Gallery [mostPictures]Picture

// galleryOf takes the pictures that there is room for.
func galleryOf(list []Picture) (g Gallery) {
	copy(g[:], list)
	return g
}

// List are those that there are.
func (g Gallery) List() (list []Picture) {
	for _, p := range g {
		if p.Hash != "" {
			list = append(list, p)
		}
	}
	return list
}

// paths are where they are read, in the size that a list shows.
func (g Gallery) paths() (list []string) {
	for _, p := range g.List() {
		list = append(list, "/api/media/"+p.Hash+"/640.jpg")
	}
	return list
}

// Value is how it is stored.
func (g Gallery) Value() (driver.Value, error) {
	list := g.List()
	if list == nil {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

// Scan reads what is stored.
func (g *Gallery) Scan(stored any) error {
	var list []Picture
	var err error
	switch stored := stored.(type) {
	case string:
		err = json.Unmarshal([]byte(stored), &list)
	case []byte:
		err = json.Unmarshal(stored, &list)
	default:
		err = fmt.Errorf("it is a %T", stored)
	}
	if err != nil {
		return fmt.Errorf("reading the pictures of a product: %w", err)
	}
	*g = galleryOf(list)
	return nil
}
