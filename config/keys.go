package config

import (
	"github.com/afina-hpo/afina/study"
)

// key is one key of a mapping in a study file. These tables are the only
// place that lists them: the reader, its hints and the schema use them all.
type key struct {
	name  string
	shape shape
	doc   string
	// absent is why the key, which older plans and other tools have, is
	// refused.
	absent string
}

// shape is a JSON Schema fragment.
type shape map[string]any

var (
	anyText  = shape{"type": "string"}
	aBool    = shape{"type": "boolean"}
	aNumber  = shape{"type": "number"}
	aScalar  = shape{"type": []string{"string", "number", "boolean", "null"}}
	aWord    = shape{"type": []string{"string", "number", "boolean"}} // of a command or a variable
	duration = shape{"type": "string", "pattern": `^([0-9.]+(ns|us|µs|ms|s|m|h|d))+$`, "examples": []string{"90s", "2h", "1h30m"}}
	size     = shape{"type": "string", "pattern": `^[0-9.]+ ?([kKMGT]i?)?B$`, "examples": []string{"8GiB", "500MB"}}
	exprText = shape{"type": []string{"string", "number", "boolean"}}
	interval = shape{"type": "array", "items": shape{"type": []string{"number", "string"}}, "minItems": 2, "maxItems": 2}
	aPair    = shape{"type": "array", "items": shape{"type": "number"}, "minItems": 2, "maxItems": 2}
	argvList = list(aWord)
)

func whole(low int) shape          { return shape{"type": "integer", "minimum": low} }
func list(of shape) shape          { return shape{"type": "array", "items": of} }
func mapOf(of shape) shape         { return shape{"type": "object", "additionalProperties": of} }
func oneOf(texts ...string) shape  { return shape{"enum": texts} }
func either(shapes ...shape) shape { return shape{"anyOf": shapes} }
func ref(name string) shape        { return shape{"$ref": "#/$defs/" + name} }

func object(keys []key) shape {
	properties := map[string]any{}
	for _, k := range keys {
		if k.absent != "" {
			continue
		}
		s := shape{"description": k.doc}
		for name, v := range k.shape {
			s[name] = v
		}
		properties[k.name] = s
	}
	return shape{"type": "object", "additionalProperties": false, "properties": properties}
}

// formats are the values of report.format.
var formats = []string{"auto", "jsonl", "text", "regex", "csv", "file", "none"}

var topKeys = []key{
	{name: "version", shape: shape{"const": 1}, doc: "Version of the study file's format: 1."},
	{name: "name", shape: anyText, doc: "What the study is called. Default: the file's name, or for study.yaml its folder's."},
	{name: "command", shape: either(argvList, anyText), doc: "The program to tune and its arguments, with placeholders. Without it, trials are asked for and told over the API."},
	{name: "shell", shape: aBool, doc: "The command is one text for the shell; values come as AFINA_PARAM_… variables only. Default: false."},
	{name: "workdir", shape: anyText, doc: "Working directory of the command, relative to the study file. Default: its folder."},
	{name: "env", shape: mapOf(aWord), doc: "Environment variables of the command; ${env:NAME:-default} takes one from the surroundings."},
	{name: "setup", shape: list(argvList), doc: "Commands that run once, before the first trial of each run."},
	{name: "objectives", shape: list(ref("objective")), doc: "The metrics to make small or large."},
	{name: "objective", shape: ref("objective"), doc: "The one metric to make small or large."},
	{name: "constraints", shape: list(exprText), doc: "Conditions on parameters (never violated) or on reported metrics (a trial that violates one is never the best)."},
	{name: "parameters", shape: mapOf(ref("parameter")), doc: "What may be chosen."},
	{name: "derived", shape: mapOf(exprText), doc: "Values computed from the parameters and handed to the command with them."},
	{name: "fidelity", shape: object(fidelityKeys), doc: "What a step of training is and how many there are; schedulers need it to give trials less than all."},
	{name: "enqueue", shape: list(mapOf(aScalar)), doc: "Configurations to try first; parameters left out are filled in."},
	{name: "warm_start", shape: either(anyText, list(anyText)), doc: "Earlier studies to learn from: names, study files, folders, databases, or lists that afina export wrote. Read once, when the study is made."},
	{name: "fix", shape: mapOf(aScalar), doc: "Values that some parameters have for now, while the others are searched. It may change between runs. Default: none."},
	{name: "search", shape: either(anyText, ref("search")), doc: "Which configuration next: the algorithm's name, or a mapping."},
	{name: "schedule", shape: either(anyText, ref("schedule")), doc: "How long each trial runs: the scheduler's name, or a mapping with its settings. Default: where there is a fidelity what suits the search algorithm, mostly auto; else fixed."},
	{name: "cost", shape: either(anyText, object(costKeys)), doc: "What a trial costs: the metric that says it, or a price. Default: not counted."},
	{name: "stop", shape: object(stopKeys), doc: "When the study or a trial ends."},
	{name: "final", shape: object(finalKeys), doc: "The comparison of the best configurations and the default that the study ends with. Default: none."},
	{name: "retry", shape: object(retryKeys), doc: "What happens to a trial that failed for no fault of its configuration."},
	{name: "resources", shape: object(resourceKeys), doc: "What one trial occupies."},
	{name: "report", shape: object(reportKeys), doc: "How results are read from the command's output."},
	{name: "notify", absent: "notifications are not part of this version of afina"},
	{name: "include", absent: "including presets is not part of this version of afina"},
	{name: "isolate", absent: "copies of the working directory are not part of this version of afina"},
}

