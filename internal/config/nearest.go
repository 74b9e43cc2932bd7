package config

// nearest returns the allowed word that takes the fewest changes of a letter
// to become word, or "" if none is close enough to have been meant.
func nearest(word string, allowed []string) string {
	best, least := "", 1+len(word)/3
	for _, candidate := range allowed {
		if d := distance(word, candidate); d <= least && d < len(candidate) {
			best, least = candidate, d-1
		}
	}
	return best
}

// distance counts the letters to insert, delete or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
