package remote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	"golang.org/x/crypto/ssh"
)

const (
	// maxOutput bounds what is kept of a command's output.
	maxOutput = 4 << 20
	// tailOf is how much of its last words an error shows.
	tailOf = 2 << 10
)

// environment is what every command runs in. Neither sudo's path nor that of a plain login need have the folders
// where administrators and packages put their programs, and messages are read by us, in English.
const environment = `PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C HOME=~root
export PATH LC_ALL HOME
exec "$@"`

// Command is a program to run as root.
type Command struct {
	// Title names the command in errors and logs, in place of arguments. Argv[0] when empty.
	Title string
	// Argv is the program and its arguments. No value of it becomes shell. Everybody on the machine can read it:
	// secrets go over Stdin.
	Argv []string
	// Env are variables, "NAME=value", as readable as Argv.
	Env   []string
	Stdin io.Reader
}

// Script is a shell script of ours, with values as its arguments $1, $2 and so on.
func Script(title, script string, args ...string) Command {
	return Command{Title: title, Argv: append([]string{"sh", "-c", script, "sh"}, args...)}
}

// Result is the output of a command that succeeded.
type Result struct{ Stdout, Stderr []byte }

// Text is the standard output without the white space around it.
func (r Result) Text() string { return strings.TrimSpace(string(r.Stdout)) }

func (c Command) name() string {
	if c.Title == "" && len(c.Argv) > 0 {
		return c.Argv[0]
	}
	return c.Title
}

// line is the command as one line of shell, without the way to root.
func (c Command) line() (string, error) {
	if len(c.Argv) == 0 {
		return "", fmt.Errorf("%s: there is no program to run", cmp.Or(c.Title, "command"))
	}
	argv := []string{"sh", "-c", environment, "sh"}
	if len(c.Env) > 0 {
		argv = append(append(argv, "env"), c.Env...)
	}
	argv = append(argv, c.Argv...)
	if slices.ContainsFunc(argv, func(a string) bool { return strings.ContainsRune(a, 0) }) {
		return "", fmt.Errorf("%s: an argument has a NUL byte, which no program can take", c.name())
	}
	return shellescape.QuoteCommand(argv), nil
}

// Run runs a command as root and waits for its end. Another exit status than 0 is an *ExitError, a connection that
// broke in between a *LostError. When ctx ends, Run returns an *InterruptedError, and the command loses its input and
// output but may go on: sshd does not pass on signals to root's commands. What takes long is a Job.
func (c *Conn) Run(ctx context.Context, cmd Command) (Result, error) {
	line, err := cmd.line()
	if err != nil {
		return Result{}, err
	}
	prefix, input, err := c.root(ctx)
	if err != nil {
		return Result{}, err
	}
	begin := time.Now()
	out, err := c.exec(ctx, cmd.name(), prefix+line, io.MultiReader(strings.NewReader(input), orEmpty(cmd.Stdin)))
	c.config.log(ctx, "command", map[string]any{"command": cmd.name(), "duration": time.Since(begin).String(), "ok": err == nil})
	if err != nil {
		return Result{}, err
	}
	if out.stdout.over || out.stderr.over {
		return Result{}, fmt.Errorf("%s: %s printed more than %d MiB", c.config.Host, cmd.name(), maxOutput>>20)
	}
	return Result{out.stdout.Bytes(), out.stderr.Bytes()}, nil
}

// repeat is Run for what may be done twice: when the connection breaks, it connects again and runs it once more.
func (c *Conn) repeat(ctx context.Context, cmd Command, stdin []byte) (Result, error) {
	cmd.Stdin = bytes.NewReader(stdin)
	result, err := c.Run(ctx, cmd)
	if lost := (*LostError)(nil); errors.As(err, &lost) && ctx.Err() == nil {
		cmd.Stdin = bytes.NewReader(stdin)
		return c.Run(ctx, cmd)
	}
	return result, err
}

func orEmpty(r io.Reader) io.Reader {
	if r == nil {
		return strings.NewReader("")
	}
	return r
}

