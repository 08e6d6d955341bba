// Command probe tries what the unit of the service and its sandbox forbid, and says of each
// attempt whether it came about. The test of the hardening runs it under the
// unit's own directives, one by one, and without them; it is no part of what is
// installed.
//
//	probe DIRECTIVE...
//
// For each it prints "DIRECTIVE allowed" or "DIRECTIVE denied: how", and ends
// with 0. An attempt that could not be made ends it with 1.
package main

import (
	"fmt"
	"os"
	"runtime"
)

// attempts are what the directives forbid, by their names. One that came about
// gives no error.
func attempts() map[string]func() error {
	return map[string]func() error{
		"UMask":                   openFile,
		"LimitCORE":               dumpCore,
		"NoNewPrivileges":         gainPrivilege,
		"LockPersonality":         changePersonality,
		"RestrictRealtime":        runRealtime,
		"RestrictSUIDSGID":        markSetuid,
		"RestrictNamespaces":      makeNamespace,
		"RestrictAddressFamilies": strangeSocket,
		"SystemCallArchitectures": foreignCall,
		"SystemCallFilter":        beTraced,
		"SystemCallErrorNumber":   dieOfIt,

		"PrivateUsers":      knowOthers,
		"ProtectSystem":     func() error { return write("/run/shared") },
		"ProtectHome":       func() error { return write(os.Getenv("HOME")) },
		"ReadWritePaths":    writeOwn,
		"InaccessiblePaths": func() error { return read(os.Getenv("HOME") + "/.ssh/id") },
	}
}

func main() {
	runtime.LockOSThread()
	switch args := os.Args[1:]; {
	case len(args) == 2 && args[0] == childFlag:
		beChild(args[1])
	case len(args) == 1 && args[0] == euidFlag:
		fmt.Print(os.Geteuid())
	default:
		for _, name := range args {
			fmt.Println(name, outcome(name))
		}
	}
}

func outcome(name string) string {
	try, known := attempts()[name]
	if !known {
		fmt.Fprintf(os.Stderr, "probe: nothing is known of %s\n", name)
		os.Exit(1)
	}
	if err := try(); err != nil {
		return "denied: " + err.Error()
	}
	return "allowed"
}
