//go:build race

package scenarios_test

// classSeeds is how many seeds each class is played with. The race detector looks
// at how runs are spread over the cores, and a few show it as well as many.
const classSeeds = 5
