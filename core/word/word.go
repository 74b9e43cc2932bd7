package word

// Of returns the fixed name of v in a table that is indexed by it.
func Of[T ~uint8](names []string, v T) string {
	if int(v) >= len(names) {
		return "?"
	}
	return names[v]
}

// Find returns the value above zero that has that name.
func Find[T ~uint8](names []string, name string) (T, bool) {
	for i := 1; i < len(names); i++ {
		if names[i] == name {
			return T(i), true
		}
	}
	return 0, false
}

// All returns every value above zero, up to and without end.
func All[T ~uint8](end T) []T {
	all := make([]T, 0, end)
	for v := T(1); v < end; v++ {
		all = append(all, v)
	}
	return all
}
