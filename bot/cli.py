"""The command line. Exit codes: 0 done, 1 a problem found in what was asked about, 2 wrong usage or configuration."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

Command = Callable[[argparse.Namespace], int]

_FAQ = Path("knowledge/faq")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    # Before numpy is loaded: more threads only wait for each other, sometimes for seconds, on a machine that has other work.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    options = _parser().parse_args(arguments)
    try:
        sys.exit(options.command(options))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as raised:
        error = _alone(raised)
        if not (status := _status_of(error)):
            raise
        print(error, file=sys.stderr)
        sys.exit(status)
    except KeyboardInterrupt:
        sys.exit(130)


def _alone(error: Exception) -> Exception:
    """What went wrong, taken out of the task groups that it came through."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _status_of(error: Exception) -> int:
    """The exit code when its message is a sentence for whoever called, else 0. The modules are loaded now that something went wrong."""
    from bot.errors import ConfigError, TryAgain
    from knowledge.content import ContentError
    from knowledge.embedding import ModelError
    from storage.backup import BackupError
    from storage.leases import LeaseLost
    from storage.schema import NewerSchema

    if isinstance(error, ConfigError | ContentError | ModelError | NewerSchema):
        return 2
    return 1 if isinstance(error, BackupError | LeaseLost | TryAgain) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="helpdesk", description="The chatbot of the CCI business help desk: one FAQ, one desk of advisers."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = _command(
        commands, "run", "run the desk on the configured platforms", "helpdesk run --config config.toml", _later("running", "run")
    )
    run.add_argument(
        "--config",
        type=Path,
        action="append",
        metavar="FILE",
        help="config.toml; given again, another desk in the same process; without it the environment alone (HELPDESK__SECTION__KEY)",
    )

    talk = _command(
        commands,
        "demo",
        "talk to the desk on the console, without any account",
        'helpdesk demo\n  printf "kako odprem espe\\nsvetovalec\\n#1 Pozdravljeni!\\n" | helpdesk demo --json',
        _later("demo", "demo"),
    )
    talk.add_argument("--json", action="store_true", help="one JSON line for each line read")
    _faq(talk)

    ask = _command(
        commands,
        "ask",
        "what the bot would do with a question, and why",
        'helpdesk ask "kako odprem espe"\n  helpdesk ask --jsonl < questions.jsonl > decisions.jsonl',
        _later("asking", "ask"),
    )
    ask.add_argument("text", nargs="?", help="the question")
    ask.add_argument("--lang", choices=("sl", "en"), help="the language of the conversation so far")
    ask.add_argument("--json", action="store_true", help="as JSON")
    ask.add_argument("--jsonl", action="store_true", help='read lines {"text": …, "lang": …?} and write one decision a line')
    _meaning(ask)
    _faq(ask)

    evaluate = _command(
        commands,
        "eval",
        "how good the matcher is on questions with known answers",
        "helpdesk eval tests/questions/dev.jsonl --no-semantic\n  helpdesk eval test.jsonl --train train.jsonl --json",
        _later("asking", "evaluate"),
    )
    evaluate.add_argument("file", type=Path, help='lines {"text", "lang", "labels": [entries], "kind"?, "earlier"?: the question before}')
    evaluate.add_argument("--train", type=Path, help='learn from these lines {"text", "label", "lang"?} instead of the FAQ')
    evaluate.add_argument("--json", action="store_true", help="as JSON")
    _meaning(evaluate)
    _faq(evaluate)

    base = _group(commands, "kb", "the knowledge base")
    check = _command(base, "check", "check the FAQ; every problem with file and key", "helpdesk kb check", _later("kb", "check"))
    check.add_argument("folder", nargs="?", type=Path, default=_FAQ)
    for name, help_, example, command in (
        ("list", "the entries", "helpdesk kb list", _later("kb", "list_entries")),
        ("stale", "what is past its review date or confirmed by nobody", "helpdesk kb stale", _later("kb", "stale")),
    ):
        _faq(_command(base, name, help_, example, command))
    _faq(
        _command(
            base, "vectors", "make the sentence vectors that are shipped with the FAQ anew", "helpdesk kb vectors", _later("kb", "vectors")
        )
    )
    export = _command(
        base,
        "export",
        "write what was approved in chat into the FAQ's files, for its curator",
        "helpdesk kb export drafts-2026-12 --config config.toml\n  helpdesk kb export knowledge/faq --config config.toml",
        _later("curating", "export"),
    )
    export.add_argument("folder", type=Path, help="the FAQ itself, or a folder for a copy of it, made when it is not there")
    export.add_argument("--all", action="store_true", help="also what was exported before and is not in the files")
    _config(export)
    take_in = _command(
        base,
        "import",
        "note which of the approved drafts are in the FAQ's files now",
        "helpdesk kb import --config config.toml",
        _later("curating", "take_in"),
    )
    take_in.add_argument("folder", nargs="?", type=Path, help="the FAQ ([desk] knowledge)")
    take_in.add_argument("--drop", action="store_true", help="let go of exported drafts that the curator left out")
    _config(take_in)
    show = _command(base, "show", "one entry", "helpdesk kb show sp-register", _later("kb", "show"))
    show.add_argument("id")
    _faq(show)

    doctor = _command(
        commands, "check", "check configuration, database and FAQ", "helpdesk check --config config.toml", _later("checking", "check")
    )
    doctor.add_argument("--offline", action="store_true", help="do not reach the platforms")
    _config(doctor)

    db = _group(commands, "db", "the database")
    _config(
        _command(db, "upgrade", "bring the schema up to date", "helpdesk db upgrade --config config.toml", _later("running", "upgrade"))
    )
    back_up = _command(
        db,
        "backup",
        "copy the database and the encryption keys into one file, while the desk runs",
        "helpdesk db backup /backup/desk.age --config config.toml",
        _later("backups", "make"),
    )
    back_up.add_argument("file", type=Path)
    _config(back_up)
    restore = _command(
        db,
        "restore",
        "put a backup in place of the database; stop the desk first",
        "helpdesk db restore /backup/desk.age --identity desk.key --config config.toml",
        _later("backups", "restore"),
    )
    restore.add_argument("file", type=Path)
    restore.add_argument("--identity", type=Path, metavar="FILE", help="the secret key, when the backup is encrypted")
    restore.add_argument("--erasures", type=Path, metavar="FILE", help="what `helpdesk db erasures` printed after the backup was made")
    restore.add_argument("--over", action="store_true", help="lose what came after the backup")
    _config(restore)
    _config(
        _command(
            db,
            "erasures",
            "who was erased, as marks that name nobody; keep them elsewhere for the day a backup is restored",
            "helpdesk db erasures --config config.toml > /elsewhere/erasures.txt",
            _later("backups", "erased"),
        )
    )
    key = _command(db, "key", "a new pair of keys for encrypted backups", "helpdesk db key desk.key", _later("backups", "key"))
    key.add_argument("file", type=Path, help="where the secret key goes")

    report = _command(
        commands,
        "report",
        "the figures of the last days and what the FAQ does not answer yet, as the staff channel gets them",
        "helpdesk report --days 30 --png report.png --config config.toml",
        _later("reporting", "report"),
    )
    report.add_argument("--days", type=_days, default=7, metavar="N", help="how many days, today included (7)")
    report.add_argument("--json", action="store_true", help="as JSON")
    report.add_argument("--png", type=Path, metavar="FILE", help="also draw the picture; needs the extra `report`")
    _config(report)

    person = _group(commands, "person", "what is kept about a person")
    for name, help_, command in (
        ("export", "everything that is kept about one person, as JSON", _later("running", "export")),
        ("erase", "delete everything about one person", _later("running", "erase")),
    ):
        one = _command(person, name, help_, f"helpdesk person {name} telegram 123456789 --config config.toml", command)
        one.add_argument("platform", choices=("telegram", "matrix", "console"))
        one.add_argument("id", help="the person's id on the platform")
        _config(one)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str, example: str, command: Command
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help_,
        description=help_[0].upper() + help_[1:] + ".",
        epilog=f"Example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=command)
    return parser


def _group(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, help_: str
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    return commands.add_parser(name, help=help_, description=help_).add_subparsers(required=True, metavar="COMMAND")


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 3660:
        raise argparse.ArgumentTypeError(f"expected a number of days, got {text!r}")
    return int(text)


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="config.toml; without it the environment alone (HELPDESK__SECTION__KEY)"
    )


def _faq(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--knowledge", type=Path, default=_FAQ, metavar="DIR", help="the FAQ's folder (knowledge/faq)")


def _meaning(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-semantic", dest="semantic", action="store_false", help="by words alone, without sentence embeddings")
    parser.add_argument("--model", type=Path, metavar="DIR", help="with the embedding model in this folder, as [matching] model has it")


def _later(module: str, name: str) -> Command:
    """A command whose module is loaded when it is called: half of them need neither a database nor the matcher."""

    def command(options: argparse.Namespace) -> int:
        status: int = getattr(import_module(f"bot.{module}"), name)(options)
        return status

    return command
