package core

// assert stops the process when a state that cannot be has come to be, also in
// production: a crashed node loses its lease, which is the safe direction.
func assert(holds bool, claim string) {
	if !holds {
		panic("core: broken assumption: " + claim)
	}
}
