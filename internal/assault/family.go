package assault

// Family is one kind of malformed input.
type Family struct {
	// Name is its name in the report; Says what it is, for people.
	Name string
	Says string
	// Weight is how often it is drawn beside others. Those that cost the sender
	// seconds are drawn seldom.
	Weight int
	// Slow: a shot takes as long as the server's own limits.
	Slow bool
	// Signed: the family says something only of a source that signs.
	Signed bool
	// Draw makes a shot.
	Draw func(*Draw) Shot
}

// Families lists every family.
func Families() []Family {
	return []Family{
		{Name: "json-truncated", Says: "a body that stops in the middle", Weight: 8, Draw: truncated},
		{Name: "json-nesting", Says: "lists and objects thousands deep", Weight: 3, Draw: nesting},
		{Name: "json-duplicate", Says: "a member twice", Weight: 8, Draw: duplicate},
		{Name: "json-number", Says: "huge numbers, NaN, other languages'", Weight: 10, Draw: number},
		{Name: "json-encoding", Says: "no UTF-8, BOM, UTF-16, half characters", Weight: 10, Draw: encoding},
		{Name: "json-shape", Says: "no object, two of them, almost JSON", Weight: 8, Draw: shape},
		{Name: "field-type", Says: "each field with another type", Weight: 12, Draw: wrongType},
		{Name: "field-missing", Says: "required fields absent, null or blank", Weight: 8, Draw: missing},
		{Name: "field-range", Says: "too long, too short, negative", Weight: 12, Draw: outOfRange},
		{Name: "field-word", Says: "types of signals that there are not", Weight: 8, Draw: unknownWord},
		{Name: "body-oversized", Says: "more than 64 KiB, declared or not", Weight: 3, Draw: oversized},
		{Name: "body-kind", Says: "content types that are none of ours", Weight: 6, Draw: wrongKind},
		{Name: "body-compressed", Says: "compressed bodies, bombs among them", Weight: 4, Draw: compressed},
		{Name: "http-method", Says: "other methods", Weight: 6, Draw: wrongMethod},
		{Name: "http-path", Says: "paths beside the webhook", Weight: 6, Draw: wrongPath},
		{Name: "http-token", Says: "tokens that are almost right", Weight: 8, Draw: wrongToken},
		{Name: "http-headers", Says: "floods of headers", Weight: 3, Draw: headerFlood},
		{Name: "http-url", Says: "URLs of many kilobytes", Weight: 3, Draw: longURL},
		{Name: "http-framing", Says: "what two readers would cut in two", Weight: 8, Draw: framing},
		{Name: "http-broken", Says: "no HTTP, or hardly", Weight: 6, Draw: broken},
		{Name: "text-sql", Says: "SQL in the texts of a wrong body", Weight: 8, Draw: sqlInjection},
		{Name: "text-log", Says: "line breaks and terminal codes", Weight: 8, Draw: logInjection},
		{Name: "text-stored", Says: "SQL as a text like any other", Weight: 2, Draw: storedText},
		{Name: "replayed", Says: "a stored signal again, or another's id", Weight: 4, Draw: replayed},
		{Name: "signature", Says: "forged, stale, missing signatures", Weight: 8, Signed: true, Draw: forged},
		{Name: "slow-headers", Says: "headers that trickle in", Weight: 1, Slow: true, Draw: slowHeaders},
		{Name: "slow-body", Says: "a body that trickles in", Weight: 1, Slow: true, Draw: slowBody},
		{Name: "half-open", Says: "half a request, or nothing at all", Weight: 1, Slow: true, Draw: halfOpen},
		{Name: "early-close", Says: "senders that leave in the middle", Weight: 4, Draw: earlyClose},
	}
}

// spread returns how many shots each family has of so many, by its weight and one
// at least. Families that say nothing here have none.
func spread(families []Family, shots int, signed bool) []int {
	sum := 0
	for _, f := range families {
		if signed || !f.Signed {
			sum += f.Weight
		}
	}
	counts := make([]int, len(families))
	for i, f := range families {
		if signed || !f.Signed {
			counts[i] = max(1, (shots*f.Weight+sum-1)/sum)
		}
	}
	return counts
}
