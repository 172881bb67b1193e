package warehouse

// Bin says where a product lies.
type Bin struct {
	SKU string
	// Place is zone, shelf and level: A-01-3. Its first part is the zone.
	Place string
	// Version rises with each change.
	Version int64
}

// Move is the bin at another place. Tasks that are made already keep the place that they name.
func (b Bin) Move(place string) Bin {
	b.Place = place
	b.Version++
	return b
}
