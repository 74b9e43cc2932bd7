package scenarios

import "fmt"

// Plural returns so many of the noun in words: `1 seed`, `2 seeds`. The noun's
// plural ends in s.
func Plural[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
