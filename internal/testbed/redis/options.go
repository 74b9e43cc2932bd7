package redis

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Fallback says what to do on a machine without Redis.
type Fallback int

const (
	// FallbackNone makes Start fail with the command that installs Redis. Tests want this.
	FallbackNone Fallback = iota
	// FallbackMiniredis runs miniredis inside this process. It knows the commands of the lease, but not
	// CONFIG, CLIENT PAUSE or replication.
	FallbackMiniredis
)

// String names the fallback.
func (f Fallback) String() string {
	switch f {
	case FallbackNone:
		return "none"
	case FallbackMiniredis:
		return "miniredis"
	}
	return fmt.Sprintf("Fallback(%d)", int(f))
}

// patience is how long a download may take: a caller who has something else to offer does not wait long.
func (f Fallback) patience() time.Duration {
	if f == FallbackNone {
		return 3 * time.Minute
	}
	return 30 * time.Second
}

// Options says what kind of server to start. The zero value is a server on a free port without persistence.
type Options struct {
	// Port is the TCP port on 127.0.0.1; 0 chooses a free one. A chosen port stays the same over Restart.
	Port int

	// AppendOnly keeps an append-only file, written before each reply: a killed server has lost nothing when
	// it is back. Without it Restart comes back empty.
	AppendOnly bool

	// Settings are further directives of redis.conf, such as {"maxmemory": "1mb"}. What this package decides
	// itself is refused: port, bind, dir, daemonize, logfile, pidfile and appendonly; so are include, and
	// requirepass, because the server is asked without a password whether it is ready.
	Settings map[string]string

	// Sentinel, if not nil, makes the server one that watches a primary, and answers nothing else.
	Sentinel *Sentinel

	// Fallback says what to do on a machine where Redis cannot be had.
	Fallback Fallback

	// Log receives the server's log when the server stops; nil discards it. While it runs, see
	// Server.LogPath.
	Log io.Writer
}

// Sentinel says whom a Sentinel watches.
type Sentinel struct {
	// Master is the primary's name and Addr where it is at first.
	Master, Addr string
	// Quorum is how many Sentinels must find it down, and DownAfter for how long.
	Quorum    int
	DownAfter time.Duration
}

// directives returns what the Sentinel is told. A failover that stalls is begun anew after four times
// DownAfter.
func (s *Sentinel) directives() string {
	host, port, _ := strings.Cut(s.Addr, ":")
	ms := s.DownAfter.Milliseconds()
	return fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s %[4]d\n"+
		"sentinel down-after-milliseconds %[1]s %[5]d\n"+
		"sentinel failover-timeout %[1]s %[6]d\n", s.Master, host, port, s.Quorum, ms, 4*ms)
}

// fixedSettings are what the options or this package decide.
var fixedSettings = []string{
	"port", "bind", "dir", "daemonize", "logfile", "pidfile", "appendonly", "requirepass", "include",
}

var settingName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// validate refuses options that cannot be followed.
func (o Options) validate() error {
	if o.Port < 0 || o.Port > 65535 {
		return fmt.Errorf("port %d: want 0 (a free one) or 1 to 65535", o.Port)
	}
	if o.Fallback != FallbackNone && o.Fallback != FallbackMiniredis {
		return fmt.Errorf("fallback %v: want FallbackNone or FallbackMiniredis", o.Fallback)
	}
	if o.Fallback == FallbackMiniredis && len(o.Settings) > 0 {
		return fmt.Errorf("settings %v: miniredis has none", slices.Sorted(maps.Keys(o.Settings)))
	}
	for name, value := range o.Settings {
		if !settingName.MatchString(name) {
			return fmt.Errorf("setting %q: want a directive of redis.conf in lower case", name)
		}
		if slices.Contains(fixedSettings, name) {
			return fmt.Errorf("setting %q: not settable here", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("setting %s=%q: a value is one line", name, value)
		}
	}
	return nil
}

// directives returns the text of redis.conf.
func (o Options) directives(dir, log string, port int) string {
	var text strings.Builder
	line := func(name, value string) { fmt.Fprintf(&text, "%s %s\n", name, value) }
	line("bind", "127.0.0.1")
	line("port", fmt.Sprint(port))
	line("dir", fmt.Sprintf("%q", dir))
	line("logfile", fmt.Sprintf("%q", log))
	line("daemonize", "no")
	if o.Sentinel != nil {
		return text.String() + o.Sentinel.directives()
	}
	if _, given := o.Settings["save"]; !given {
		line("save", `""`)
	}
	if o.AppendOnly {
		line("appendonly", "yes")
	}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		line(name, o.Settings[name])
	}
	return text.String()
}

// flags returns what the program is told beside its file.
func (o Options) flags() []string {
	if o.Sentinel != nil {
		return []string{"--sentinel"}
	}
	return nil
}
