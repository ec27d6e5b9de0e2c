"""Errors that a person can act on."""


class UserError(Exception):
    """Something that the user can put right: the message says what is wrong, where, and what to do.

    The command line prints it and exits with 1; every other exception is a defect of Flaneur.
    """
