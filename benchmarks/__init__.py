"""Measurements of speed, memory and accuracy, hier_rnn beside what people use instead.

`python -m benchmarks.throughput`, `benchmarks.step_profile`, `benchmarks.bundled`,
`benchmarks.distillation`, `benchmarks.transfer`, `benchmarks.initializers` and
`benchmarks.initial_state`; each has `--help`.
"""
