package access

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// most is the longest file that is read.
const most = 1 << 20

// everybody are the bits by which anybody on the machine may read or write a
// file.
const everybody fs.FileMode = 0o007

// ReadPrivate returns the one line of a file that holds a secret. Its errors name
// the file and never hold what stands in it.
func ReadPrivate(path string) (string, error) {
	text, err := read(path, everybody)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s: want one line", path)
	}
	return secret, nil
}

// read reads a file that has none of the forbidden bits.
func read(path string, forbidden fs.FileMode) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// Of the open file: the one of that name may be another by now.
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() {
		return nil, fmt.Errorf("%s: no regular file", path)
	} else if mode.Perm()&forbidden != 0 {
		return nil, fmt.Errorf("%s: mode %v, everybody on this machine can use it: chmod o= %s", path,
			mode.Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, err
	}
	if len(text) > most {
		return nil, fmt.Errorf("%s: longer than %d bytes", path, most)
	}
	return text, nil
}
