//go:build !race

package scenarios_test

// classSeeds is how many seeds each class is played with.
const classSeeds = 100
