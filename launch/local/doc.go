// Package local runs trials as processes of this machine and sees to it that
// none of them survives: not when the trial daemonizes, forks without end or
// shuts its ears to signals, and not when the launcher itself is killed.
//
// It is not a sandbox. A trial runs with the rights of the user; a daemon it
// asks to start something for it (systemd, cron, a container engine) is out
// of reach.
//
// # The one idea
//
// On Linux the trial is never a child of the program that uses the launcher.
// Three kinds of process take part, all of them the same binary:
//
//	launcher ── warden ──┬── guardian ── command ── its children …
//	                     ├── guardian ── command …
//	                     └── guardian   (idle, waits for the next run)
//
// A guardian runs one command at a time and is a child subreaper: whatever a
// process of the trial does, setsid, a double fork, a cleared environment, it
// stays a descendant of the guardian, and every descendant of the guardian
// belongs to its one run. No guess is needed to tell whose an orphan is. When
// the command has ended the guardian kills and reaps until wait4 says ECHILD,
// which is the kernel's own word that no descendant is left. Only then is the
// end of the run reported. Guardians are used again, so that a start costs one
// fork from a small process and no start of a Go program.
//
// Every process may be killed at any instant:
//
//   - The launcher dies: its sockets close, each guardian sees the end of file,
//     kills its tree and exits. The warden does the same one level up for
//     guardians that do not answer (stopped, for example).
//   - A guardian dies: the command dies with it (PDEATHSIG), the rest falls to
//     the warden, which is a subreaper too and kills every descendant that no
//     living guardian covers. The run ends with an error that wraps
//     [launch.ErrGone]; its end was not seen.
//   - The warden dies: runs go on under their guardians, which end with the
//     launcher's socket; the next guardian gets a new warden.
//   - Several die at once: processes carry AFINA_RUN_ID, AFINA_RUN_MARKER and
//     AFINA_RUN_OWNER in their environment, and the next [New] with the same
//     [Options.Marker] kills what bears the marker of an owner that is dead.
//     A process is identified by its number and start time and signalled
//     through a pidfd, so that a number used again hits nobody. Nothing is
//     killed by name, and never this process or an ancestor of it.
//
// Where a writable cgroup v2 tree is mounted each run has a leaf of its own,
// entered at birth (CLONE_INTO_CGROUP) and ended by cgroup.kill; this also
// finds strays that cleared their environment after all guards were killed at
// once, the one case that nothing catches on machines without it. The limit
// in [launch.Job] is enforced by the memory controller of cgroup v2 or v1
// where it can be had, else by adding up the tree every 100 ms.
// [Launcher.Enforces] says which.
//
// A command of which nothing is left but a process that the kernel cannot end
// (a device or file server does not answer) is not reported as ended: what it
// holds is still held.
//
// Other unix systems have process groups only, and the rest a single process:
// there a trial that leaves its group can survive.
//
// # Use
//
// The program must call [GuardianMain] as the first thing in main (and a test
// binary in TestMain):
//
//	func main() {
//		local.GuardianMain()
//		…
//		l, err := local.New(local.Options{Marker: home})
//		defer l.Close()
//		run, err := l.Start(ctx, job)
//		exit, err := run.Wait(ctx)
//	}
package local
