package harvest_test

import (
	"strings"
	"testing"

	"github.com/afina-hpo/afina/harvest"
)

func BenchmarkStream(b *testing.B) {
	kinds := []struct {
		name, line string
		want       []string
	}{
		{"plain", "2026-03-01 10:00:00,123 INFO worker-3 loaded shard 17 of 64 from /data/train in 0.53s\n", nil},
		{"plain-want", "2026-03-01 10:00:00,123 INFO worker-3 loaded shard 17 of 64 from /data/train in 0.53s\n", []string{"val_loss"}},
		{"keras", "782/782 [====] - 12s 15ms/step - loss: 0.3015 - accuracy: 0.9012 - val_loss: 0.4011\n", nil},
		{"json", `{"step": 3, "val/loss": 0.31, "val/acc": 0.9, "lr": 0.001}` + "\n", nil},
		{"json-want", `{"step": 3, "val/loss": 0.31, "val/acc": 0.9, "lr": 0.001}` + "\n", []string{"val/loss"}},
	}
	for _, k := range kinds {
		b.Run(k.name, func(b *testing.B) {
			r, err := harvest.New(harvest.Options{Want: k.want, MaxPerStep: -1, Each: func(harvest.Sample) {}})
			if err != nil {
				b.Fatal(err)
			}
			s := r.Stream("stdout")
			const lines = 100
			chunk := []byte(strings.Repeat(k.line, lines))
			b.SetBytes(int64(len(k.line)))
			b.ReportAllocs()
			for n := 0; n < b.N; n += lines {
				if _, err := s.Write(chunk); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mlines/s")
		})
	}
}
