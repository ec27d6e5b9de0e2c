"""`flaneur audit`: begin the audit log, judge it, and prove things of it."""

from pathlib import Path
from typing import Annotated

import typer

from flaneur.cli.store_texts import TEXTS
from flaneur.cli.texts import Said, default_language

app = typer.Typer(
    help="The audit log: what was done with this site, and proof that nobody changed it.", no_args_is_help=True
)

Site = Annotated[Path, typer.Option("--site", help="Site file with [audit].")]
SITE = Path("site.toml")
Key = Annotated[
    Path | None, typer.Option("--public-key", help="The public key that you got yourself; else the one beside the key.")
]


@app.command()
def init(site: Site = SITE, language: Said = None) -> None:
    """Begin the log of a site, and make the key that signs it. Both are new files; nothing is ever overwritten."""
    from flaneur.run.audit import begin_log, log_paths  # takes a second to load, which --help need not wait for

    text = TEXTS[language or default_language()]
    head, key = begin_log(site)
    log_path, key_path = log_paths(site)
    typer.echo(text["begun"].format(path=log_path))
    typer.echo(text["secret_key"].format(path=key_path))
    typer.echo(text["public_key"].format(path=f"{key_path}.pub", key=key.hex))
    typer.echo(text["head"].format(head=head))


@app.command()
def verify(
    site: Site = SITE,
    head: Annotated[
        list[str] | None, typer.Option(help="A head that you wrote down, as in 17:3fa9…; any number.")
    ] = None,
    public_key: Key = None,
    language: Said = None,
) -> None:
    """Find any change, deletion, reordering or truncation. Exit code 1 when there is one."""
    from flaneur.run.audit import log_paths, verify_log
    from flaneur.store.audit.heads import Head

    found = verify_log(site, public_key, tuple(Head.parse(text) for text in head or ()))
    log_path, _ = log_paths(site)
    text = TEXTS[language or default_language()]
    entries = f"{found.head.size} {text['entry' if found.head.size == 1 else 'entries']}"
    typer.echo(text["whole"].format(path=log_path, entries=entries))
    typer.echo(text["span"].format(first=found.first.time, last=found.last.time))
    for one in found.checked:
        typer.echo(text["agrees"].format(head=one))
    if not found.checked:
        typer.echo(text["no_head"], err=True)
    typer.echo(text["head"].format(head=found.head))


@app.command()
def prove(
    old: Annotated[str | None, typer.Argument(help="A head that somebody holds, as in 17:3fa9…")] = None,
    site: Site = SITE,
    entry: Annotated[
        int | None, typer.Option(help="Number of one entry, from 0, to be shown without the others.")
    ] = None,
    public_key: Key = None,
) -> None:
    """Print a proof, as JSON: that the log has only grown since the head OLD, or that it holds one ENTRY."""
    if (old is None) == (entry is None):
        raise typer.BadParameter("give either the head that the log had before, or --entry")
    from flaneur.run.audit import prove as proof_of
    from flaneur.store.audit.heads import Head

    what = Head.parse(old) if old is not None else entry
    assert what is not None
    typer.echo(proof_of(site, public_key, what).model_dump_json(indent=1))


@app.command()
def check(
    proof: Annotated[Path, typer.Argument(help="A file with a proof.")],
    public_key: Annotated[Path, typer.Option("--public-key", help="The site's public key that you got yourself.")],
    old: Annotated[str | None, typer.Option("--head", help="For a proof of growth: the head that you hold.")] = None,
    language: Said = None,
) -> None:
    """Check a proof. It needs neither the log nor the site file."""
    from flaneur.store.audit.heads import Head
    from flaneur.store.audit.key import PublicKey
    from flaneur.store.audit.proofs import Consistency, read_proof

    text = TEXTS[language or default_language()]
    shown, key = read_proof(proof), PublicKey.load(public_key)
    if isinstance(shown, Consistency):
        if old is None:
            raise typer.BadParameter("this is a proof of growth; give the head that you hold: --head")
        later = shown.check(key, Head.parse(old))
        typer.echo(text["grown"].format(old=old.strip(), head=later))
    else:
        record = shown.check(key)
        typer.echo(text["holds"].format(head=shown.head))
        typer.echo(record.model_dump_json(indent=1))