var objectiveKeys = []key{
	{name: "metric", shape: anyText, doc: "The metric's name, as the program prints it."},
	{name: "goal", shape: oneOf(string(study.Minimize), string(study.Maximize)), doc: "minimize or maximize."},
	{name: "minimize", shape: anyText, doc: "Short for metric with goal: minimize."},
	{name: "maximize", shape: anyText, doc: "Short for metric with goal: maximize."},
	{name: "reduce", shape: shape{"type": "string", "pattern": `^(best|last|mean|mean\(last, ?[0-9]+\))$`}, doc: "How a trial's reports become one value: best, last, mean or mean(last,N). Default: best; with folds or instances mean, with levels last."},
	{name: "threshold", shape: aNumber, doc: "The value that is good enough; with several objectives, the reference point."},
}

var paramKeys = []key{
	{name: "float", shape: interval, doc: "A number in [low, high], both included."},
	{name: "int", shape: interval, doc: "A whole number in [low, high], both included."},
	{name: "choice", shape: list(aScalar), doc: "One of a list of values."},
	{name: "bool", shape: shape{"const": true}, doc: "true or false; written bool: true."},
	{name: "log", shape: aBool, doc: "Of float and int: search on a logarithmic scale. Default: false."},
	{name: "reverse_log", shape: aBool, doc: "Of float: logarithmic in 1 - x, for numbers just below one. Default: false."},
	{name: "step", shape: aNumber, doc: "Of float and int: distance between allowed values, counted from low. Default: any value."},
	{name: "prior", shape: object(priorKeys), doc: "Of float and int: where good values are expected. Default: uniform on the scale."},
	{name: "ordered", shape: aBool, doc: "Of choice: neighbours in the list are alike. Default: false."},
	{name: "weights", shape: list(aNumber), doc: "Of choice: how often each value is drawn at first. Default: equally."},
	{name: "default", shape: aScalar, doc: "The value used without tuning; the first trial runs the defaults. Default: none."},
	{name: "context", shape: aBool, doc: "The parameter is not searched: its value comes with every request, or from fix:. Default: false."},
	{name: "if", shape: exprText, doc: "The parameter exists only where this is true. Default: always."},
	{name: "when", shape: mapOf(mapOf(ref("parameter"))), doc: "Parameters that exist only under a value of this one."},
}

var priorKeys = []key{
	{name: "normal", shape: aPair, doc: "[mean, standard deviation]"},
	{name: "log_normal", shape: aPair, doc: "[mean, standard deviation] of the natural logarithm"},
}

var fidelityKeys = []key{
	{name: "step", shape: anyText, doc: "What the output calls a step, such as epoch. Default: any common word."},
	{name: "metric_step", shape: anyText, doc: "The same as step."},
	{name: "min", shape: aNumber, doc: "The least that tells anything about a trial. Default: 1."},
	{name: "max", shape: aNumber, doc: "A whole training. Needed, unless folds, instances or levels say it."},
	{name: "folds", shape: either(whole(2), anyText), doc: "Steps are the folds of a cross-validation: 10 for the folds 0 to 9, or a range such as 1..10."},
	{name: "instances", shape: list(aWord), doc: "Steps are these problem instances, data sets or seeds."},
	{name: "order", shape: oneOf("random", "given"), doc: "Of folds and instances: in which order all trials run them. Default: random where the command names {trial.fold} or {trial.folds} and where there is none, else given."},
	{name: "each", shape: aBool, doc: "Of folds and instances: the command runs one at a time. Default: true where it names {trial.fold} or {trial.instance}."},
	{name: "parameter", shape: anyText, doc: "Steps are values of this parameter, which the scheduler chooses and the command gets."},
	{name: "levels", shape: list(aWord), doc: "The values of the parameter from the cheapest to the whole one. Default: any number from min to max."},
	{name: "costs", shape: list(aNumber), doc: "What a trial at each of the levels costs. Default: the level where levels are numbers that grow, else 1, 2, 3 and so on."},
}

