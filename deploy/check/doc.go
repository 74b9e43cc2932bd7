// Command check reads the files of deploy as their own readers do: Kubernetes
// manifests strictly into the types of its API, the Compose file by Compose's
// loader, the Dockerfile by BuildKit's parser. It asks no cluster, runs no
// container and downloads nothing. It prints what it understood as JSON, for a
// test that compares it with the program.
//
// It is a module of its own, so that none of these readers is a dependency of the
// service.
package main
