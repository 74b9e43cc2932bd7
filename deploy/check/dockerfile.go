package main

import (
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// instruction is one line of a Dockerfile.
type instruction struct {
	Line  int      `json:"line"`
	Word  string   `json:"word"`
	Flags []string `json:"flags"`
	Args  []string `json:"args"`
}

func readDockerfile(path string) ([]instruction, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return nil, err
	}
	var list []instruction
	for _, node := range parsed.AST.Children {
		i := instruction{Line: node.StartLine, Word: node.Value, Flags: node.Flags}
		for next := node.Next; next != nil; next = next.Next {
			i.Args = append(i.Args, next.Value)
		}
		// HEALTHCHECK holds the command below its word.
		for _, below := range node.Children {
			for next := below; next != nil; next = next.Next {
				i.Args = append(i.Args, next.Value)
			}
		}
		list = append(list, i)
	}
	return list, nil
}
