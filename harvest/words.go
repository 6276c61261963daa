package harvest

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Character classes of a line's bytes. Bytes of multi-byte runes have none:
// they are decoded where it matters.
const (
	classLetter = 1 << iota
	classDigit
	className  // may appear in a metric's name
	classMark  // = or :
	classParen // ( or )
	classSpace
)

var classes = func() (t [256]uint8) {
	for c := 'a'; c <= 'z'; c++ {
		t[c] = classLetter | className
		t[c-32] = classLetter | className
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = classDigit | className
	}
	for _, c := range []byte("_-/.@") {
		t[c] = className
	}
	t['_'] |= classLetter // a name may start with it
	t['='], t[':'] = classMark, classMark
	t['('], t[')'] = classParen, classParen
	t[' '], t['\t'] = classSpace, classSpace
	return t
}()

func isDigit(c byte) bool      { return c-'0' <= 9 }
func isName(c byte) bool       { return classes[c]&className != 0 }
func isNameOrHigh(c byte) bool { return isName(c) || c >= 0x80 }
func isLetter(c byte) bool     { return classes[c]&classLetter != 0 }
func isSpace(c byte) bool      { return classes[c]&classSpace != 0 }

// letterAt reports whether a letter starts at b[i].
func letterAt(b []byte, i int) bool {
	if b[i] < utf8.RuneSelf {
		return isLetter(b[i])
	}
	r, _ := utf8.DecodeRune(b[i:])
	return unicode.IsLetter(r)
}

// hasFold reports whether b starts with the lower-case ASCII word.
func hasFold(b []byte, word string) bool {
	return len(b) >= len(word) && foldEqual(b[:len(word)], word)
}

// foldEqual compares b with a lower-case ASCII word, ignoring ASCII case.
func foldEqual(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func foldIn(b []byte, words []string) bool {
	for _, w := range words {
		if foldEqual(b, w) {
			return true
		}
	}
	return false
}

var (
	// splits name the data a value was computed on.
	splits = []string{"train", "training", "val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev"}

	// qualifiers precede a metric's last word and change its meaning, so they
	// become part of its name: "Mean squared error", "Val loss".
	qualifiers = append([]string{
		"best", "final", "avg", "average", "mean", "median", "std", "root", "squared", "absolute", "log", "cross",
		"total", "macro", "micro", "weighted", "balanced", "f1", "roc", "pr", "top1", "top5", "top-1", "top-5",
		"r2", "running", "smoothed", "min", "max", "last", "ema", "episode", "cv", "oob", "holdout",
	}, splits...)

	// metricWords make a name plausible as a metric where its form alone
	// does not.
	metricWords = []string{
		"acc", "accuracy", "err", "error", "loss", "losses", "rmse", "mse", "mae", "mape", "msle", "rmsle", "auc",
		"auroc", "auprc", "aucpr", "f1", "score", "precision", "recall", "map", "map50", "map50-95", "iou", "miou",
		"dice", "bleu", "rouge", "ppl", "perplexity", "nll", "logloss", "mlogloss", "merror", "entropy", "reward",
		"return", "metric", "objective", "r2", "psnr", "ssim", "wer", "cer", "ndcg", "mrr", "kappa", "mcc",
		"likelihood", "elbo", "kl", "fid", "gini", "acc@1", "acc@5", "hit", "val", "valid", "fitness", "cost",
		"regret", "specificity", "sensitivity", "jaccard", "silhouette", "bpc", "bpb", "top1", "top5", "l1", "l2",
	}

	// noise are names of numbers that log lines carry and that measure
	// nothing.
	noise = []string{
		"version", "ver", "port", "pid", "eta", "v_num", "line", "lineno", "year", "info", "warning", "warn", "debug",
		"critical", "fatal", "trace", "notice", "note", "hint", "progress", "seed", "rank", "local_rank", "gpu",
		"device", "status", "code", "timestamp", "ts", "date", "pos", "id", "exitcode", "uid", "tid",
	}

	// units after a space make a bare number a quantity of that unit.
	units = []string{
		"s", "sec", "secs", "second", "seconds", "ms", "us", "ns", "min", "mins", "minute", "minutes", "h", "hr",
		"hour", "hours", "day", "days", "b", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "tib", "bytes", "it/s",
		"hz", "mhz", "ghz", "w", "flops", "gflops", "tflops",
	}

	// fileEndings betray "train.py: 12".
	fileEndings = []string{".py", ".go", ".c", ".cc", ".cpp", ".h", ".r", ".jl", ".sh", ".txt", ".log", ".json", ".yaml", ".yml", ".csv", ".pt", ".pth", ".ckpt", ".h5"}

	// stepNames are the words taken for a step by default, the most
	// significant first.
	stepNames = []string{
		"epoch", "step", "global_step", "iter", "iteration", "round", "fold", "num_updates", "update", "episode",
		"generation",
	}
)

// isSplit reports whether a word names the data a value was computed on. Its
// first letter is looked at first since nearly all words fail there.
func isSplit(word []byte) bool {
	if len(word) == 0 {
		return false
	}
	switch word[0] | 0x20 {
	case 't', 'v', 'e', 'd':
		return foldIn(word, splits)
	}
	return false
}

// metricLike reports whether one component of the name is a common metric.
func metricLike(name []byte) bool {
	if foldIn(name, metricWords) {
		return true
	}
	for start, i := 0, 0; i <= len(name); i++ {
		if i < len(name) {
			switch name[i] {
			case '_', '-', '/', '.', '@':
			default:
				continue
			}
		}
		if foldIn(name[start:i], metricWords) {
			return true
		}
		start = i + 1
	}
	return false
}

func looksLikeFile(name []byte) bool {
	dot := bytes.LastIndexByte(name, '.')
	return dot > 0 && foldIn(name[dot:], fileEndings)
}

// wordBefore returns the run of letters that ends one space before b[i], as
// in prose; nil if there is none.
func wordBefore(b []byte, i int) []byte {
	if i < 2 || b[i-1] != ' ' || !isName(b[i-2]) {
		return nil
	}
	end := i - 1
	start := end
	for start > 0 && isNameOrHigh(b[start-1]) {
		start--
	}
	if !letterAt(b, start) {
		return nil
	}
	return b[start:end]
}
