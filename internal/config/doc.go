// Package config reads the one configuration file of the service.
//
// A setting comes from three places, the later over the earlier: Default, the
// file, and the environment, in which the setting lease.ttl is called
// FENCEPOST_LEASE_TTL. A setting that does not exist is refused in the file and
// in the environment alike, with its place and the nearest word: a misspelt
// safety margin must not be silently the default one.
//
// Load decodes and never judges; Validate judges and never fills in. Secrets
// come from the environment or from files (the setting's name with _file), and
// print as [redacted] however they are printed.
package config
