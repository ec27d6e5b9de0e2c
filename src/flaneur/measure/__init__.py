"""Tracks -> what happens at places. Pure functions: state in, state out, nothing remembered elsewhere.

Each measure is a module with `start(params) -> State`, `step(state, tracks, params) -> (State, Events)` and
`finish(state, params) -> Events`; `presence` has no state. docs/measures.md defines every figure.
"""
