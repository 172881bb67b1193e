// Package status turns what was observed and decided into the statuses of Shops,
// ShopServices and ShopReleases. It is pure, and claims nothing that the world does not show.
package status
