"""What each verb takes, and how its help says it. Python's versions lay the same help out in different ways."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from helpers.stored import same_as_stored

from woox_fast import cli


def described(parser: argparse.ArgumentParser) -> dict[str, Any]:
    return {
        "description": parser.description,
        "epilog": parser.epilog,
        "arguments": [
            {
                "names": action.option_strings or action.dest,
                "kind": type(action).__name__,
                "metavar": action.metavar,
                "takes": action.nargs,
                "choices": action.choices and list(action.choices),
                "default": action.default if isinstance(action.default, int | None) else str(action.default),
                "required": action.required,
                "help": action.help,
            }
            for action in parser._actions
        ],
    }


@pytest.mark.parametrize("verb", cli.VERBS)
def test_what_a_verb_takes(verb: str) -> None:
    root = cli.parser([verb])
    verbs = next(each for each in root._actions if isinstance(each, argparse._SubParsersAction))
    same_as_stored(f"verb-{verb}.json", described(verbs.choices[verb]))


def test_what_the_command_takes() -> None:
    root = cli.parser()
    verbs = next(each for each in root._actions if isinstance(each, argparse._SubParsersAction))
    summaries = {each.dest: each.help for each in verbs._choices_actions}
    same_as_stored("verbs.json", {**described(root), "verbs": summaries})
