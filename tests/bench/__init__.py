"""The benchmark, `python -m tests.bench`: no part of the test run. docs/performance.md tells of it."""
