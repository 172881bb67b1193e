package inventory

import (
	"testing"

	"github.com/emporium-shop/emporium/services/internal/access/accesstest"
	"github.com/emporium-shop/emporium/services/internal/servicetest"
)

func TestOpenAPI(t *testing.T) { servicetest.OpenAPI(t, Service()) }

func TestContract(t *testing.T) {
	s := servicetest.Start(t, Service(), "SHOP_JWKS", accesstest.JWKS())
	if err := seed(t.Context(), s.Kit().DB); err != nil {
		t.Fatal(err)
	}
	s.Contract(t)
}
