// alerts reads Prometheus rules and PromQL the way Prometheus does and, on request, runs alerts on made-up series.
//
//	alerts rules FILE            every rule of the file as JSON, after Prometheus' own checks
//	alerts config FILE           nothing, if Prometheus would start with this configuration
//	alerts expressions           reads {"name": "promql", …}, writes {"name": ["metric", …], …}
//	alerts run                   reads {"expression", "at", "series": {"series": "values", …}}, writes the alerts' label sets
//
// The series are in Prometheus' test notation (`metric{a="b"}`: `0+10x30`), one sample a minute from time 0.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	// The one kind of service discovery that our configuration uses.
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: alerts rules FILE | config FILE | expressions | run")
	}
	switch os.Args[1] {
	case "rules":
		rules(os.Args[2])
	case "config":
		_, err := config.LoadFile(os.Args[2], false, promslog.NewNopLogger())
		check(err)
	case "expressions":
		expressions()
	case "run":
		run()
	}
}

func rules(file string) {
	groups, problems := rulefmt.ParseFile(file, false, model.UTF8Validation)
	for _, problem := range problems {
		log.Print(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	write(groups.Groups)
}

func expressions() {
	var input map[string]string
	read(&input)
	output := map[string][]string{}
	for name, text := range input {
		expression, err := parser.ParseExpr(text)
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		output[name] = []string{}
		parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
			if selector, ok := node.(*parser.VectorSelector); ok {
				output[name] = append(output[name], selector.Name)
			}
			return nil
		})
	}
	write(output)
}

func run() {
	var input struct {
		Expression string            `json:"expression"`
		At         string            `json:"at"`
		Series     map[string]string `json:"series"`
	}
	read(&input)
	at, err := time.ParseDuration(input.At)
	check(err)
	var all []storage.Series
	for name, values := range input.Series {
		set, samples, err := parser.ParseSeriesDesc(name + " " + values)
		check(err)
		var points []chunks.Sample
		for i, sample := range samples {
			if !sample.Omitted {
				points = append(points, point{int64(i) * time.Minute.Milliseconds(), sample.Value})
			}
		}
		all = append(all, storage.NewListSeries(set, points))
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: 10 * time.Second})
	query, err := engine.NewInstantQuery(context.Background(), memory(all), nil, input.Expression, time.UnixMilli(at.Milliseconds()))
	check(err)
	result := query.Exec(context.Background())
	check(result.Err)
	vector, err := result.Vector()
	check(err)
	output := []map[string]string{}
	for _, sample := range vector {
		output = append(output, sample.Metric.Map())
	}
	write(output)
}

// memory is a storage that holds the test's few series and filters them by each matcher.
type memory []storage.Series

func (m memory) Querier(_, _ int64) (storage.Querier, error) { return querier(m), nil }

type querier []storage.Series

func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, series := range q {
		fits := true
		for _, matcher := range matchers {
			fits = fits && matcher.Matches(series.Labels().Get(matcher.Name))
		}
		if fits {
			found = append(found, series)
		}
	}
	return &set{series: found, at: -1}
}

func (querier) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (querier) Close() error { return nil }

type set struct {
	series []storage.Series
	at     int
}

func (s *set) Next() bool                        { s.at++; return s.at < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.at] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }

// point is one value of a made-up series; histograms are not needed.
type point struct {
	at    int64
	value float64
}

func (p point) T() int64                      { return p.at }
func (p point) ST() int64                     { return 0 }
func (p point) F() float64                    { return p.value }
func (p point) H() *histogram.Histogram       { return nil }
func (p point) FH() *histogram.FloatHistogram { return nil }
func (p point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p point) Copy() chunks.Sample           { return p }

func read(into any) { check(json.NewDecoder(os.Stdin).Decode(into)) }

func write(value any) {
	text, err := json.Marshal(value)
	check(err)
	fmt.Println(string(text))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
