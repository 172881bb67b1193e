// The program of the service notifications.
package main

import (
	"github.com/emporium-shop/emporium/services/internal/app"
	"github.com/emporium-shop/emporium/services/notifications"
)

func main() { app.Main(notifications.Service()) }
