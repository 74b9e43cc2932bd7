package postgres

import (
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
)

// Options says what kind of server to start. The zero value is a server on a free port with a fresh data
// directory that is removed when the server stops.
type Options struct {
	// Port is the TCP port on 127.0.0.1; 0 chooses a free one. A chosen port stays the same over Restart.
	Port int

	// DataPath is an absolute path of a data directory that outlives the server. It is created when it
	// does not exist, and reused when an earlier Start made it. Empty means a directory of the server's
	// own.
	DataPath string

	// Settings are server parameters, by the names of postgresql.conf. They override this package's own.
	// The keys port, listen_addresses and unix_socket_directories are refused.
	Settings map[string]string

	// OwnIdentity runs initdb for this server alone. Without it a data directory is a copy of a cached
	// one, which is faster by about half a second, and all such servers share one system identifier.
	OwnIdentity bool

	// Child runs the postmaster as a child of this process, rather than through pg_ctl, which leaves a
	// daemon. It ends with this process at once, its end is waited for, and no kill keeps it from coming
	// back. This is for who kills servers; [Server.PIDs] stays the way to all of its processes.
	Child bool

	// Log receives the server's log when the server stops; nil discards it. While it runs, see
	// Server.LogPath.
	Log io.Writer
}

// defaultSettings are the parameters every server starts with.
var defaultSettings = map[string]string{
	"fsync":                      "off",
	"full_page_writes":           "off",
	"max_connections":            "300",
	"shared_buffers":             "64MB",
	"timezone":                   "UTC",
	"log_timezone":               "UTC",
	"log_line_prefix":            "%m [%p] %a ",
	"dynamic_shared_memory_type": "mmap", // what a killed server leaves is then removed with its directory
}

// fixedSettings are what the options or this package decide.
var fixedSettings = []string{"port", "listen_addresses", "unix_socket_directories", "data_directory"}

var settingName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$`)

// validate refuses options that cannot be followed.
func (o Options) validate() error {
	if o.Port < 0 || o.Port > 65535 {
		return fmt.Errorf("port %d: want 0 (a free one) or 1 to 65535", o.Port)
	}
	if o.DataPath != "" && !filepath.IsAbs(o.DataPath) {
		return fmt.Errorf("data path %q: want an absolute path", o.DataPath)
	}
	for name, value := range o.Settings {
		if !settingName.MatchString(name) {
			return fmt.Errorf("setting %q: want a parameter name of postgresql.conf in lower case", name)
		}
		for _, fixed := range fixedSettings {
			if name == fixed {
				return fmt.Errorf("setting %q: not settable here", name)
			}
		}
		// The values travel through a shell command line inside double quotes.
		if strings.ContainsAny(value, "\"$`\\\n\x00") {
			return fmt.Errorf("setting %s=%q: a value may not hold \" $ ` \\ or a line break", name, value)
		}
	}
	return nil
}

// parameters returns the server parameters, the caller's over this package's.
func (o Options) parameters(socketDir string) map[string]string {
	all := maps.Clone(defaultSettings)
	maps.Copy(all, o.Settings)
	all["listen_addresses"] = "127.0.0.1"
	all["unix_socket_directories"] = socketDir
	return all
}
