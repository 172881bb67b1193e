package httpapi

import (
	"encoding/json"
	"net/http"
)

// Contract is what a service promises, at /contract: for people, for the checker,
// and for whoever compares two releases before both use one database.
type Contract struct {
	// Schema is the database schema; nil for a service without data.
	Schema *Schema `json:"schema,omitempty"`
	// Provides and Consumes list APIs as name/version: "catalog/v1".
	Provides []string `json:"provides"`
	Consumes []string `json:"consumes"`
	// Emits and Takes list types of events: "orders.order.placed.v1".
	Emits []string `json:"emits,omitempty"`
	Takes []string `json:"takes,omitempty"`
}

// Schema is a service's part of the database. Two releases may share one
// database when the version of each is at least the floor of the other.
type Schema struct {
	Name string `json:"name"`
	// Version is the newest migration that the release brings: it needs that one, and all before.
	Version int64 `json:"version"`
	// Floor is the oldest version whose release still works once this release
	// has migrated the schema. It rises when a migration takes something away.
	Floor int64 `json:"floor"`
}

// contractVersion is the version of the rules that all services follow.
const contractVersion = "v1"

type contractAnswer struct {
	Service string `json:"service"`
	// Version of the image. ShopVersion is the shop's release version, where it has one.
	Version     string `json:"version"`
	ShopVersion string `json:"shopVersion,omitempty"`
	Shop        string `json:"shop"`
	Release     string `json:"release"`
	Rules       string `json:"contract"`
	Contract
}

func (c Contract) of(id Identity) contractAnswer {
	c.Provides = append([]string{}, c.Provides...) // [] in JSON, never null
	c.Consumes = append([]string{}, c.Consumes...)
	return contractAnswer{
		Service: id.Service, Version: id.Version, ShopVersion: id.ShopVersion, Shop: id.Shop, Release: id.Release,
		Rules: contractVersion, Contract: c,
	}
}

func (s *Server) contract(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", jsonType)
	_ = json.NewEncoder(w).Encode(s.options.Contract.of(s.options.Identity)) // the client is gone: nobody to tell
}
