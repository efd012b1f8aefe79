"""Measurements of speed, memory and accuracy, hier_rnn beside what people use instead.

`python -m benchmarks.throughput`, `python -m benchmarks.step_profile` and
`python -m benchmarks.embedded`; each has `--help`.
"""
