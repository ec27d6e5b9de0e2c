"""The types that stages hand to one another: `private` stays in memory, `released` may leave."""
