package pspfake

// The accounts of the provider's ledger. Money that is promised lies on held,
// against promised; money that moved lies on merchant, against cardholder.
const (
	accountHeld       = "held"
	accountPromised   = "promised"
	accountMerchant   = "merchant"
	accountCardholder = "cardholder"
)

// Entry is one side of a movement, in the smallest unit.
type Entry struct {
	Account string
	Minor   int64
}

// move is a movement from one account to another.
func move(from, to string, minor int64) []Entry {
	if minor == 0 {
		return nil
	}
	return []Entry{{from, -minor}, {to, minor}}
}

// entries are what makes the ledger's sums those of the authorisation after a
// change. The sums, and not the authorisation, are what books are compared with.
func entries(before, after Authorization) (out []Entry) {
	if after.State != Authorized {
		return nil
	}
	captured, released := after.Captured-before.Captured, after.Released-before.Released
	out = append(out, move(accountPromised, accountHeld, after.Minor-before.Minor)...)
	out = append(out, move(accountHeld, accountPromised, captured+released)...)
	out = append(out, move(accountCardholder, accountMerchant, captured)...)
	return append(out, move(accountMerchant, accountCardholder, after.Refunded-before.Refunded)...)
}
