package link

// requests reads what the near party says, until the connection ends.
func (p Protocol) requests(t *tape, c *calls) error {
	_ = c
	return t.rest()
}

// replies reads what the far party says, until the connection ends.
func (p Protocol) replies(t *tape, c *calls) error {
	_ = c
	return t.rest()
}
