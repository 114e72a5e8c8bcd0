package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

const (
	jobs = "/run/onprem/"
	// chunk bounds what one look at a job brings of its output.
	chunk = 256 << 10
	// timedOut is what timeout(1) ends with.
	timedOut = 124
)

// Variables so that tests need not wait.
var (
	// reconnectFor bounds how long a job's machine may be out of reach: longer than the restart of a switch or a
	// server, shorter than the patience of whoever waits.
	reconnectFor = 5 * time.Minute
	// How often a job is looked at: often at first, for the short ones.
	firstPoll = 200 * time.Millisecond
	lastPoll  = 2 * time.Second
)

// Job is a command that may take minutes. It runs as a systemd unit of its own: neither a lost connection nor the end
// of this process ends it, and there is never more than one of a name on a machine.
type Job struct {
	Name string   // of the unit, after "onprem-": lower case letters, digits, dashes
	Argv []string // readable by everybody on the machine
	Env  []string // "NAME=value", likewise
	// Timeout ends the job. None when 0.
	Timeout time.Duration
}

// Output is what a job printed, standard output and error as they came.
type Output struct {
	Log []byte // the last maxOutput bytes
	// Attached says that the job ran already: it was not started for this call, and may have had other arguments.
	Attached bool
}

// RunningJob is a job that was started, by us or by somebody before us.
type RunningJob struct {
	conn     *Conn
	job      Job
	run      string // tells this run from others of the same name
	attached bool
}

