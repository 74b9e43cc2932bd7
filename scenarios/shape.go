package scenarios

// Shape describes one kind of mapping in a file: the fields that it may have.
// The parser, the writer's order, `drill explain` and the JSON Schema all read
// the same shapes.
type Shape struct {
	// Name is the key under which the mapping stands, such as "net"; the file
	// itself is "scenario".
	Name string
	Doc  string
	// Fields are in the order in which Format writes them.
	Fields []Field
	// Choices are sets of fields of which exactly one must stand.
	Choices []Choice
	// By names the field whose word decides which other fields may stand, such
	// as "act"; "" where none does.
	By string
}

// Choice is a set of fields of which exactly one must stand.
type Choice struct {
	Name string // what the set is called, such as "trigger"
	Of   []string
}

// Field describes one key of a mapping.
type Field struct {
	Name     string
	Doc      string
	Kind     Kind
	Required bool
	// Default is what an absent field means, in words of the format; "" where
	// absence means that nothing is said.
	Default string
	// Words are the allowed values of WordKind and WordListKind.
	Words []Word
	// Noun is what one of the words, or the name, is called; "" means Name.
	Noun string
	// Object is the shape of ObjectKind and ObjectListKind.
	Object *Shape
	// Signed allows negative values, Zero allows zero, Bytes allows KB and MB.
	Signed, Zero, Bytes bool
	// With names the field without which this one says nothing; "" for none.
	With string
	// Max is the largest whole number allowed, 0 for no bound of its own.
	Max int
}

// Word is one allowed value with its meaning.
type Word struct {
	Name string
	Doc  string
	// Needs and Takes are the fields that must, and may, stand beside the word
	// where the shape's By names its field.
	Needs, Takes []string
}

// Kind tells how a field's value is written.
type Kind uint8

// The kinds of value. TextKind is the zero value.
const (
	TextKind         Kind = iota // any text
	NameKind                     // letters, digits, dash and underscore
	VersionKind                  // the number of the format
	IntKind                      // 4
	CountKind                    // 4, or 2..6
	LengthKind                   // 500ms, 2ttl
	SpanKind                     // 500ms, or 5ms..20ms
	RateKind                     // 20/s
	PercentKind                  // 90%
	PercentRangeKind             // 5%, or -5%..5%
	NumberKind                   // 0.5, 90%
	SignalsKind                  // 20/s, or 12
	LossKind                     // 50ms, or 3
	SuspendKind                  // 2ttl, or true
	WordKind                     // one of Words
	WordListKind                 // one or several of Words
	TextListKind                 // several texts
	CatchesKind                  // mutants, joined with a plus
	NodeKind                     // leader, n2, $old
	NodeListKind                 // one or several nodes
	LinkKind                     // leader <-> redis
	MomentKind                   // ID.start, ID.end
	ObjectKind                   // a mapping
	ObjectListKind               // a list of mappings
	SettingsKind                 // name: value
	WeightsKind                  // verb: whole number
)

var kindTexts = [...]string{
	TextKind:         "text",
	NameKind:         "a name of letters, digits, dashes and underscores",
	VersionKind:      "the number of the format",
	IntKind:          "a whole number",
	CountKind:        "a whole number, or a range such as 2..6",
	LengthKind:       "a length of time, such as 500ms or 2.5ttl",
	SpanKind:         "a length of time, such as 500ms or 2.5ttl, or a range such as 5ms..20ms",
	RateKind:         "a rate, such as 20/s or 10/m",
	PercentKind:      "a percentage, such as 90%",
	PercentRangeKind: "a percentage, such as -5%, or a range such as -5%..5%",
	NumberKind:       "a number, such as 0.5, or a percentage",
	SignalsKind:      "a rate, such as 20/s, or a whole number",
	LossKind:         "a length of time, such as 50ms, or a whole number of writes",
	SuspendKind:      "a length of time, such as 2ttl, or true when `for` gives it",
	WordKind:         "one word",
	WordListKind:     "one word, or a list of words",
	TextListKind:     "a list of texts",
	CatchesKind:      "a list of mutants; a+b builds two together",
	NodeKind:         "a role, a node such as n2, or a bound name such as $old",
	NodeListKind:     "a role or node, or a list of them",
	LinkKind:         "a link: a <-> b, a -> b or a <- b",
	MomentKind:       "a moment of a step: ID.start or ID.end",
	ObjectKind:       "a mapping",
	ObjectListKind:   "a list of mappings",
	SettingsKind:     "a mapping of settings",
	WeightsKind:      "a mapping of verbs to whole numbers",
}

// String returns how such a value is written, as half a sentence.
func (k Kind) String() string {
	if int(k) >= len(kindTexts) {
		return "kind(?)"
	}
	return kindTexts[k]
}

// field returns the field of that name, or nil.
func (s *Shape) field(name string) *Field {
	for i := range s.Fields {
		if s.Fields[i].Name == name {
			return &s.Fields[i]
		}
	}
	return nil
}

// noun returns what one value of the field is called.
func (f *Field) noun() string {
	if f.Noun != "" {
		return f.Noun
	}
	return f.Name
}

// fieldNames lists the fields in their order.
func (s *Shape) fieldNames() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// word returns the allowed word of that name, or nil.
func (f *Field) word(name string) *Word {
	for i := range f.Words {
		if f.Words[i].Name == name {
			return &f.Words[i]
		}
	}
	return nil
}

// wordNames lists the names of words.
func wordNames(words []Word) []string {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = w.Name
	}
	return names
}

// byWord lists the fields that only some words of the field By take; the
// others may always stand.
func (s *Shape) byWord() map[string]bool {
	only := map[string]bool{}
	if s.By == "" {
		return only
	}
	for _, w := range s.field(s.By).Words {
		for _, name := range w.Needs {
			only[name] = true
		}
		for _, name := range w.Takes {
			only[name] = true
		}
	}
	return only
}