type output struct{ stdout, stderr bounded }

// exec runs a line of shell as the user. When ctx ends, it does not wait for the command: a machine that has died
// would not answer.
func (c *Conn) exec(ctx context.Context, name, line string, stdin io.Reader) (*output, error) {
	if err := c.sessions.Acquire(ctx, 1); err != nil {
		return nil, c.failed(err)
	}
	defer c.sessions.Release(1)
	live, err := c.client(ctx)
	if err != nil {
		return nil, err
	}
	type ending struct {
		out *output
		err error
	}
	done := make(chan ending, 1)
	go func() {
		out, err := live.exec(ctx, line, stdin)
		done <- ending{out, err}
	}()
	select {
	case e := <-done:
		return e.out, c.ended(ctx, live, name, e.out, e.err)
	case <-ctx.Done():
		return nil, &InterruptedError{Host: c.config.Host, Command: name, Err: context.Cause(ctx)}
	}
}

// exec runs a line in a session of its own, which ends with ctx.
func (l *live) exec(ctx context.Context, line string, stdin io.Reader) (*output, error) {
	session, err := l.client.NewSession()
	if err != nil {
		return nil, err
	}
	defer session.Close()
	defer context.AfterFunc(ctx, func() { session.Close() })()
	out := &output{}
	session.Stdout, session.Stderr = &out.stdout, &out.stderr
	// Not session.Stdin: Wait would wait for the reader, even of a command that ended without reading it all.
	pipe, err := session.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := session.Start(line); err != nil {
		return nil, err
	}
	readErr := make(chan error, 1)
	go func() {
		source := &source{r: stdin}
		_, _ = io.Copy(pipe, source) // that nobody listens any more is the command's business
		if readErr <- source.err; source.err != nil {
			session.Close() // an input cut short must not look like a whole one
			return
		}
		pipe.Close()
	}()
	err = session.Wait()
	select {
	case e := <-readErr:
		if e != nil {
			return out, &inputError{e}
		}
	default:
	}
	return out, err
}

// ended words the end of a command.
func (c *Conn) ended(ctx context.Context, l *live, name string, out *output, err error) error {
	var exit *ssh.ExitError
	var refused *ssh.OpenChannelError
	var input *inputError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return &InterruptedError{Host: c.config.Host, Command: name, Err: context.Cause(ctx)}
	case errors.As(err, &input):
		return fmt.Errorf("%s: %s: cannot read what is to be sent: %w", c.config.Host, name, input.error)
	case errors.As(err, &exit):
		return &ExitError{Host: c.config.Host, Command: name, Code: exit.ExitStatus(), Signal: exit.Signal(), Output: tail(c.secrets.Text(out.lastWords()))}
	case errors.As(err, &refused):
		return &SessionError{Host: c.config.Host, Command: name, Err: err}
	}
	// The end of a session arrives before that of its connection.
	select {
	case <-l.dead:
		err = l.cause
	case <-time.After(time.Second):
	}
	return &LostError{Host: c.config.Host, Command: name, Err: err}
}

func (o *output) lastWords() string {
	words := strings.TrimSpace(o.stderr.String())
	if words == "" {
		words = strings.TrimSpace(o.stdout.String())
	}
	return words
}

// tail is the end of a text that is too long for an error.
func tail(text string) string {
	if len(text) <= tailOf {
		return text
	}
	text = strings.ToValidUTF8(text[len(text)-tailOf:], "")
	if _, rest, ok := strings.Cut(text, "\n"); ok {
		text = rest
	}
	return "… " + text
}

// bounded keeps the first maxOutput bytes and swallows the rest: a writer that stops reading blocks the whole
// connection.
type bounded struct {
	bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), maxOutput-b.Len())
	b.over = b.over || keep < len(p)
	b.Buffer.Write(p[:keep])
	return len(p), nil
}

// ReadFrom hides the buffer's own, which knows no bound.
func (b *bounded) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{b}, r)
}

// source remembers the error of a reader, which io.Copy does not tell from that of the writer.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

type inputError struct{ error }