var searchKeys = []key{
	{name: "algorithm", shape: anyText, doc: "The algorithm's name. Default: auto."},
	{name: "seed", shape: shape{"type": "integer", "minimum": 0}, doc: "Seed of every random choice. Default: drawn once, and shown."},
	{name: "parallel", shape: whole(1), doc: "Trials that run at once. Default: 1."},
	{name: "ahead", shape: whole(0), doc: "Configurations chosen while the trials before them still run, and without their results, so that a free slot starts at once. Default: 0."},
	{name: "repeat", shape: either(oneOf("auto", never), whole(2)), doc: "Whether configurations run again, to tell good ones from lucky ones: auto where that is worth more than a new one; a number of runs that whatever looks best gets; never. Default: never."},
}

var scheduleKeys = []key{
	{name: "algorithm", shape: anyText, doc: "The scheduler's name; its settings stand beside it."},
}

var finalKeys = []key{
	{name: "top", shape: whole(1), doc: "How many of the best configurations. Default: 3."},
	{name: "runs", shape: whole(2), doc: "How often each of them, and the default, is run. Default: 5."},
}

var stopKeys = []key{
	{name: "trials", shape: whole(1), doc: "Trials that reach an end. Default: no bound."},
	{name: "time", shape: duration, doc: "Wall time, summed over resumptions. Default: no bound."},
	{name: "per_trial", shape: duration, doc: "Wall time of one attempt. Default: no bound."},
	{name: "target", shape: aNumber, doc: "A value of the first objective that is good enough. Default: none."},
	{name: "no_improvement", shape: whole(1), doc: "Trials in a row without a new best. Default: no bound."},
	{name: "improvement", shape: aNumber, doc: "The gain in the first objective for which one more trial is worth it: ends when less is expected. Default: no bound."},
	{name: "regret", shape: either(aNumber, oneOf("auto")), doc: "How much better than the best something untried may be: ends when it is likely to be less; auto: less than the noise. Default: no bound."},
	{name: "resource", shape: aNumber, doc: "Steps paid for, over all trials, again where a trial starts over. Default: no bound."},
	{name: "finish", shape: aBool, doc: "Let running trials end when time is up. Default: false."},
	{name: "grace", shape: duration, doc: "From the stop file to the signal that ends a trial. Default: 15s where the trial is paused, else 1s."},
	{name: "cost", shape: aNumber, doc: "What all trials together may cost, in the money of cost:. Default: no bound."},
}

var costKeys = []key{
	{name: "metric", shape: anyText, doc: "The metric with which a trial reports what it has cost up to now."},
	{name: "per_hour", shape: aNumber, doc: "The price of an hour of one trial, where it does not report it."},
}

var retryKeys = []key{
	{name: "max", shape: whole(0), doc: "Attempts beyond the first. Default: 2."},
	{name: "on", shape: list(anyText), doc: "Failure classes, or exit:N for an exit status. Default: [lost, temporary, preempted]."},
	{name: "backoff", shape: duration, doc: "Wait before the first retry; doubles each time. Default: 5s."},
	{name: "max_consecutive_failed", shape: whole(0), doc: "So many failed trials in a row stop the study; 0: never. Default: 10."},
}

var resourceKeys = []key{
	{name: "cpu", shape: whole(0), doc: "Processor cores. Default: not counted."},
	{name: "memory", shape: size, doc: "Memory of the whole process tree; going over it ends the trial. Default: no bound."},
	{name: "gpu", shape: whole(0), doc: "GPUs. Default: 0."},
}

var reportKeys = []key{
	{name: "format", shape: oneOf(formats...), doc: "auto, jsonl, text, regex, csv, file or none. Default: auto."},
	{name: "patterns", shape: list(object(patternKeys)), doc: "Regular expressions that find metrics in a line."},
	{name: "file", shape: anyText, doc: "A metrics file that the program writes itself, relative to its working directory."},
	{name: "step", shape: anyText, doc: "What the output calls a step. Default: fidelity.step, or any common word."},
	{name: "silence", shape: duration, doc: "Longest time without output before a trial counts as hung. Default: no bound."},
	{name: "log_limit", shape: size, doc: "Log kept of each stream and attempt. Default: 16MiB."},
}

var patternKeys = []key{
	{name: "metric", shape: anyText, doc: "The metric's name; not needed where the expression has a group named metric."},
	{name: "regex", shape: anyText, doc: "RE2; the group named value, or the first, is the number."},
	{name: "step_regex", shape: anyText, doc: "RE2; its first group is the step of this and the following lines."},
}
