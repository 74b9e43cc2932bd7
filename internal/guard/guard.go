package guard

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// Panic is called with what was recovered, by the function that was deferred, and
// returns it with the callers that led to it.
func Panic(reason any) string {
	return fmt.Sprintf("panic: %v\n%s", reason, callers(debug.Stack()))
}

// callers returns the part of a stack that lies below the panic.
func callers(stack []byte) string {
	const most = 16
	lines := strings.Split(strings.TrimSpace(string(stack)), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			lines = lines[min(i+2, len(lines)):]
			break
		}
	}
	return strings.Join(lines[:min(most, len(lines))], "\n")
}
