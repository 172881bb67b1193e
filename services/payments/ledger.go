package payments

// The accounts of the ledger. What the provider promised lies on held, against
// promised; what he owes us on provider, against customer.
const (
	accountHeld     = "held"
	accountPromised = "promised"
	accountProvider = "provider"
	accountCustomer = "customer"
)

// Entry is one side of a movement, in the smallest unit.
type Entry struct {
	Account string
	Minor   int64
}

func move(from, to string, minor int64) []Entry {
	if minor == 0 {
		return nil
	}
	return []Entry{{from, -minor}, {to, minor}}
}

// Entries are the movement that a change of a payment's facts is.
func Entries(before, after Payment) (out []Entry) {
	if after.Authorized && !before.Authorized {
		out = append(out, move(accountPromised, accountHeld, after.Amount)...)
	}
	captured, released := after.Captured-before.Captured, after.Released-before.Released
	out = append(out, move(accountHeld, accountPromised, captured+released)...)
	out = append(out, move(accountCustomer, accountProvider, captured)...)
	return append(out, move(accountProvider, accountCustomer, after.Refunded-before.Refunded)...)
}
