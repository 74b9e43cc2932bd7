package tape

// Dial is one draw that an odometer turns through the answers zero to Radix-1.
type Dial struct {
	Name  Name
	Radix uint64
}

// Odometer is a source that tries every combination of answers of a few draws,
// and asks another source for the rest. The last dial turns fastest, and the
// first combination is all zeros.
//
//	o := tape.NewOdometer(behind, dials...)
//	for more := true; more; more = o.Next() {
//		world.Play(tape.From(o))
//	}
type Odometer struct {
	dials  []Dial
	digits []uint64
	at     map[Name]int
	behind Source
	asked  []bool
}

// NewOdometer returns an odometer that stands at zero. A nil source behind
// answers zero. It panics if a draw is named twice or has no answers.
func NewOdometer(behind Source, dials ...Dial) *Odometer {
	if behind == nil {
		behind = Benign{}
	}
	o := &Odometer{
		dials: dials, digits: make([]uint64, len(dials)), asked: make([]bool, len(dials)),
		at: make(map[Name]int, len(dials)), behind: behind,
	}
	for i, d := range dials {
		if _, twice := o.at[d.Name]; twice || d.Radix == 0 {
			panic("tape: a dial has a draw of its own and at least one answer")
		}
		o.at[d.Name] = i
	}
	return o
}

// Draw returns the digit of the draw's dial.
func (o *Odometer) Draw(n Name) uint64 {
	if i, ok := o.at[n]; ok {
		o.asked[i] = true
		return o.digits[i]
	}
	return o.behind.Draw(n)
}

// Next turns to the next combination that can differ from those before, and
// reports false when all were tried. A dial that nobody asked for while it stood
// where it stands is not turned: its other answers would make the same runs.
func (o *Odometer) Next() bool {
	for i := len(o.dials) - 1; i >= 0; i-- {
		turns := o.asked[i] && o.digits[i]+1 < o.dials[i].Radix
		o.asked[i] = false
		if turns {
			o.digits[i]++
			return true
		}
		o.digits[i] = 0
	}
	return false
}

// Digits returns the present combination, in the order of the dials. The slice
// belongs to the odometer.
func (o *Odometer) Digits() []uint64 { return o.digits }

// Of returns the name of a draw: of the site, for the node or step with that
// index (zero for nobody), the n-th from zero. A step with an id is named by
// Entry.Name.
func Of(s Site, index int, nth uint32) Name {
	return Name{Site: s, Actor: actorOf(s.Kind(), index), Nth: nth}
}
