package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// The scalars that are kept as plain Go values wrap a pointer to them.
type (
	wordValue[T ~string]    struct{ p *T }
	enumValue[T comparable] struct {
		p     *T
		parse func(string) (T, bool)
		print func(T) string
	}
	textValue    struct{ p *string }
	nameValue    struct{ p *string }
	versionValue struct{ p *int }
	intValue     struct{ p *int }
	// limitValue is a whole number of which zero is as good as any other.
	limitValue  struct{ intValue }
	seedValue   struct{ p *uint64 }
	numberValue struct{ p *float64 }
)

func wordOf[T ~string](p *T) value { return wordValue[T]{p} }

// enumOf is a word that stands for a value of core.
func enumOf[T interface {
	comparable
	String() string
}](p *T, parse func(string) (T, bool)) value {
	return enumValue[T]{p, parse, T.String}
}

func (v wordValue[T]) absent() bool   { return *v.p == "" }
func (v wordValue[T]) String() string { return string(*v.p) }

func (v wordValue[T]) read(f *Field, text string) *problem {
	if f.word(text) == nil {
		return unknownWord(f, text)
	}
	*v.p = T(text)
	return nil
}

func (v enumValue[T]) absent() bool {
	var zero T
	return *v.p == zero
}

func (v enumValue[T]) String() string { return v.print(*v.p) }

func (v enumValue[T]) read(f *Field, text string) *problem {
	if f.word(text) == nil {
		return unknownWord(f, text)
	}
	got, ok := v.parse(text)
	if !ok {
		return unknownWord(f, text)
	}
	*v.p = got
	return nil
}

func unknownWord(f *Field, text string) *problem {
	message := fmt.Sprintf("unknown %s %s", f.noun(), quoted(text))
	return &problem{message: message, got: text, allowed: wordNames(f.Words)}
}

func (v textValue) absent() bool   { return *v.p == "" }
func (v textValue) String() string { return *v.p }

func (v textValue) read(f *Field, text string) *problem {
	if strings.TrimSpace(text) == "" {
		return &problem{message: fmt.Sprintf("`%s` is empty", f.Name)}
	}
	*v.p = text
	return nil
}

func (v nameValue) absent() bool   { return *v.p == "" }
func (v nameValue) String() string { return *v.p }

func (v nameValue) read(f *Field, text string) *problem {
	if !isName(text) {
		message := "%s is no %s; a name begins with a letter and has letters, digits, dashes and underscores"
		if strings.HasPrefix(text, "$") {
			message = "%s is no %s; the dollar sign stands only where a bound name is used"
		}
		return &problem{message: fmt.Sprintf(message, quoted(text), f.noun())}
	}
	*v.p = text
	return nil
}

// isName tells whether the text can name a scenario, a step or a binding.
func isName(text string) bool {
	const longest = 80
	if text == "" || len(text) > longest || !isLetter(text[0]) {
		return false
	}
	for i := 1; i < len(text); i++ {
		if c := text[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (v versionValue) absent() bool   { return false }
func (v versionValue) String() string { return strconv.Itoa(*v.p) }

func (v versionValue) read(_ *Field, text string) *problem {
	if text != strconv.Itoa(Version) {
		return &problem{
			message: fmt.Sprintf("version %s is not known here; this program reads "+
				"version %d", quoted(text), Version),
			allowed: []string{strconv.Itoa(Version)},
		}
	}
	*v.p = Version
	return nil
}

func (v limitValue) absent() bool { return false }

func (v intValue) absent() bool   { return *v.p == 0 }
func (v intValue) String() string { return strconv.Itoa(*v.p) }

func (v intValue) read(f *Field, text string) *problem {
	n, bad := readWhole(f, text)
	if bad == nil {
		*v.p = n
	}
	return bad
}

// readWhole reads a whole number between the field's bounds.
func readWhole(f *Field, text string) (int, *problem) {
	highest := f.Max
	if highest == 0 {
		highest = 1_000_000
	}
	lowest := 1
	if f.Zero {
		lowest = 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, &problem{message: fmt.Sprintf("`%s` is a whole number; %s is none", f.Name, quoted(text))}
	}
	if n < lowest || n > highest {
		return 0, &problem{message: fmt.Sprintf("`%s` is %d, outside of %d..%d", f.Name, n, lowest, highest)}
	}
	return n, nil
}

func (v seedValue) absent() bool   { return *v.p == 0 }
func (v seedValue) String() string { return strconv.FormatUint(*v.p, 10) }

func (v seedValue) read(f *Field, text string) *problem {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return &problem{message: fmt.Sprintf("`%s` is a whole number above zero; %s "+
			"is none", f.Name, quoted(text))}
	}
	*v.p = n
	return nil
}

func (v numberValue) absent() bool   { return false }
func (v numberValue) String() string { return strconv.FormatFloat(*v.p, 'f', -1, 64) }

func (v numberValue) read(f *Field, text string) *problem {
	body, percent := strings.CutSuffix(text, "%")
	units, rest, ok := readDecimal(strings.TrimPrefix(body, "-"), 6)
	if !ok || rest != "" {
		return &problem{message: fmt.Sprintf("`%s` is a number, such as 0.5 or 90%%; %s "+
			"is none", f.Name, quoted(text))}
	}
	if strings.HasPrefix(body, "-") {
		units = -units
	}
	*v.p = float64(units) / 1e6
	if percent {
		*v.p = float64(units) / 1e8
	}
	return nil
}

// quoted shows a piece of a file in a message, shortened.
func quoted(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		text = string(runes[:longest]) + "…"
	}
	return strconv.Quote(text)
}
