package page_test

import (
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// luminance of a colour, #rrggbb.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		if c := float64(n) / 255; c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}

// What is to be read at night has a contrast of 4.5 at least, in light and in dark.
func TestColoursStandOutInLightAndDark(t *testing.T) {
	_, _, url := serve(t)
	text, err := io.ReadAll(get(t, url+"/page/page.css").Body)
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(text), "@media (prefers-color-scheme: dark)")
	dark, _, _ = strings.Cut(dark, "* {")
	colours := map[string]string{}
	for name, css := range map[string]string{"light": light, "dark": dark} {
		set := regexp.MustCompile(`--([\w-]+): (#[0-9a-f]{6})`)
		for _, match := range set.FindAllStringSubmatch(css, -1) {
			colours[name+" "+match[1]] = match[2]
		}
		for pair := range strings.FieldsSeq("ink/page ink/card ink/chip ink/bad-page soft/page soft/card " +
			"soft/bad-page good/card good/page warn/card warn/warn-page bad/card bad/bad-page on/bad " +
			"on/good act/card act/bad-page on/o0 on/o1 on/o2 on/o3 on/o4 on/o5 on/o6 on/o7") {
			front, back, _ := strings.Cut(pair, "/")
			a, b := colours[name+" "+front], colours[name+" "+back]
			if a == "" || b == "" {
				t.Errorf("%s: %s or %s is not set", name, front, back)
				continue
			}
			x, y := luminance(t, a), luminance(t, b)
			if got := (max(x, y) + 0.05) / (min(x, y) + 0.05); got < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.1f", name, front, back, got)
			}
		}
	}
}
