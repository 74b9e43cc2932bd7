// Package redis starts real Redis servers for tests and for `drill up`, from nothing, as root and as an
// ordinary user.
//
// A server listens on 127.0.0.1 only, keeps its files in a private directory and dies with the process that
// started it. The program is looked for in this order:
//
//   - the file named by the environment variable FENCEPOST_REDIS_SERVER;
//   - redis-server on PATH;
//   - a copy in the cache directory of the user;
//   - the packages of a Debian-like distribution, fetched with apt-get into that cache and unpacked there.
//     This needs no rights, changes nothing outside the cache and starts no service, so root does the same.
//
// Where none of these works the error holds the command to run. Only a caller who asks for it, as `drill up`
// does, gets an imitation instead; [Server.Kind] says so.
package redis
