package nodesim

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// unit is a service. systemd forgets a transient one that ended; those with a file stay.
type unit struct {
	state     string // active, inactive or failed
	transient bool
	collect   bool
	exit      int
	stop      context.CancelFunc
}

var unitFolders = []string{"/etc/systemd/system/", "/usr/lib/systemd/system/"}

// unitFile returns the path of a service's file.
func (m *Machine) unitFile(name string) (file string, found bool) {
	for _, folder := range unitFolders {
		if m.Exists(folder + name) {
			return folder + name, true
		}
	}
	return "", false
}

// execStart returns the command of a service: the last one in its file and its drop-ins.
func (m *Machine) execStart(name string) (argv []string) {
	file, _ := m.unitFile(name)
	text := m.File(file)
	for i := range unitFolders {
		drops, _ := filepath.Glob(m.host(unitFolders[len(unitFolders)-1-i] + name + ".d/*.conf"))
		for _, drop := range drops {
			text += "\n" + m.File(strings.TrimPrefix(drop, m.root))
		}
	}
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "ExecStart="); ok {
			argv = strings.Fields(command)
		}
	}
	return argv
}

const wants = "/etc/systemd/system/multi-user.target.wants/"

// boot starts what is enabled.
func (m *Machine) boot() {
	for _, name := range []string{"containerd.service", "kubelet.service"} {
		if m.Exists(wants + name) {
			m.start(name)
		}
	}
	m.observe()
}

// start starts a service that has a file.
func (m *Machine) start(name string) {
	m.units[name] = &unit{state: "active"}
	if name == "kubelet.service" {
		m.kubelet = "" // the one that ran has ended
	}
	m.observe()
}

func serviceName(name string) string {
	if path.Ext(name) == "" {
		return name + ".service"
	}
	return name
}

// systemctl manages services.
func systemctl(c *call) int {
	var words []string
	options := map[string]string{}
	for args := c.Args; len(args) > 0; args = args[1:] {
		name, value, given := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
		switch {
		case !strings.HasPrefix(args[0], "-"):
			words = append(words, args[0])
		case slices.Contains([]string{"property", "p"}, name):
			if !given {
				args = args[1:]
				value = args[0]
			}
			options["property"] = value
		case slices.Contains([]string{"now", "quiet", "q", "no-pager", "plain", "no-legend", "all", "value", "no-block", "full", "state"}, name):
			options[name] = value
		default:
			return c.unknown()
		}
	}
	if len(words) == 0 {
		return c.unknown()
	}
	verb, units := words[0], words[1:]
	_, now := options["now"]
	_, quiet := options["quiet"]
	if _, q := options["q"]; q {
		quiet = true
	}
	switch verb {
	case "daemon-reload":
		return 0
	case "is-system-running":
		c.printf("running\n")
		return 0
	case "list-units":
		return c.listUnits(units)
	}
	if len(units) == 0 {
		return c.fail("Too few arguments.")
	}
	worst := 0
	for _, u := range units {
		name := serviceName(u)
		exit := 0
		switch verb {
		case "is-active":
			exit = c.isActive(name, quiet)
		case "is-enabled":
			exit = c.isEnabled(name, quiet)
		case "start", "restart", "try-restart", "reload-or-restart":
			exit = c.startUnit(verb, name)
		case "stop", "kill":
			exit = c.stopUnit(name)
		case "enable":
			exit = c.enable(name)
			if exit == 0 && now {
				exit = c.startUnit("start", name)
			}
		case "disable", "mask", "unmask", "reset-failed":
			exit = c.forget(verb, name)
			if verb == "disable" && now {
				exit = c.stopUnit(name)
			}
		case "cat":
			file, found := c.unitFile(name)
			if !found {
				return c.fail("No files found for %s.", name)
			}
			c.printf("# %s\n%s", file, c.File(file))
		case "show":
			exit = c.show(name, options)
		default:
			return c.unknown()
		}
		if exit != 0 {
			worst = exit
		}
	}
	return worst
}

func (c *call) state(name string) string {
	if u := c.units[name]; u != nil {
		if name == "kubelet.service" && u.state == "active" && c.kubelet == "" {
			return "activating" // it ends and is started again until there is a configuration
		}
		return u.state
	}
	return "inactive"
}

func (c *call) isActive(name string, quiet bool) int {
	state := c.state(name)
	if !quiet {
		c.printf("%s\n", state)
	}
	if state == "active" {
		return 0
	}
	return 3
}

func (c *call) isEnabled(name string, quiet bool) int {
	_, found := c.unitFile(name)
	state, exit := "disabled", 1
	switch {
	case c.Exists(wants + name):
		state, exit = "enabled", 0
	case !found:
		state, exit = "not-found", 4
	}
	if !quiet {
		c.printf("%s\n", state)
	}
	return exit
}

func (c *call) startUnit(verb, name string) int {
	if _, found := c.unitFile(name); !found {
		fmt.Fprintf(c.stderr, "Failed to %s %s: Unit %s not found.\n", verb, name, name)
		return 5
	}
	if verb != "start" || c.state(name) != "active" {
		c.start(name)
	}
	return 0
}

