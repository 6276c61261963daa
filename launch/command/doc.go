// Package command turns a command template and a trial into what a launcher
// runs: an argument list, an environment, and the files that the program
// reads its configuration from.
//
// It starts nothing, writes nothing and reads no clock: package launch runs
// what it makes, and the worker writes the files. It is not a shell either;
// the one idea is that a value can never become anything but (a part of) one
// argument, so that no choice, however spelled, can break the command line or
// smuggle an option into it.
//
// # Placeholders
//
// An argument may hold text and placeholders in braces:
//
//	{x}                 the value of parameter or derived value x
//	{x:.3g}             as a number in a format: [0][width][.precision] and
//	                    one of d e f g
//	{flag:x}            --x where x is true, else no argument
//	{noflag:x}          --no-x where x is false, else no argument
//	{args}              --name=value for all that is active
//	{args:hydra}        name=value for all that is active, quoted for Hydra
//	{json}              the configuration as one JSON object
//	{params_file:yaml}  path of a file with the configuration; also json, toml
//	{trial.id} {trial.number} {trial.dir} {trial.checkpoint} {trial.seed} {trial.fidelity}
//	{trial.fold} {trial.folds} {trial.instance} {trial.instances}
//	{study.name} {study.dir}
//	{{ }}               a brace itself
//
// {flag:x}, {noflag:x} and the two kinds of {args} stand alone in their
// argument; the others may be mixed with text: "--shape={a}x{b}".
//
// # What is left out
//
// Where a placeholder has no value (the parameter is inactive or null, or
// {trial.fidelity} of a trial without a limit), its whole argument is left
// out. If that argument does not start with a dash of its own, and the
// argument before it is a lone flag (written without placeholders: a dash, no
// "="), then the flag goes too: in ["--verbose", "--lr", "{lr}"] both "--lr"
// and "{lr}" vanish. Where the argument before is a switch that takes no
// value, write "--lr={lr}", which only ever omits itself.
//
// # With a shell
//
// A template for the shell is one text without placeholders: braces in it are
// the shell's. Values reach it as environment variables alone, so that they
// are never parsed as code.
//
//	t, err := command.Parse([]string{"python", "train.py", "--lr", "{lr}"}, false)
//	problems := t.Check(space)
//	cmd, err := t.Render(trial)
//	env, err := command.Environ(os.Environ(), own, trial)
package command
