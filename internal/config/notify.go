package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Notify says which people are told of what, and how. All instances of a group must
// have the same.
type Notify struct {
	// Kinds are what is told: in_doubt, alert, unknown_order, halt,
	// authority_regressed, leader_changed; all but the last unless it is set.
	Kinds []string `yaml:"kinds"`
	// Timeout bounds one attempt at one channel, 100ms to 30s; 5s unless it is set.
	Timeout Duration `yaml:"timeout"`
	// Poll is the time between two looks into the outbox, 100ms to 1m; 2s unless it
	// is set.
	Poll Duration `yaml:"poll"`
	// GiveUpAfter is the age from which a notification that failed at least five times
	// is given up, 1m to 168h; 24h unless it is set.
	GiveUpAfter Duration `yaml:"give_up_after"`
	// Channels maps a channel's name to where it leads; nobody is told anything if
	// there is none.
	Channels map[string]NotifyChannel `yaml:"channels"`
}

// NotifyChannel is one receiver of notifications.
type NotifyChannel struct {
	Type ChannelType `yaml:"type"`
	// URL and URLFile are the receiver's address, of a webhook or a Slack hook; of
	// telegram the address of the Bot API, https://api.telegram.org unless it is set.
	// https, or http to this machine.
	URL     Secret `yaml:"url"`
	URLFile string `yaml:"url_file"`
	// Token and TokenFile are the bot's token, of telegram alone.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
	// ChatID is the chat, of telegram alone.
	ChatID string `yaml:"chat_id"`
	// SigningSecret and SigningSecretFile sign the body by the Standard Webhooks
	// convention, of webhook alone: whsec_BASE64.
	SigningSecret     Secret `yaml:"signing_secret"`
	SigningSecretFile string `yaml:"signing_secret_file"`
}

// ChannelType is the form in which a channel takes a notification.
type ChannelType string

// The types of channels.
const (
	ChannelWebhook  ChannelType = "webhook"
	ChannelSlack    ChannelType = "slack"
	ChannelTelegram ChannelType = "telegram"
)

// UnmarshalText reads the type.
func (t *ChannelType) UnmarshalText(text []byte) error {
	return choose(t, text, ChannelWebhook, ChannelSlack, ChannelTelegram)
}

// UnmarshalYAML reads the type and keeps its place for the error.
func (t *ChannelType) UnmarshalYAML(node ast.Node) error { return scalar(node, t.UnmarshalText) }

// telegramAPI is where Telegram takes messages of bots.
const telegramAPI = "https://api.telegram.org"

// usualKinds are told unless the configuration says otherwise. A leader changes in
// every deployment, and asks nothing of anybody.
var usualKinds = []string{"in_doubt", "alert", "unknown_order", "halt", "authority_regressed"}

// defaultNotify returns the settings that hold unless they are set.
func defaultNotify() Notify {
	return Notify{
		Timeout: Duration(5 * time.Second), Poll: Duration(2 * time.Second),
		GiveUpAfter: Duration(24 * time.Hour),
	}
}

// Told returns the kinds that are told.
func (n *Notify) Told() []string {
	if len(n.Channels) == 0 {
		return nil
	}
	if len(n.Kinds) == 0 {
		return usualKinds
	}
	return n.Kinds
}

// SigningKey returns the key that signs, nil if nothing is signed.
func (c *NotifyChannel) SigningKey() ([]byte, error) {
	if c.SigningSecret == "" {
		return nil, nil
	}
	text, ok := strings.CutPrefix(c.SigningSecret.Reveal(), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("must be whsec_ and 24 to 64 bytes in base64")
	}
	return key, nil
}

// Address returns where the channel leads.
func (c *NotifyChannel) Address() string {
	if c.URL == "" && c.Type == ChannelTelegram {
		return telegramAPI
	}
	return strings.TrimSuffix(c.URL.Reveal(), "/")
}

// Check judges the settings. No error holds an address.
func (n *Notify) Check() error {
	var faults []error
	fault := func(setting string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", setting, err))
		}
	}
	within := func(setting string, d Duration, least, most time.Duration) {
		if d < Duration(least) || d > Duration(most) {
			fault(setting, fmt.Errorf("%v: %v to %v", d, least, most))
		}
	}
	within("notify.timeout", n.Timeout, 100*time.Millisecond, 30*time.Second)
	within("notify.poll", n.Poll, 100*time.Millisecond, time.Minute)
	within("notify.give_up_after", n.GiveUpAfter, time.Minute, 7*24*time.Hour)
	for _, kind := range n.Kinds {
		if kind != "leader_changed" && !slices.Contains(usualKinds, kind) {
			fault("notify.kinds", fmt.Errorf("%q is not one of %s, leader_changed", kind,
				strings.Join(usualKinds, ", ")))
		}
	}
	if len(n.Channels) > maxChannels {
		fault("notify.channels", fmt.Errorf("%d: at most %d", len(n.Channels), maxChannels))
	}
	for _, name := range slices.Sorted(maps.Keys(n.Channels)) {
		where, channel := "notify.channels."+name, n.Channels[name]
		faults = append(faults, checkName(where, name), channel.check(where))
	}
	return errors.Join(faults...)
}

// maxChannels is the most receivers: a claim lasts as long as all of them may take.
const maxChannels = 8

// check judges one channel.
func (c *NotifyChannel) check(where string) error {
	var faults []error
	fault := func(setting, text string) {
		faults = append(faults, fmt.Errorf("%s.%s: %s", where, setting, text))
	}
	telegram := c.Type == ChannelTelegram
	if c.Type == "" {
		fault("type", "not set: webhook, slack or telegram")
	}
	switch {
	case c.Address() == "":
		fault("url", "not set")
	case !reachable(c.Address()):
		fault("url", "must be https, or http to this machine, without user and fragment")
	}
	if telegram != (c.Token != "") {
		fault("token", "is of a channel of type telegram, which needs it")
	}
	if telegram != (c.ChatID != "") {
		fault("chat_id", "is of a channel of type telegram, which needs it")
	}
	if c.SigningSecret != "" && c.Type != ChannelWebhook {
		fault("signing_secret", "is of a channel of type webhook")
	}
	if _, err := c.SigningKey(); err != nil {
		fault("signing_secret", err.Error())
	}
	return errors.Join(faults...)
}

// reachable tells whether an address may be sent to.
func reachable(address string) bool {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.User != nil || at.Fragment != "" {
		return false
	}
	ip := net.ParseIP(at.Hostname())
	return at.Scheme == "https" || at.Scheme == "http" && (at.Hostname() == "localhost" || ip.IsLoopback())
}

// readSecretFiles reads the secrets of channels that stand in files of their own.
func (n *Notify) readSecretFiles() error {
	for name, c := range n.Channels {
		for _, s := range []struct {
			setting, file string
			to            *Secret
		}{
			{"url", c.URLFile, &c.URL},
			{"token", c.TokenFile, &c.Token},
			{"signing_secret", c.SigningSecretFile, &c.SigningSecret},
		} {
			if s.file == "" {
				continue
			}
			where := "notify.channels." + name + "." + s.setting
			if *s.to != "" {
				return fmt.Errorf("%s and %s_file are both set: one of them", where, where)
			}
			secret, err := readSecret(s.file)
			if err != nil {
				return fmt.Errorf("%s_file: %w", where, err)
			}
			*s.to = secret
		}
		n.Channels[name] = c
	}
	return nil
}
