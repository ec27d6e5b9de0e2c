"""Where road users are on the ground, in metres, and how exactly that is known."""
