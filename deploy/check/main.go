package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// understood is what the files say.
type understood struct {
	Dockerfile []instruction `json:"dockerfile"`
	Compose    any           `json:"compose"`
	// Kubernetes holds the objects in the order of the files.
	Kubernetes []any `json:"kubernetes"`
}

// run reads a Dockerfile, a Compose file, and manifests.
func run(ctx context.Context, files []string) error {
	if len(files) < 3 {
		return errors.New("usage: check DOCKERFILE COMPOSE-FILE MANIFEST…")
	}
	var (
		u    understood
		err  error
		errs []error
	)
	if u.Dockerfile, err = readDockerfile(files[0]); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", files[0], err))
	}
	if u.Compose, err = readCompose(ctx, files[1]); err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", files[1], err))
	}
	for _, file := range files[2:] {
		objects, err := readManifests(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		u.Kubernetes = append(u.Kubernetes, objects...)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}
