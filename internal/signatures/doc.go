// Package signatures signs images and judges their signatures, in the format of cosign: a small JSON
// document names the digest of an image (simple signing), the key signs that document, and both are
// kept in the image's own repository under the tag sha256-<hex>.sig. What is signed here is accepted
// by `cosign verify --key`, and the other way round. What cosign writes by default since version 3, Sigstore
// bundles that refer to an image, is judged as well.
//
// The document also names a repository ("docker-reference"). As in cosign, it does not count: images
// are copied from one registry to another together with their signatures, and the digest alone says
// what runs. A signature that was copied to the tag of another image is refused by the digest.
package signatures
