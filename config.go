package fencepost

import (
	"os"

	"fencepost/internal/config"
)

// Config is everything that can be set about an instance. See Default and
// LoadConfig.
type Config = config.Config

// Duration is a span of time as a configuration writes it, like 250ms.
type Duration = config.Duration

// Secret is a text that never prints; Reveal returns it.
type Secret = config.Secret

// Source is one sender of webhooks and its live path tokens.
type Source = config.Source

// ConfigError is what is wrong with a configuration file, and where.
type ConfigError = config.Error

// DefaultConfig returns the settings that hold unless they are set. It names no
// store and no broker; those must be set.
func DefaultConfig() Config { return config.Default() }

// LoadConfig reads a configuration file over the defaults, and the process's
// environment over the file. An empty path reads the environment alone. An
// error about the file is a *ConfigError with line, column and nearest word.
func LoadConfig(path string) (*Config, error) { return config.Load(path, os.Environ()) }