var jobName = lazyregexp.New(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func unit(job string) string { return "onprem-" + job + ".service" }

// startJob starts job $2, run $3, which is the script $4, unless it runs already. What a run leaves behind under
// /run/onprem: NAME.run tells which it is, NAME.log what it printed, NAME.exit, at its end, how it ended. A unit that
// has told its end is only about to go.
//
// The script goes to systemd as a file: in arguments systemd would replace $ by rules of its own.
const startJob = `set -eu
umask 077
folder=$1 name=$2 run=$3 script=$4
file=$folder$name unit=onprem-$name.service
mkdir -p "$folder"
chmod 700 "$folder"
exec 9>>"$file.lock"
flock 9
if [ -e "$file.run" ]; then
  read -r last <"$file.run"
  if [ "$last" = "$run" ]; then echo "started $run"; exit; fi
  case $(systemctl is-active "$unit" || :) in
  active|activating|deactivating|reloading)
    if ! [ -e "$file.exit" ]; then echo "attached $last"; exit; fi
    systemctl stop "$unit" || : ;;
  esac
fi
rm -f "$file.exit"
: >"$file.log"
printf '%s\n' "$script" >"$file.sh"
echo "$run" >"$file.run"
if systemd-run --quiet --collect --unit="$unit" sh "$file.sh" >&2; then echo "started $run"; else rm -f "$file.run"; exit 1; fi`

// script is what the unit runs: it keeps the output and the exit status, which systemd forgets with the unit.
func (j Job) script() (string, error) {
	argv := j.Argv
	if j.Timeout > 0 {
		argv = append([]string{"timeout", "-k", "10", strconv.FormatFloat(j.Timeout.Seconds(), 'f', -1, 64)}, argv...)
	}
	line, err := Command{Title: j.Name, Argv: argv, Env: j.Env}.line()
	if err != nil {
		return "", err
	}
	file := jobs + j.Name
	return line + " >>" + file + ".log 2>&1 </dev/null\n" +
		"code=$?\n" +
		"echo $code >" + file + ".new\n" +
		"mv -f " + file + ".new " + file + ".exit\n" +
		"exit $code", nil
}

// pollJob prints how job $2, run $3, stands, and at most $5 bytes of its output from byte $4 on. The unit is asked
// before the file is read: a job that ends in between is not taken for one that vanished.
const pollJob = `file=$1$2
if ! [ -e "$file.run" ] || ! read -r last <"$file.run" || [ "$last" != "$3" ]; then echo gone; exit; fi
active=$(systemctl is-active "onprem-$2.service") || :
if [ -e "$file.exit" ] && read -r code <"$file.exit"; then echo "exit $code"
else
  case $active in
  active|activating|deactivating|reloading) echo running ;;
  *) echo gone ;;
  esac
fi
tail -c "+$4" "$file.log" | head -c "$5"`

// RunJob starts a job, or attaches to the one of that name which runs already, and waits for its end. onLine, which
// may be nil, is given every line of output as it comes. An exit status other than 0 is an *ExitError, one that is not
// known a *JobLostError.
func (c *Conn) RunJob(ctx context.Context, job Job, onLine func(string)) (Output, error) {
	running, err := c.StartJob(ctx, job)
	if err != nil {
		return Output{}, err
	}
	return running.Wait(ctx, onLine)
}

// StartJob starts a job, or attaches to the one of that name which runs already.
func (c *Conn) StartJob(ctx context.Context, job Job) (*RunningJob, error) {
	if !jobName.MatchString(job.Name) || len(job.Argv) == 0 {
		return nil, fmt.Errorf("%s: %q is not the name of a job, or there is nothing to run", c.Host(), job.Name)
	}
	script, err := job.script()
	if err != nil {
		return nil, err
	}
	r := &RunningJob{conn: c, job: job, run: rand.Text()}
	// The run's own name makes it safe to ask twice: a start whose answer was lost is found, not repeated.
	result, err := r.persist(ctx, Script("starting "+job.Name, startJob, jobs, job.Name, r.run, script))
	if err != nil {
		return nil, err
	}
	how, run, _ := strings.Cut(result.Text(), " ")
	r.run, r.attached = run, how == "attached"
	c.config.log(ctx, "job", map[string]any{"job": job.Name, "attached": r.attached})
	return r, nil
}

const findJob = `[ -e "$1$2.exit" ] || case $(systemctl is-active "onprem-$2.service") in
active|activating|deactivating|reloading) cat "$1$2.run" ;;
esac`

// FindJob returns the job of a name that runs on the machine, or nil.
func (c *Conn) FindJob(ctx context.Context, name string) (*RunningJob, error) {
	result, err := c.repeat(ctx, Script("looking for "+unit(name), findJob, jobs, name), nil)
	if err != nil || result.Text() == "" {
		return nil, err
	}
	return &RunningJob{conn: c, job: Job{Name: name}, run: result.Text(), attached: true}, nil
}

// Wait waits for the end of the job, through lost connections. When ctx ends, the job goes on.
func (r *RunningJob) Wait(ctx context.Context, onLine func(string)) (Output, error) {
	log := &jobLog{}
	if onLine != nil {
		log.onLine = func(line string) { onLine(r.conn.secrets.Text(line)) }
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = firstPoll, lastPoll
	for {
		status, text, err := r.poll(ctx, log.seen)
		if err != nil {
			return Output{}, err
		}
		log.add(text)
		if len(text) > 0 {
			wait.Reset()
		}
		if len(text) == chunk {
			continue // there is more
		}
		if status != "running" {
			log.flush()
			return Output{Log: log.kept, Attached: r.attached}, r.ended(status, log)
		}
		select {
		case <-ctx.Done():
			return Output{}, r.interrupted(ctx)
		case <-time.After(wait.NextBackOff()):
		}
	}
}

func (r *RunningJob) interrupted(ctx context.Context) error {
	return &InterruptedError{Host: r.conn.Host(), Command: "waiting for " + unit(r.job.Name) + ", which goes on,", Err: context.Cause(ctx)}
}

func (r *RunningJob) ended(status string, log *jobLog) error {
	words := tail(r.conn.secrets.Text(strings.TrimSpace(string(log.kept))))
	text, exited := strings.CutPrefix(status, "exit ")
	code, err := strconv.Atoi(text)
	switch {
	case !exited || err != nil:
		return &JobLostError{Host: r.conn.Host(), Job: r.job.Name, Output: words}
	case code == 0:
		return nil
	case code == timedOut && r.job.Timeout > 0:
		return &JobTimeoutError{Host: r.conn.Host(), Job: r.job.Name, Timeout: r.job.Timeout, Output: words}
	}
	return &ExitError{Host: r.conn.Host(), Command: r.job.Name, Code: code, Output: words}
}

// poll looks at the job once.
func (r *RunningJob) poll(ctx context.Context, seen int) (status string, text []byte, err error) {
	result, err := r.persist(ctx, Script("waiting for "+r.job.Name, pollJob,
		jobs, r.job.Name, r.run, strconv.Itoa(seen+1), strconv.Itoa(chunk)))
	if err != nil {
		if ctx.Err() != nil {
			err = r.interrupted(ctx)
		}
		return "", nil, err
	}
	line, text, _ := bytes.Cut(result.Stdout, []byte("\n"))
	return string(line), text, nil
}

// persist runs what may be run twice, until the machine has been out of reach for too long.
func (r *RunningJob) persist(ctx context.Context, cmd Command) (Result, error) {
	for {
		result, err := r.conn.Run(ctx, cmd)
		booting := errors.As(err, new(*AuthError)) // see bootingFor
		if err == nil || !isConnectionTrouble(err) && !booting || ctx.Err() != nil {
			return result, err
		}
		r.conn.config.log(ctx, "connection lost", map[string]any{"job": r.job.Name})
		again, cancel := context.WithTimeout(ctx, reconnectFor)
		if failed := r.conn.ConnectWait(again); failed != nil {
			cancel()
			return Result{}, fmt.Errorf("%s may still run, but the connection was lost: %w", unit(r.job.Name), failed)
		}
		cancel()
	}
}

// jobLog gathers output and cuts it into lines.
type jobLog struct {
	seen   int // bytes so far
	kept   []byte
	line   []byte
	onLine func(string)
}

func (l *jobLog) add(text []byte) {
	l.seen += len(text)
	l.kept = append(l.kept, text...)
	if over := len(l.kept) - maxOutput; over > 0 {
		l.kept = l.kept[over:]
	}
	l.line = append(l.line, text...)
	for {
		line, rest, ok := bytes.Cut(l.line, []byte("\n"))
		if !ok {
			return
		}
		l.line = rest
		l.emit(line)
	}
}

// flush hands out a last line without an end.
func (l *jobLog) flush() {
	if len(l.line) > 0 {
		l.emit(l.line)
	}
	l.line = nil
}

func (l *jobLog) emit(line []byte) {
	if l.onLine != nil {
		l.onLine(strings.TrimRight(string(line), "\r"))
	}
}
