// What the refusals of other services mean. Which releases took part in a
// page is noted by the client itself (X-Shop-Sources).
package main

import (
	"errors"

	"github.com/emporium-shop/emporium/services/internal/client"
)

// status is the status another service refused with, 0 for any other error.
func status(err error) int {
	var refused *client.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}
