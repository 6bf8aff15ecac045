package main
import _ "github.com/prometheus/prometheus/promql"
import _ "github.com/prometheus/prometheus/tsdb"
func main(){}
