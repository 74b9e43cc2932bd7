package scenarios

import "strings"

// Nearest returns the allowed word that is most like the given one, or "" if
// none is like enough to be worth naming.
func Nearest(word string, allowed []string) string {
	const longest = 64
	if word == "" || len(word) > longest {
		return ""
	}
	best, least := "", len(word)/3+2
	for _, candidate := range allowed {
		if candidate == word {
			return ""
		}
		d := distance(strings.ToLower(word), strings.ToLower(candidate))
		// A change of every letter is no likeness, however short the word.
		if d < least && d < max(len(word), len(candidate)) {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, change or swap with their
// neighbour to turn one word into the other.
func distance(a, b string) int {
	earlier := make([]int, len(b)+1)
	previous := make([]int, len(b)+1)
	current := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], earlier[j-2]+1)
			}
		}
		earlier, previous, current = previous, current, earlier
	}
	return previous[len(b)]
}
