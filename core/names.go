package core

// word returns the fixed name of v in a table that is indexed by it.
func word[T ~uint8](names []string, v T) string {
	if int(v) >= len(names) {
		return "?"
	}
	return names[v]
}

// named returns the value above zero that has that name.
func named[T ~uint8](names []string, name string) (T, bool) {
	for i := 1; i < len(names); i++ {
		if names[i] == name {
			return T(i), true
		}
	}
	return 0, false
}

// listed returns every value above zero, up to and without end.
func listed[T ~uint8](end T) []T {
	all := make([]T, 0, end)
	for v := T(1); v < end; v++ {
		all = append(all, v)
	}
	return all
}
