"""The only wiring of stages."""
