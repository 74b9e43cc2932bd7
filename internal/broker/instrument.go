package broker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// Side is the side of the market that an order is on.
type Side string

// The sides.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// opposite returns the other side.
func (s Side) opposite() Side {
	if s == Buy {
		return Sell
	}
	return Buy
}

// Instrument says how a signal's instrument is ordered at the broker.
type Instrument struct {
	// Symbol is the broker's name for it.
	Symbol string `yaml:"symbol"`
	// Entry is the side of BASE_ENTRY and PYRAMID, buy or sell; EXIT is on the
	// other. It has no default: a wrong one opens what should be closed.
	Entry Side `yaml:"entry"`
	// LotSize is how many units a lot has, as a decimal number; 1 unless it is set.
	LotSize string `yaml:"lot_size"`
	// Step is what every quantity must be a multiple of; 1 unless it is set.
	Step string `yaml:"step"`
}

// Instruments maps a signal's instrument to how it is ordered. An instrument
// that is not there cannot be.
type Instruments map[string]Instrument

// Ticket is an order in the broker's own words.
type Ticket struct {
	Symbol string
	Side   Side
	// Quantity is an exact decimal number, without an exponent.
	Quantity string
}

// Actions are the signal types that order something.
func Actions() []string { return []string{"BASE_ENTRY", "PYRAMID", "EXIT"} }

// decimal is a number as JSON writes one, without an exponent: a fraction like
// 1/3, a hexadecimal number or an exponent of a million is none.
var decimal = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,18})?$`)

func parseDecimal(text string) (*big.Rat, error) {
	if !decimal.MatchString(text) {
		return nil, fmt.Errorf("%q is no decimal number", text)
	}
	number, _ := new(big.Rat).SetString(text)
	return number, nil
}

// Names lists the instruments, sorted.
func (i Instruments) Names() []string { return slices.Sorted(maps.Keys(i)) }

// Check reports the first entry that makes no sense, by its setting's name below
// the table.
func (i Instruments) Check() error {
	for _, name := range i.Names() {
		if err := i[name].check(); err != nil {
			return fmt.Errorf("%s.%w", name, err)
		}
	}
	return nil
}

func (i Instrument) check() error {
	if strings.TrimSpace(i.Symbol) == "" {
		return errors.New("symbol: not set; the broker's name for it")
	}
	if i.Entry != Buy && i.Entry != Sell {
		return fmt.Errorf("entry %q: must be buy or sell", i.Entry)
	}
	for _, n := range []struct{ setting, text string }{{"lot_size", i.LotSize}, {"step", i.Step}} {
		if n.text == "" {
			continue
		}
		if number, err := parseDecimal(n.text); err != nil || number.Sign() <= 0 {
			return fmt.Errorf("%s %q: must be a decimal number above 0", n.setting, n.text)
		}
	}
	return nil
}

// Express writes the order in the broker's words. The error says why that is
// impossible; nothing is rounded to make it possible.
func (i Instruments) Express(order Order) (Ticket, error) {
	how, known := i[order.Instrument]
	if !known {
		return Ticket{}, fmt.Errorf("instrument %q has no place in broker.instruments", order.Instrument)
	}
	ticket := Ticket{Symbol: how.Symbol, Side: how.Entry}
	switch order.Action {
	case "BASE_ENTRY", "PYRAMID":
	case "EXIT":
		ticket.Side = how.Entry.opposite()
	default:
		return Ticket{}, fmt.Errorf("action %q orders nothing", order.Action)
	}
	var err error
	if ticket.Quantity, err = how.quantity(order.Lots); err != nil {
		return Ticket{}, fmt.Errorf("%s of %s: %w", order.Action, order.Instrument, err)
	}
	return ticket, nil
}

// quantity is lots times the lot's size, exactly.
func (i Instrument) quantity(lots json.Number) (string, error) {
	if lots == "" {
		return "", errors.New("the signal has no lots")
	}
	quantity, err := parseDecimal(lots.String())
	if err != nil {
		return "", fmt.Errorf("lots: %w", err)
	}
	size, err := parseDecimal(orOne(i.LotSize))
	if err != nil {
		return "", fmt.Errorf("lot_size: %w", err)
	}
	step, err := parseDecimal(orOne(i.Step))
	if err != nil {
		return "", fmt.Errorf("step: %w", err)
	}
	quantity.Mul(quantity, size)
	if quantity.Sign() <= 0 {
		return "", fmt.Errorf("%s lots are no quantity", lots)
	}
	if steps := new(big.Rat).Quo(quantity, step); !steps.IsInt() {
		return "", fmt.Errorf("%s lots are %s units, which is no multiple of %s",
			lots, plain(quantity), plain(step))
	}
	return plain(quantity), nil
}

func orOne(text string) string {
	if text == "" {
		return "1"
	}
	return text
}

// plain writes a number with as many decimals as it has. A product of two
// decimal numbers ends.
func plain(number *big.Rat) string {
	text := number.FloatString(36)
	if !strings.Contains(text, ".") {
		return text
	}
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
