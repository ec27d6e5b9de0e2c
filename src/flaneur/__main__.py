"""`python -m flaneur` is the program `flaneur`."""

from flaneur.cli.main import main

main()
