// Package standin is what the binary of a test becomes inside a simulated machine: the process that enters the
// machine's root folder, and each of the programs there (kubeadm, systemctl, …) that the simulator answers for.
//
// It imports next to nothing, because it is initialised before the rest of the binary and never lets that begin.
package standin

// Places inside a machine.
const (
	// Folder holds what is the simulator's own.
	Folder = "/.sim"
	// Program is the binary of the test; a stand-in is a file that names it as its interpreter.
	Program = Folder + "/standin"
	// Socket is where the simulator listens for stand-ins.
	Socket = Folder + "/socket"
	// Host is the root of the host, for what the links to its tools point at.
	Host = Folder + "/host"
)

// EnterName is the name under which the binary enters a machine, with a JSON of Entry as its first argument.
const EnterName = "nodesim-enter"

// Entry says how to enter a machine.
type Entry struct {
	Root    string   // the machine's root folder on the host
	Program string   // the binary of the test
	Plain   bool     // whether the user is not root outside
	Full    []string // folders in which no byte is left
	Dir     string   // where to start
	Argv    []string
}

// Call is a stand-in that was started. Its standard streams travel beside it.
type Call struct {
	Program string // first word of what stands after the interpreter: "kubeadm"
	Version string // second one
	Args    []string
	Dir     string
	Env     []string
}

// Answer is what becomes of a Call: an exit code, or another program in its place.
type Answer struct {
	Exit int
	Exec []string
	Env  []string // added to the environment of Exec
}
