// Package browser opens pages in a real browser, without a window, so that what
// is claimed about a page is tried where people read it.
//
// The program is looked for in this order: the file named by the environment
// variable FENCEPOST_CHROMIUM, then chromium, chromium-browser and google-chrome
// on PATH. Where there is none the test fails with the command that installs
// one. Tests that need a browser stand behind the build tag "browser", so that
// `make test` also runs where there is none; `make browser-test` sets it.
//
// A browser has a private profile, which is removed with it, and reaches no
// network but 127.0.0.1.
package browser
