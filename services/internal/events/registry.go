package events

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/emporium-shop/emporium/services/contract"
)

// Type names what happened: orders.order.placed.v1.
type Type string

// The types of the contract (services/contract/v1/events.md). What their data
// holds is in services/contract/v1/schemas/events.
const (
	ProductChanged    Type = "catalog.product.changed.v1"
	ProductRemoved    Type = "catalog.product.removed.v1"
	PriceChanged      Type = "pricing.price.changed.v1"
	StockChanged      Type = "inventory.stock.changed.v1"
	HoldReleased      Type = "inventory.hold.released.v1"
	ShortfallDetected Type = "inventory.shortfall.detected.v1"
	OrderPlaced       Type = "orders.order.placed.v1"
	OrderPaid         Type = "orders.order.paid.v1"
	OrderSent         Type = "orders.order.sent.v1"
	OrderCancelled    Type = "orders.order.cancelled.v1"
	OrderCompleted    Type = "orders.order.completed.v1"
	PaymentAuthorized Type = "payments.payment.authorized.v1"
	PaymentCaptured   Type = "payments.payment.captured.v1"
	PaymentVoided     Type = "payments.payment.voided.v1"
	PaymentRefunded   Type = "payments.payment.refunded.v1"
	PaymentFailed     Type = "payments.payment.failed.v1"
	CouponRedeemed    Type = "promotions.coupon.redeemed.v1"
	ReviewPublished   Type = "reviews.review.published.v1"
	ReviewRemoved     Type = "reviews.review.removed.v1"
	KeysRotated       Type = "auth.keys.rotated.v1"
	CartClosed        Type = "cart.cart.closed.v1"
	MailWanted        Type = "auth.mail.wanted.v1"
	// CustomerErased is answered with ErasureDone by each service that holds personal data.
	CustomerRegistered Type = "customers.customer.registered.v1"
	CustomerErased     Type = "customers.customer.erased.v1"
	ErasureDone        Type = "customers.erasure.done.v1"
	VariantReady       Type = "media.variant.ready.v1"
	InvoiceIssued      Type = "invoicing.invoice.issued.v1"
	InvoiceCredited    Type = "invoicing.invoice.credited.v1"
	ParcelSent         Type = "shipping.parcel.sent.v1"
	ParcelDelivered    Type = "shipping.parcel.delivered.v1"
	CartMerged         Type = "cart.cart.merged.v1"
	ReturnAccepted     Type = "returns.return.accepted.v1"
)

const (
	moneySchema = "v1/schemas/money.json"
	typeSchemas = "v1/schemas/events"
	typePrefix  = "urn:emporium:event:"
)

var (
	errUnknown = errors.New("is no type of the contract: it has no schema")
	schemas    = sync.OnceValues(compile)
)

// Types are all that the contract has a schema for, in alphabetical order.
func Types() ([]Type, error) {
	all, err := schemas()
	if err != nil {
		return nil, err
	}
	var list []Type
	for t := range all {
		list = append(list, t)
	}
	slices.Sort(list)
	return list, nil
}

// Domain is the first part of a type: the service whose event it is.
func (t Type) Domain() string {
	domain, _, _ := strings.Cut(string(t), ".")
	return domain
}

// check holds data to the type's schema.
func (t Type) check(data []byte) error {
	all, err := schemas()
	if err != nil {
		return err
	}
	schema, known := all[t]
	if !known {
		return fmt.Errorf("%s %w", t, errUnknown)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("reading the data of %s: %w", t, err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("the data of %s does not fit its schema: %w", t, places(err))
	}
	return nil
}

// places says where data does not fit, and not what stands there: that may be a
// customer's mail address, and errors are logged.
func places(err error) error {
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		return err
	}
	var found []string
	for _, unit := range wrong.BasicOutput().Errors {
		found = append(found, fmt.Sprintf("%q breaks %q", unit.InstanceLocation, unit.KeywordLocation))
	}
	return errors.New(strings.Join(found, ", "))
}

func compile() (map[Type]*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	files, err := fs.Glob(contract.V1, typeSchemas+"/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range append(files, moneySchema) {
		if err := add(c, file); err != nil {
			return nil, fmt.Errorf("reading the schema %s: %w", file, err)
		}
	}
	all := map[Type]*jsonschema.Schema{}
	for _, file := range files {
		t := Type(strings.TrimSuffix(path.Base(file), ".json"))
		if all[t], err = c.Compile(typePrefix + string(t)); err != nil {
			return nil, fmt.Errorf("compiling the schema of %s: %w", t, err)
		}
	}
	return all, nil
}

func add(c *jsonschema.Compiler, file string) error {
	text, err := contract.V1.ReadFile(file)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	id := "urn:emporium:schema:money"
	if file != moneySchema {
		id = typePrefix + strings.TrimSuffix(path.Base(file), ".json")
	}
	return c.AddResource(id, value)
}
