// Package supervise tells systemd how the service is, by the protocol of
// sd_notify: a datagram to the socket that NOTIFY_SOCKET names. Where nobody
// named one, nothing is told.
package supervise
