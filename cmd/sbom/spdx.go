package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// The parts of SPDX 2.3 that a list of packages needs.
type document struct {
	SPDXVersion       string         `json:"spdxVersion"`
	DataLicense       string         `json:"dataLicense"`
	SPDXID            string         `json:"SPDXID"`
	Name              string         `json:"name"`
	DocumentNamespace string         `json:"documentNamespace"`
	CreationInfo      creation       `json:"creationInfo"`
	Packages          []spdxPackage  `json:"packages"`
	Relationships     []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	Name             string        `json:"name"`
	SPDXID           string        `json:"SPDXID"`
	VersionInfo      string        `json:"versionInfo,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    bool          `json:"filesAnalyzed"`
	SourceInfo       string        `json:"sourceInfo,omitempty"`
	LicenseConcluded string        `json:"licenseConcluded"`
	LicenseDeclared  string        `json:"licenseDeclared"`
	CopyrightText    string        `json:"copyrightText"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Related string `json:"relatedSpdxElement"`
	Type    string `json:"relationshipType"`
}

const (
	unknown    = "NOASSERTION"
	documentID = "SPDXRef-DOCUMENT"
	imageID    = "SPDXRef-image"
)

// documentOf says that the image contains the packages. The same packages at the same time make the same document.
func documentOf(name string, found []pkg, now time.Time) document {
	d := document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", SPDXID: documentID, Name: name,
		CreationInfo:  creation{Created: now.Format(time.RFC3339), Creators: []string{"Tool: emporium-sbom"}},
		Packages:      []spdxPackage{packageOf(imageID, pkg{name: name})},
		Relationships: []relationship{{documentID, imageID, "DESCRIBES"}},
	}
	sum := sha256.New()
	for i, p := range found {
		id := fmt.Sprintf("SPDXRef-package-%d", i+1)
		d.Packages = append(d.Packages, packageOf(id, p))
		d.Relationships = append(d.Relationships, relationship{imageID, id, "CONTAINS"})
		fmt.Fprintf(sum, "%q\n", p)
	}
	d.DocumentNamespace = "https://emporium.dev/sbom/" + name + "/" + hex.EncodeToString(sum.Sum(nil))
	return d
}

func packageOf(id string, p pkg) spdxPackage {
	out := spdxPackage{
		Name: p.name, SPDXID: id, VersionInfo: p.version, DownloadLocation: unknown, LicenseConcluded: unknown, LicenseDeclared: unknown, CopyrightText: unknown,
	}
	if p.purl != "" {
		out.ExternalRefs = []externalRef{{"PACKAGE-MANAGER", "purl", p.purl}}
	}
	if p.found != "" {
		out.SourceInfo = "found in " + p.found
	}
	return out
}

// statement is how BuildKit takes a document; it adds whose it is.
type statement struct {
	Type          string   `json:"_type"`
	PredicateType string   `json:"predicateType"`
	Subject       []string `json:"subject"`
	Predicate     document `json:"predicate"`
}

func statementOf(d document) statement {
	return statement{"https://in-toto.io/Statement/v0.1", "https://spdx.dev/Document", []string{}, d}
}
