// Package promtool runs Prometheus's promtool, which checks rules, tests them and
// parses expressions.
//
// It is the machine's own, or the one that FENCEPOST_PROMTOOL names. Where there is
// none the Debian package is downloaded and unpacked into the cache, which needs no
// rights; where that cannot be done the error says what to type.
package promtool
