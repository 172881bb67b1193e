package access

// Rested lets keys be looked for again that are not known, as if time had gone by.
func (k *Keys) Rested() {
	k.asking.Lock()
	defer k.asking.Unlock()
	k.asked = k.asked.Add(-refresh)
}
