package paper

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"fencepost/internal/broker/wire"
)

// ParseBehaviour reads a behaviour as a flag writes it: the act, and its fields
// after a colon, as in late:delay=8s,count=1.
func ParseBehaviour(text string) (Behaviour, error) {
	act, fields, given := strings.Cut(text, ":")
	b := Behaviour{Act: Act(act)}
	if given {
		for field := range strings.SplitSeq(fields, ",") {
			if err := b.set(field); err != nil {
				return Behaviour{}, fmt.Errorf("%s: %w", text, err)
			}
		}
	}
	if err := b.check(); err != nil {
		return Behaviour{}, err
	}
	return b, nil
}

// set reads one field, like delay=8s.
func (b *Behaviour) set(field string) error {
	name, value, _ := strings.Cut(field, "=")
	var err error
	switch name {
	case "delay":
		err = b.Delay.parse(value)
	case "for":
		err = b.For.parse(value)
	case "count":
		b.Count, err = strconv.Atoi(value)
	case "status":
		b.Status, err = strconv.Atoi(value)
	case "code":
		b.Code = wire.Code(value)
	default:
		return fmt.Errorf("%q: must be one of delay, for, count, status, code", name)
	}
	if err != nil {
		return fmt.Errorf("%s %q: makes no sense", name, value)
	}
	return nil
}

func (d *Duration) parse(text string) error {
	span, err := time.ParseDuration(text)
	*d = Duration(span)
	return err
}
