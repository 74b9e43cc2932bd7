package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/internal/intake/payload"
	standard "fencepost/internal/intake/signature"
)

// sendTime bounds one sending; the instance answers within two seconds.
const sendTime = 5 * time.Second

// sendFlags say what to send, and where.
type sendFlags struct {
	url, source, file                       string
	kind, instrument, position, at, id      string
	lots, price, stop, validFor, reasonText string
	dryRun                                  bool
}

func (a *app) signalsSend() *cobra.Command {
	var f sendFlags
	cmd := &cobra.Command{
		Use: "send", Short: "Send a signal as a sender would", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			if _, err := payload.Compose(f.fields(), nil); err != nil {
				return refused(err) // it is wrong in any source's words
			}
			source, err := f.sender(c)
			if err != nil {
				return err
			}
			body, err := f.body(&source)
			if err != nil {
				return refused(err)
			}
			if f.dryRun {
				return a.preview(cmd.Context(), &source, body)
			}
			return a.send(cmd.Context(), c, &f, source, body)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "send to the instance at this `URL` instead of listen")
	flags.StringVar(&f.source, "source", "", "send as this configured source; the first by name unless set")
	flags.StringVar(&f.file, "file", "", "send the body in this `FILE`, or - for standard input")
	flags.StringVar(&f.kind, "type", "", "BASE_ENTRY, PYRAMID, EXIT or HEARTBEAT")
	flags.StringVar(&f.instrument, "instrument", "", "what to trade")
	flags.StringVar(&f.position, "position", "", "which position")
	flags.StringVar(&f.at, "timestamp", "", "the signal's time; now unless set")
	flags.StringVar(&f.id, "signal-id", "", "the sender's own id")
	flags.StringVar(&f.lots, "lots", "", "how many lots")
	flags.StringVar(&f.price, "price", "", "at what price")
	flags.StringVar(&f.stop, "stop", "", "the stop")
	flags.StringVar(&f.validFor, "valid-for", "", "how long the signal may wait, like 90s")
	flags.StringVar(&f.reasonText, "reason", "", "why")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only tell what would become of it; nothing is sent or stored")
	enumerate(cmd, "type", payload.Types)
	return cmd
}

// body returns what to send: a file as it is, fields in the words of the source.
func (f *sendFlags) body(source *fencepost.Source) ([]byte, error) {
	switch f.file {
	case "":
	case "-":
		return io.ReadAll(os.Stdin)
	default:
		return os.ReadFile(f.file)
	}
	body, err := payload.Compose(f.fields(), &source.Fields)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w; --source names another one, and a body in --file is "+
			"sent as it is", f.source, err)
	}
	return body, nil
}

// fields are those that were given.
func (f *sendFlags) fields() map[string]string {
	if f.at == "" {
		f.at = time.Now().UTC().Format(time.RFC3339Nano)
	}
	fields := map[string]string{}
	for name, text := range map[string]string{
		"type": f.kind, "instrument": f.instrument, "position": f.position, "timestamp": f.at,
		"signal_id": f.id, "valid_for": f.validFor, "reason": f.reasonText, "lots": f.lots, "price": f.price,
		"stop": f.stop,
	} {
		if text != "" {
			fields[name] = text
		}
	}
	return fields
}

// sender returns the configured source that sends.
func (f *sendFlags) sender(c *fencepost.Config) (fencepost.Source, error) {
	names := slices.Sorted(maps.Keys(c.Webhook.Sources))
	if f.source == "" && len(names) > 0 {
		f.source = names[0]
	}
	source, ok := c.Webhook.Sources[f.source]
	if !ok || len(source.Tokens) == 0 {
		return source, refused(fmt.Errorf("source %q is not among the configured ones %q", f.source, names))
	}
	return source, nil
}

func (a *app) send(
	ctx context.Context, c *fencepost.Config, f *sendFlags, source fencepost.Source, body []byte,
) error {
	code, answer, err := f.post(ctx, c, &source, body)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprint(a.out, string(answer)); err != nil {
		return err
	}
	var said struct {
		Status any `json:"status"`
	}
	if err := json.Unmarshal(answer, &said); err != nil || code >= 300 || said.Status == "rejected" {
		return &codedError{code: exitFailed}
	}
	return nil
}

// post sends the body as the source would and returns the answer's status and
// body.
func (f *sendFlags) post(
	ctx context.Context, c *fencepost.Config, source *fencepost.Source, body []byte,
) (int, []byte, error) {
	base := f.url
	if base == "" {
		base = "http://" + c.Listen
	}
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost,
		base+"/webhook/"+source.Tokens[0].Reveal(), bytes.NewReader(body))
	if err != nil {
		return 0, nil, refused(errors.New("--url: not an address"))
	}
	request.Header.Set("Content-Type", "application/json")
	if err := sign(request.Header, source, body); err != nil {
		return 0, nil, refused(fmt.Errorf("source %s: %w", f.source, err))
	}
	code, answer, err := do(request)
	if err != nil {
		// The library's error would print the path, and the path holds the token.
		return 0, nil, fmt.Errorf("send to %s: no answer in time", base)
	}
	return code, answer, nil
}

// sign signs the webhook if its source has to.
func sign(headers http.Header, source *fencepost.Source, body []byte) error {
	secrets, err := source.Secrets()
	if err != nil || len(secrets) == 0 {
		return err
	}
	id, at := "cli_"+rand.Text(), time.Now()
	headers.Set(standard.IDHeader, id)
	headers.Set(standard.TimestampHeader, standard.Timestamp(at))
	headers.Set(standard.Header, standard.Sign(secrets[0], id, at, body))
	return nil
}