func (c *call) stopUnit(name string) int {
	u := c.units[name]
	switch {
	case u == nil:
		if _, found := c.unitFile(name); !found {
			fmt.Fprintf(c.stderr, "Failed to stop %s: Unit %s not loaded.\n", name, name)
			return 5
		}
	case u.transient:
		u.stop()
		c.wait(func() bool {
			return c.sim.until(c.ctx, timeLimit, func() bool { return c.units[name] != u || u.state != "active" })
		})
	default:
		u.state = "inactive"
		c.observe()
	}
	return 0
}

func (c *call) enable(name string) int {
	if _, found := c.unitFile(name); !found {
		return c.fail("Failed to enable unit: Unit file %s does not exist.", name)
	}
	if err := c.writeFile(wants+name, ""); err != nil {
		return c.fail("Failed to enable unit: %v", err)
	}
	return 0
}

func (c *call) forget(verb, name string) int {
	switch {
	case verb == "disable":
		_ = os.Remove(c.host(wants + name))
	case verb == "reset-failed" && c.units[name] != nil && c.units[name].transient && c.units[name].state == "failed":
		delete(c.units, name)
	case verb == "reset-failed" && c.units[name] == nil:
		return c.fail("Failed to reset failed state of unit %s: Unit %s not loaded.", name, name)
	}
	return 0
}

func (c *call) show(name string, options map[string]string) int {
	u := c.units[name]
	values := map[string]string{
		"ActiveState": c.state(name), "LoadState": "not-found", "SubState": "dead", "Result": "success", "ExecMainStatus": "0", "NRestarts": "0",
		"FragmentPath": "", "ExecStart": "",
	}
	if file, found := c.unitFile(name); found {
		values["LoadState"], values["FragmentPath"] = "loaded", file
		if argv := c.execStart(name); len(argv) > 0 {
			values["ExecStart"] = fmt.Sprintf("{ path=%s ; argv[]=%s ; ignore_errors=no ; pid=0 ; code=(null) ; status=0/0 }", argv[0], strings.Join(argv, " "))
		}
	}
	if u != nil {
		values["LoadState"], values["ExecMainStatus"] = "loaded", strconv.Itoa(u.exit)
		values["SubState"] = map[string]string{"active": "running", "activating": "auto-restart", "failed": "failed", "inactive": "dead"}[c.state(name)]
		if u.exit != 0 {
			values["Result"] = "exit-code"
		}
	}
	_, bare := options["value"]
	for p := range strings.SplitSeq(options["property"], ",") {
		value, known := values[p]
		if !known {
			return c.unknown()
		}
		if !bare {
			c.printf("%s=", p)
		}
		c.printf("%s\n", value)
	}
	return 0
}

func (c *call) listUnits(patterns []string) int {
	var names []string
	for name := range c.units {
		for _, p := range patterns {
			if ok, _ := path.Match(p, name); ok {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.printf("%s loaded %s running %s\n", name, c.state(name), name)
	}
	return 0
}

// systemdRun starts a command as a unit of its own, which outlives the session.
func systemdRun(c *call) int {
	name, env, u := "", []string{"PATH=" + searchPath}, &unit{state: "active", transient: true}
	args := c.Args
options:
	for ; len(args) > 0; args = args[1:] {
		option, value, _ := strings.Cut(args[0], "=")
		switch option {
		case "--unit":
			name = serviceName(value)
		case "--setenv":
			env = append(env, value)
		case "--collect":
			u.collect = true
		case "--quiet", "--description":
		case "--":
			args = args[1:]
			break options
		default:
			if strings.HasPrefix(option, "-") {
				return c.unknown()
			}
			break options
		}
	}
	if name == "" || len(args) == 0 {
		return c.unknown()
	}
	if _, found := c.unitFile(name); found || c.units[name] != nil {
		return c.fail("Failed to start transient service unit: Unit %s was already loaded or has a fragment file.", name)
	}
	ctx, cancel := context.WithCancel(c.power)
	u.stop = cancel
	c.units[name] = u
	m := c.Machine
	c.sim.work.Go(func() {
		defer cancel()
		m.runUnit(ctx, name, u, env, args)
	})
	return 0
}

func (m *Machine) runUnit(ctx context.Context, name string, u *unit, env, argv []string) {
	exit := 0
	cmd, err := m.command(ctx, "/", env, argv...)
	if err == nil {
		cmd.Stdout, cmd.Stderr = io.Discard, io.Discard // the journal
		exit, err = exitStatus(cmd.Run())
	}
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	if ctx.Err() == nil && err != nil {
		m.sim.errorf("%s: %s: %v", m.name, name, err)
	}
	u.exit, u.state = exit, "inactive"
	if exit != 0 {
		u.state = "failed"
	}
	if (exit == 0 || u.collect) && m.units[name] == u {
		delete(m.units, name)
	}
}
