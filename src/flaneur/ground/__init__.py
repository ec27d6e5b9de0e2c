"""Where road users are on the ground, in metres, how they move, and how exactly that is known.

`plane` is the ground behind the picture; `fit` (points), `camera_file` and `rough` (sizes) find it; `locate` puts boxes
on it and `motion` makes velocities of positions. `trajectories` reads positions that others have found. docs/ground.md
says how to calibrate.
"""
