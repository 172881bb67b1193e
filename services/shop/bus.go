package shop

import (
	"errors"
	"fmt"
	"os"

	"github.com/emporium-shop/emporium/services/internal/events/natsserver"
)

// eventsURL is where the services are told of NATS.
const eventsURL = "EVENTS_URL"

// bus is the shop's NATS: a server of its own in this process, or somebody's address.
type bus struct {
	own *natsserver.Server
	dir string
	url string
}

func openBus(url string) (*bus, error) {
	if url != "" {
		return &bus{url: url}, nil
	}
	dir, err := os.MkdirTemp("", "emporium-nats-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for NATS: %w", err)
	}
	own, err := natsserver.Start(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &bus{own, dir, own.URL()}, nil
}

func (b *bus) close() {
	if b.own != nil {
		b.own.Stop()
		_ = os.RemoveAll(b.dir) // what is left is swept with the other temporary files
	}
}
