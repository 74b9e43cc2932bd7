//go:build race

package scenarios_test

// underRace tells that the race detector reads along, which takes twenty times as
// long: what is counted in thousands is counted in tens.
const underRace = true
