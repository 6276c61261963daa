package study_test

import (
	"encoding/json"
	"testing"

	"github.com/afina-hpo/afina/study"
)

func TestLimit(t *testing.T) {
	for text, want := range map[string]study.Limit{
		`"auto"`: {Auto: true}, `0.25`: {Value: 0.25}, `0`: {},
	} {
		l := study.Limit{Value: 7}
		if err := json.Unmarshal([]byte(text), &l); err != nil || l != want {
			t.Errorf("%s is read as %+v (%v), want %+v", text, l, err, want)
		}
		if b, err := json.Marshal(l); err != nil || string(b) != text {
			t.Errorf("%+v is written as %s (%v), want %s", l, b, err, text)
		}
	}
	for _, text := range []string{`"much"`, `{}`, `[1]`, `true`} {
		var l study.Limit
		if err := json.Unmarshal([]byte(text), &l); err == nil {
			t.Errorf("%s is read as %+v", text, l)
		}
	}
}
