"""What happens at places, from tracks in the picture or on the ground. Pure functions: state in, state out.

Each stateful measure is a module with `start(params) -> State`, `step(state, tracks, params) -> (State, what happened)`
and `finish(state, params) -> what happened`; nothing is remembered elsewhere, and nothing of a track that has ended.
What happened are `Events` that count, or `Samples`: values taken at places, with their errors. Measures may be used
from Python on any `GroundTracks`, those of `flaneur.ground.trajectories` for instance. docs/measures.md defines every
figure.
"""
