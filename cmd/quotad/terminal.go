package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// asks reports whether a person is there to be asked: questions go to standard
// error, so that standard output may go elsewhere.
func (a *app) asks() bool { return isTerminal(a.stdin) && isTerminal(a.stderr) }

// ask puts a question and gives the answer without the space around it. The
// end of the input is an error: nobody said yes to anything.
func (a *app) ask(question string) (string, error) {
	fmt.Fprint(a.stderr, question+" ")
	line, err := readLine(a.stdin)
	if errors.Is(err, io.EOF) {
		fmt.Fprintln(a.stderr)
		return "", failed("", "no answer was given; nothing was changed")
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the answer: %w", err)
	}
	return strings.TrimSpace(line), nil
}

// readLine reads a line and nothing after it, so that the next question finds
// its answer.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); ; {
		n, err := r.Read(b)
		switch {
		case n == 1 && b[0] == '\n':
			return string(line), nil
		case n == 1:
			line = append(line, b[0])
		case errors.Is(err, io.EOF) && len(line) > 0:
			return string(line), nil
		case err != nil:
			return "", err
		}
	}
}

// confirm asks for yes or no; an empty answer is the one in capitals.
func (a *app) confirm(question string, otherwise bool) (bool, error) {
	choice := "[y/N]"
	if otherwise {
		choice = "[Y/n]"
	}
	for {
		answer, err := a.ask(question + " " + choice)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "":
			return otherwise, nil
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}
