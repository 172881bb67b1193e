// The program of the service books.
package main

import (
	"github.com/emporium-shop/emporium/services/books"
	"github.com/emporium-shop/emporium/services/internal/app"
)

func main() { app.Main(books.Service()) }
