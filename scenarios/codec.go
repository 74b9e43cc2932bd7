package scenarios

// codec walks over the fields of one mapping. The reader fills the values from
// a file, the writer prints them: one walk serves both, so that they cannot
// differ.
type codec interface {
	// value handles one scalar.
	value(field string, v value)
	// values handles a list of scalars; a single one may stand without brackets.
	values(field string, v list)
	// object handles a nested mapping.
	object(field string, walk func(codec))
	// objects handles a list of mappings; walk is called with each index, after
	// grow where the list is being read.
	objects(field string, n int, grow func(Place), walk func(c codec, i int))
	// pairs handles a mapping whose keys are free.
	pairs(field string, v pairs)
	// choice returns which of the fields of that choice stands; the writer
	// returns the current one.
	choice(name, current string) string
}

// value is a scalar of a file.
type value interface {
	// read takes the text of a file. The field tells what is allowed.
	read(f *Field, text string) *problem
	// absent tells whether the value is zero, and so need not be written.
	absent() bool
	// String returns the text for a file.
	String() string
}

// list is a list of scalars.
type list interface {
	size() int
	at(i int) value
	grow() value
}

// pairs is a list of keys with their values.
type pairs interface {
	size() int
	key(i int) string
	at(i int) value
	// grow adds a key, or says why it cannot stand.
	grow(key string) (value, *problem)
}

// problem is what is wrong with a scalar. The reader knows where it stands.
type problem struct {
	message string
	got     string   // the word that is wrong, for the nearest allowed one
	allowed []string // the words that were possible
	offset  int      // characters from the start of the scalar to the problem
}

// listOf is a list of scalars whose elements are of type T.
type listOf[T any] struct {
	items *[]T
	wrap  func(*T) value
}

func (l listOf[T]) size() int      { return len(*l.items) }
func (l listOf[T]) at(i int) value { return l.wrap(&(*l.items)[i]) }

func (l listOf[T]) grow() value {
	var zero T
	*l.items = append(*l.items, zero)
	return l.at(len(*l.items) - 1)
}

// wordsOf is a list of words of type T.
func wordsOf[T ~string](items *[]T) list {
	return listOf[T]{items, func(p *T) value { return wordOf(p) }}
}
