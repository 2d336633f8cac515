package main

import (
	"strings"
	"syscall"
)

func mount(source, target, kind string, flags uintptr, options string) {
	check("mount "+target, syscall.Mount(source, target, kind, flags, options))
}

func bind(source, target string) { mount(source, target, "", syscall.MS_BIND, "") }

func inFolder(path, folder string) bool { return strings.HasPrefix(path+"/", folder+"/") }

// cutName tells a cgroup hierarchy that only has a name from one that has controllers.
func cutName(controllers string) (name string, named bool) {
	return strings.CutPrefix(controllers, "name=")
}
