package scrape

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Read returns the metrics by name; those with several series are added up.
func Read(text io.Reader) (map[string]float64, error) {
	values := map[string]float64{}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		cut := strings.LastIndexByte(line, ' ')
		if cut < 0 {
			continue
		}
		name, _, _ := strings.Cut(line[:cut], "{")
		value, err := strconv.ParseFloat(line[cut+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metric %s: %w", name, err)
		}
		values[name] += value
	}
	return values, lines.Err()
}
