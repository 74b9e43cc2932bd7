package browser

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// programs are the names under which distributions install the browser.
var programs = []string{"chromium", "chromium-browser", "google-chrome"}

// Find returns the path of a browser. Its error names the command that installs
// one.
func Find() (string, error) {
	if path := os.Getenv("FENCEPOST_CHROMIUM"); path != "" {
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("FENCEPOST_CHROMIUM names no program: %w", err)
		}
		return found, nil
	}
	for _, name := range programs {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no browser here: neither %s is on PATH, and FENCEPOST_CHROMIUM is not set; "+
		"install one as root with `make browser` (or `apt-get install chromium`)",
		strings.Join(programs, " nor "))
}
