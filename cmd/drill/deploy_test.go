package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"fencepost/internal/fuzz"
)

// job is as much of a Kubernetes Job as the manifest uses. It is decoded
// strictly: a misspelt key is found here, not on a cluster.
type job struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       struct {
		CompletionMode          string `yaml:"completionMode"`
		Completions             int    `yaml:"completions"`
		Parallelism             int    `yaml:"parallelism"`
		BackoffLimitPerIndex    int    `yaml:"backoffLimitPerIndex"`
		MaxFailedIndexes        int    `yaml:"maxFailedIndexes"`
		ActiveDeadlineSeconds   int    `yaml:"activeDeadlineSeconds"`
		TTLSecondsAfterFinished int    `yaml:"ttlSecondsAfterFinished"`
		PodFailurePolicy        struct {
			Rules []struct {
				Action      string `yaml:"action"`
				OnExitCodes struct {
					ContainerName string `yaml:"containerName"`
					Operator      string `yaml:"operator"`
					Values        []int  `yaml:"values"`
				} `yaml:"onExitCodes"`
			} `yaml:"rules"`
		} `yaml:"podFailurePolicy"`
		Template struct {
			Metadata metadata `yaml:"metadata"`
			Spec     struct {
				RestartPolicy                string         `yaml:"restartPolicy"`
				AutomountServiceAccountToken bool           `yaml:"automountServiceAccountToken"`
				SecurityContext              map[string]any `yaml:"securityContext"`
				Containers                   []struct {
					Name    string   `yaml:"name"`
					Image   string   `yaml:"image"`
					Command []string `yaml:"command"`
					Args    []string `yaml:"args"`
					Env     []struct {
						Name      string         `yaml:"name"`
						ValueFrom map[string]any `yaml:"valueFrom"`
					} `yaml:"env"`
					Resources       map[string]any `yaml:"resources"`
					SecurityContext map[string]any `yaml:"securityContext"`
				} `yaml:"containers"`
			} `yaml:"spec"`
		} `yaml:"template"`
	} `yaml:"spec"`
}

type metadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels"`
}

// workflow is as much of a workflow of GitHub Actions as the file uses.
type workflow struct {
	Name        string            `yaml:"name"`
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Jobs        map[string]struct {
		RunsOn         string            `yaml:"runs-on"`
		TimeoutMinutes int               `yaml:"timeout-minutes"`
		Needs          string            `yaml:"needs"`
		If             string            `yaml:"if"`
		Env            map[string]string `yaml:"env"`
		Strategy       struct {
			FailFast bool             `yaml:"fail-fast"`
			Matrix   map[string][]int `yaml:"matrix"`
		} `yaml:"strategy"`
		Steps []struct {
			Name string         `yaml:"name"`
			If   string         `yaml:"if"`
			Uses string         `yaml:"uses"`
			Run  string         `yaml:"run"`
			With map[string]any `yaml:"with"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// deployed decodes a file of deploy/ strictly.
func deployed(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestTheJobPlaysEveryShardWithFlagsThatExist(t *testing.T) {
	t.Parallel()
	var j job
	deployed(t, "fuzz-job.yaml", &j)
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Spec.CompletionMode != "Indexed" ||
		len(j.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%s %s, completions %s", j.APIVersion, j.Kind, j.Spec.CompletionMode)
	}
	pod := j.Spec.Template.Spec.Containers[0]
	if j.Spec.PodFailurePolicy.Rules[0].OnExitCodes.ContainerName != pod.Name || pod.Args[0] != "fuzz" ||
		pod.Env[0].Name != "JOB_COMPLETION_INDEX" {
		t.Fatalf("the container is %+v", pod)
	}
	covered := map[uint64]bool{}
	for index := range j.Spec.Completions {
		command := newFuzz()
		var args []string
		for _, arg := range pod.Args[1:] {
			args = append(args, strings.ReplaceAll(arg, "$(JOB_COMPLETION_INDEX)", fmt.Sprint(index)))
		}
		if err := command.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		shard, shards, err := fuzz.ParseShard(command.Flags().Lookup("shard").Value.String())
		if err != nil || shard != uint64(index) || shards != uint64(j.Spec.Completions) {
			t.Fatalf("pod %d of %d plays shard %d of %d (%v)", index, j.Spec.Completions, shard, shards, err)
		}
		covered[shard] = true
	}
	if len(covered) != j.Spec.Completions {
		t.Errorf("%d pods play %d shards", j.Spec.Completions, len(covered))
	}
}

func TestTheWorkflowPlaysEveryShardWithFlagsThatExist(t *testing.T) {
	t.Parallel()
	var w workflow
	deployed(t, "fuzz-workflow.yaml", &w)
	shards := w.Jobs["shard"].Strategy.Matrix["shard"]
	plays, merges := 0, 0
	for _, j := range w.Jobs {
		for _, step := range j.Steps {
			for _, line := range strings.Split(strings.ReplaceAll(step.Run, "\\\n", " "), "\n") {
				_, args, ok := strings.Cut(line, "bin/drill fuzz")
				if !ok {
					continue
				}
				command := newFuzz()
				if strings.HasPrefix(args, " merge") {
					command, merges = newMerge(), merges+1
				} else {
					plays++
					want := fmt.Sprintf(`--shard "$SHARD/%d"`, len(shards))
					if !strings.Contains(args, want) {
						t.Errorf("%s: want %s", line, want)
					}
				}
				for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(args, -1) {
					if command.Flags().Lookup(flag[1]) == nil {
						t.Errorf("%s has no flag --%s", command.Name(), flag[1])
					}
				}
			}
		}
	}
	for i, shard := range shards {
		if shard != i {
			t.Errorf("the matrix counts %v", shards)
		}
	}
	if plays != 1 || merges != 1 || w.Jobs["merge"].Needs != "shard" {
		t.Errorf("%d steps play and %d merge", plays, merges)
	}
}
