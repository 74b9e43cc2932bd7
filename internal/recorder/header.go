package recorder

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"fencepost/core"
	"fencepost/core/journal"
	"fencepost/internal/identity"
)

// magic names the kind of file, format is the version of its form.
const (
	magic  = "fencepost"
	format = 2
)

// opening is how every file begins, of whatever format.
const opening = `{"journal":"` + magic + `"`

// Header says who was recorded and what the node began with. It is zero for a
// file that was torn before its first line was written.
type Header struct {
	// Core is the version of what the core did, journal.CoreVersion of the build
	// that recorded; Build is that build's own version.
	Core     int
	Build    string
	Group    string
	Instance string
	Nonce    core.Nonce
	Config   core.Config
	Started  core.Now
}

// written is a header in the file.
type written struct {
	Journal  string          `json:"journal"`
	Format   int             `json:"format"`
	Core     int             `json:"core"`
	Build    string          `json:"build"`
	Group    string          `json:"group"`
	Instance string          `json:"instance"`
	Nonce    string          `json:"nonce"`
	Started  core.Now        `json:"started"`
	Config   json.RawMessage `json:"config"`
}

// line returns the file's first line.
func (h *Header) line() ([]byte, error) {
	config, err := json.Marshal(h.Config)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(written{
		Journal: magic, Format: format, Core: h.Core, Build: h.Build, Group: h.Group, Instance: h.Instance,
		Nonce: identity.NonceText(h.Nonce), Started: h.Started, Config: config,
	})
	return append(text, '\n'), err
}

// RefusedError says that this build does not read the file.
type RefusedError struct{ Why string }

// Error returns why.
func (e *RefusedError) Error() string { return e.Why }

func refuse(why string, args ...any) error { return &RefusedError{fmt.Sprintf(why, args...)} }

// readHeader reads the first line. Its errors are a *RefusedError.
func readHeader(line []byte) (Header, error) {
	var w written
	var known struct {
		Journal string `json:"journal"`
		Format  int    `json:"format"`
		Build   string `json:"build"`
	}
	if err := json.Unmarshal(line, &known); err != nil {
		return Header{}, refuse("no journal of fencepost: its first line: %v", err)
	}
	if known.Journal == "" && known.Format == 1 {
		known.Journal = magic // the first format did not give its name
	}
	if known.Journal != magic {
		return Header{}, refuse("no journal of fencepost: its first line names %q", known.Journal)
	}
	if known.Format != format {
		return Header{}, refuse("journal of format %d%s; this build reads format %d",
			known.Format, by(known.Build), format)
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return Header{}, refuse("journal of format %d%s: its first line: %v", format, by(known.Build), err)
	}
	nonce, err := strconv.ParseUint(w.Nonce, 16, 64)
	if err != nil || nonce == 0 {
		return Header{}, refuse("journal of format %d%s: nonce %q", format, by(w.Build), w.Nonce)
	}
	h := Header{
		Core: w.Core, Build: w.Build, Group: w.Group, Instance: w.Instance,
		Nonce: core.Nonce(nonce), Started: w.Started,
	}
	refused := func(err error) (Header, error) {
		return Header{}, refuse("journal of core version %d%s; this build has core version %d: "+
			"configuration: %v", w.Core, by(w.Build), journal.CoreVersion, err)
	}
	// A setting that this build does not know might have changed every decision.
	strict := json.NewDecoder(bytes.NewReader(w.Config))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&h.Config); err != nil {
		return refused(err)
	}
	if err := h.Config.Validate(); err != nil {
		return refused(err)
	}
	return h, nil
}

// by names the build that wrote a file, if it is known.
func by(build string) string {
	if build == "" {
		return ""
	}
	return ", written by build " + build
}
